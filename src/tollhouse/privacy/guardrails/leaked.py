"""Personal data in an answer that was not in the question: another customer's, or one that the model remembers."""

import re
from collections.abc import Callable, Iterable, Iterator

from ..spans import Span
from .verdict import NO_QUESTION, Hit, Question

NOT_LEAKED = frozenset(("PERSON", "ZIP_CODE", "BIC_CODE", "VAT_NUMBER", "DATE", "AGE"))
"""Kinds that a good answer names without being asked: whoever wrote Faust is a person."""

BARE_MIN = 7
"""Letters and digits. A shorter value is compared as it is written: without its marks it may stand in any word."""

MARKS = re.compile(r"[\W_]+")


class Leaked:
    """
    Names the kind it found, in small letters: `iban`, `email_address`.

    A value is known if the question holds it, however it is grouped or spelt in capitals: `CH93 0076 2011 …` is
    `ch930076 2011…`.
    """

    reads_pieces = True
    is_slow = False

    def __init__(self, find: Callable[[str], Iterable[Span]]) -> None:
        """`find` says where personal data stands in a text; what it raises stops the call."""
        self._find = find

    def hits(self, text: str, question: Question = NO_QUESTION) -> Iterator[Hit]:
        found = [span for span in self._find(text) if span.type not in NOT_LEAKED]
        if not found:
            return
        written = "\n".join(question.texts).casefold()
        bare = "\n".join(MARKS.sub("", each.casefold()) for each in question.texts)
        for span in found:
            value = text[span.start : span.end].casefold()
            plain = MARKS.sub("", value)
            if value not in written and (len(plain) < BARE_MIN or plain not in bare):
                yield Hit(span.type.lower(), span.start, span.end)
