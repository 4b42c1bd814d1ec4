"""Sentences of a text, verbatim, and whether a word in one is negated. English, French, German."""

import re
from collections.abc import Sequence

from .words import MIN_STEM, SMALL_WORDS, fold, listed, stem, words

MAX_SENTENCES = 2_000
"""What is beyond is not read. Some 40 pages."""

_ABBREVIATIONS = listed(
    "mr mrs ms dr prof st sr jr inc ltd co corp vs etc eg ie cf fig vol approx no nr tel hr fr bzw ca usw evtl inkl exkl ggf "
    "abs art str bsp z.b d.h u.a p.ex m mm mme mlle env av bd chap resp ref pos kl"
)

_MONTH_START = re.compile(r"(?:jan|feb|mar|mär|apr|ma[iy]|jun|jul|aug|sep|okt|oct|nov|de[zc])", re.IGNORECASE)

# A full stop and space; a blank line; a line that starts a list item; or a full stop with the next word glued to it.
_BREAK = re.compile(
    r"(?<![.!?…])(?P<stop>[.!?…]{1,8}[\"'»”’)\]]{0,4})\s+(?=[^a-zà-ÿ\s])"
    r"|\n\s*\n+"
    r"|\n(?=\s*(?:[-*•–]|\d+[.)])\s)"
    r"|(?<=[A-Za-zÀ-ÿ]{3})(?P<glued>[.!?])(?=[A-ZÀ-Ý][A-Za-zÀ-ÿ']*\s)"
)
_DOMAINS = frozenset({"com", "org", "net", "gov", "edu", "de", "fr", "ch", "at", "eu", "uk", "io", "info"})

_NEGATORS = listed(
    "no not never none nobody without neither nor cannot "
    "kein keine keinen keiner keinem keines nicht nie niemand niemals ohne weder "
    "n ne pas aucun aucune jamais sans ni nul nulle"
)
"""French "personne" is not here: "une personne blessée" affirms, and where it denies, "ne" stands beside it."""
_REACH_BEFORE = 5
"""Words between a negator and what it negates: "there were no reports of any injuries"."""
_REACH_AFTER = 2
"""German and French may negate behind the verb: "verletzt wurde niemand", "ne fonctionne pas"."""
_LATE_NEGATORS = frozenset({"nicht", "niemand", "keiner", "pas", "jamais"})
_CLAUSE = re.compile(
    r"[,;:()–—]|\b(?:but|however|although|though|aber|jedoch|doch|obwohl|mais|cependant|pourtant|bien que)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """Return the sentences, each a verbatim piece of the text; at most `MAX_SENTENCES`."""
    found, start = [], 0
    for match in _BREAK.finditer(text):
        if not _is_break(text, match):
            continue
        end = match.end("stop") if match["stop"] else match.end() if match["glued"] else match.start()
        found.append(text[start:end].strip())
        start = match.end()
        if len(found) == MAX_SENTENCES:
            break
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence][:MAX_SENTENCES]


def is_said(sentence: str, stem_of_cue: str) -> bool | None:
    """Tell whether a word with this stem is affirmed (True), only denied (False), or not there (None)."""
    verdict: bool | None = None
    for clause in clauses(sentence):
        said = words(clause)
        for position, word in enumerate(said):
            if word == stem_of_cue or (len(stem_of_cue) >= MIN_STEM and word.startswith(stem_of_cue)):
                if not is_negated(said, position):
                    return True
                verdict = False
    return verdict


def affirmed_stems(sentence: str) -> set[str]:
    """Return the stems of the words that some clause affirms, without the small words."""
    found: set[str] = set()
    for clause in clauses(sentence):
        said = words(clause)
        found.update(
            stem(word)
            for position, word in enumerate(said)
            if len(word) > 2 and word not in SMALL_WORDS and not is_negated(said, position)
        )
    return found


def clauses(sentence: str) -> list[str]:
    """Split where a negation ends: at commas and at "but", "aber", "mais"."""
    return [clause for clause in _CLAUSE.split(sentence) if clause.strip()]


def is_negated(said: Sequence[str], position: int) -> bool:
    """Tell whether the word at this position of a clause is denied."""
    before = said[max(0, position - _REACH_BEFORE) : position]
    after = said[position + 1 : position + 1 + _REACH_AFTER]
    return any(_denies(word) for word in before) or any(word in _LATE_NEGATORS for word in after)


def _denies(word: str) -> bool:
    return word in _NEGATORS or word.endswith("n't")


def _is_break(text: str, match: re.Match[str]) -> bool:
    if match["glued"]:
        following = re.match(r"[A-Za-zÀ-ÿ']+", text[match.end() :])
        return following is None or fold(following[0]) not in _DOMAINS
    if match["stop"] != ".":
        return True
    last = re.search(r"[\w.]*$", text[max(0, match.start() - 20) : match.start()])
    word = fold(last[0]) if last else ""
    if word.isdigit() and len(word) <= 2:  # "am 3. Mai"; but "It was 7. Then…" ends
        return not _MONTH_START.match(text[match.end() :])
    return not (word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha()))
