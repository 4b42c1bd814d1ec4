"""The settings tree as a JSON schema, for editors: `tollhouse.schema.json` beside the configuration."""

from collections.abc import Iterator, Mapping, Sequence

from .tree import Settings

DRAFT = "http://json-schema.org/draft-07/schema#"
"""Editors' YAML servers are documented for draft 07."""

FILE_NAME = "tollhouse.schema.json"
FIRST_LINE = f"# yaml-language-server: $schema=./{FILE_NAME}"

Schema = dict[str, object]

_VARIABLE: Schema = {"type": "string", "pattern": r"\$\{"}
_TYPED = frozenset({"integer", "number", "boolean"})


def schema() -> Schema:
    """Return the schema of the file, as draft 07 has it. Every value may be a variable, every optional key null."""
    whole = _mapping(Settings.model_json_schema(ref_template="#/definitions/{model}"))
    body = {str(key): value for key, value in _relaxed(whole).items() if key not in ("title", "$defs")}
    return {
        "$schema": DRAFT,
        "title": "tollhouse.yaml",
        **body,
        "definitions": dict(_definitions(_mapping(whole["$defs"]))),
    }


def _definitions(parts: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    for name, part in parts.items():
        yield str(name), _relaxed(_mapping(part))


def known_keys(path: Sequence[str | int]) -> tuple[str, ...]:
    """Return the keys that the part at this path takes; none if any name is allowed there."""
    whole = _mapping(Settings.model_json_schema())
    at = whole
    for step in path:
        at = _step(_resolved(at, whole), step)
    return tuple(str(key) for key in _mapping(_resolved(at, whole).get("properties")))


def _step(at: Mapping[object, object], step: str | int) -> Mapping[object, object]:
    if isinstance(step, int):
        return _mapping(at.get("items"))
    by_pattern = iter(_mapping(at.get("patternProperties")).values())
    return _mapping(
        _mapping(at.get("properties")).get(step) or at.get("additionalProperties") or next(by_pattern, None)
    )


def _resolved(at: Mapping[object, object], whole: Mapping[object, object]) -> Mapping[object, object]:
    """Follow references, and take the part of `part or null`."""
    options = at.get("anyOf")
    if isinstance(options, list):
        parts = [_resolved(_mapping(option), whole) for option in options]
        return next((part for part in parts if part.get("type") in ("object", "array")), {})
    reference = at.get("$ref")
    if isinstance(reference, str):
        return _mapping(_mapping(whole.get("$defs")).get(reference.rpartition("/")[2]))
    return at


def _relaxed(part: Mapping[object, object]) -> dict[object, object]:
    """Return one object's schema with its optional keys also null and its typed values also a variable."""
    required = part.get("required")
    names = required if isinstance(required, list) else []
    properties = {
        str(name): _or_more(_mapping(member), may_be_null=name not in names)
        for name, member in _mapping(part.get("properties")).items()
    }
    return {key: value for key, value in part.items() if key != "properties"} | (
        {"properties": properties} if properties else {}
    )


def _or_more(member: Mapping[object, object], *, may_be_null: bool) -> Schema:
    bare = {str(key): value for key, value in member.items() if key not in ("title", "default")}
    options = bare.pop("anyOf", None)
    choices = list(options) if isinstance(options, list) else [bare]
    if any(_is_typed(_mapping(choice)) for choice in choices):
        choices.append(_VARIABLE)
    if may_be_null and {"type": "null"} not in choices:
        choices.append({"type": "null"})
    default = {"default": member["default"]} if isinstance(member.get("default"), str | int | float) else {}
    return {**(choices[0] if len(choices) == 1 else {"anyOf": choices}), **default}


def _is_typed(choice: Mapping[object, object]) -> bool:
    return choice.get("type") in _TYPED or "enum" in choice or "const" in choice


def _mapping(value: object) -> Mapping[object, object]:
    return value if isinstance(value, dict) else {}
