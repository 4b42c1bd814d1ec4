"""
What stands in front of us: which names we answer to, and whose word we take on where a request comes from.

A web page can let a name of its own lead to this machine (DNS rebinding) and then call us from the browser of somebody
who may: its requests carry that name as their host. An address is nobody's name.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from tollhouse.domain.errors import HostNotAllowed

from .asgi import Scope, header

HOSTS_KEPT = 1_024
"""Hosts that were found good, so that a call does not look for its own again."""
FORWARDED_MAX = 32
"""Proxies before us that we believe to have been in a row; whoever writes more addresses invents them."""
ALWAYS = frozenset({"/healthz", "/readyz"})
"""Whoever looks whether we live comes by an address that it was told, and learns nothing that a page could use."""

_HOST, _FORWARDED = b"host", b"x-forwarded-for"


class Front:
    """
    Args:
        hosts: names and addresses we answer to; `*.example.com` for every name below one. Empty: any.
        is_local: without `hosts`, only this machine's own names and plain addresses.
        trusted_proxies: addresses and networks whose X-Forwarded-For we believe.
    """

    def __init__(
        self, hosts: Sequence[str] = (), *, is_local: bool = False, trusted_proxies: Sequence[str] = ()
    ) -> None:
        self._exact = frozenset(host.lower() for host in hosts if not host.startswith("*."))
        self._below = tuple(host[1:].lower() for host in hosts if host.startswith("*."))
        self._is_local = is_local
        self._networks = tuple(ip_network(each, strict=False) for each in trusted_proxies)
        self._good: set[bytes] = set()
        self.is_open = not hosts and not is_local
        """Any host will do."""
        self.trusts = bool(self._networks)

    def admit(self, scope: Scope) -> None:
        """Raises HostNotAllowed."""
        host = header(scope, _HOST)
        if host in self._good or scope["path"] in ALWAYS:
            return
        name = _name(host or b"")
        if not self._is_good(name):
            raise HostNotAllowed(f"This service does not answer to the host {name[:200]!r}. {self._advice}")
        if host is not None and len(self._good) < HOSTS_KEPT:
            self._good.add(host)

    def address(self, scope: Scope) -> str:
        """
        Return where a request comes from: its peer, or whom trusted proxies say that they pass on.

        The nearest address that is no trusted proxy's; what is written before it anybody may have invented.
        """
        client = scope["client"]
        address = "" if client is None else client[0]
        if not self._is_trusted(address):
            return address
        said = b",".join(value for name, value in scope["headers"] if name == _FORWARDED).decode("latin-1")
        for each in reversed(said.split(",")[-FORWARDED_MAX:]):
            found = _address(each.strip())
            if found is None:
                break
            address = str(found)
            if not self._is_trusted(address):
                break
        return address

    @property
    def _advice(self) -> str:
        if self._is_local:
            return "It listens on this machine only; set `server.hosts` to the names that proxies pass on to it."
        return "Add it to `server.hosts` if it is one of its names."

    def _is_good(self, name: str) -> bool:
        if self._is_local:
            return name == "localhost" or name.endswith(".localhost") or _address(name) is not None
        return name in self._exact or name.endswith(self._below)

    def _is_trusted(self, address: str) -> bool:
        found = _address(address)
        return found is not None and any(found in network for network in self._networks)


OPEN = Front()


def _name(host: bytes) -> str:
    """Return a host without its port, in small letters."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].rstrip(".")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, with a port or without; IPv4 in IPv6's clothes is IPv4."""
    text = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    if text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
