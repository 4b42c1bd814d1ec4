"""
Which proxy stands between us and a provider, as the environment says: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. Pure.

Names in lower case go before those in capitals, as everywhere. A provider on this machine is never asked through a proxy.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from tollhouse.domain.errors import ConfigError
from tollhouse.domain.providers import Secret

_VARIABLES = {"http": "HTTP_PROXY", "https": "HTTPS_PROXY"}


@dataclass(frozen=True, slots=True)
class Proxy:
    """`origin`: `http://host:port`; `authorization`: the value of Proxy-Authorization, if it wants one."""

    origin: str
    authorization: Secret | None = None


@dataclass(frozen=True, slots=True)
class Proxies:
    """`by_scheme`: of the provider's address. `exceptions`: hosts, domains, addresses and networks asked directly."""

    by_scheme: Mapping[str, Proxy]
    exceptions: tuple[str, ...] = ()

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Proxies":
        """Raises ConfigError, without the variable's value, which may hold a password."""
        found: dict[str, Proxy] = {}
        for scheme, name in _VARIABLES.items():
            if value := _said(environ, name):
                found[scheme] = _proxy(name, value)
        exceptions = [each.strip().lower() for each in _said(environ, "NO_PROXY").split(",")]
        return cls(found, tuple(each for each in exceptions if each))

    def __bool__(self) -> bool:
        return bool(self.by_scheme)

    def proxy_for(self, origin: str) -> Proxy | None:
        """Return the proxy that stands before this `https://host[:port]`, if any."""
        parts = urlsplit(origin)
        host = (parts.hostname or "").rstrip(".")
        if _is_here(host) or any(_matches(each, host, parts.port) for each in self.exceptions):
            return None
        return self.by_scheme.get(parts.scheme)


NO_PROXIES = Proxies({})


def _said(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name.lower()) or environ.get(name) or "").strip()


def _proxy(name: str, value: str) -> Proxy:
    parts = urlsplit(value if "://" in value else f"http://{value}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        raise ConfigError(f"the environment's {name} is not the address of an HTTP proxy; write http://host:port")
    account = None
    if parts.username is not None:
        words = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        account = Secret("Basic " + b64encode(words).decode("ascii"))
    return Proxy(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", account)


def _is_here(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or (_is_address(host) and ip_address(host).is_loopback)


def _matches(exception: str, host: str, port: int | None) -> bool:
    """`*`, a host or domain (`example.org`, `.example.org`, `*.example.org`), an address, a network; maybe with `:port`."""
    if exception == "*":
        return True
    if "/" in exception:
        return _is_address(host) and _is_in(exception, host)
    name, wanted_port = _split(exception)
    if wanted_port is not None and wanted_port != port:
        return False
    name = name.removeprefix("*").strip(".")
    return host == name or (not _is_address(host) and host.endswith("." + name))


def _split(exception: str) -> tuple[str, int | None]:
    """Return name and port; an address of IPv6 has its port after brackets."""
    if exception.startswith("["):
        name, _, port = exception[1:].partition("]")
        return name, int(port[1:]) if port[1:].isdigit() else None
    name, _, port = exception.partition(":")
    return (name, int(port)) if port.isdigit() else (exception, None)


def _is_in(network: str, host: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
