"""What a use case says about personal data, and what a call's record says of it. Never a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OFF, OBSERVE, MASK, BLOCK = "off", "observe", "mask", "block"
MODES = (OFF, OBSERVE, MASK, BLOCK)
UNEXAMINED = "unexamined"


@dataclass(frozen=True, slots=True)
class PrivacyRules:
    """
    What is done with personal data in requests.

    Args:
        mode: off | observe (it is counted) | mask (placeholders leave in its place) | block (the call is refused).
        unreadable: may parts leave that nobody here can read (images, audio, files)? Asked under mask and block only.
        also: types that are looked for besides those that always are.
        patterns: the customer's own, by name, as regular expressions that match in linear time.
    """

    mode: str = MASK
    unreadable: bool = False
    also: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Placeholders:
    """
    What the placeholders of a conversation stand for, so that a later turn can go on with them.

    Args:
        first: where their numbers begin.
        originals: by name, without brackets: `PERSON_1`.
    """

    first: int = 1
    originals: Mapping[str, str] = field(default_factory=dict)


MASKED = PrivacyRules()
"""What holds where nobody says anything."""


@dataclass(frozen=True, slots=True)
class Told:
    """
    What a record says: `mask EMAIL_ADDRESS=2 PERSON=1 image=1`, or `observe unexamined`.

    Args:
        found: how often each type was found, capitals.
        unreadable: how many parts of each kind could not be read, small letters.
        examined: False: nobody looked, because the mode is off, or because the detector failed and the call was only
            observed.
    """

    mode: str
    found: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)
    examined: bool = True

    def __str__(self) -> str:
        counts = [f"{kind}={count}" for each in (self.found, self.unreadable) for kind, count in sorted(each.items())]
        is_told = self.examined or self.mode == OFF
        return " ".join([self.mode, *counts, *(() if is_told else (UNEXAMINED,))])


def read_told(text: str) -> Told:
    """Read what a record says. A word that no release writes is left out."""
    mode, *words = text.split()
    counts = {kind: int(count) for kind, sign, count in (word.partition("=") for word in words) if count.isdecimal()}
    return Told(
        mode,
        {kind: count for kind, count in counts.items() if kind.isupper()},
        {kind: count for kind, count in counts.items() if not kind.isupper()},
        mode != OFF and UNEXAMINED not in words,
    )
