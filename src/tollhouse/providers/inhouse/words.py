"""Words of a text in English, French and German: folded, stemmed a little, without the small ones; and which language it is."""

import re
import unicodedata
from collections.abc import Iterable

LANGUAGES = ("en", "fr", "de")

# "didn't" stays one word, because it denies; "l'accident" and "driver's" are two.
_WORD = re.compile(r"[a-z]+n't\b|[a-z0-9]+")

_HUMP = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Ý])")


def listed(text: str) -> frozenset[str]:
    """Return the words of a list that is written as one text."""
    return frozenset(text.split())


# The few dozen smallest words tell the language and carry no topic. Written folded: no accents, lower case.
_SMALL = {
    "en": listed(
        "a an and any are as at be because been but by can did do does for from had has have he her him his how i if in into is it "
        "its me my of on or our she so such than that the their them then there they this to until was we were what when "
        "where which while who will with would you your about after all also am could just more other out over should "
        "some up very"
    ),
    "fr": listed(
        "a au aux avec ce ces cette dans de des du elle en est et eu il ils ai je la le les leur lui ma mais me "
        "mes mon n ne nos notre nous on ont ou par pas pour qu que quel quelle qui sa se ses son sont sur ta te tes ton "
        "tu un une vos votre vous y d l s j c ete etait fait tres plus"
    ),
    "de": listed(
        "aber als am an auch auf aus bei bin bis bitte das dass dem den der des die du ein eine einem einen einer eines er "
        "es fur habe haben hat hatte ich ihr im in ist ja kann kein keine man mein meine mich mir mit nach nicht noch nun oder "
        "sein seine sich sie sind so und uns unser vom von vor war was wenn wer werden wie wir wird wurde zu zum zur uber "
        "ihre ihnen durch"
    ),
}

SMALL_WORDS = frozenset().union(*_SMALL.values())

# Longest first, so that "injuries" and "injury" meet, as "Verletzungen" and "Verletzung" do.
_ENDINGS = (
    "ungen",
    "ations",
    "ation",
    "ments",
    "ment",
    "ings",
    "ing",
    "ies",
    "ied",
    "ees",
    "ung",
    "ern",
    "ed",
    "es",
    "en",
    "er",
    "ee",
    "s",
    "y",
    "e",
)
MIN_STEM = 4


def readable(label: str) -> str:
    """Write `card_arrival` and `cardArrival` as words."""
    return " ".join(_HUMP.sub(" ", label).replace("_", " ").replace("-", " ").split())


def fold(text: str) -> str:
    """Return the text in lower case without accents; `ß` becomes `ss`."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    return "".join([char for char in decomposed if not unicodedata.combining(char)])


def fold_in_place(text: str) -> str:
    """Fold a text without moving a character: what does not fold to one character stays."""
    if text.isascii():
        return text.lower()
    table = {ord(char): folded for char in set(text) if len(folded := fold(char)) == 1}
    return text.translate(table)


def words(text: str) -> list[str]:
    """Return every word, folded, in order."""
    return _WORD.findall(fold(text))


def stem(word: str) -> str:
    """Cut one common ending, if enough is left."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM:
            return word[: -len(ending)]
    return word


def stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in order."""
    return [stem(word) for word in words(text) if word not in SMALL_WORDS and len(word) > 1]


def language(text: str) -> str | None:
    """Return en, fr or de by the small words in it; None if they do not tell."""
    counts = {name: _count(words(text), small) for name, small in _SMALL.items()}
    first, second = sorted(counts.values(), reverse=True)[:2]
    return max(counts, key=lambda name: counts[name]) if first > second else None


def _count(found: Iterable[str], small: frozenset[str]) -> int:
    return sum(word in small for word in found)
