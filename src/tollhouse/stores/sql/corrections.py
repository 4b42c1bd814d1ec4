"""Corrections in SQL: rows beside the attempts, which never change, and what the budgets gain or lose by them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, and_, case, func, insert, or_, select
from sqlalchemy.engine import Connection, RowMapping

from tollhouse.domain.calls import AttemptState
from tollhouse.domain.corrections import Correction
from tollhouse.ports.corrections import Booked

from ..budgets import charges_of_corrections
from . import budget_rows
from .budget_rows import Change
from .engine import Database
from .schema import attempts, calls, corrections

IDS_AT_ONCE = 500
"""Ids in one question, well below what either database takes at once."""
BATCH = 5_000
"""Attempts of one reading transaction: about 3 MB, and no transaction that stays open over a year's attempts."""

NOBODY = ""
"""Leases no slices: corrections are spent without having been held."""

Place = tuple[int, str, int]
"""`(reserved_ms, call_id, position)` of an attempt: the next batch begins behind it."""


class SqlCorrections:
    """Corrections on a database."""

    def __init__(self, database: Database, *, batch: int = BATCH) -> None:
        self._database = database
        self._batch_rows = batch

    async def add(self, corrections: Sequence[Correction]) -> int:
        def adding(connection: Connection) -> int:
            # Nobody else adds meanwhile, so that what is absent stays absent; and no budget's row is being created.
            budget_rows.hold_posts(connection, exclusively=True)
            fresh = _absent(connection, corrections)
            if fresh:
                connection.execute(_INSERT, [asdict(each) for each in fresh])
                _charge(connection, fresh)
            return len(fresh)

        return await self._database.write(adding) if corrections else 0

    async def booked(self, provider: str, *, since_ms: int, until_ms: int) -> AsyncIterator[Sequence[Booked]]:
        after: Place = (since_ms, "", -1)
        while True:
            batch, after = await self._batch(provider, after, until_ms)
            if batch:
                yield batch
            if len(batch) < self._batch_rows:
                return

    async def all(self, *, since_ms: int, until_ms: int) -> list[Correction]:
        question = (
            select(corrections).where(_c.booked_ms >= since_ms, _c.booked_ms < until_ms).order_by(_c.booked_ms, _c.id)
        )

        def asking(connection: Connection) -> list[Correction]:
            return [Correction(**row) for row in connection.execute(question).mappings()]

        return await self._database.read(asking)

    async def _batch(self, provider: str, after: Place, until_ms: int) -> tuple[list[Booked], Place]:
        question = (
            _ATTEMPTS.where(_a.provider == provider, _a.reserved_ms < until_ms, *_comes_after(after))
            .order_by(_a.reserved_ms, _a.call_id, _a.position)
            .limit(self._batch_rows)
        )

        def asking(connection: Connection) -> tuple[list[Booked], Place]:
            found = connection.execute(question).mappings().all()
            if not found:
                return [], after
            last = found[-1]
            sums = _sums(connection, found[0]["reserved_ms"], last["reserved_ms"])
            batch = [_booked(row, sums.get((row["call"], row["attempt"]), _NONE)) for row in found]
            return batch, (last["reserved_ms"], last["call"], last["position"])

        return await self._database.read(asking)


@dataclass(frozen=True, slots=True)
class _Sums:
    """What one attempt's corrections add up to."""

    number: int = 0
    settles: bool = False
    exact: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_nanousd: int = 0


_NONE = _Sums()
_INSERT = insert(corrections)
_a, _c = attempts.c, corrections.c
_ATTEMPTS = select(
    _a.id.label("attempt"),
    _a.call_id.label("call"),
    _a.position,
    calls.c.team,
    calls.c.use_case,
    calls.c.key,
    calls.c.session,
    calls.c.model,
    _a.provider,
    _a.deployment,
    calls.c.endpoint,
    _a.reserved_ms,
    _a.state,
    _a.estimated,
    _a.tokens_in,
    _a.tokens_out,
    _a.tokens_cached,
    _a.cost_nanousd,
    _a.held_nanousd,
    _a.price,
    _a.latency_ms,
).join_from(attempts, calls, _a.call_id == calls.c.id)
_SUMS = select(
    _c.call,
    _c.attempt,
    func.count().label("number"),
    func.max(case((_c.settles, 1), else_=0)).label("settles"),
    func.max(case((_c.exact, 1), else_=0)).label("exact"),
    func.sum(_c.tokens_in).label("tokens_in"),
    func.sum(_c.tokens_out).label("tokens_out"),
    func.sum(_c.tokens_cached).label("tokens_cached"),
    func.sum(_c.cost_nanousd).label("cost_nanousd"),
).group_by(_c.call, _c.attempt)


def _comes_after(place: Place) -> tuple[ColumnElement[bool], ...]:
    """The first condition finds the index, the second leaves out what has been read."""
    reserved_ms, call_id, position = place
    is_later = or_(
        _a.reserved_ms > reserved_ms,
        _a.call_id > call_id,
        and_(_a.call_id == call_id, _a.position > position),
    )
    return _a.reserved_ms >= reserved_ms, is_later


def _sums(connection: Connection, first_ms: int, last_ms: int) -> Mapping[tuple[str, str], _Sums]:
    """An attempt's corrections are booked at the moment at which it was reserved."""
    question = _SUMS.where(_c.attempt.is_not(None), _c.booked_ms >= first_ms, _c.booked_ms <= last_ms)
    return {
        (row["call"], row["attempt"]): _Sums(
            number=row["number"],
            settles=bool(row["settles"]),
            exact=bool(row["exact"]),
            # PostgreSQL adds 64-bit integers up to a decimal.
            tokens_in=int(row["tokens_in"]),
            tokens_out=int(row["tokens_out"]),
            tokens_cached=int(row["tokens_cached"]),
            cost_nanousd=int(row["cost_nanousd"]),
        )
        for row in connection.execute(question).mappings()
    }


def _booked(row: RowMapping, sums: _Sums) -> Booked:
    values = {name: value for name, value in row.items() if name != "position"}
    for name in ("tokens_in", "tokens_out", "tokens_cached", "cost_nanousd"):
        values[name] += getattr(sums, name)
    values["state"] = AttemptState.RECONCILED if sums.settles else AttemptState(row["state"])
    values["estimated"] = row["estimated"] and not sums.exact
    return Booked(**values, corrections=sums.number)


def _absent(connection: Connection, wanted: Sequence[Correction]) -> list[Correction]:
    """Return those that are not there yet, each once."""
    by_id = {each.id: each for each in reversed(wanted)}
    ids = list(by_id)
    for start in range(0, len(ids), IDS_AT_ONCE):
        question = select(_c.id).where(_c.id.in_(ids[start : start + IDS_AT_ONCE]))
        for (known,) in connection.execute(question).all():
            del by_id[known]
    return list(reversed(by_id.values()))


def _charge(connection: Connection, fresh: Sequence[Correction]) -> None:
    """Add what they cost to every budget on their paths that has a row; locked in the order in which posting locks."""
    charges = charges_of_corrections(fresh)
    if charges:
        found = budget_rows.lock_charged(connection, NOBODY, charges)
        changes = [Change(figures, cost, 0) for figures, cost in budget_rows.charged(found, charges)]
        budget_rows.settle(connection, NOBODY, changes)
