"""What can be chosen among: labels with their descriptions, from a schema's enum or from the instructions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

MAX_DESCRIPTION_CHARS = 600
"""A label's description; the embedder reads some 250 characters of each of its parts."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One label, spelled as it must be answered, and what was said about when it is right."""

    label: str
    descriptions: tuple[str, ...] = ()


def choices_of_enum(schema: Mapping[str, object], values: Sequence[str], instructions: str) -> list[Choice]:
    """
    Return the enum's labels with every description that can be found, in this order:

    - `oneOf`/`anyOf` members with `const` and `description` or `title`;
    - `enumDescriptions` or `x-enum-descriptions`, a list beside `enum` or an object by label;
    - the property's own `description`, if it says `label: text; label: text`;
    - lines `- label: text` or `label: text` anywhere in the instructions.
    """
    own = described(str(schema.get("description", "")), values)
    said = described_in_lines(instructions, values)
    beside = _beside(schema, values)
    return [Choice(value, beside.get(value, ()) + own.get(value, ()) + said.get(value, ())) for value in values]


def with_instructions(choices: Sequence[Choice], instructions: str) -> list[Choice]:
    """Add what lines `label: text` in the instructions say about these labels."""
    said = described_in_lines(instructions, [choice.label for choice in choices])
    return [replace(choice, descriptions=choice.descriptions or said.get(choice.label, ())) for choice in choices]


def described(text: str, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read `high: someone is hurt; low: scratches`: at least two labels, each followed by a colon, a dash or `=`."""
    names = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True) if label)
    if not names:
        return {}
    starts = list(
        re.finditer(
            rf"(?:^|[\s;.,(•*`\"'-])({names})[`\"'*]{{0,4}}(?:\s{{0,4}}[:=–—]|\s{{1,4}}-\s|\s{{1,4}}(?:if|wenn|si)\b)\s{{0,4}}",
            text,
            re.IGNORECASE,
        )
    )
    if len({match[1].lower() for match in starts}) < 2:
        return {}
    ends = [match.start() for match in starts[1:]] + [len(text)]
    spelled = {label.lower(): label for label in labels}
    found: dict[str, tuple[str, ...]] = {}
    for match, end in zip(starts, ends, strict=True):
        label = spelled[match[1].lower()]
        found[label] = found.get(label, ()) + _kept(text[match.end() : end])
    return found


def described_in_lines(text: str, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read lines such as "- **high**: someone is hurt"."""
    found: dict[str, tuple[str, ...]] = {}
    for label in labels:
        line = rf"^[ \t>]{{0,12}}(?:[-*•]|\d{{1,3}}[.)])?[ \t]{{0,4}}[`\"'*_]{{0,4}}{re.escape(label)}[`\"'*_]{{0,4}}[ \t]{{0,4}}(?:[:=–—]|-[ \t])[`\"'*_]{{0,4}}[ \t]{{0,4}}(\S[^\n]*)$"
        texts = [kept for match in re.findall(line, text, re.IGNORECASE | re.MULTILINE) for kept in _kept(match)]
        if texts:
            found[label] = tuple(texts)
    return found


def _beside(schema: Mapping[str, object], values: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in ("enumDescriptions", "x-enum-descriptions", "x-enumDescriptions"):
        listed = schema.get(name)
        pairs = (
            listed.items()
            if isinstance(listed, Mapping)
            else zip(values, listed, strict=False)
            if isinstance(listed, list)
            else ()
        )
        found.update({str(value): _kept(str(text)) for value, text in pairs if isinstance(text, str)})
    for member in (*_members(schema, "oneOf"), *_members(schema, "anyOf")):
        text = member.get("description") or member.get("title")
        if isinstance(text, str) and "const" in member:
            found[str(member["const"])] = _kept(text)
    return found


def _members(schema: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    members = schema.get(name)
    return [member for member in members if isinstance(member, Mapping)] if isinstance(members, list) else []


def _kept(text: str) -> tuple[str, ...]:
    plain = text.strip().strip(";.,)\n ").strip()
    return (plain[:MAX_DESCRIPTION_CHARS],) if plain else ()
