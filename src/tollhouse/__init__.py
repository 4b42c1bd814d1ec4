"""One self-hosted door for every AI call a company makes."""

__version__ = "0.2.0"
