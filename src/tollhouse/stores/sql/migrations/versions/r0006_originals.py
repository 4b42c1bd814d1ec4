"""What placeholders of a conversation that a provider holds stand for, sealed. Only an addition."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stored_responses", sa.Column("originals", sa.LargeBinary))
    op.create_index("ix_stored_responses_created_ms", "stored_responses", ["created_ms"])
