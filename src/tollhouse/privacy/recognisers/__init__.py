"""Recognisers, one kind of personal data per file; each has a table of what it must and must not catch in its tests."""
