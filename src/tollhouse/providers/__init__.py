"""The providers' side of the house: one dialect a file, and the one table that names them."""

from collections.abc import Callable, Mapping

from tollhouse.domain.providers import ProviderSpec
from tollhouse.ports.provider import Provider

from . import openai
from .proxies import Proxies
from .roster import Roster
from .tools import Tools
from .transport import Transport

Connect = Callable[[ProviderSpec, Tools], Provider]
OpenTransport = Callable[[Proxies], Transport]


def _inhouse(spec: ProviderSpec, tools: Tools) -> Provider:
    from . import inhouse  # its rules and lexicons load only where a configuration names the engine

    return inhouse.connect(spec, tools)


def _own(proxies: Proxies) -> Transport:
    from .client import PooledTransport

    if not proxies:
        return PooledTransport()
    from .by_aiohttp import AiohttpTransport
    from .proxied import ProxiedTransport

    return ProxiedTransport(proxies, PooledTransport(), AiohttpTransport(proxies=proxies))


def _aiohttp(proxies: Proxies) -> Transport:
    from .by_aiohttp import AiohttpTransport

    return AiohttpTransport(proxies=proxies)


UPSTREAM_CLIENTS: Mapping[str, OpenTransport] = {
    "own": _own,  # a third of the CPU; where the environment names a proxy, aiohttp goes through it
    "aiohttp": _aiohttp,
}

DIALECTS: Mapping[str, Connect] = {
    "openai": openai.connect,  # any OpenAI-compatible base URL, Azure included
    "inhouse": _inhouse,  # no network; the fallback of last resort and the no-key default
}

__all__ = ["DIALECTS", "UPSTREAM_CLIENTS", "Connect", "OpenTransport", "Proxies", "Roster", "Tools", "Transport"]
