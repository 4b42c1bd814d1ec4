"""Mode 2: an extractive summary. It chooses sentences and never writes one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tollhouse.domain.errors import InhouseCannot

from .sentences import sentences
from .words import SMALL_WORDS, fold, words

DEFAULT_SENTENCES = 3
"""Enough to say what happened, short enough to be read instead of the text."""

MAX_ASKED_SENTENCES = 50
MIN_WORDS = 3
"""Shorter pieces are headings, codes and signatures; they are used only if there is nothing else."""

WEIGHTS = (0.5, 0.35, 0.15, 0.1)
"""
Of rare words, of standing early, of a readable length, and of holding a number. lede itself favours the last sentence
as much as the first, which suits articles; messages end in greetings.
"""

TOO_ALIKE = 0.6
"""Two sentences that share this part of their words say the same; the first stays."""

GIST_WORDS = 45
"""The embedder reads 64 tokens, about 45 words; a longer text is represented by its lead and best sentences."""

LEDE_MISSING = "The in-house engine needs the extra 'local', which is not installed: pip install 'tollhouse[local]'."


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a summary may be; None is no limit. `bullets`: one line a sentence was asked for."""

    sentences: int | None = None
    words: int | None = None
    chars: int | None = None
    bullets: bool = False


_NUMBERS = {
    name: number
    for number, names in enumerate(
        (
            "a one single ein eine einem einen einer un une",
            "two zwei deux",
            "three drei trois",
            "four vier quatre",
            "five fünf cinq",
            "six sechs",
            "seven sieben sept",
            "eight acht huit",
            "nine neun neuf",
            "ten zehn dix",
        ),
        start=1,
    )
    for name in names.split()
}
_NUMBER = rf"(?P<number>\d{{1,4}}|{'|'.join(_NUMBERS)})"
_UP_TO = r"(?:[-–]\s*\d{1,2}|\s+(?:to|or|bis|oder|à|ou)\s+\w+)?"
_SENTENCE_LIMIT = re.compile(
    rf"\b{_NUMBER}{_UP_TO}[\s-]+(?:[a-zäöüéèà]+\s+)?(?:sentences?|sätzen?|satz|phrases?)\b", re.IGNORECASE
)
_WORD_LIMIT = re.compile(rf"\b{_NUMBER}[\s-]+(?:words?|wörtern?|worten?|mots?)\b", re.IGNORECASE)
_CHAR_LIMIT = re.compile(rf"\b{_NUMBER}\s+(?:characters?|chars|zeichen|caractères)\b", re.IGNORECASE)
_BULLETS = re.compile(
    rf"\b(?:{_NUMBER}\s+)?(?:short\s+|kurze[n]?\s+)?(?:bullet(?:\s*points?|s)?|key\s+points|stichpunkten?|aufzählungspunkten?|puces|points\s+clés)\b",
    re.IGNORECASE,
)


def limits_in(instructions: str) -> Limits:
    """Read "in two sentences", "höchstens 30 Wörter", "en trois puces"; of several limits of a kind the first counts."""
    bullets = _BULLETS.search(instructions)
    count = _first(_SENTENCE_LIMIT, instructions)
    if bullets and bullets["number"]:
        count = _number(bullets["number"])
    return Limits(count, _first(_WORD_LIMIT, instructions), _first(_CHAR_LIMIT, instructions), bullets is not None)


def summarise(found: Sequence[str], limits: Limits) -> list[str]:
    """
    Return the best sentences within the limits, in the text's order; none if not even one fits.

    Scored by lede's rare words and length, and by place and numbers (`WEIGHTS`). Ties: the earlier sentence.
    """
    wanted = min(limits.sentences or DEFAULT_SENTENCES, MAX_ASKED_SENTENCES)
    long_enough = [sentence for sentence in found if len(sentence.split()) >= MIN_WORDS]
    found = long_enough or found
    scores = _scores(found)
    chosen: list[int] = []
    for index in sorted(range(len(found)), key=lambda index: (-scores[index], index)):
        if len(chosen) == wanted:
            break
        trial = [found[place] for place in (*chosen, index)]
        if _fits(trial, limits) and not any(_alike(found[index], found[place]) for place in chosen):
            chosen.append(index)
    return [found[index] for index in sorted(chosen)]


def gist(text: str) -> str:
    """Return a piece of the text that the embedder can read whole: the lead and the best sentences; not in capitals."""
    plain = text.lower() if _shouts(text) else text
    if len(plain.split()) <= GIST_WORDS:
        return plain
    found = sentences(plain)
    lead = found[0].split()[:GIST_WORDS]
    rest = summarise(found[1:], Limits(sentences=MAX_ASKED_SENTENCES, words=GIST_WORDS - len(lead)))
    return " ".join([*lead, *rest])


def _scores(found: Sequence[str]) -> list[float]:
    try:
        from lede.tfidf import length_score, tfidf_score
    except ImportError as error:
        raise InhouseCannot(LEDE_MISSING) from error
    rare, length = tfidf_score([_view(sentence) for sentence in found]), length_score(found)
    return [
        WEIGHTS[0] * rare[place]
        + WEIGHTS[1] * (1 - place / len(found))
        + WEIGHTS[2] * length[place]
        + (WEIGHTS[3] if any(char.isdigit() for char in sentence) else 0.0)
        for place, sentence in enumerate(found)
    ]


def _view(sentence: str) -> str:
    """Return the sentence as lede can weigh it in our languages: without accents and small words."""
    return " ".join(word for word in fold(sentence).split() if word.strip(".,;:!?") not in SMALL_WORDS)


def _fits(chosen: Sequence[str], limits: Limits) -> bool:
    joined = " ".join(chosen)
    return (limits.words is None or len(joined.split()) <= limits.words) and (
        limits.chars is None or len(joined) <= limits.chars
    )


def _alike(one: str, other: str) -> bool:
    mine, its = set(words(one)), set(words(other))
    return bool(mine | its) and len(mine & its) / len(mine | its) > TOO_ALIKE


def _shouts(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return sum(char.isupper() for char in letters) * 2 > len(letters)


def _first(limit: re.Pattern[str], text: str) -> int | None:
    match = limit.search(text)
    return _number(match["number"]) if match else None


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _NUMBERS[text.lower()]
