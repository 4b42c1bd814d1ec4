"""What comes with a call besides its body: the headers we understand, or a run's own facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Terms:
    """
    `prompt` is a prompt version (`name@hash`), `run` a run's id; both only for calls that workflows make.

    `named`: headers by which sticky routes tell conversations apart, names in lower case.
    """

    request_id: str
    use_case: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    traceparent: str | None = None
    run: str | None = None
    prompt: str | None = None
    named: tuple[tuple[str, str], ...] = ()
