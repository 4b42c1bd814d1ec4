"""
Calls and attempts as rows and back, and their bulk insertion: the one place where the driver is spoken to directly.

A ledger inserts up to a thousand calls a second, so no statement is compiled per row and no row becomes a dict.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from typing import cast

import msgspec
from sqlalchemy import Table
from sqlalchemy.engine import Connection, RowMapping

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.verdicts import Verdict

from . import schema

CHUNKS = (64, 16, 4, 1)
"""
Rows of one statement on SQLite. Few sizes, so that its cache of prepared statements holds them all; many rows, because
each execution gives up the interpreter's lock and a busy event loop takes milliseconds to hand it back.
"""

Values = tuple[object, ...]


def call_values(call: Call) -> Values:
    """In the order of the table's columns."""
    return (
        call.id,
        call.at_ms,
        call.endpoint,
        call.team,
        call.use_case,
        call.key,
        storable(call.model),
        call.streamed,
        call.provider,
        call.deployment,
        call.prompt,
        call.run,
        call.status,
        call.outcome.value,
        storable(call.error),
        call.cache,
        call.privacy,
        call.latency_ms,
        call.first_token_ms,
        call.overhead_ms,
        storable(call.request_id),
        storable(call.subject),
        json.dumps(call.tags) if call.tags else None,
        call.session,
        call.saved_nanousd,
        msgspec.json.encode(call.guardrails).decode() if call.guardrails else None,
    )


def attempt_values(call_id: str, position: int, attempt: Attempt) -> Values:
    """In the order of the table's columns."""
    return (
        call_id,
        position,
        attempt.id,
        attempt.deployment,
        attempt.provider,
        attempt.reserved_ms,
        attempt.held_nanousd,
        attempt.state.value,
        attempt.outcome.value,
        attempt.error,
        attempt.tokens_in,
        attempt.tokens_out,
        attempt.tokens_cached,
        attempt.estimated,
        attempt.cost_nanousd,
        attempt.price,
        attempt.latency_ms,
    )


def call_from(row: RowMapping, attempts: list[Attempt]) -> Call:
    values = dict(row)
    tags = cast("str | None", values["tags"])
    values["tags"] = json.loads(tags) if tags else {}
    found = cast("str | None", values["guardrails"])
    values["guardrails"] = msgspec.json.decode(found, type=list[Verdict]) if found else []
    values["outcome"] = Outcome(cast("str", values["outcome"]))
    return Call(**values, attempts=attempts)  # the columns are the fields; a test compares them


def attempt_from(row: RowMapping) -> Attempt:
    values = dict(row)
    del values["call_id"], values["position"]
    values["state"] = AttemptState(cast("str", values["state"]))
    values["outcome"] = Outcome(cast("str", values["outcome"]))
    return Attempt(**values)


def document_of(call: Call) -> bytes:
    """Return a call as JSON, for an open one that is only looked at."""
    try:
        return msgspec.json.encode(call)
    except UnicodeEncodeError:
        return json.dumps(asdict(call), ensure_ascii=False).encode(errors="replace")


def call_from_document(document: bytes) -> Call:
    return msgspec.json.decode(document, type=Call)


def insert_calls(connection: Connection, calls: Sequence[Call]) -> None:
    """Insert calls and their attempts. An id that is there already is the driver's IntegrityError."""
    _insert(connection, schema.calls, [call_values(call) for call in calls])
    attempts = [
        attempt_values(call.id, position, attempt) for call in calls for position, attempt in enumerate(call.attempts)
    ]
    _insert(connection, schema.attempts, attempts)


def _insert(connection: Connection, table: Table, rows: list[Values]) -> None:
    if connection.dialect.name == "postgresql":
        if rows:
            connection.exec_driver_sql(_one_row_statement(table), rows)
        return
    start = 0
    for size in CHUNKS:
        statement = _statement(table, size)
        while len(rows) - start >= size:
            connection.exec_driver_sql(statement, _flat(rows[start : start + size]))
            start += size


def storable(text: str | None) -> str | None:
    """
    Return text that any database takes: PostgreSQL knows no NUL, and neither knows half a surrogate pair.

    A caller can put both into a model's name; what it cost must be booked all the same.
    """
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _flat(rows: Iterable[Values]) -> Values:
    return tuple([value for row in rows for value in row])


@cache
def _statement(table: Table, size: int) -> str:
    """SQLite: `size` rows at once, question marks."""
    row = f"({', '.join('?' * len(table.columns))})"
    return f"INSERT INTO {_names(table)} VALUES {', '.join([row] * size)}"  # noqa: S608 - names from our own schema


@cache
def _one_row_statement(table: Table) -> str:
    """PostgreSQL: one row, prepared once and sent for all rows in one go."""
    marks = ", ".join(f"${n}" for n in range(1, len(table.columns) + 1))
    return f"INSERT INTO {_names(table)} VALUES ({marks})"  # noqa: S608 - names from our own schema


def _names(table: Table) -> str:
    return f"{table.name} ({', '.join(column.name for column in table.columns)})"
