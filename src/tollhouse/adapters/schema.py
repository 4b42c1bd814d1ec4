"""Port `SchemaChecker` on jsonschema-rs: validates model output and instances that the in-house engine built."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

MAX_CACHED_VALIDATORS = 256
"""A compiled validator is some kilobytes; use cases have one or two schemas each, so this holds every schema in use."""

MAX_PROBLEMS = 20
"""A repair prompt or an error message gains nothing from more."""

MAX_PROBLEM_CHARS = 300
"""A problem quotes the value, and a value may be a whole answer."""


class JsonSchemaChecker:
    """Checks values against JSON schemas. A `$ref` that points outside the schema is refused, never fetched."""

    def __init__(self, max_cached: int = MAX_CACHED_VALIDATORS) -> None:
        self._max_cached = max_cached
        self._validators: OrderedDict[bytes, Validator] = OrderedDict()
        self._lock = Lock()

    def problems(self, schema: Mapping[str, object], value: object) -> list[str]:
        """Return at most `MAX_PROBLEMS` lines, `path: what`; none if valid. Raises ValueError if the schema is not one."""
        found = []
        for error in self._validator(schema).iter_errors(value):
            found.append(_line(error))
            if len(found) == MAX_PROBLEMS:
                break
        return found

    def _validator(self, schema: Mapping[str, object]) -> "Validator":
        written = msgspec.json.encode(schema, order="deterministic")
        digest = hashlib.sha256(written).digest()
        with self._lock:
            if digest in self._validators:
                self._validators.move_to_end(digest)
                return self._validators[digest]
        validator = _compile(written)
        with self._lock:
            self._validators[digest] = validator
            while len(self._validators) > self._max_cached:
                self._validators.popitem(last=False)
        return validator


def _compile(written: bytes) -> "Validator":
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(written.decode(), offline=True)
    except jsonschema_rs.ValidationError as error:
        raise ValueError(f"not a JSON schema: {_line(error)}") from error
    except jsonschema_rs.ReferencingError as error:
        raise ValueError(f"not a usable JSON schema: {error.message}") from error


def _line(error: "ValidationError") -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    return f"{path.lstrip('.') or '(whole)'}: {error.message}"[:MAX_PROBLEM_CHARS]
