"""One file a revision, in order; `stores/sql/version.py` lists them."""
