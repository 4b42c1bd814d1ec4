"""What one attempt's events add up to: output seen, usage told, choices finished."""

from tollhouse.domain.money import Usage
from tollhouse.domain.wire import Facts

JOINED = 256
"""Texts joined into one. A text of four letters takes 60 bytes, and a long stream has many thousands of them."""


class Tally:
    """Fed with every event's facts. Text is kept only to be counted if the provider gives no usage."""

    __slots__ = ("_joined", "_texts", "output", "response_id", "usage")

    def __init__(self) -> None:
        self.output = False
        self.usage: Usage | None = None
        self.response_id: str | None = None
        self._texts: list[str] = []
        self._joined: list[str] = []

    def add(self, facts: Facts) -> None:
        if facts.output:
            self.output = True
            if facts.text:
                self._texts.append(facts.text)
                if len(self._texts) >= JOINED:
                    self._joined.append("".join(self._texts))
                    self._texts.clear()
        if facts.usage is not None:
            self.usage = facts.usage
        if facts.id is not None:
            self.response_id = facts.id

    @property
    def text(self) -> str:
        return "".join([*self._joined, *self._texts])
