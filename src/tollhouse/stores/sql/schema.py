"""
The tables, once for SQLite and PostgreSQL. Money is nano-USD, times are Unix milliseconds; both are 64-bit integers.

Calls and attempts are inserted once and never changed, a hundred to a thousand a second, so they carry as few indexes
as their queries allow. `migrations/` builds what stands here; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ..sums import FIGURES

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only for a column of exactly this type."""

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("use_case", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("streamed", Boolean, nullable=False),
    Column("provider", Text),
    Column("deployment", Text),
    Column("prompt", Text),
    Column("run", Text),
    Column("status", SmallInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("error", Text),
    Column("cache", Text, nullable=False),
    Column("privacy", Text, nullable=False),
    Column("latency_ms", BigInteger, nullable=False),
    Column("first_token_ms", BigInteger),
    Column("overhead_ms", Float),
    Column("request_id", Text),
    Column("subject", Text),
    Column("tags", Text),
    Column("session", Text),
    Column("saved_nanousd", BigInteger, nullable=False, server_default="0"),
    Column("guardrails", Text),
    # Lists, pages and reports of a time span are one range of this index.
    Index("ix_calls_at_ms", "at_ms"),
)

attempts = Table(
    "attempts",
    metadata,
    # No foreign key: the one function that inserts here inserts the call too, and PostgreSQL would look it up row by row.
    Column("call_id", Text, primary_key=True),
    # The order in which they were made: ids of one millisecond are in no order.
    Column("position", SmallInteger, primary_key=True),
    Column("id", Text, nullable=False),
    Column("deployment", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("reserved_ms", BigInteger, nullable=False),
    Column("held_nanousd", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("error", Text),
    Column("tokens_in", BigInteger, nullable=False),
    Column("tokens_out", BigInteger, nullable=False),
    Column("tokens_cached", BigInteger, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("cost_nanousd", BigInteger, nullable=False),
    Column("price", Text),
    Column("latency_ms", BigInteger, nullable=False),
    # What a scope has spent in a period, when its budget is first asked for.
    Index("ix_attempts_reserved_ms", "reserved_ms"),
)

budget_periods = Table(
    "budget_periods",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("scope_kind", Text, nullable=False),
    Column("scope_name", Text, nullable=False),
    Column("period_kind", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("spent_nanousd", BigInteger, nullable=False),
    Column("leased_nanousd", BigInteger, nullable=False),
    UniqueConstraint("scope_kind", "scope_name", "period_kind", "start_ms", "end_ms"),
    # Periods pass and their rows stay; whoever leases or posts looks only at those that have not ended.
    Index("ix_budget_periods_end_ms", "end_ms"),
)

leases = Table(
    "leases",
    metadata,
    Column("process", Text, primary_key=True),
    Column("budget_id", SERIAL, ForeignKey("budget_periods.id"), primary_key=True, autoincrement=False),
    Column("nanousd", BigInteger, nullable=False),
)

open_calls = Table(
    "open_calls",
    metadata,
    Column("process", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("name", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("use_cases", Text, nullable=False),
    Column("models", Text),
    Column("budget_nanousd", BigInteger),
    Column("budget_period", Text),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("budget_warn_at_ppm", Text),
    Column("budget_falls_back", Boolean),
    Column("rate", Text),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("last_used_ms", BigInteger),
    Column("previous_digest", LargeBinary),
    Column("previous_until_ms", BigInteger),
)
# A name may be used again once its key is revoked.
Index(
    "uq_keys_unrevoked_name",
    keys.c.name,
    unique=True,
    sqlite_where=text("revoked_ms IS NULL"),
    postgresql_where=text("revoked_ms IS NULL"),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("team", Text),
    Column("digest", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Column("last_used_ms", BigInteger),
    Column("prefix", Text, nullable=False),
)
Index(
    "uq_access_tokens_unrevoked_name",
    access_tokens.c.name,
    unique=True,
    sqlite_where=text("revoked_ms IS NULL"),
    postgresql_where=text("revoked_ms IS NULL"),
)

objects = Table(
    "objects",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("team", Text),
    Column("before", LargeBinary),
    Column("after", LargeBinary),
    # The history of one thing, newest first.
    Index("ix_changes_kind", "kind", "name", "id"),
)

revision = Table(
    "revision",
    metadata,
    # One row, 1. Whoever changes something governed raises it, and so waits for whoever does so at the same time.
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)

presence = Table(
    "presence",
    metadata,
    Column("process", Text, primary_key=True),
    # By the database's own clock: machines need not agree about the time.
    Column("seen_ms", BigInteger, nullable=False),
)

budget_warnings = Table(
    "budget_warnings",
    metadata,
    Column("scope_kind", Text, primary_key=True),
    Column("scope_name", Text, primary_key=True),
    Column("period_kind", Text, primary_key=True),
    Column("start_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("end_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ppm", BigInteger, primary_key=True, autoincrement=False),
    Column("limit_nanousd", BigInteger, nullable=False),
    Column("spent_nanousd", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("booked_ms", BigInteger, nullable=False, index=True),
    Column("provider", Text, nullable=False),
    Column("deployment", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("author", Text, nullable=False),
    # `attempt` is the attempt's id; a page of calls asks for the corrections of its calls.
    Column("attempt", Text),
    Column("call", Text, index=True),
    Column("team", Text),
    Column("use_case", Text),
    Column("key", Text),
    Column("model", Text),
    Column("session", Text),
    Column("settles", Boolean, nullable=False),
    Column("exact", Boolean, nullable=False),
    Column("tokens_in", BigInteger, nullable=False),
    Column("tokens_out", BigInteger, nullable=False),
    Column("tokens_cached", BigInteger, nullable=False),
    Column("cost_nanousd", BigInteger, nullable=False),
)

rollup_spans = Table(
    "rollup_spans",
    metadata,
    # Which spans of time are summed in `rollups`, or about to be. Triggers delete the row of a span that changes.
    Column("length_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("start_ms", BigInteger, primary_key=True, autoincrement=False),
    # Whoever sums it; the sums count once `is_summed`.
    Column("claim", Text, nullable=False),
    Column("claimed_ms", BigInteger, nullable=False),
    Column("is_summed", Boolean, nullable=False),
    # Tags with too many values to be summed by value, as a JSON list.
    Column("wide_tags", Text, nullable=False),
    sqlite_with_rowid=False,
)

rollup_groups = Table(
    "rollup_groups",
    metadata,
    Column("id", SERIAL, primary_key=True),
    # The values below as a JSON list: NULLs are equal in it.
    Column("identity", Text, nullable=False),
    Column("team", Text),
    Column("use_case", Text),
    Column("key", Text),
    Column("model", Text),
    Column("provider", Text),
    Column("deployment", Text),
    Column("endpoint", Text),
    Column("prompt", Text),
    Column("status", SmallInteger),
    Column("outcome", Text),
    UniqueConstraint("identity"),
)


def _summed() -> list[Column[int] | Column[str]]:
    """What is added up, in the order of `FIGURES`, and two histograms."""
    numbers = (Column(name, BigInteger, nullable=False) for name in FIGURES)
    return [*numbers, Column("latency", Text), Column("first_token", Text)]


rollups = Table(
    "rollups",
    metadata,
    # Group before time: what a question takes of one group lies side by side, and is added up without sorting.
    Column("length_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("group_id", BigInteger, primary_key=True, autoincrement=False),
    Column("start_ms", BigInteger, primary_key=True, autoincrement=False),
    *_summed(),
    Index("ix_rollups_span", "length_ms", "start_ms"),
    sqlite_with_rowid=False,
)

tag_rollups = Table(
    "tag_rollups",
    metadata,
    # The calls of a group that have one tag, by its value. A call with three tags is in three rows.
    Column("length_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("tag", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("group_id", BigInteger, primary_key=True, autoincrement=False),
    Column("start_ms", BigInteger, primary_key=True, autoincrement=False),
    *_summed(),
    Index("ix_tag_rollups_span", "length_ms", "start_ms"),
    sqlite_with_rowid=False,
)

stored_responses = Table(
    "stored_responses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("deployment", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("use_case", Text, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False, index=True),
    Column("originals", LargeBinary),
)

replays = Table(
    "replays",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("started_ms", BigInteger, nullable=False, index=True),
    Column("sealed", LargeBinary),
    Column("process", Text),
)

cache_entries = Table(
    "cache_entries",
    metadata,
    Column("use_case", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    # What is over, and how much is kept: both are read from the index alone.
    Index("ix_cache_entries_until_ms", "until_ms", "bytes"),
)

cache_epochs = Table(
    "cache_epochs",
    metadata,
    Column("use_case", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
)

NOT_KEPT = frozenset({cache_entries.name})
"""Tables without which nothing is lost: a backup leaves them out."""

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
