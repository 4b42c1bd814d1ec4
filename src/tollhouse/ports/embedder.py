"""Sentence embeddings, local."""

from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector a text. Blocks for milliseconds a text: call it in a thread."""
        ...
