"""Governance: access tokens, stored objects and their changes, presence, budget warnings, corrections. Only additions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Columns are added with defaults, so that a program of the revision before goes on writing its rows."""
    op.add_column("calls", sa.Column("session", sa.Text))
    op.add_column("calls", sa.Column("saved_nanousd", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("replays", sa.Column("process", sa.Text))
    _keys()
    _access_tokens()
    _objects()
    _budgets()
    _corrections()


def _keys() -> None:
    op.add_column("keys", sa.Column("budget_warn_at_ppm", sa.Text))
    op.add_column("keys", sa.Column("budget_falls_back", sa.Boolean))
    op.add_column("keys", sa.Column("rate", sa.Text))
    op.add_column("keys", sa.Column("created_by", sa.Text, nullable=False, server_default=""))
    op.add_column("keys", sa.Column("last_used_ms", sa.BigInteger))
    op.add_column("keys", sa.Column("previous_digest", sa.LargeBinary))
    op.add_column("keys", sa.Column("previous_until_ms", sa.BigInteger))


def _access_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", SERIAL, nullable=False),
        _text("name"),
        _text("role"),
        sa.Column("team", sa.Text),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        _integer("created_ms"),
        _text("created_by"),
        sa.Column("expires_ms", sa.BigInteger),
        sa.Column("revoked_ms", sa.BigInteger),
        sa.Column("last_used_ms", sa.BigInteger),
        _text("prefix"),
        sa.PrimaryKeyConstraint("id", name="pk_access_tokens"),
    )
    unrevoked = sa.text("revoked_ms IS NULL")
    op.create_index(
        "uq_access_tokens_unrevoked_name",
        "access_tokens",
        ["name"],
        unique=True,
        sqlite_where=unrevoked,
        postgresql_where=unrevoked,
    )


def _objects() -> None:
    op.create_table(
        "objects",
        _text("kind"),
        _text("name"),
        sa.Column("document", sa.LargeBinary, nullable=False),
        _integer("version"),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_objects"),
    )
    op.create_table(
        "changes",
        sa.Column("id", SERIAL, nullable=False),
        _text("kind"),
        _text("name"),
        _text("author"),
        _text("reason"),
        _integer("at_ms"),
        sa.Column("team", sa.Text),
        sa.Column("before", sa.LargeBinary),
        sa.Column("after", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_kind", "changes", ["kind", "name", "id"])
    op.create_table(
        "revision",
        sa.Column("id", sa.SmallInteger, nullable=False, autoincrement=False),
        _integer("number"),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
    )
    op.execute("INSERT INTO revision (id, number) VALUES (1, 0)")
    op.create_table(
        "presence", _text("process"), _integer("seen_ms"), sa.PrimaryKeyConstraint("process", name="pk_presence")
    )


def _budgets() -> None:
    key = ("scope_kind", "scope_name", "period_kind", "start_ms", "end_ms", "at_ppm")
    op.create_table(
        "budget_warnings",
        _text("scope_kind"),
        _text("scope_name"),
        _text("period_kind"),
        *(sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False) for name in key[3:]),
        _integer("limit_nanousd"),
        _integer("spent_nanousd"),
        _integer("at_ms"),
        sa.PrimaryKeyConstraint(*key, name="pk_budget_warnings"),
    )
    op.create_index("ix_budget_warnings_at_ms", "budget_warnings", ["at_ms"])


def _corrections() -> None:
    op.create_table(
        "corrections",
        _text("id"),
        _integer("at_ms"),
        _integer("booked_ms"),
        _text("provider"),
        _text("deployment"),
        _text("source"),
        _text("line"),
        _text("author"),
        *(sa.Column(name, sa.Text) for name in ("attempt", "call", "team", "use_case", "key", "model", "session")),
        sa.Column("settles", sa.Boolean, nullable=False),
        sa.Column("exact", sa.Boolean, nullable=False),
        _integer("tokens_in"),
        _integer("tokens_out"),
        _integer("tokens_cached"),
        _integer("cost_nanousd"),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
    )
    op.create_index("ix_corrections_booked_ms", "corrections", ["booked_ms"])
    op.create_index("ix_corrections_call", "corrections", ["call"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
