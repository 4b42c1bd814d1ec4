"""Sentences of a text, verbatim, and whether a word in one is negated. English, French, German."""

import re
from collections.abc import Sequence

from .words import MIN_STEM, SMALL_WORDS, fold, listed, stem, words

MAX_SENTENCES = 2_000
"""What is beyond is not read. Some 40 pages."""

MAX_WORD = 200
"""Characters looked at around a full stop."""

_ABBREVIATIONS = listed(
    "mr mrs ms dr prof st sr jr inc ltd co corp vs etc eg ie cf fig vol approx no nr tel hr fr bzw ca usw evtl inkl exkl ggf "
    "abs art str bsp z.b d.h u.a p.ex m mm mme mlle env av bd chap resp ref pos kl "
    "jan feb mar apr jun jul aug sep sept oct okt nov dec dez janv fevr avr juil"
)

_MONTH_START = re.compile(r"(?:jan|feb|mar|mär|apr|ma[iy]|jun|jul|aug|sep|okt|oct|nov|de[zc])", re.IGNORECASE)

# A full stop and space; a blank line; a line that starts a list item; or a full stop with the next word glued to it.
_BREAK = re.compile(
    r"(?<![.!?…])(?P<stop>[.!?…]{1,8}[\"'»”’)\]]{0,4})\s+(?=[^a-zà-ÿ\s])"
    r"|\n\s*\n+"
    r"|\n(?=\s*(?:[-*•–]|\d+[.)])\s)"
    r"|(?<=[A-Za-zÀ-ÿ]{3})(?P<glued>[.!?])(?=[A-ZÀ-Ý][A-Za-zÀ-ÿ']{0,40}[\s,!?])"
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
_AFTER = {"niemand": 3, "keiner": 3, "nicht": 1, "pas": 1, "jamais": 1}
"""
How far behind a word these deny it: "verletzt wurde niemand", "brennt nicht". Not more: in "the fire was not put out", "das
Feuer wurde nicht gelöscht" there is a fire.
"""
_REACH_BEHIND = 8
"""Words behind a word in which it may be denied."""
_EXISTS = listed(
    "filed made taken reported involved present available provided issued found noted "
    "erstellt gemacht aufgenommen gemeldet gefunden vorhanden beteiligt festgestellt "
    "etabli etablie fait faite dresse signale signalee trouve trouvee constate constatee"
)
"""With these a negator behind a word denies it: "a police report was not filed"."""
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
    after = said[position + 1 : position + 1 + _REACH_BEHIND]
    if any(_denies(word) for word in before):
        return True
    if any(word in after[:reach] for word, reach in _AFTER.items()):
        return True
    pairs = zip(after, (after[place + 1 : place + 4] for place in range(len(after))), strict=True)
    return any(_denies(word) and not _EXISTS.isdisjoint(following) for word, following in pairs)


def _denies(word: str) -> bool:
    return word in _NEGATORS or word.endswith("n't")


def _is_break(text: str, match: re.Match[str]) -> bool:
    if match["glued"]:
        before = re.search(r"\S*$", text[max(0, match.start() - MAX_WORD) : match.start()])
        following = re.match(r"[A-Za-zÀ-ÿ']+", text[match.end() : match.end() + MAX_WORD])
        is_address = before is not None and any(mark in before[0] for mark in "/@.")
        return not is_address and (following is None or fold(following[0]) not in _DOMAINS)
    if match["stop"] != ".":
        return True
    last = re.search(r"[\w.]*$", text[max(0, match.start() - 20) : match.start()])
    word = fold(last[0]) if last else ""
    if word.isdigit() and len(word) <= 2:  # "am 3. Mai"; but "It was 7. Then…" ends
        return not _MONTH_START.match(text, match.end())
    return not (word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha()))
