"""
Is there one way only to read this request's head? Pure.

The parser in C (llhttp) refuses two lengths, a length beside chunks, folded headers, bare line ends and odd sizes by
itself. What it leaves open is decided here: whatever a proxy before us might read in another way is refused.
"""

import re
from collections.abc import Sequence

Field = tuple[bytes, bytes]

VERSIONS = ("1.1", "1.0")

ONCE = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"content-type",
        b"authorization",
        b"origin",
        b"idempotency-key",
        b"if-match",
        b"x-request-id",
        b"x-tollhouse-use-case",
        b"x-tollhouse-subject",
        b"x-tollhouse-tags",
        b"traceparent",
    }
)
"""Headers by which we decide something: with two of them, whoever reads the other one decides otherwise."""

_SLASH = ord("/")
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def fault_in(url: bytes, version: str, headers: Sequence[Field], sound_hosts: set[bytes]) -> str | None:
    """
    Return what is wrong with a head, None if nothing is. Names are in lower case.

    Args:
        sound_hosts: values of `host` that were looked at before; may be added to.
    """
    if version not in VERSIONS:
        return f"its version is {version}"
    if url[0] != _SLASH or b"#" in url:
        return "its target is not a path of this server"
    fields = dict(headers)
    if len(fields) != len(headers) and (twice := _repeated(headers)):
        return f"it has the header {twice} twice"
    if fields.get(b"host") not in sound_hosts and (fault := _host_fault(fields.get(b"host"), version, sound_hosts)):
        return fault
    if b"transfer-encoding" in fields and not _is_chunked(fields[b"transfer-encoding"], version):
        return "its transfer-encoding is not plainly chunked"
    return None


HOSTS_KEPT = 1_024
"""Callers write what they like there."""


def _host_fault(host: bytes | None, version: str, sound_hosts: set[bytes]) -> str | None:
    if host is None:
        return None if version == "1.0" else "it has no host"
    if not _HOST.fullmatch(host):
        return "its host is none"
    if len(sound_hosts) < HOSTS_KEPT:
        sound_hosts.add(host)
    return None


def _repeated(headers: Sequence[Field]) -> str | None:
    seen: set[bytes] = set()
    for name, _ in headers:
        if name in ONCE and name in seen:
            return name.decode("ascii")
        seen.add(name)
    return None


def _is_chunked(value: bytes, version: str) -> bool:
    return version == "1.1" and value.lower() == b"chunked"
