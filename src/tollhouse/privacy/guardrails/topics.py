"""
What a use case may be asked about, and what not.

A topic is known by its words, and by examples of what people ask, compared by meaning. A word counts unless its clause
says that the text is not about it (`this is not about taxes`, `ohne Bezug zu Steuern`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import mul

from tollhouse.domain.guardrails import Topic
from tollhouse.ports.embedder import Embedder

from .disclaimed import is_disclaimed
from .phrases import PhraseList
from .verdict import NO_QUESTION, Hit, Question

JUDGED_WORDS = 6
"""A shorter text (`yes, please`) is about nothing by itself, so a list of allowed topics lets it through."""

SENTENCES_MAX = 20
"""Of a text, or of a piece of a long one, are compared with examples; each costs about 20 ms. Words are looked for in all."""

DISCLAIMERS_MAX = 50
"""Of one topic in a text. Whoever names it more often is about it; looking around a word costs 20 us."""

SENTENCE = re.compile(r"[^.!?\n]*\w[^.!?\n]*")
WORD = re.compile(r"\w+")

LIKE = 0.90
"""Cosine from which a sentence is about what an example is about (docs/guardrails.md: how it was chosen)."""


class Topics:
    """Finds `denied` topics, and questions that are `off_topic` where topics are listed as allowed."""

    reads_pieces = True

    def __init__(
        self, allow: Sequence[Topic] = (), deny: Sequence[Topic] = (), embedder: Callable[[], Embedder] | None = None
    ) -> None:
        """`embedder` is opened at the first text that meets a topic with examples; it may not be None then."""
        meanings = _Meanings(embedder)
        self._allow = [_Known(topic, meanings) for topic in allow]
        self._deny = [_Known(topic, meanings) for topic in deny]
        self.is_slow = any(topic.examples for topic in (*allow, *deny))

    def hits(self, text: str, question: Question = NO_QUESTION) -> Iterator[Hit]:
        for topic in self._deny:
            yield from (Hit("denied", start, end) for start, end in topic.places(text))
        if self._allow and not question.is_answered and _is_judged(text) and not self._is_allowed(text):
            yield Hit("off_topic", 0, len(text))

    def _is_allowed(self, text: str) -> bool:
        return any(True for topic in self._allow for _ in topic.places(text))


def _is_judged(text: str) -> bool:
    return sum(1 for _ in islice(WORD.finditer(text), JUDGED_WORDS)) == JUDGED_WORDS


class _Meanings:
    """Vectors of sentences, and of the examples, which are computed once."""

    def __init__(self, open_embedder: Callable[[], Embedder] | None) -> None:
        self._open = open_embedder
        self._embedder: Embedder | None = None

    def of(self, text: str) -> Sequence[float]:
        if self._embedder is None:
            assert self._open is not None, "topics with examples come with an embedder"
            self._embedder = self._open()
        return self._embedder.embed([text])[0]


class _Known:
    """One topic, ready to be looked for."""

    def __init__(self, topic: Topic, meanings: _Meanings) -> None:
        self._words = PhraseList({topic.name: topic.words})
        self._examples = topic.examples
        self._meanings = meanings
        self._vectors: list[Sequence[float]] | None = None

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the text is about this topic: words, else at most one sentence."""
        found = False
        for looked_at, (_, start, end) in enumerate(self._words.places(text)):
            if looked_at >= DISCLAIMERS_MAX or not is_disclaimed(text, start, end):
                found = True
                yield start, end
        if self._examples and not found:
            yield from islice(self._alike(text), 1)

    def _alike(self, text: str) -> Iterator[tuple[int, int]]:
        if self._vectors is None:
            self._vectors = [self._meanings.of(example) for example in self._examples]
        for sentence in islice(SENTENCE.finditer(text), SENTENCES_MAX):
            vector = self._meanings.of(sentence[0].strip())
            near = any(sum(map(mul, vector, example)) >= LIKE for example in self._vectors)
            if near and not is_disclaimed(text, sentence.end(), sentence.end()):
                yield sentence.span()
