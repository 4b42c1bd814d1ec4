"""One text as a request's modes read it: split once, embedded once, its affirmed words listed once."""

from collections.abc import Sequence
from functools import cached_property
from threading import Event

from .sentences import affirmed_stems, sentences
from .vectors import Vector, Vectors, middle, similarity
from .words import language


class Reading:
    """Lives as long as one request, in one thread."""

    def __init__(self, text: str, vectors: Vectors, given_up: Event) -> None:
        self.text = text
        self._vectors = vectors
        self._given_up = given_up

    @cached_property
    def sentences(self) -> list[str]:
        return sentences(self.text)

    @cached_property
    def affirmed_stems(self) -> set[str]:
        """Stems of the words that some clause affirms."""
        return {stem for sentence in self.sentences for stem in affirmed_stems(sentence)}

    @cached_property
    def language(self) -> str | None:
        return language(self.text)

    @cached_property
    def vector(self) -> Vector:
        return self._vectors.of([self.text], self._given_up)[0]

    def similarity(self, weighted: Sequence[tuple[str, float]]) -> float:
        """Return the cosine between this text and the middle of others, each with its weight."""
        vectors = self._vectors.of([text for text, _ in weighted], self._given_up)
        return similarity(self.vector, middle(zip(vectors, [weight for _, weight in weighted], strict=True)))
