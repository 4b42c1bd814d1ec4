"""Phrases that must not stand in an answer, and its tone."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .verdict import NO_QUESTION, Hit, Question

PHRASES_MAX = 500
"""Of one use case. Each costs a look at every character."""

WORD = re.compile(r"[\w\u0300-\u036f]+")
"""Accents may stand as characters of their own."""

SHOUTED = re.compile(r"\b[^\W\d_a-zß-öø-ÿ]{4,}(?:[ ,]+[^\W\d_a-zß-öø-ÿ]{2,}){2}\b|!{3,}|\?{3,}")
"""Three words in capitals, the first not an abbreviation, or marks in threes."""
PICTURES = re.compile("[\U0001f300-\U0001faff\u2600-\u26ff\u2705\u2728\u2764]")

INFORMAL = "du dich dir dein deine deinem deinen deiner deines euch euer eure eurem euren eurer tu toi ton tes"
"""German and French only: English has one form. `ta` and `te` are left out, they are words of other languages too."""
INSULTS = """
    idiot idiots idiote idioten stupid moron* imbecil* dumb dumbass fuck* shit* bullshit asshole* crap
    dumm dumme dummer dummes dummen dummkopf blöd blöde blöder blödes blöden blödmann blödsinnig* scheiß* scheiss* arschl* trottel*
    stupide* imbécile* crétin* débile* merde connard* connasse* putain abruti*
"""

TONES: Mapping[str, re.Pattern[str] | str] = {
    "shouting": SHOUTED,
    "emoji": PICTURES,
    "informal": INFORMAL,
    "insult": INSULTS,
}
"""A pattern, or words."""


class Phrases:
    """
    Finds banned phrases (`banned`) and breaches of tone (`shouting`, `emoji`, `informal`, `insult`).

    A phrase is found as whole words, whatever stands between them (spaces, hyphens, line ends, quotes) and in whatever
    case; a word that ends in `*` stands for all that begin so.
    """

    reads_pieces = True
    is_slow = False

    def __init__(self, banned: Sequence[str] = (), tones: Sequence[str] = ()) -> None:
        """Raises ValueError for a phrase without a word, or a tone that is not known."""
        for tone in tones:
            if tone not in TONES:
                raise ValueError(f"no rule of tone is called {tone!r}; there are: {', '.join(TONES)}")
        worded = {tone: words.split() for tone in tones if isinstance(words := TONES[tone], str)}
        self._phrases = PhraseList({"banned": banned, **worded})
        self._patterns = {tone: pattern for tone in tones if isinstance(pattern := TONES[tone], re.Pattern)}

    def hits(self, text: str, question: Question = NO_QUESTION) -> Iterator[Hit]:
        for rule, start, end in self._phrases.places(text):
            yield Hit(rule, start, end)
        for tone, pattern in self._patterns.items():
            yield from (Hit(tone, *found.span()) for found in pattern.finditer(text))


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What it stands for, and its words, each folded; one that ends in `*` is a stem."""

    name: str
    words: tuple[str, ...]


class PhraseList:
    """Phrases, looked up by their first word, so that a long list costs hardly more than a short one."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """`phrases`: lists of them, by what they stand for. Raises ValueError for a phrase without a word."""
        self._whole: dict[str, list[_Phrase]] = {}
        self._stems: dict[str, list[_Phrase]] = {}
        for name, each in ((name, each) for name, listed in phrases.items() for each in listed):
            words = tuple(_steps(each))
            if not words:
                raise ValueError(f"the phrase {each!r} holds no word")
            rows = self._stems if words[0].endswith("*") else self._whole
            rows.setdefault(words[0].rstrip("*"), []).append(_Phrase(name, words))
        self._lengths = sorted({len(stem) for stem in self._stems})

    def places(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield what stands where: (what for, start, end). Of what begins at one word, the longest."""
        if not (self._whole or self._stems):
            return
        written = WORD.findall(text)
        known = {word: folded(word) for word in dict.fromkeys(written)}
        heads = {word: self._beginning(plain) for word, plain in known.items()}
        if not any(heads.values()):
            return
        words = [known[word] for word in written]
        spans = [found.span() for found in WORD.finditer(text)]
        for at, word in enumerate(written):
            fitting = [phrase for phrase in heads[word] if _fits(phrase.words, words, at)]
            if fitting:
                longest = max(fitting, key=lambda phrase: len(phrase.words))
                yield longest.name, spans[at][0], spans[at + len(longest.words) - 1][1]

    def _beginning(self, word: str) -> list[_Phrase]:
        found = list(self._whole.get(word, ()))
        for length in self._lengths:
            if len(word) >= length:
                found += self._stems.get(word[:length], ())
        return found


def folded(text: str) -> str:
    """Return small letters without accents: `GARANTIERT`, `garantiert` and `gàrantiert` are one."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))


def _steps(phrase: str) -> Iterator[str]:
    for found in re.finditer(r"\w+\*?", phrase):
        yield folded(found[0].rstrip("*")) + ("*" if found[0].endswith("*") else "")


def _fits(steps: tuple[str, ...], words: Sequence[str], at: int) -> bool:
    if at + len(steps) > len(words):
        return False
    return all(_is(step, word) for step, word in zip(steps, words[at:], strict=False))


def _is(step: str, word: str) -> bool:
    return word.startswith(step[:-1]) if step.endswith("*") else word == step
