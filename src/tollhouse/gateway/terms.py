"""What comes with a call besides its body: the headers we understand, or a run's own facts."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

NO_TAGS: Mapping[str, str] = MappingProxyType({})


class Terms(NamedTuple):
    """
    `prompt` is a prompt version (`name@hash`), `run` a run's id; both only for calls that workflows make.

    `named`: headers by which sticky routes tell conversations apart, names in lower case.
    """

    request_id: str
    use_case: str | None = None
    tags: Mapping[str, str] = NO_TAGS
    subject: str | None = None
    traceparent: str | None = None
    run: str | None = None
    prompt: str | None = None
    named: tuple[tuple[str, str], ...] = ()
