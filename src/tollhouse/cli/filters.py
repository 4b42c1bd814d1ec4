"""Filters on the command line that are not plain names: `--tag NAME=VALUE` and `--status`."""

from collections.abc import Sequence

from tollhouse.domain.calls import Outcome
from tollhouse.web.api.query import read_tags

from .exit import WrongUsage


def tags_of(given: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """Read tags, one at a time or several with commas. Raises WrongUsage."""
    try:
        return tuple(tag for text in given or () for tag in read_tags(text))
    except ValueError as error:
        raise WrongUsage(f"--tag: {error}") from None


def status_of(text: str | None) -> int | None:
    """Digits are a status; a word is an outcome."""
    return int(text) if text and text.isdigit() else None


def outcome_of(text: str | None) -> str | None:
    """Raises WrongUsage for a word that is no outcome."""
    if text is None or text.isdigit():
        return None
    if text not in list(Outcome):
        raise WrongUsage(f"--status {text}: there are {', '.join(Outcome)}, or an HTTP status such as 429")
    return text
