"""Labels to choose among, written in the instructions: `one of: a, b, c`, `Kategorien: …`, `l'un des …`, or a list below."""

import re
from collections.abc import Iterable

from .choices import Choice

MAX_LABELS = 256
"""More than twice the intents of the largest public set we tried."""

MAX_LABEL_CHARS = 60
MAX_LABEL_WORDS = 7
"""A longer item is a sentence, not a label."""

_GAP = r"[^.:\n]{0,80}?"
_NAMING = r"(?:\s+[a-zà-ÿ-]+){0,3}"
"""Words between cue and list: "the following categories"."""

# After these a colon must follow, or the list below.
_NOUNS = re.compile(
    rf"""\b(?:
        one\s+of{_NAMING}
      | (?:labels?|categor(?:y|ies)|class(?:es)?|intents?|options|topics|departments){_NAMING}
      | eine[mrsn]?\s+(?:der|dieser|von){_NAMING}
      | (?:kategorien?|klassen|etiketten|absichten|themen|abteilungen){_NAMING}
      | l?\s*['’]?\s*une?\s+(?:seule\s+)?(?:des|de\s+ces|parmi){_NAMING}
      | (?:cat[ée]gories?|classes|[ée]tiquettes|libell[ée]s|intentions|th[èe]mes|services){_NAMING}
      | (?:classify|categori[sz]e|klassifizier\w*|kategorisier\w*|classe[rz]?|cat[ée]goris\w+){_GAP}
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# After these the list may follow in the same sentence: "Classify the ticket as billing, technical or other."
_VERBS = re.compile(
    rf"""\b(?:
        (?:answer|reply|respond|return|output|choose|pick|select|say|classify|categori[sz]e){_GAP}\bone\s+of(?:\s+the)?(?:\s+following)?(?:\s+(?:labels|categories|classes|words|options))?
      | (?:classify|categori[sz]e|sort|label|tag|route){_GAP}\s(?:into|as|to)(?:\s+(?:the\s+)?(?:labels|categories|classes))?
      | (?:choose|pick|select)\s+(?:from|between|among)
      | (?:antworte\w*|gib|wähle\w*|nenne){_GAP}\beine[mrsn]?\s+(?:der|dieser|von)(?:\s+folgenden)?(?:\s+(?:kategorien|wörter|klassen|begriffe))?
      | (?:klassifizier\w*|kategorisier\w*|ordne|sortier\w*){_GAP}\s(?:als|in|nach)(?:\s+(?:die\s+)?(?:kategorien|klassen))?
      | wähle\w*\s+(?:aus|zwischen|unter)
      | (?:r[ée]pond\w*|choisi\w*|donne[rz]?|indique[rz]?|renvoie\w*){_GAP}\bl?\s*['’]?\s*une?\s+(?:des|de\s+ces|parmi)(?:\s+(?:mots|cat[ée]gories|[ée]tiquettes|classes)(?:\s+suivante?s)?)?
      | (?:class(?:e[rz]?|ifie[rz]?)|cat[ée]goris\w+|range[rz]?){_GAP}\s(?:dans|en|parmi|comme)(?:\s+(?:les\s+)?(?:cat[ée]gories|classes))?
      | choisi\w*\s+(?:entre|parmi)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_COLON = re.compile(r"[^.:\n]{0,60}:[ \t]*(?P<rest>[^\n]{3,4000})")
_INLINE = re.compile(r"[ \t]+(?P<rest>[^:\n.]{3,400})")
_BELOW = re.compile(
    r"[^.:\n]{0,60}[:.]?[ \t]*\n[ \t]*\n?(?P<below>(?:[ \t]{0,12}(?:[-*•]|\d{1,3}[.)])[ \t]+[^\n]+(?:\n|\Z)){1,300})"
)
_BULLET = re.compile(r"^[ \t]{0,12}(?:[-*•]|\d{1,3}[.)])[ \t]+", re.MULTILINE)
_SEPARATOR = re.compile(r"\s*[,;|/\n]\s*(?:(?:or|oder|ou|and|und|et)\s+)?|\s+(?:or|oder|ou|and|und|et)\s+")
_DESCRIBED = re.compile(r"^[`\"'“«*]*(?P<label>[^:–—(=\n]{1,60}?)[`\"'”»*]*\s*(?:[:=–—]|\s-\s|\()\s*(?P<text>.+?)\)?$")
_WRAPPING = " \t`\"'“”«»„*[]{}()."


def labels_in(instructions: str) -> list[Choice]:
    """Return the labels of the first list that reads like one; none if there is none."""
    cues = [(cue.end(), False) for cue in _NOUNS.finditer(instructions)]
    cues += [(cue.end(), True) for cue in _VERBS.finditer(instructions)]
    for end, inline in sorted(cues):
        for candidate in (_list_below(instructions, end), _list_beside(instructions, end, inline=inline)):
            if 2 <= len(candidate) <= MAX_LABELS:
                return candidate
    return []


def _list_below(text: str, start: int) -> list[Choice]:
    match = _BELOW.match(text, start)
    return _distinct(_bullets(match["below"])) if match else []


def _list_beside(text: str, start: int, *, inline: bool) -> list[Choice]:
    match = _COLON.match(text, start) or (_INLINE.match(text, start) if inline else None)
    return _inline(match["rest"]) if match else []


def _inline(rest: str) -> list[Choice]:
    """Read `a, b or c`, `"a" | "b"`, `["a", "b"]`; a list ends with its sentence."""
    listed = re.split(r"\.(?:\s|$)", rest, maxsplit=1)[0]
    found = [Choice(name) for name in (_name(item) for item in _SEPARATOR.split(listed)) if name]
    return _distinct(found) if all(_is_label(choice.label) for choice in found) else []


def _bullets(below: str) -> list[Choice]:
    found = []
    for line in _BULLET.split(below):
        described = _DESCRIBED.match(line.strip())
        if described and _is_label(_name(described["label"])):
            found.append(Choice(_name(described["label"]), (described["text"].strip(),)))
        elif line.strip():
            found.append(Choice(_name(line)))
    return found if all(_is_label(choice.label) for choice in found) else []


def _name(item: str) -> str:
    return item.strip().strip(_WRAPPING).strip()


def _is_label(label: str) -> bool:
    return 0 < len(label) <= MAX_LABEL_CHARS and len(label.split()) <= MAX_LABEL_WORDS


def _distinct(choices: Iterable[Choice]) -> list[Choice]:
    return list({choice.label: choice for choice in choices}.values())
