"""Answers that were given before, and the epochs that make them unreachable. Only additions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cache_entries",
        sa.Column("use_case", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("use_case", "key", name="pk_cache_entries"),
    )
    op.create_index("ix_cache_entries_until_ms", "cache_entries", ["until_ms", "bytes"])
    op.create_table(
        "cache_epochs",
        sa.Column("use_case", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("use_case", name="pk_cache_epochs"),
    )
