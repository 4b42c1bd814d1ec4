"""What one caller's connection may cost us before a request is complete, and how many there may be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """
    `server.limits` of the configuration, with its defaults.

    Args:
        header_bytes: request line and headers together. Proxies before us take 8 to 32 KiB themselves.
        headers: as many as Apache takes; clients of model APIs send about 20.
        header_ms: from a connection, or a request's first byte, to the end of its headers. Any client sends them at
            once, so that a network may lose some packets in this time.
        body_ms: from a request's headers to the end of its body.
        body_bytes_per_second: what a body has to bring on average once it has taken `header_ms`.
        keep_alive_ms: between two requests; longer than the 60 s after which load balancers drop idle connections, so
            that they and not we close first.
        unread_ms: for an answer's end of which the caller takes nothing, once nothing else keeps the connection open.
        connections: open at a time in one process: twice what it is built to serve. More make room among those that ask
            for nothing, and are turned away if there are none.
    """

    header_bytes: int = 32_768
    headers: int = 100
    header_ms: int = 10_000
    body_ms: int = 120_000
    body_bytes_per_second: int = 1_024
    keep_alive_ms: int = 75_000
    unread_ms: int = 30_000
    connections: int = 4_096


DEFAULT_LIMITS = Limits()
