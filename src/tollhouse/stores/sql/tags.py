"""
Tags of calls in SQL. They are stored as one JSON text and looked for in it as text: both databases can read JSON, but
PostgreSQL refuses a whole question over one row with characters that it does not like.
"""

import json

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.engine import Connection

from tollhouse.ports.usage import CallFilter

from .rows import storable
from .schema import calls


def tags_from(document: object) -> dict[str, str]:
    """Return the tags of a row, as any database can store them."""
    if document is None:
        return {}
    found: dict[str, str] = json.loads(str(document))
    return {storable(name) or "": storable(value) or "" for name, value in found.items()}


def tag_conditions(connection: Connection, where: CallFilter) -> list[ColumnElement[bool]]:
    """
    Return one condition a tag.

    A quote inside a name or a value is written with a backslash before it, so `{"name": "value"` and `, "name":
    "value"` stand nowhere but where the tag itself does.
    """
    position = func.instr if connection.dialect.name == "sqlite" else func.strpos
    conditions = []
    for name, value in where.tags:
        member = json.dumps({name: value})[1:-1]
        first, later = (position(calls.c.tags, opening + member) for opening in ("{", ", "))
        conditions.append(or_(first > 0, later > 0))
    return conditions
