"""
Reading a claim for harm: sentences, their language, their clauses, and in each clause the cues that nothing takes away.

Pure. The bias is on purpose: a missed person costs more than a false alarm.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .words import Cue, Harm, Veil, Words, plain, plain_with_places

QUOTE_CHARS = 160
"""Enough of a clause to recognise it in the claim; a reason stays one line."""

TEXT_CHARS = 100_000
"""More than any claim; what stands behind it is not read, so that a hostile text costs bounded time."""

SENTENCE_CHARS = 1_000
"""A longer sentence is cut: patterns look at most this far."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One harm told of, with the words that tell it."""

    harm: Harm
    quote: str


def findings(text: str, languages: Sequence[Words]) -> tuple[Finding, ...]:
    """Return what the text tells of, in reading order, each kind of harm once."""
    found: dict[Harm, Finding] = {}
    text = unicodedata.normalize("NFC", text[:TEXT_CHARS])
    usual = _spoken(plain(text), languages) or tuple(languages)
    for sentence in _sentences(text):
        folded, places = plain_with_places(sentence)
        for words in _spoken(folded, languages) or usual:
            for harm, start, end in _in_sentence(folded, words):
                found.setdefault(harm, Finding(harm, _quote(sentence[places[start] : places[end - 1] + 1])))
    return tuple(found.values())


def _sentences(text: str) -> Iterator[str]:
    """Cut at full stops (not inside a number), exclamation and question marks, semicolons and ends of lines."""
    for part in re.split(r"(?<!\d)\.+|\.+(?!\d)|[!?;\n\r]+", text):
        for start in range(0, len(part), SENTENCE_CHARS):
            if piece := part[start : start + SENTENCE_CHARS].strip():
                yield piece


def _spoken(folded: str, languages: Sequence[Words]) -> tuple[Words, ...]:
    """Return the languages whose function words are most frequent; none if no such word is there."""
    tokens = re.findall(r"[a-z]+", folded)
    scores = [sum(token in words.common for token in tokens) for words in languages]
    best = max(scores)
    return tuple(words for words, score in zip(languages, scores, strict=True) if best and score == best)


def _in_sentence(folded: str, words: Words) -> Iterator[tuple[Harm, int, int]]:
    """Yield each harm with the bounds of the clause that tells of it."""
    for blank in words.blanks:
        folded = blank.sub(lambda phrase: "_" * len(phrase[0]), folded)
    for start, end in _clauses(folded, words):
        for cue in words.cues:
            if _tells(cue, folded[start:end], folded, words):
                yield cue.harm, start, end


def _clauses(folded: str, words: Words) -> Iterator[tuple[int, int]]:
    start = 0
    for cut in words.breaks.finditer(folded):
        yield from _at_joints(folded, start, cut.start(), words)
        start = cut.start()
    yield from _at_joints(folded, start, len(folded), words)


def _at_joints(folded: str, start: int, end: int, words: Words) -> Iterator[tuple[int, int]]:
    """Cut where a comma or `and` joins two clauses: a verb before it, a new subject and a verb after it."""
    for joint in words.joints.finditer(folded, start, end):
        if words.verb.search(folded, start, joint.start()) and words.verb.search(folded, joint.end(), end):
            yield start, joint.start()
            start = joint.end()
    if start < end:
        yield start, end


def _tells(cue: Cue, clause: str, sentence: str, words: Words) -> bool:
    if (cue.needs and not cue.needs.search(sentence)) or (cue.unless and cue.unless.search(sentence)):
        return False
    return any(_stands(cue, match, clause, words) for match in cue.pattern.finditer(clause))


def _stands(cue: Cue, match: re.Match[str], clause: str, words: Words) -> bool:
    """Does this cue mean what it says, here?"""
    if words.undone_after.match(clause, match.end()) and not cue.certain:
        return False
    before = clause[: match.start() if cue.certain else _last_word(match)]
    granted = " " not in match[0] and words.definite.search(before) is not None
    return not any(_covers(veil, before) for veil in words.veils if not (veil.negates and (cue.certain or granted)))


def _last_word(match: re.Match[str]) -> int:
    """Where a match's last word begins: a veil may stand between its first and its last (`he was not hurt`)."""
    return match.start() + match[0].rstrip().rfind(" ") + 1


def _covers(veil: Veil, before: str) -> bool:
    return any(not veil.ends.search(before, opened.end()) for opened in veil.opens.finditer(before))


def _quote(clause: str) -> str:
    line = " ".join(clause.split()).strip(" ,:-")
    return line if len(line) <= QUOTE_CHARS else line[: QUOTE_CHARS - 1].rstrip() + "…"
