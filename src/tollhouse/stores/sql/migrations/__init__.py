"""The schema's history, run by alembic from `stores/sql/version.py`; no alembic.ini is needed."""
