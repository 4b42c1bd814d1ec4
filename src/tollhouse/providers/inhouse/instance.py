"""
Mode 3: build what a JSON schema asks for, property by property, from the text alone.

A property that the text does not answer is null if the schema allows it, left out if it is not required; otherwise the
whole request is refused, with the property's path and the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tollhouse.domain.errors import InhouseCannot
from tollhouse.ports.schema import SchemaChecker

from . import amounts
from .choices import Choice, choices_of_enum, described
from .classify import choose
from .evidence import is_evidence, is_summary, quotes
from .fields import ALWAYS_LISTED, Field, candidates, find_all, kind_of, only
from .flags import flag
from .reading import Reading
from .shots import Shot
from .summary import Limits, limits_in, summarise
from .task import Task
from .words import fold, listed

MAX_DEPTH = 12
"""Nesting of objects and arrays; also what ends a schema that refers to itself."""

MAX_PROPERTIES = 300
"""Properties of all objects together."""

MAX_ITEMS = 50
"""Values listed of one kind, unless the schema says less."""

DEFAULT_QUOTES = 3
DEFAULT_SUMMARY = Limits(sentences=2)

_YES_NO = (("true", "false"), ("yes", "no"), ("wahr", "falsch"), ("ja", "nein"), ("vrai", "faux"), ("oui", "non"))

Schema = Mapping[str, object]


class _Missing(Exception):  # a step of the search; an error only when nothing else is left
    """The text gives no value for this place."""

    def __init__(self, path: tuple[str, ...], reason: str) -> None:
        super().__init__(reason)
        self.path, self.reason = path, reason


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value goes: its path from the root; the last name and the description say what it means."""

    path: tuple[str, ...] = ()
    description: str = ""

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else ""


def build(task: Task, schema: Schema, reading: Reading, checker: SchemaChecker) -> object:
    """Return a valid instance. Raises InhouseCannot, with what could not be done."""
    try:
        checker.problems(schema, None)
        value = _Builder(task, schema, reading, checker).value(schema, _Place(), 0)
        problems = checker.problems(schema, value)
    except ValueError as error:
        raise InhouseCannot(f"The in-house engine cannot use this JSON schema: {error}") from error
    except _Missing as missing:
        where = ".".join(missing.path) or "the answer"
        raise InhouseCannot(f"The in-house engine cannot fill `{where}`: {missing.reason}.") from missing
    if problems:
        raise InhouseCannot(f"The in-house engine found no answer that satisfies the JSON schema: {problems[0]}.")
    return value


class _Builder:
    """Builds one instance; remembers the cue words of the choices it made, because reasons quote them."""

    def __init__(self, task: Task, root: Schema, reading: Reading, checker: SchemaChecker) -> None:
        self._task, self._root, self._reading, self._checker = task, root, reading, checker
        self._cues: set[str] = set()
        self._properties = 0

    def value(self, schema: Schema, at: _Place, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise _Missing(at.path, f"the schema nests deeper than {MAX_DEPTH}")
        schema = self._resolved(schema)
        at = _Place(at.path, str(schema.get("description") or schema.get("title") or at.description))
        if "const" in schema:
            return schema["const"]
        if (values := _enum_of(schema)) is not None:
            return self._enum(schema, values, at)
        branches = _branches(schema)
        if branches:
            return self._first_of(branches, at, depth)
        return self._first_of_types(schema, _types(schema), at, depth)

    def _first_of(self, branches: Sequence[Schema], at: _Place, depth: int) -> object:
        """Return the first branch that has a value; null is the last resort."""
        reasons: list[_Missing] = []
        for branch in sorted(branches, key=lambda branch: _types(self._resolved(branch)) == ["null"]):
            try:
                return self.value(branch, at, depth + 1)
            except _Missing as missing:
                reasons.append(missing)
        raise reasons[0]

    def _first_of_types(self, schema: Schema, types: Sequence[str], at: _Place, depth: int) -> object:
        reasons: list[_Missing] = []
        for kind in sorted(types, key=lambda kind: kind == "null"):
            try:
                return self._typed(kind, schema, at, depth)
            except _Missing as missing:
                reasons.append(missing)
        raise reasons[0] if reasons else _Missing(at.path, "the schema does not say what type it has")

    def _typed(self, kind: str, schema: Schema, at: _Place, depth: int) -> object:
        if kind == "object":
            return self._object(schema, at, depth)
        if kind == "array":
            return self._array(schema, at)
        if kind == "boolean":
            return self._boolean(at)
        if kind == "null":
            return None
        return self._text(schema, at) if kind == "string" else self._first_fitting(schema, at, kind)

    def _object(self, schema: Schema, at: _Place, depth: int) -> dict[str, object]:
        properties = _mapping(schema.get("properties"))
        self._properties += len(properties)
        if self._properties > MAX_PROPERTIES:
            raise _Missing(at.path, f"the schema has more than {MAX_PROPERTIES} properties")
        required = schema.get("required")
        found: dict[str, object] = {}
        # Reasons come last: they quote what the choices rest on.
        for name in sorted(properties, key=lambda name: is_evidence(name, _about(properties[name]))):
            try:
                found[name] = self.value(_schema(properties[name]), _Place((*at.path, name)), depth + 1)
            except _Missing:
                if isinstance(required, list) and name in required:
                    raise
        return {name: found[name] for name in properties if name in found}

    # --- choices ---

    def _enum(self, schema: Schema, values: Sequence[object], at: _Place) -> object:
        labels = {_spelled(value): value for value in values if value is not None}
        if not labels:
            return None
        if len(labels) == 1:
            return next(iter(labels.values()))
        if kind_of(self._field(schema, at)) == "currency":
            return self._currency(labels, None in values, at)
        choices = choices_of_enum({**schema, "description": at.description}, list(labels), self._task.instructions)
        return labels[self._choose(choices, at)]

    def _currency(self, labels: Mapping[str, object], nullable: bool, at: _Place) -> object:
        for code in amounts.currencies(self._reading.text):
            if code in labels:
                return labels[code]
        if nullable:
            return None
        raise _Missing(at.path, "the text names no amount in one of these currencies")

    def _choose(self, choices: Sequence[Choice], at: _Place) -> str:
        shots = self._shots(at.path)
        explained = any(choice.descriptions for choice in choices) or bool(shots)
        if not explained and not any(char.isalpha() for choice in choices for char in choice.label):
            raise _Missing(at.path, "its values are numbers, and neither descriptions nor examples say what they mean")
        chosen = choose(self._reading, choices, shots)
        self._cues |= chosen.cues
        return chosen.label

    def _boolean(self, at: _Place) -> bool:
        for yes, no in _YES_NO:
            said = described(at.description, [yes, no])
            if yes in said and no in said:
                return self._choose([Choice("true", said[yes]), Choice("false", said[no])], at) == "true"
        if {shot.answer for shot in self._shots(at.path)} >= {"true", "false"}:
            return self._choose([Choice("true"), Choice("false")], at) == "true"
        verdict = flag(at.name, at.description, self._reading)
        if verdict is None:
            raise _Missing(at.path, "the text neither affirms nor denies it")
        return verdict

    def _shots(self, path: tuple[str, ...]) -> list[Shot]:
        """Return the examples as examples of this property: their JSON answers hold its label."""
        found = []
        for shot in self._task.shots:
            value: object = shot.fields
            for name in path:
                value = value.get(name) if isinstance(value, Mapping) else None
            if isinstance(value, str | bool | int | float):
                found.append(Shot(shot.text, _spelled(value)))
        return found

    # --- texts, numbers, lists ---

    def _text(self, schema: Schema, at: _Place) -> str:
        if is_summary(at.name, at.description):
            return self._summary(schema, at)
        if is_evidence(at.name, at.description):
            return quotes(self._reading, self._cues, 1)[0]
        return str(self._first_fitting(schema, at, "string"))

    def _summary(self, schema: Schema, at: _Place) -> str:
        asked = limits_in(at.description)
        longest = schema.get("maxLength")
        limits = Limits(
            asked.sentences or (None if asked.words else DEFAULT_SUMMARY.sentences),
            asked.words,
            longest if isinstance(longest, int) else asked.chars,
        )
        chosen = summarise(self._reading.sentences, limits)
        if not chosen:
            raise _Missing(at.path, "no sentence of the text is short enough")
        return " ".join(chosen)

    def _first_fitting(self, schema: Schema, at: _Place, kind: str) -> object:
        field = self._field(schema, at, kind)
        one = {name: rule for name, rule in schema.items() if name in _SCALAR_RULES} | {"type": kind}
        fitting = [value for value in find_all(field, self._reading) if not self._checker.problems(one, value)]
        if (value := only(field, fitting)) is not None:
            return value
        if field.pattern:
            matching = [text for text in candidates(self._reading.text) if not self._checker.problems(one, text)]
            if len(set(matching)) == 1:
                return matching[0]
        raise _Missing(at.path, "the text holds no value for it, or several and nothing tells which is meant")

    def _array(self, schema: Schema, at: _Place) -> list[object]:
        items = self._resolved(_schema(schema.get("items")))
        at = _Place(at.path, at.description or str(items.get("description", "")))
        least, most = _bound(schema, "minItems", 0), min(_bound(schema, "maxItems", MAX_ITEMS), MAX_ITEMS)
        if (values := _enum_of(items)) is not None:
            listed: Iterable[object] = self._labels({**schema, **items}, values, at)
        elif "string" in _types(items) and (
            is_evidence(at.name, at.description) or is_summary(at.name, at.description)
        ):
            listed = quotes(self._reading, self._cues, max(least, min(most, DEFAULT_QUOTES)))
        else:
            listed = self._listed(items, at)
        found = list(dict.fromkeys(listed))[:most]
        if len(found) < least:
            raise _Missing(at.path, f"the text gives {len(found)} of at least {least} values")
        return found

    def _labels(self, schema: Schema, values: Sequence[object], at: _Place) -> list[object]:
        """Return the best label, and every other one that the text names."""
        best = self._enum(schema, values, at)
        text = f" {' '.join(fold(self._reading.text).split())} "
        return [best, *(value for value in values if isinstance(value, str) and f" {fold(value)} " in text)]

    def _listed(self, items: Schema, at: _Place) -> Sequence[object]:
        kind = next((kind for kind in _types(items) if kind in ("string", "integer", "number")), None)
        if kind is None:
            raise _Missing(at.path, "the engine lists sentences, labels and single values only")
        field = self._field(items, at, kind)
        one = {name: rule for name, rule in items.items() if name in _SCALAR_RULES} | {"type": kind}
        found = [value for value in find_all(field, self._reading) if not self._checker.problems(one, value)]
        if not found and kind_of(field) not in ALWAYS_LISTED:
            raise _Missing(at.path, "the text holds no value for it")
        return found

    def _field(self, schema: Schema, at: _Place, kind: str = "string") -> Field:
        return Field(at.name, kind, at.description, str(schema.get("format", "")), str(schema.get("pattern", "")))

    def _resolved(self, schema: Schema) -> Schema:
        """Follow local references and merge `allOf`, both a bounded number of times."""
        for _ in range(MAX_DEPTH):
            if isinstance(reference := schema.get("$ref"), str):
                rest = {name: rule for name, rule in schema.items() if name != "$ref"}
                schema = {**_pointed(self._root, reference), **rest}
            elif isinstance(parts := schema.get("allOf"), list):
                rest = {name: rule for name, rule in schema.items() if name != "allOf"}
                schema = _merged([*map(_schema, parts), rest])
            else:
                return schema
        return {}


_SCALAR_RULES = listed(
    "pattern format minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf"
)


def _enum_of(schema: Schema) -> list[object] | None:
    """Return the values of `enum`, or of a `oneOf`/`anyOf` that lists constants."""
    if isinstance(values := schema.get("enum"), list) and values:
        return values
    for name in ("oneOf", "anyOf"):
        members = schema.get(name)
        if (
            isinstance(members, list)
            and members
            and all(isinstance(one, Mapping) and "const" in one for one in members)
        ):
            return [one["const"] for one in members]
    return None


def _branches(schema: Schema) -> list[Schema]:
    """Return the alternatives of `anyOf` or `oneOf`, each with the rules that stand beside them."""
    for name in ("anyOf", "oneOf"):
        if isinstance(members := schema.get(name), list) and members:
            beside = {key: rule for key, rule in schema.items() if key != name}
            return [_merged([beside, _schema(member)]) for member in members]
    return []


def _types(schema: Schema) -> list[str]:
    told = schema.get("type")
    if isinstance(told, str):
        return [told]
    if isinstance(told, list):
        return [str(kind) for kind in told]
    return ["object"] if "properties" in schema else ["array"] if "items" in schema else []


def _merged(parts: Sequence[Schema]) -> Schema:
    merged: dict[str, object] = {}
    for part in parts:
        properties = {**_mapping(merged.get("properties")), **_mapping(part.get("properties"))}
        required = [*_list(merged.get("required")), *_list(part.get("required"))]
        merged |= part
        merged |= {"properties": properties} if properties else {}
        merged |= {"required": required} if required else {}
    return merged


def _pointed(root: Schema, reference: str) -> Schema:
    """Follow `#/$defs/name`. Raises ValueError for anything outside this schema."""
    if not reference.startswith("#"):
        raise ValueError("a reference points outside it")
    value: object = root
    for step in filter(None, reference[1:].split("/")):
        value = _mapping(value).get(step.replace("~1", "/").replace("~0", "~"))
    return _schema(value)


def _schema(value: object) -> Schema:
    """Return a schema as an object; `true` and what is missing allow anything."""
    return _mapping(value)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _about(schema: object) -> str:
    return str(_mapping(schema).get("description", ""))


def _bound(schema: Schema, name: str, default: int) -> int:
    value = schema.get(name)
    return int(value) if isinstance(value, int | float) else default


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
