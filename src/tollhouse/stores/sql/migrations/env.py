"""What alembic runs: it migrates on the connection and in the transaction that `stores/sql/version.py` hands over."""

from alembic import context

from tollhouse.stores.sql.schema import metadata
from tollhouse.stores.sql.version import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite alters a table by building it anew
)
context.run_migrations()
