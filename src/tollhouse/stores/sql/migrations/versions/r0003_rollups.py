"""Stored sums of closed spans of time, and the triggers that void them when a row changes. Only additions."""
# ruff: noqa: S608 - the statements are made of names and numbers that stand here

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")

LENGTHS_MS = (300_000, 3_600_000, 86_400_000)
FIGURES = (
    "calls",
    "errors",
    "attempts",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
    "cost_nanousd",
    "estimated_nanousd",
    "unknown_attempts",
    "saved_nanousd",
)


def upgrade() -> None:
    _spans()
    _groups()
    _sums("rollups", ("group_id", "start_ms"))
    _sums("tag_rollups", ("tag", "value", "group_id", "start_ms"))
    for statement in _sqlite_triggers() if op.get_bind().dialect.name == "sqlite" else _postgresql_triggers():
        op.execute(statement)


def _spans() -> None:
    op.create_table(
        "rollup_spans",
        _key("length_ms"),
        _key("start_ms"),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("claimed_ms", sa.BigInteger, nullable=False),
        sa.Column("is_summed", sa.Boolean, nullable=False),
        sa.Column("wide_tags", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("length_ms", "start_ms", name="pk_rollup_spans"),
        sqlite_with_rowid=False,
    )


def _groups() -> None:
    op.create_table(
        "rollup_groups",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.Text)
            for name in ("team", "use_case", "key", "model", "provider", "deployment", "endpoint", "prompt")
        ),
        sa.Column("status", sa.SmallInteger),
        sa.Column("outcome", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_rollup_groups"),
        sa.UniqueConstraint("identity", name="uq_rollup_groups"),
    )


def _sums(table: str, places: tuple[str, ...]) -> None:
    op.create_table(
        table,
        _key("length_ms"),
        *(
            _key(name) if name in ("group_id", "start_ms") else sa.Column(name, sa.Text, nullable=False)
            for name in places
        ),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in FIGURES),
        sa.Column("latency", sa.Text),
        sa.Column("first_token", sa.Text),
        sa.PrimaryKeyConstraint("length_ms", *places, name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{table}_span", table, ["length_ms", "start_ms"])


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False)


# --- triggers ---------------------------------------------------------------------------------------------------------
#
# Whoever writes a call or a correction, programs of earlier revisions too, voids the sums of the spans it lies in.
# Attempts come and go with their call; one that is changed by hand is found by `doctor`.


def _sqlite_triggers() -> list[str]:
    calls = {
        "inserted": ("INSERT", ["NEW.at_ms"]),
        "updated": ("UPDATE", ["OLD.at_ms", "NEW.at_ms"]),
        "deleted": ("DELETE", ["OLD.at_ms"]),
    }
    corrections = {
        "inserted": ("INSERT", [_corrected("NEW")]),
        "updated": ("UPDATE", [_corrected("OLD"), _corrected("NEW")]),
        "deleted": ("DELETE", [_corrected("OLD")]),
    }
    return [
        f"CREATE TRIGGER rollup_{table}_{name} AFTER {event} ON {table} BEGIN "
        + " ".join(_void(moment, length_ms) for moment in moments for length_ms in LENGTHS_MS)
        + (_void_corrections("OLD") if table == "calls" and name == "deleted" else "")
        + " END"
        for table, triggers in (("calls", calls), ("corrections", corrections))
        for name, (event, moments) in triggers.items()
    ]


def _postgresql_triggers() -> list[str]:
    """Functions stay where tables and their triggers are dropped, so they may be there already."""
    spans = ", ".join(f"({length_ms}, {{moment}} - {{moment}} % {length_ms})" for length_ms in LENGTHS_MS)
    return [
        f"""CREATE OR REPLACE FUNCTION rollup_void(moment bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        DELETE FROM rollup_spans WHERE (length_ms, start_ms) IN ({spans.format(moment="moment")});
        END $$""",
        # Nearly every call is new and its spans are not summed: looking costs half of deleting nothing.
        f"""CREATE OR REPLACE FUNCTION rollup_of_new_call() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT FROM rollup_spans WHERE (length_ms, start_ms) IN ({spans.format(moment="NEW.at_ms")}))
        THEN PERFORM rollup_void(NEW.at_ms); END IF;
        RETURN NULL; END $$""",
        """CREATE OR REPLACE FUNCTION rollup_of_old_call() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM rollup_void(OLD.at_ms);
        IF TG_OP = 'UPDATE' THEN PERFORM rollup_void(NEW.at_ms);
        ELSE PERFORM rollup_void(booked_ms) FROM corrections WHERE call = OLD.id; END IF;
        RETURN NULL; END $$""",
        f"""CREATE OR REPLACE FUNCTION rollup_of_correction() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN PERFORM rollup_void({_corrected("OLD")}); END IF;
        IF TG_OP <> 'DELETE' THEN PERFORM rollup_void({_corrected("NEW")}); END IF;
        RETURN NULL; END $$""",
        _postgresql_trigger("rollup_new_call", "INSERT", "calls", "rollup_of_new_call"),
        _postgresql_trigger("rollup_old_call", "UPDATE OR DELETE", "calls", "rollup_of_old_call"),
        _postgresql_trigger("rollup_correction", "INSERT OR UPDATE OR DELETE", "corrections", "rollup_of_correction"),
    ]


def _postgresql_trigger(name: str, event: str, table: str, function: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"


def _void(moment: str, length_ms: int) -> str:
    return f"DELETE FROM rollup_spans WHERE length_ms = {length_ms} AND start_ms = {moment} - {moment} % {length_ms};"


def _void_corrections(row: str) -> str:
    """Without its call a correction counts at its own time."""
    return "".join(
        f" DELETE FROM rollup_spans WHERE length_ms = {length_ms} "
        f"AND start_ms IN (SELECT booked_ms - booked_ms % {length_ms} FROM corrections WHERE call = {row}.id);"
        for length_ms in LENGTHS_MS
    )


def _corrected(row: str) -> str:
    """A correction counts at the time of its call, if there is one."""
    return f"COALESCE((SELECT at_ms FROM calls WHERE id = {row}.call), {row}.booked_ms)"
