"""Few-shot examples: earlier user/assistant turns, or a block of `Input:` / `Output:` lines or JSON objects in the instructions."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tollhouse.domain.wire import Message

MAX_SHOTS = 512
"""Each is embedded once (20 to 80 ms) and then kept; more than this is training data, not a prompt."""

MAX_EXAMPLE_LINES = 200
"""An input with no output in so many lines is not an example."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One example: a text, and the right answer to it. `fields` is the answer if it is a JSON object."""

    text: str
    answer: str
    fields: Mapping[str, object] | None = None


_INPUT = re.compile(r"[ \t>*#-]{0,8}(?:input|eingabe|entr[ée]e)\**[ \t]{0,4}:\**(?P<rest>.*)", re.IGNORECASE)
_OUTPUT = re.compile(r"[ \t>*#-]{0,8}(?:output|ausgabe|sortie)\**[ \t]{0,4}:\**(?P<rest>.*)", re.IGNORECASE)


class _Written(msgspec.Struct):
    input: str
    output: str | dict[str, object]


def shots_of_turns(turns: Sequence[Message]) -> list[Shot]:
    """Pair each user message with the assistant message right after it."""
    pairs = itertools.pairwise(turns)
    return [_shot(user.text, reply.text) for user, reply in pairs if (user.role, reply.role) == ("user", "assistant")]


def shots_of_text(text: str) -> tuple[list[Shot], str]:
    """
    Return the examples written in a text, and the text without them.

    An example is a line `Input: …` (more lines may follow) and a line `Output: …` (more may follow, up to a blank line or
    the next example); or one JSON object on a line: `{"input": "…", "output": …}`. An input without an output stays.
    """
    shots: list[Shot] = []
    rest: list[str] = []
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        written = _pair(lines, place) if _INPUT.match(lines[place]) else _object(lines, place)
        if written is None:
            rest.append(lines[place])
            place += 1
        else:
            shot, place = written
            shots.append(shot)
    return shots, "\n".join(rest)


def _pair(lines: Sequence[str], start: int) -> tuple[Shot, int] | None:
    """Read the example that starts at this line; return it and the line after it."""
    output = start + 1
    while output < len(lines) and not _OUTPUT.match(lines[output]):
        if _INPUT.match(lines[output]) or output - start > MAX_EXAMPLE_LINES:
            return None
        output += 1
    if output == len(lines):
        return None
    end = output + 1
    while (
        end < len(lines)
        and lines[end].strip()
        and not lines[end].lstrip().startswith("</")
        and not _INPUT.match(lines[end])
    ):
        end += 1
    asked = [_rest(_INPUT, lines[start]), *lines[start + 1 : output]]
    answered = "\n".join([_rest(_OUTPUT, lines[output]), *lines[output + 1 : end]])
    return (_shot("\n".join(asked), answered), end) if answered.strip() else None


def _rest(marker: re.Pattern[str], line: str) -> str:
    match = marker.match(line)
    return match["rest"] if match else line


def _object(lines: Sequence[str], start: int) -> tuple[Shot, int] | None:
    line = lines[start].strip().rstrip(",")
    if not (line.startswith("{") and line.endswith("}") and '"input"' in line and '"output"' in line):
        return None
    try:
        example = msgspec.json.decode(line, type=_Written)
    except msgspec.DecodeError:
        return None
    answer = example.output if isinstance(example.output, str) else msgspec.json.encode(example.output).decode()
    return _shot(example.input, answer), start + 1


def _shot(text: str, answer: str) -> Shot:
    return Shot(text.strip(), answer.strip(), _fields(answer))


def _fields(answer: str) -> Mapping[str, object] | None:
    plain = re.sub(r"^```\w*\n|\n?```$", "", answer.strip())
    if not plain.startswith("{"):
        return None
    try:
        return msgspec.json.decode(plain, type=dict[str, object])
    except msgspec.DecodeError:
        return None
