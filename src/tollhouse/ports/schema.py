"""Checking a value against a JSON schema."""

from collections.abc import Mapping
from typing import Protocol


class SchemaChecker(Protocol):
    def problems(self, schema: Mapping[str, object], value: object) -> list[str]:
        """Return one line a problem, `path: what`; none if valid. Raises ValueError if the schema itself is not one."""
        ...
