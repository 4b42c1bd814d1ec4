"""
A deterministic instance of a JSON schema, for tool arguments and structured output.

Covers what the structured-output dialect of OpenAI allows (types, enum, const, $ref into the document, anyOf, numeric
and length bounds, common formats) plus oneOf and allOf. A `pattern` is not solved: such a string may not match.
"""

import hashlib
import math
from collections.abc import Mapping

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

MAX_DEPTH = 32
"""A schema that needs deeper nesting (one that requires itself) has no instance here."""

OPTIONAL_DEPTH = 4
"""From here on only required members and elements are made, so that recursive schemas end."""

_FORMATS: Mapping[str, str] = {
    "date-time": "2026-01-15T09:30:00Z",
    "date": "2026-01-15",
    "time": "09:30:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "3f2b8c1e-6d4a-4f7b-9c0d-5e8a7b6c4d3e",
}


class NoInstance(ValueError):
    """The simulator cannot make an instance of this schema."""


class Maker:
    """Makes instances of one schema document. `hint` wins where an enum offers it; `draw` decides other choices."""

    def __init__(self, schema: Json, *, draw: str, hint: str | None = None) -> None:
        self._root = schema
        self._draw = draw
        self._hint = hint

    def instance(self) -> Json:
        """Raises NoInstance."""
        return self._make(self._root, "", 0)

    def _make(self, schema: Json, path: str, depth: int) -> Json:
        if depth > MAX_DEPTH:
            raise NoInstance(f"the schema needs more than {MAX_DEPTH} levels")
        if not isinstance(schema, dict):
            return {} if schema is not False else self._none(path)
        if "const" in schema:
            return schema["const"]
        if isinstance(options := schema.get("enum"), list) and options:
            return self._hint if self._hint in options else self._pick(options, path)
        if (other := self._elsewhere(schema)) is not None:
            return self._make(other, path, depth + 1)
        return self._typed(schema, path, depth)

    def _none(self, path: str) -> Json:
        raise NoInstance(f"nothing is allowed at {path or 'the root'}")

    def _elsewhere(self, schema: dict[str, Json]) -> Json:
        """Return the schema that stands in for this one: a reference, a branch, or all parts as one."""
        if isinstance(reference := schema.get("$ref"), str):
            return self._resolved(reference)
        for member in ("anyOf", "oneOf"):
            if isinstance(branches := schema.get(member), list) and branches:
                return _merged([{k: v for k, v in schema.items() if k != member}, _first_not_null(branches)])
        if isinstance(parts := schema.get("allOf"), list):
            whole = [{k: v for k, v in schema.items() if k != "allOf"}, *parts]
            return _merged([self._resolved_part(part) for part in whole])
        return None

    def _resolved_part(self, part: Json) -> Json:
        if isinstance(part, dict) and isinstance(reference := part.get("$ref"), str):
            return self._resolved(reference)
        return part

    def _resolved(self, reference: str) -> Json:
        found = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or key not in found:
                raise NoInstance(f"the reference {reference} leads nowhere")
            found = found[key]
        return found

    def _typed(self, schema: dict[str, Json], path: str, depth: int) -> Json:
        match _type_of(schema):
            case "object":
                return self._object(schema, path, depth)
            case "array":
                return self._array(schema, path, depth)
            case "string":
                return self._string(schema, path)
            case "integer" | "number" as kind:
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return bool(self._pick([False, True], path))
            case _:
                return None

    def _object(self, schema: dict[str, Json], path: str, depth: int) -> Json:
        members = schema.get("properties")
        required = schema.get("required")
        members = members if isinstance(members, dict) else {}
        needed = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        names = [name for name in members if depth < OPTIONAL_DEPTH or name in needed]
        names += [name for name in needed if name not in members]
        return {name: self._make(members.get(name, True), f"{path}/{name}", depth + 1) for name in names}

    def _array(self, schema: dict[str, Json], path: str, depth: int) -> Json:
        least = _int(schema, "minItems", 0)
        most = _int(schema, "maxItems", max(least, 1))
        length = max(least, min(most, 1 if depth < OPTIONAL_DEPTH else 0))
        return [self._make(schema.get("items", True), f"{path}/{index}", depth + 1) for index in range(length)]

    def _string(self, schema: dict[str, Json], path: str) -> str:
        if isinstance(form := schema.get("format"), str) and form in _FORMATS:
            return _FORMATS[form]
        text = path.rsplit("/", 1)[-1] or "text"
        least = _int(schema, "minLength", 0)
        return text.ljust(least, ".")[: _int(schema, "maxLength", max(least, len(text)))]

    def _pick(self, options: list[Json], path: str) -> Json:
        digest = hashlib.sha256(f"{self._draw}\n{path}".encode(errors="replace")).digest()
        return options[int.from_bytes(digest[:8], "big") % len(options)]


def _first_not_null(branches: list[Json]) -> Json:
    others = (branch for branch in branches if not (isinstance(branch, dict) and branch.get("type") == "null"))
    return next(others, branches[0])


def _merged(parts: list[Json]) -> Json:
    """Join schemas that all must hold: members of `properties` and `required` add up, for the rest the last wins."""
    whole: dict[str, Json] = {}
    for part in parts:
        for key, value in part.items() if isinstance(part, dict) else ():
            before = whole.get(key)
            if key == "properties" and isinstance(before, dict) and isinstance(value, dict):
                whole[key] = {**before, **value}
            elif key == "required" and isinstance(before, list) and isinstance(value, list):
                whole[key] = [*before, *value]
            else:
                whole[key] = value
    return whole


def _type_of(schema: dict[str, Json]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def _number(schema: dict[str, Json], *, whole: bool) -> int | float:
    """Return 1 if it is allowed, else the allowed value next to it."""
    step = _bound(schema, "multipleOf") or (1 if whole else 0)
    low, high = _edges(schema, step)
    value: int | float = 1
    if low is not None and value < low:
        value = low if high is None or step else (low + min(high, low + 1)) / 2
    elif high is not None and value > high:
        value = high if low is None or step else (max(low, high - 1) + high) / 2
    if step:
        above = step * math.ceil(value / step)
        value = above if high is None or above <= high else step * math.floor(high / step)
    return int(value) if whole or value == int(value) else value


def _edges(schema: dict[str, Json], step: int | float) -> tuple[int | float | None, int | float | None]:
    """Return the least and the largest allowed value; an excluded edge moves inwards by one step, or a little."""
    inwards = step or 1e-6
    lows = [_bound(schema, "minimum"), _moved(_bound(schema, "exclusiveMinimum"), inwards)]
    highs = [_bound(schema, "maximum"), _moved(_bound(schema, "exclusiveMaximum"), -inwards)]
    low = max((edge for edge in lows if edge is not None), default=None)
    return low, min((edge for edge in highs if edge is not None), default=None)


def _moved(edge: int | float | None, by: int | float) -> int | float | None:
    return None if edge is None else edge + by


def _bound(schema: dict[str, Json], member: str) -> int | float | None:
    value = schema.get(member)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _int(schema: dict[str, Json], member: str, default: int) -> int:
    value = _bound(schema, member)
    return int(value) if value is not None else default
