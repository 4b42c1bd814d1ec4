"""Sums of the ledger's own rows over a span of time: what every stored sum must equal."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Column, ColumnElement, FromClause, Label, case, func, literal, null, select
from sqlalchemy.engine import Connection, RowMapping

from tollhouse.domain.calls import AttemptState
from tollhouse.ports.usage import CallFilter

from .. import listing
from ..histogram import histogram
from ..sums import Sums
from .schema import attempts, calls, corrections
from .tags import tag_conditions

Values = tuple[object, ...]
"""A group as the database has it: `day` is a number, `tags` a JSON text."""
Found = defaultdict[Values, Sums]

OF_CALL = ("endpoint", "prompt", "status", "outcome", "tags")
"""What a correction without a call does not have."""
SERVING = ("provider", "deployment")
"""What an attempt and a correction have themselves."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment until just before another; None has no end on that side."""

    start_ms: int | None
    end_ms: int | None

    def conditions(self, moment: ColumnElement[int]) -> list[ColumnElement[bool]]:
        sides = []
        if self.start_ms is not None:
            sides.append(moment >= self.start_ms)
        if self.end_ms is not None:
            sides.append(moment < self.end_ms)
        return sides


def add_raw(connection: Connection, names: Sequence[str], where: CallFilter, span: Span, found: Found) -> None:
    """Add what the filter takes in this span, grouped by these columns; the filter's own times are not looked at."""
    _add_calls(connection, names, where, span, found)
    _add_attempts(connection, names, where, span, found, at_once=True)
    _add_corrections(connection, names, where, span, found)
    if not where.tags and all(getattr(where, name) is None for name in ("status", "outcome", "prompt")):
        _add_unattributed(connection, names, where, span, found)


def add_raw_finely(connection: Connection, names: Sequence[str], where: CallFilter, span: Span, found: Found) -> None:
    """The same, faster where nearly every call is a group of its own: the database would sort them all for nothing."""
    _add_each_call(connection, names, where, span, found)
    _add_attempts(connection, names, where, span, found, at_once=False)
    _add_corrections(connection, names, where, span, found)
    if not where.tags and all(getattr(where, name) is None for name in ("status", "outcome", "prompt")):
        _add_unattributed(connection, names, where, span, found)


def _add_calls(connection: Connection, names: Sequence[str], where: CallFilter, span: Span, found: Found) -> None:
    groups = _groups(names, calls)
    taken = _taken(connection, where, span, calls.c.provider)
    failed = func.sum(case((calls.c.outcome.in_(listing.FAILED), 1), else_=0))
    counted = select(*groups, func.count(), failed, func.sum(calls.c.saved_nanousd)).where(*taken).group_by(*groups)
    for *values, count, errors, saved in connection.execute(counted):
        found[tuple(values)].add(Sums(calls=count, errors=int(errors or 0), saved_nanousd=int(saved or 0)))
    for name, column in (("latency", calls.c.latency_ms), ("first_token", calls.c.first_token_ms)):
        timed = select(*groups, column, func.count()).where(*taken, column.is_not(None)).group_by(*groups, column)
        counts: defaultdict[Values, list[tuple[int, int]]] = defaultdict(list)
        for *values, value_ms, count in connection.execute(timed):
            counts[tuple(values)].append((value_ms, count))
        for group, counted_ms in counts.items():
            found[group].add(Sums(**{name: histogram(counted_ms)}))


def _add_each_call(connection: Connection, names: Sequence[str], where: CallFilter, span: Span, found: Found) -> None:
    c = calls.c
    failed = case((c.outcome.in_(listing.FAILED), 1), else_=0)
    question = select(*_groups(names, calls), failed, c.saved_nanousd, c.latency_ms, c.first_token_ms)
    for row in connection.execute(question.where(*_taken(connection, where, span, c.provider))):
        errors, saved, latency_ms, first_token_ms = cast("tuple[int, int, int, int | None]", row[len(names) :])
        sums = found[tuple(row[: len(names)])]
        sums.calls += 1
        sums.errors += errors
        sums.saved_nanousd += saved
        sums.latency += histogram([(latency_ms, 1)])
        if first_token_ms is not None:
            sums.first_token += histogram([(first_token_ms, 1)])


def _add_attempts(
    connection: Connection, names: Sequence[str], where: CallFilter, span: Span, found: Found, *, at_once: bool
) -> None:
    """`at_once`: the database adds up, not we."""
    a = attempts.c
    groups = _groups(names, attempts)
    sums = {
        "tokens_in": a.tokens_in,
        "tokens_out": a.tokens_out,
        "tokens_cached": a.tokens_cached,
        "cost_nanousd": a.cost_nanousd,
        "estimated_nanousd": case((a.estimated, a.cost_nanousd), else_=0),
        "unknown_attempts": case((a.state == AttemptState.UNKNOWN.value, 1), else_=0),
    }
    numbers = (func.count(), *(func.sum(each) for each in sums.values())) if at_once else (literal(1), *sums.values())
    question = (
        select(*groups, *numbers)
        .join_from(calls, attempts, a.call_id == calls.c.id)
        .where(*_taken(connection, where, span, a.provider))
    )
    for row in connection.execute(question.group_by(*groups) if at_once else question):
        added = [int(cast("int", number) or 0) for number in row[len(names) :]]  # a sum of nothing is NULL
        found[tuple(row[: len(names)])].add(Sums(**dict(zip(("attempts", *sums), added, strict=True))))


def _add_corrections(connection: Connection, names: Sequence[str], where: CallFilter, span: Span, found: Found) -> None:
    """Corrections of calls: few, so they are read one by one and the attempts they change are looked at here."""
    k, a = corrections.c, attempts.c
    columns = [k.attempt, k.settles, *(k[name] for name in _AMOUNTS)]
    question = (
        select(
            *_named("", _groups(names, corrections)),
            *_named("of_attempt_", _groups(names, attempts)),
            *columns,
            k.provider.label("taken_provider"),
            a.provider.label("attempt_provider"),
            a.estimated,
            a.state,
            a.cost_nanousd.label("attempt_nanousd"),
            a.call_id,
        )
        .join_from(calls, corrections, k.call == calls.c.id)
        .outerjoin(attempts, (a.call_id == k.call) & (a.id == k.attempt))
        .where(*_taken(connection, where, span, None))
    )
    by_attempt: defaultdict[tuple[object, object], list[RowMapping]] = defaultdict(list)
    for row in connection.execute(question).mappings():
        if where.provider in (None, row["taken_provider"]):
            found[_values(row, "", names)].add(_amounts(row))
        if row["call_id"] is not None and where.provider in (None, row["attempt_provider"]):
            by_attempt[row["call_id"], row["attempt"]].append(row)
    for rows in by_attempt.values():
        found[_values(rows[0], "of_attempt_", names)].add(_changed(rows))


def _add_unattributed(
    connection: Connection, names: Sequence[str], where: CallFilter, span: Span, found: Found
) -> None:
    """Corrections whose call is not in the ledger, or that are of none: a part of a bill that we cannot explain."""
    k = corrections.c
    wanted = {name: getattr(where, name) for name in ("team", "use_case", "key", "model", "provider")}
    taken = [k[name] == value for name, value in wanted.items() if value is not None]
    without_call = ~select(calls.c.id).where(calls.c.id == k.call).exists()
    own = [null() if name in OF_CALL else k[name] if name != "day" else k.booked_ms // listing.DAY_MS for name in names]
    groups = [column.label(f"group_{name}") for column, name in zip(own, names, strict=True)]
    question = select(*groups, *(k[name] for name in _AMOUNTS)).where(
        *span.conditions(k.booked_ms), *taken, without_call
    )
    for row in connection.execute(question).mappings():
        found[_values(row, "", names)].add(_amounts(row))


_AMOUNTS = ("tokens_in", "tokens_out", "tokens_cached", "cost_nanousd")


def _amounts(row: RowMapping) -> Sums:
    return Sums(**{name: row[name] for name in _AMOUNTS})


def _changed(rows: Sequence[RowMapping]) -> Sums:
    """What corrections change about one attempt beside its amounts. `rows` are all of this attempt."""
    attempt, is_settled = rows[0], any(row["settles"] for row in rows)
    estimated = unknown = 0
    if attempt["estimated"]:
        estimated = -attempt["attempt_nanousd"] if is_settled else sum(row["cost_nanousd"] for row in rows)
    if is_settled and attempt["state"] == AttemptState.UNKNOWN.value:
        unknown = -1
    return Sums(estimated_nanousd=estimated, unknown_attempts=unknown)


def _taken(
    connection: Connection, where: CallFilter, span: Span, provider: Column[str] | None
) -> list[ColumnElement[bool]]:
    """`provider` is the column that the filter's provider is held against; None if the caller does that."""
    conditions = span.conditions(calls.c.at_ms)
    for name in listing.EQUAL:
        value, column = getattr(where, name), provider if name == "provider" else calls.c[name]
        if value is not None and column is not None:
            conditions.append(column == value)
    return [*conditions, *tag_conditions(connection, where)]


def _groups(names: Sequence[str], serving: FromClause) -> list[Label[object]]:
    """Return the columns to group by; provider and deployment are those of `serving`."""
    day = calls.c.at_ms // listing.DAY_MS
    return [
        cast("Label[object]", (day if name == "day" else (serving if name in SERVING else calls).c[name]).label(name))
        for name in names
    ]


def _named(prefix: str, groups: Sequence[Label[object]]) -> Iterator[Label[object]]:
    return (group.element.label(f"group_{prefix}{group.name}") for group in groups)


def _values(row: RowMapping, prefix: str, names: Sequence[str]) -> Values:
    return tuple(row[f"group_{prefix}{name}"] for name in names)
