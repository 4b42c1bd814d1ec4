"""An answer that has to be JSON, and has to keep to the schema that the request asks for."""

import json
from collections.abc import Iterator

from tollhouse.ports.schema import SchemaChecker

from .verdict import NO_QUESTION, Hit, Question


class Schema:
    """Finds `not_json`, at the character where reading failed, and `mismatch`, for the whole answer."""

    reads_pieces = False
    is_slow = False

    def __init__(self, checker: SchemaChecker) -> None:
        self._checker = checker

    def hits(self, text: str, question: Question = NO_QUESTION) -> Iterator[Hit]:
        """Yield at most one find. A request that asks for text is not looked at; nor is a schema that is none."""
        if not question.wants_json and question.schema is None:
            return
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            at = error.pos if isinstance(error, json.JSONDecodeError) else 0
            yield Hit("not_json", min(at, len(text)), min(at + 1, len(text)))
            return
        if question.schema is not None and self._checker.problems(question.schema, value):
            yield Hit("mismatch", 0, len(text))
