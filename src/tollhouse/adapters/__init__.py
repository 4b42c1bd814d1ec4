"""One library per file, each behind a port. Libraries load when they are first used, never at import."""
