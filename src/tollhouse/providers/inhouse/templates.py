"""
Mode 4: the operator's own texts. The instructions hold a block

    Templates:
    - refund [the customer wants money back]: We have received your request for a refund of {{amount}}.
    - delay: Your parcel is late; we are sorry.

`[…]` says when to use one. Names in `{{…}}` are filled with values found in the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from tollhouse.domain.errors import InhouseCannot

from .fields import Field, find
from .reading import Reading
from .words import language, readable

MAX_TEMPLATES = 100
"""Each is embedded once; more than this needs a better way to choose."""

MIN_SIMILARITY = 0.80
"""Below it no template is about this text. Unrelated texts score 0.74 to 0.80 with this embedder (docs/inhouse.md)."""

MIN_LEAD = 0.005
"""The best template must lead the next one in another sense by this much; closer calls are a person's."""

SAME_LANGUAGE = 0.03
"""What a template gains by being in the text's language."""

_HEAD = re.compile(
    r"^[ \t#*]{0,8}(?:templates?|vorlagen?|textbausteine|mod[èe]les?|gabarits?)\**[ \t]{0,4}:\**[ \t]*$", re.IGNORECASE
)
_ITEM = re.compile(
    r"^[ \t]{0,8}(?:[-*•][ \t]+)?(?P<name>[\w-]{1,40})[ \t]{0,4}(?:\[(?P<when>[^\]\n]{1,400})\])?[ \t]{0,4}:[ \t]*(?P<text>.*)$"
)
_PLACEHOLDER = re.compile(r"\{\{[ \t]*([A-Za-z_]\w{0,60})[ \t]*\}\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One of the operator's texts. `when` says what it answers."""

    name: str
    when: str
    text: str

    @property
    def meaning(self) -> str:
        return self.when or f"{readable(self.name)}: {_PLACEHOLDER.sub('', self.text)}"


def templates_in(instructions: str) -> list[Template]:
    """Return the templates of the block, which ends at a blank line; a line that is indented goes on with its text."""
    lines = instructions.split("\n")
    start = next((place for place, line in enumerate(lines) if _HEAD.match(line)), None)
    found: list[Template] = []
    for line in lines[start + 1 :] if start is not None else ():
        item = _ITEM.match(line)
        if not line.strip() or len(found) == MAX_TEMPLATES:
            break
        if item and not (found and line.startswith(("   ", "\t"))):
            found.append(Template(item["name"], item["when"] or "", item["text"].strip()))
        elif found:
            found[-1] = Template(found[-1].name, found[-1].when, f"{found[-1].text}\n{line.strip()}".strip())
    return found


def answer_by_template(templates: Sequence[Template], reading: Reading, *, json_object: bool) -> str:
    """Return the best template, filled. Raises InhouseCannot if none fits, two fit alike, or a value is not in the text."""
    template = _best(templates, reading)
    answer = _PLACEHOLDER.sub(lambda match: _value(match[1], template, reading, in_json=json_object), template.text)
    if json_object and not _is_object(answer):
        raise InhouseCannot(
            f"The in-house engine's template '{template.name}' is not a JSON object, which was asked for."
        )
    return answer


def _best(templates: Sequence[Template], reading: Reading) -> Template:
    scored = sorted(((_score(template, reading), -place) for place, template in enumerate(templates)), reverse=True)
    best, place = scored[0]
    if best < MIN_SIMILARITY:
        raise InhouseCannot("The in-house engine found no template that answers this text.")
    if len(scored) > 1 and best - scored[1][0] < MIN_LEAD:
        raise InhouseCannot("The in-house engine found two templates that answer this text equally well.")
    return templates[-place]


def _score(template: Template, reading: Reading) -> float:
    same = reading.language is not None and language(template.text) == reading.language
    return reading.similarity([(template.meaning, 1.0)]) + (SAME_LANGUAGE if same else 0.0)


def _value(name: str, template: Template, reading: Reading, *, in_json: bool) -> str:
    value = find(Field(name), reading)
    if value is None:
        raise InhouseCannot(
            f"The in-house engine's template '{template.name}' needs `{name}`, which the text does not hold."
        )
    return msgspec.json.encode(str(value)).decode()[1:-1] if in_json else str(value)


def _is_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except msgspec.DecodeError:
        return False
