"""What is asked: a prompt taken apart into instructions, the text to work on, examples, and the form of the answer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from tollhouse.domain.errors import InhouseCannot
from tollhouse.domain.wire import Message, Prompt

from .shots import MAX_SHOTS, Shot, shots_of_text, shots_of_turns

MAX_PROMPT_CHARS = 200_000
"""All messages together, some 60 pages. A longer text would hold a shared processor for seconds."""


@dataclass(frozen=True, slots=True)
class Task:
    """
    One request, taken apart.

    `text` is what to work on, `instructions` everything that says how: system and developer messages, and what the last
    user message says around its text.
    """

    instructions: str
    text: str
    shots: tuple[Shot, ...]
    schema: Mapping[str, object] | None
    json_object: bool


# In the last user message these mark the text; what stands around it is instruction.
_QUOTED = re.compile(r'"""(?P<a>.+?)"""|\'\'\'(?P<b>.+?)\'\'\'|^```[^\n]*\n(?P<c>.+?)\n```', re.DOTALL | re.MULTILINE)
_TAG = re.compile(r"<([A-Za-z][\w-]{0,40})>")
MAX_TAGS = 100
"""Opening tags looked at; a prompt marks its text with one of the first."""
_HEADED = re.compile(
    r"^[ \t#*]{0,8}(?:the\s+|der\s+|die\s+|das\s+|le\s+|la\s+)?(?:text|input|document|message|e-?mail|report|claim|letter|article|ticket|review|transcript|"
    r"texte|entr[ée]e|lettre|rapport|courriel|avis|eingabe|dokument|nachricht|schreiben|brief|meldung|bericht|artikel)\**[ \t]{0,4}:\**[ \t]*\n?",
    re.IGNORECASE | re.MULTILINE,
)
_ASKING = re.compile(
    r"\b(?:summar|synopsis|tl;dr|classif|categori|label|extract|choose|decide|answer|reply|return|fill|which|what|triage|"
    r"zusammenfass|fass\w*\b.*\bzusammen|klassifizier|kategorisier|ordne|extrahier|wähle|antworte|welche|nenne|gib|"
    r"résum|synth[ée]|class[ei]|catégoris|extrai|choisi|répond|quel|donne|indique)",
    re.IGNORECASE | re.DOTALL,
)
_OUTPUT_LINE = re.compile(
    r"\n[ \t]{0,8}(?:output|ausgabe|sortie|answer|antwort|réponse|label)[ \t]{0,4}:\s*\Z", re.IGNORECASE
)
_LEAD = re.compile(r"\A(?P<lead>[^\n]{3,400}?)(?::[ \t]*\n?|\n[ \t]*\n)(?P<text>.*\S.*)\Z", re.DOTALL)


def read_task(prompt: Prompt) -> Task:
    """Take a prompt apart. Raises InhouseCannot if it holds no text or too much."""
    turns = [message for message in prompt.messages if message.role in ("user", "assistant")]
    rules = "\n\n".join(message.text for message in prompt.messages if message.role in ("system", "developer"))
    if sum(len(message.text) for message in prompt.messages) > MAX_PROMPT_CHARS:
        raise InhouseCannot(f"The in-house engine reads prompts of at most {MAX_PROMPT_CHARS} characters.")
    ruled, rules = shots_of_text(rules)
    alone = not rules.strip()
    last = _last_words(turns)
    # Beside a system message the user's words are data: a customer's text must not be able to teach the classifier.
    shown, last = shots_of_text(last) if alone else ([], last)
    said, text = _split(_OUTPUT_LINE.sub("", last), alone=alone)
    shots = [*ruled, *shots_of_turns(turns), *shown][-MAX_SHOTS:]
    if not text.strip():
        raise InhouseCannot("The in-house engine found no text to work on in the last user message.")
    return Task(f"{rules}\n\n{said}".strip(), text.strip(), tuple(shots), prompt.schema, prompt.json_object)


def _last_words(turns: Sequence[Message]) -> str:
    """Return what the user said since the last answer."""
    last = max((place for place, turn in enumerate(turns) if turn.role == "assistant"), default=-1)
    return "\n\n".join(turn.text for turn in turns[last + 1 :])


def _split(message: str, *, alone: bool) -> tuple[str, str]:
    """
    Return (instructions, text) of the last user message.

    In this order: the longest piece in triple quotes, a code fence or a pair of tags; what follows a line like "Text:", if
    what stands before asks for something or is nothing; what follows a first line or paragraph that asks for something; else the whole message is the text, and, if no
    system message says what to do (`alone`), also the instruction.
    """
    marked = [piece for piece in (*_quoted(message), *_tagged(message)) if piece.text.strip()]
    if marked:
        best = max(marked, key=lambda piece: len(piece.text))
        return f"{message[: best.start]}\n{message[best.end :]}".strip(), best.text
    headed = _HEADED.search(message)
    before = message[: headed.start()] if headed else ""
    if headed and message[headed.end() :].strip() and (not before.strip() or _ASKING.search(before)):
        return before.strip(), message[headed.end() :]
    lead = _LEAD.match(message)
    if lead and _ASKING.search(lead["lead"]):
        return lead["lead"], lead["text"]
    return (message if alone else "", message)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A marked piece of a message: the text inside, and where it stands with its marks."""

    text: str
    start: int
    end: int


def _quoted(message: str) -> list[_Piece]:
    found = _QUOTED.finditer(message)
    return [_Piece(match["a"] or match["b"] or match["c"], match.start(), match.end()) for match in found]


def _tagged(message: str) -> list[_Piece]:
    pieces = []
    for match in islice(_TAG.finditer(message), MAX_TAGS):
        close = message.find(f"</{match[1]}>", match.end())
        if close >= 0:
            pieces.append(_Piece(message[match.end() : close], match.start(), close + len(match[1]) + 3))
    return pieces
