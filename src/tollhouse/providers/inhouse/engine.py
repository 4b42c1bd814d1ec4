"""Which mode answers a prompt. Pure but for the embedder; blocks for some 10 to 150 ms: call it in a thread."""

import re
from threading import Event

import msgspec

from tollhouse.domain.errors import InhouseCannot
from tollhouse.domain.wire import Prompt
from tollhouse.ports.schema import SchemaChecker

from .choices import with_instructions
from .classify import choose
from .instance import build
from .labels import labels_in
from .reading import Reading
from .summary import Limits, limits_in, summarise
from .task import Task, read_task
from .templates import answer_by_template, templates_in
from .vectors import Vectors
from .words import fold

CAN = (
    "It can choose among labels given in the instructions, summarise by sentences, fill a JSON schema from the text, "
    "and answer with the operator's templates."
)

_SUMMARY = re.compile(
    r"\b(?:summar(?:y|ies|ise|ize|ising|izing|ised|ized)|synopsis|tl;dr|zusammenfass\w*|zusammengefasst|kurzfassung|"
    r"resum(?:e|er|es|ez|ons)|synthese|synthetise[rz]?)\b|\bfass\w*\b[^.\n]{0,200}\bzusammen\b"
)
# Work that needs writing. Where it is asked for beside a summary, a summary alone would not be the answer.
_WRITING = re.compile(
    r"\b(?:translat\w+|ubersetz\w+|tradui\w+|traduc\w+|poem|gedicht|poeme|haiku|song|lied|chanson|joke|witz|blague|story|geschichte|rhyme|"
    r"rewrite|paraphras\w+|rephrase|umformulier\w+|reformul\w+|own words|eigenen worten|propres mots|"
    r"draft|compose|headline|slogan|tweet|essay|code|python|javascript|sql|explain|erklar\w+|expliqu\w+)\b"
)
_LANGUAGES = {
    "en": r"in english|auf englisch|en anglais",
    "fr": r"in french|auf franzosisch|en francais",
    "de": r"in german|auf deutsch|en allemand",
    "?": r"in (?:spanish|italian|portuguese|dutch)|auf (?:spanisch|italienisch)|en (?:espagnol|italien)",
}
# A short message that asks for something else is not a text to be worked on, whatever the instructions say.
_REQUEST = re.compile(
    r"^\W*(?:please |bitte |s il (?:te|vous) plait,? )?(?:tell|write|translate|explain|create|compose|generate|draft|give me|sing|imagine|"
    r"erzahl\w*|schreib\w*|ubersetz\w*|erklar\w*|erstelle?|raconte[rz]?|ecri[st]\w*|traduis\w*|explique[rz]?|compose[rz]?|invente[rz]?)\b"
)
MAX_REQUEST_CHARS = 200

MIN_WORDS_ALONE = 8
"""A shorter message of one sentence is more likely a question to a chat than a text to be summarised."""


def answer(prompt: Prompt, vectors: Vectors, checker: SchemaChecker, given_up: Event, *, max_chars: int | None) -> str:
    """
    Return the answer's text. The form decides the mode: a JSON schema, templates, labels, a summary, in this order.

    Args:
        max_chars: the output limit; only a summary can be shortened to it.

    Raises InhouseCannot for everything else.
    """
    _refuse_other_work(prompt)
    task = read_task(prompt)
    reading = Reading(task.text, vectors, given_up)
    if task.schema is not None:
        return msgspec.json.encode(build(task, task.schema, reading, checker)).decode()
    if templates := templates_in(task.instructions):
        return answer_by_template(templates, reading, json_object=task.json_object)
    if task.json_object:
        raise _cannot("answer with JSON unless a JSON schema or a template says which")
    if choices := labels_in(task.instructions):
        return choose(reading, with_instructions(choices, task.instructions), task.shots).label
    return _summary(task, reading, max_chars)


def _refuse_other_work(prompt: Prompt) -> None:
    if prompt.instructed != "text":
        raise _cannot(f"make {prompt.instructed}s")
    if prompt.unreadable:
        raise _cannot(f"read parts of kind {', '.join(sorted(set(prompt.unreadable)))}")
    if any(message.role in ("tool", "function") for message in prompt.messages):
        raise _cannot("go on from the results of tools")


def _summary(task: Task, reading: Reading, max_chars: int | None) -> str:
    asked = fold(task.instructions)
    other = _WRITING.search(asked)
    if not _SUMMARY.search(asked) or other or _is_request(task.text) or task.text == task.instructions:
        raise _cannot("do what was asked" if other is None else f"do what was asked ('{other[0]}')")
    wanted = next((name for name, pattern in _LANGUAGES.items() if re.search(rf"\b(?:{pattern})\b", asked)), None)
    if wanted is not None and wanted != reading.language:
        raise _cannot("summarise in another language than the text's")
    if len(reading.sentences) == 1 and (task.text.endswith("?") or len(task.text.split()) < MIN_WORDS_ALONE):
        raise _cannot("summarise a single short sentence or question")
    limits = limits_in(task.instructions)
    chosen = summarise(reading.sentences, _within(limits, max_chars))
    if not chosen:
        raise _cannot("summarise this text within the limit: no sentence of it is short enough")
    return "\n".join(f"- {sentence}" for sentence in chosen) if limits.bullets else " ".join(chosen)


def _within(limits: Limits, max_chars: int | None) -> Limits:
    bounds = [bound for bound in (limits.chars, max_chars) if bound is not None]
    return Limits(limits.sentences, limits.words, min(bounds, default=None), limits.bullets)


def _is_request(text: str) -> bool:
    return len(text) <= MAX_REQUEST_CHARS and _REQUEST.search(fold(text)) is not None


def _cannot(what: str) -> InhouseCannot:
    return InhouseCannot(f"The in-house engine cannot {what}. {CAN}")
