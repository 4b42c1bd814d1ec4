"""An answer as it is kept."""

import msgspec


class Kept(msgspec.Struct, frozen=True):
    """
    Args:
        whole: the answer's body as it is sent when it is not streamed, usage included.
        provider, deployment: who made it.
        cost_nanousd: what it cost then.
        made_ms: when, in Unix milliseconds.
        clamped: parameters of the request that the use case cut down.
        estimated: its usage was counted by us.
    """

    whole: bytes
    provider: str
    deployment: str
    cost_nanousd: int
    made_ms: int
    clamped: tuple[str, ...] = ()
    estimated: bool = False
