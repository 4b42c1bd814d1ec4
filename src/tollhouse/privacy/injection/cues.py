"""Orders to a model, known by their words: a head, and near it everything else that makes the order. Linear in the text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .lexicon import bits, lexicon
from .words import Words


@dataclass(frozen=True, slots=True)
class Cue:
    """
    One shape of an order.

    Args:
        rule: what a verdict names.
        head: classes of the word at which it begins; any of them.
        needs: each of these classes stands within `reach` words after the head (before it too with `around`).
    """

    rule: str
    head: tuple[int, ...]
    needs: tuple[int, ...]
    reach: int
    around: bool = False


CUES: tuple[Cue, ...] = (
    Cue("override", bits("ignore"), bits("prior", "orders"), 8, around=True),
    Cue("override", bits("ignore"), bits("your", "orders"), 5, around=True),
    Cue("override", bits("ignore"), bits("prior", "told"), 10),
    Cue("override", bits("keep_account"), bits("orders", "prior"), 8),
    Cue("override", bits("orders"), bits("prior", "no_longer", "now"), 10),
    Cue("override", bits("ignore"), bits("everything", "before"), 6),
    Cue("override", bits("follow"), bits("never", "your", "orders"), 7, around=True),
    Cue("reveal", bits("show"), bits("your", "hidden", "prompt"), 9),
    Cue("reveal", bits("show"), bits("prompt", "prior", "told"), 12),
    Cue("persona", bits("unbound"), bits("play", "your"), 14, around=True),
    Cue("persona", bits("unbound"), bits("are", "your"), 6, around=True),
    Cue("persona", bits("play"), bits("free_of", "limits", "your"), 16, around=True),
    Cue("persona", bits("free_of"), bits("limits", "your", "comply"), 16, around=True),
    Cue("persona", bits("refuse"), bits("never", "comply", "your"), 16, around=True),
    Cue("persona", bits("again"), bits("character", "never"), 12, around=True),
    Cue("disarm", bits("off"), bits("safety", "your"), 6, around=True),
    Cue("addressed", bits("note"), bits("machine", "reads"), 9),
    Cue("addressed", bits("machine"), bits("reads", "note", "must"), 9, around=True),
    Cue("addressed", bits("if"), bits("are", "machine", "your"), 6),
    Cue("task", bits("new"), bits("task", "machine"), 6),
)
"""Reaches are those of real orders, which are short: chosen on the half of the data that rules are built on."""

LEXICON = lexicon()


def classes_of(words: Sequence[str]) -> dict[int, int]:
    """Return the classes of each word that has any, as bits, by its place."""
    known: dict[str, int] = {}
    found = {}
    for place, word in enumerate(words):
        bits_of = known.get(word)
        if bits_of is None:
            bits_of = known[word] = _bits(word)
        if bits_of:
            found[place] = bits_of
    return found


def _bits(word: str) -> int:
    found = 0
    for stem, whole, classes in LEXICON.get(word[:2], ()):
        if word == stem if whole else word.startswith(stem):
            found |= classes
    return found


def cued(words: Words, cues: Sequence[Cue] = CUES) -> Iterator[tuple[str, int, int]]:
    """Yield each order as (rule, its first word, its last word)."""
    classes = classes_of(words.all)
    heads = [(cue, sum(set(cue.head))) for cue in cues]
    for place, found in classes.items():
        for cue, head in heads:
            if found & head:
                reached = _reached(cue, place, classes)
                if reached:
                    yield cue.rule, min(place, reached[0]), max(place, reached[1])


def _reached(cue: Cue, place: int, classes: dict[int, int]) -> tuple[int, int] | None:
    """Return between which words everything stands that the cue needs, each by the word nearest to the head."""
    first = last = place
    for need in cue.needs:
        for distance in range(1, cue.reach + 1):
            if classes.get(place + distance, 0) & need:
                last = max(last, place + distance)
                break
            if cue.around and classes.get(place - distance, 0) & need:
                first = min(first, place - distance)
                break
        else:
            return None
    return first, last
