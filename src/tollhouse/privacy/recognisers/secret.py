"""API keys by their known beginnings, private keys, and passwords after a cue in English, French or German."""

import re
from collections.abc import Iterator
from math import log2
from typing import Final

from ..reading import Reading
from ..spans import Span

_WORD_CHARACTERS: Final = r"[A-Za-z0-9_-]"
_KEYS: Final = tuple(
    (sign, re.compile(form))
    for sign, form in (
        ("sk-", rf"sk-(?:ant-|proj-|svcacct-|or-v1-|lf-)?{_WORD_CHARACTERS}{{16,300}}"),
        ("ghp_", r"ghp_[A-Za-z0-9]{30,255}"),
        ("gho_", r"gho_[A-Za-z0-9]{30,255}"),
        ("ghu_", r"ghu_[A-Za-z0-9]{30,255}"),
        ("ghs_", r"ghs_[A-Za-z0-9_.-]{30,512}"),
        ("ghr_", r"ghr_[A-Za-z0-9]{30,255}"),
        ("github_pat_", r"github_pat_[A-Za-z0-9_]{20,255}"),
        ("glpat-", rf"glpat-{_WORD_CHARACTERS}{{20,300}}"),
        ("AKIA", r"AKIA[A-Z0-9]{16}"),
        ("ASIA", r"ASIA[A-Z0-9]{16}"),
        ("AIza", rf"AIza{_WORD_CHARACTERS}{{35}}"),
        ("ya29.", rf"ya29\.{_WORD_CHARACTERS}{{20,1024}}"),
        ("GOCSPX-", rf"GOCSPX-{_WORD_CHARACTERS}{{20,60}}"),
        ("xox", r"xox[abeoprs]-(?:[A-Za-z0-9]{1,80}-){0,6}[A-Za-z0-9]{4,120}"),
        ("xapp-", rf"xapp-{_WORD_CHARACTERS}{{20,300}}"),
        ("hooks.slack.com/services/", r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,100}"),
        ("sk_live_", r"sk_live_[A-Za-z0-9]{16,255}"),
        ("sk_test_", r"sk_test_[A-Za-z0-9]{16,255}"),
        ("rk_live_", r"rk_live_[A-Za-z0-9]{16,255}"),
        ("whsec_", r"whsec_[A-Za-z0-9+/=]{20,255}"),
        ("hf_", r"hf_[A-Za-z0-9]{30,60}"),
        ("npm_", r"npm_[A-Za-z0-9]{30,60}"),
        ("pypi-", rf"pypi-{_WORD_CHARACTERS}{{40,300}}"),
        ("dop_v1_", r"dop_v1_[a-f0-9]{64}"),
        ("shpat_", r"shpat_[a-fA-F0-9]{32}"),
        ("SG.", rf"SG\.{_WORD_CHARACTERS}{{16,32}}\.{_WORD_CHARACTERS}{{16,64}}"),
        ("key-", r"key-[a-f0-9]{32}"),
        ("gsk_", r"gsk_[A-Za-z0-9]{40,80}"),
        ("xai-", r"xai-[A-Za-z0-9]{60,100}"),
        ("r8_", r"r8_[A-Za-z0-9]{30,50}"),
        ("tskey-", rf"tskey-{_WORD_CHARACTERS}{{20,100}}"),
        ("eyJ", rf"eyJ{_WORD_CHARACTERS}{{8,4096}}\.{_WORD_CHARACTERS}{{8,8192}}(?:\.{_WORD_CHARACTERS}{{0,2048}})?"),
    )
)
_UNDERLINED: Final = tuple((sign, form) for sign, form in _KEYS if "_" in sign)
_DASHED: Final = tuple((sign, form) for sign, form in _KEYS if "-" in sign and "_" not in sign)
_OTHERS: Final = tuple((sign, form) for sign, form in _KEYS if "-" not in sign and "_" not in sign)

_PEM_BEGINS: Final = "-----BEGIN "
_PEM: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s:,.()\\]|-(?!-)){0,16000}(?:-----END [A-Z0-9 ]{0,40}-----|\Z)"
)

_PASSWORD_SIGNS: Final = ("pass", "pwd", "kennwort")
_TOKEN_SIGNS: Final = ("secret", "token", "api", "key", "bearer")
_PASSWORD_SIGNS_BEFORE_COLON: Final = ("losung", "zugangscode", "code secret")
_TOKEN_SIGNS_BEFORE_COLON: Final = ("geheim", "schlüssel", "clé", "clef", "credential", "auth", "jeton")
"""Words that tell of a secret only before a colon or an equals sign."""
_SEPARATOR: Final = r"[\\\"']{0,2}\s{0,3}(?::=|=>|[:=>])\s{0,3}"
"""Between a name and its value, in sentences, settings, JSON (also inside a string) and XML."""
_PASSWORD_CUE: Final = re.compile(
    r"(?:pass(?:word|wort|code|phrase|wd|e)?s?|pwd|kennwort|losungswort|zugangscode|code secret)"
    r"(?:[ _-]{1,2}(?:for|für|pour|of|von|de|du|to|zum|zur|is|lautet)(?: \w{1,20}){0,3})?"
    rf"({_SEPARATOR}|\s(?:is now|is|was|ist|lautet|est|sera|war|:)\s{{1,2}})"
)
_TOKEN_CUE: Final = re.compile(
    r"(?:(?:secret|geheim\w{0,8}|token|api|key|schlüssel|clé|clef|credentials?|bearer|auth\w{0,9}|jeton|access|private|client)[ _-]?){1,5}"
    rf"(?:[ ](?:is|ist|lautet|est|api|secrète|d'api))?(?:{_SEPARATOR}|(?<=[ ])|\s{{1,3}})"
)
_PIN_CUE: Final = re.compile(
    r"\bpin(?:-code|-nummer| code| number| nummer)?"
    rf"(?:{_SEPARATOR}|\s(?:is|ist|lautet|est)\s|\s)\D{{0,3}}(\d{{4,8}})(?!\w)"
)
_VALUE: Final = re.compile(r"\\?[\"'`«„“]?([^\s\"'`«»„“”<>\\]{4,128})")
_TOKEN_VALUE: Final = re.compile(r"\\?[\"'`«„“]?([^\s\"'`«»„“”<>\\&;,]{16,256})")
_NOT_THE_END: Final = ".,;:!?)]}"
_SENTENCES_GO_ON: Final = (
    "required none null true false string optional empty missing invalid wrong incorrect expired reset changed hidden protected "
    "your the this that must should please here there below above see siehe unten oben wird wurde muss nicht kein keine falsch "
    "ungültig abgelaufen vergessen voir dans incorrect invalide oublié expiré doit cette votre notre obligatoire undefined "
    "example text type name value field forgotten strong weak secure safe longer needed stored encrypted"
)
_NO_PASSWORDS: Final = frozenset(_SENTENCES_GO_ON.split())
_ENTROPY_MIN: Final = 3.0
"""Bits a character of what may be a token: English words have 2 to 2.8 at that length, random letters and digits over 3.3."""


class SecretRecogniser:
    """Finds what opens something: API_KEY for keys and tokens of programs, PASSWORD for what a person types."""

    types = ("API_KEY", "PASSWORD")

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        if "_" in text:
            yield from _keys(text, _UNDERLINED)
        if "-" in text:
            yield from _keys(text, _DASHED)
            if _PEM_BEGINS in text:
                yield from _private_keys(text)
        yield from _keys(text, _OTHERS)
        lower, colon = reading.lower, ":" in text or "=" in text
        for sign in _PASSWORD_SIGNS + (_PASSWORD_SIGNS_BEFORE_COLON if colon else ()):
            for at in _places(lower, sign):
                yield from _password(text, lower, at)
        for sign in _TOKEN_SIGNS + (_TOKEN_SIGNS_BEFORE_COLON if colon else ()):
            for at in _places(lower, sign):
                yield from _token(text, lower, at)
        for at in _places(reading.near_digits, "pin") and _places(lower, "pin"):
            yield from _pin(lower, at)


def _places(text: str, sign: str) -> list[int]:
    places = []
    at = text.find(sign)
    while at >= 0:
        places.append(at)
        at = text.find(sign, at + len(sign))
    return places


def _keys(text: str, keys: tuple[tuple[str, "re.Pattern[str]"], ...]) -> Iterator[Span]:
    for sign, form in keys:
        at = text.find(sign)
        while at >= 0:
            match = None if text[at - 1 : at].isalnum() or text[at - 1 : at] == "_" else form.match(text, at)
            if match:
                yield Span(at, match.end(), "API_KEY", 1.0)
            at = text.find(sign, match.end() if match else at + len(sign))


def _private_keys(text: str) -> Iterator[Span]:
    """Return keys from BEGIN to END; one without an end, to the end of what can be read."""
    at = text.find(_PEM_BEGINS)
    while at >= 0:
        match = _PEM.match(text, at)
        if match:
            yield Span(at, match.end(), "API_KEY", 1.0)
        at = text.find(_PEM_BEGINS, match.end() if match else at + 1)


def _password(text: str, lower: str, at: int) -> Iterator[Span]:
    cue = _PASSWORD_CUE.match(lower, at)
    if cue:
        yield from _value(text, cue.end(1), written=cue[1].strip()[-1:] in (":", "=", ">"))


def _token(text: str, lower: str, at: int) -> Iterator[Span]:
    cue = _TOKEN_CUE.match(lower, at)
    value = _TOKEN_VALUE.match(text, cue.end()) if cue else None
    if value and _is_random(_shortened(value[1])):
        yield Span(value.start(1), value.start(1) + len(_shortened(value[1])), "API_KEY", 0.8)


def _pin(lower: str, at: int) -> Iterator[Span]:
    pin = None if lower[at - 1 : at].isalpha() else _PIN_CUE.match(lower, at)
    if pin:
        yield Span(pin.start(1), pin.end(1), "PASSWORD", 0.7)


def _value(text: str, at: int, *, written: bool) -> Iterator[Span]:
    """Return the password there. After a colon it may be a plain word, after "is" it has to look like one."""
    value = _VALUE.match(text, at)
    if not value:
        return
    password = _shortened(value[1])
    if len(password) < 4 or password.lower() in _NO_PASSWORDS or not password.isprintable():
        return
    if not password.isalpha() or (written and _ends_there(text, value.start(1) + len(password))):
        yield Span(value.start(1), value.start(1) + len(password), "PASSWORD", 0.8)


def _shortened(value: str) -> str:
    """Return it without the full stop or parenthesis of the sentence; one `!` may be its own."""
    return value.rstrip(_NOT_THE_END.replace("!", "")) if not value.endswith("!!") else value


def _ends_there(text: str, end: int) -> bool:
    """Does nothing follow that would make it a sentence?"""
    after = text[end : end + 2]
    return not after or after[0] in "\n,;.)\"'`|/" or after.isspace()


def _is_random(value: str) -> bool:
    if value.isalpha() or value.isdigit() or "://" in value:
        return False
    counts = [value.count(c) for c in set(value)]
    return -sum(n / len(value) * log2(n / len(value)) for n in counts) >= _ENTROPY_MIN
