"""The first schema: the ledger, budgets, keys, stored responses, replays, marks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _calls()
    _attempts()
    _budgets()
    _keys()
    _others()


def _calls() -> None:
    op.create_table(
        "calls",
        _text("id"),
        _integer("at_ms"),
        _text("endpoint"),
        _text("team"),
        _text("use_case"),
        _text("key"),
        _text("model"),
        _truth("streamed"),
        _text_or_null("provider"),
        _text_or_null("deployment"),
        _text_or_null("prompt"),
        _text_or_null("run"),
        _small("status"),
        _text("outcome"),
        _text_or_null("error"),
        _text("cache"),
        _text("privacy"),
        _integer("latency_ms"),
        _integer_or_null("first_token_ms"),
        sa.Column("overhead_ms", sa.Float),
        _text_or_null("request_id"),
        _text_or_null("subject"),
        _text_or_null("tags"),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_at_ms", "calls", ["at_ms"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        _text("call_id"),
        _small("position"),
        _text("id"),
        _text("deployment"),
        _text("provider"),
        _integer("reserved_ms"),
        _integer("held_nanousd"),
        _text("state"),
        _text("outcome"),
        _text_or_null("error"),
        _integer("tokens_in"),
        _integer("tokens_out"),
        _integer("tokens_cached"),
        _truth("estimated"),
        _integer("cost_nanousd"),
        _text_or_null("price"),
        _integer("latency_ms"),
        sa.PrimaryKeyConstraint("call_id", "position", name="pk_attempts"),
    )
    op.create_index("ix_attempts_reserved_ms", "attempts", ["reserved_ms"])


def _budgets() -> None:
    budget = ("scope_kind", "scope_name", "period_kind", "start_ms", "end_ms")
    op.create_table(
        "budget_periods",
        sa.Column("id", SERIAL, nullable=False),
        _text("scope_kind"),
        _text("scope_name"),
        _text("period_kind"),
        _integer("start_ms"),
        _integer("end_ms"),
        _integer("spent_nanousd"),
        _integer("leased_nanousd"),
        sa.PrimaryKeyConstraint("id", name="pk_budget_periods"),
        sa.UniqueConstraint(*budget, name="uq_budget_periods"),
    )
    op.create_index("ix_budget_periods_end_ms", "budget_periods", ["end_ms"])
    op.create_table(
        "leases",
        _text("process"),
        sa.Column("budget_id", SERIAL, nullable=False, autoincrement=False),
        _integer("nanousd"),
        sa.PrimaryKeyConstraint("process", "budget_id", name="pk_leases"),
        sa.ForeignKeyConstraint(["budget_id"], ["budget_periods.id"], name="fk_leases_budget_id"),
    )
    op.create_table(
        "open_calls",
        _text("process"),
        _text("id"),
        _bytes("document"),
        sa.PrimaryKeyConstraint("process", "id", name="pk_open_calls"),
    )


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", SERIAL, nullable=False),
        _text("name"),
        _text("team"),
        _bytes("digest"),
        _text("use_cases"),
        _text_or_null("models"),
        _integer_or_null("budget_nanousd"),
        _text_or_null("budget_period"),
        _integer_or_null("expires_ms"),
        _integer_or_null("revoked_ms"),
        _integer("created_ms"),
        _text("prefix"),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
    )
    unrevoked = sa.text("revoked_ms IS NULL")
    op.create_index(
        "uq_keys_unrevoked_name", "keys", ["name"], unique=True, sqlite_where=unrevoked, postgresql_where=unrevoked
    )


def _others() -> None:
    op.create_table(
        "stored_responses",
        _text("id"),
        _text("deployment"),
        _text("team"),
        _text("use_case"),
        _integer("tokens"),
        _integer("created_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_stored_responses"),
    )
    op.create_table(
        "replays",
        _text("scope"),
        _text("key"),
        _bytes("digest"),
        _integer("started_ms"),
        sa.Column("sealed", sa.LargeBinary),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_replays"),
    )
    op.create_index("ix_replays_started_ms", "replays", ["started_ms"])
    op.create_table("marks", _text("name"), _bytes("value"), sa.PrimaryKeyConstraint("name", name="pk_marks"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _text_or_null(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _integer_or_null(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger)


def _small(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger, nullable=False)


def _truth(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)
