"""New connections to one origin: its addresses, the race between them, and TLS with the provider's name checked."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from tollhouse.domain.errors import ConnectTimeout, NotSent

from .kernel import Kernel

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType

ADDRESSES_KEPT_S = 10.0
"""How long a name's addresses are used again: a burst of new connections asks once, and a change is seen soon."""

NEXT_ADDRESS_S = 0.25
"""How long one address has before the next is tried beside it. Source: RFC 8305 section 8."""

_PORTS = {"http": 80, "https": 443}
_P = TypeVar("_P", bound=asyncio.BaseProtocol)


class Dialler:
    """Connects to one origin."""

    __slots__ = ("_addresses", "_addresses_until", "_kernel", "_name", "_port", "_resolving", "_tls", "host")

    def __init__(
        self, origin: str, tls: Callable[[], ssl.SSLContext], kernel: Callable[[socket.socket], Kernel] = Kernel
    ) -> None:
        """
        Raises NotSent if the origin has a name or a port that cannot be.

        Args:
            tls: asked once, and only by an `https` origin.
        """
        parts = urlsplit(origin)
        default = _PORTS[parts.scheme]
        try:
            self._name, self._port = _ascii(parts.hostname or ""), parts.port or default
        except ValueError as error:
            raise NotSent(f"The provider's address {origin} is none; nothing was sent.") from error
        self._tls = tls() if parts.scheme == "https" else None
        shown = f"[{self._name}]" if ":" in self._name else self._name
        self.host = shown if self._port == default else f"{shown}:{self._port}"
        """As the Host header has it."""
        self._kernel = kernel
        self._addresses: Sequence[AddrInfoType] = ()
        self._addresses_until = 0.0
        self._resolving = asyncio.Lock()

    async def connect(self, protocol: Callable[[Kernel], _P], connect_ms: int) -> _P:
        """Connect, shake hands, and return the protocol that speaks from now on. Raises NotSent and ConnectTimeout."""
        try:
            async with asyncio.timeout(connect_ms / 1_000):
                return await self._connect(protocol)
        except TimeoutError as error:
            raise ConnectTimeout("connect", connect_ms) from error
        except (OSError, UnicodeError) as error:
            self._addresses_until = 0.0
            raise NotSent(f"The provider at {self.host} could not be reached; nothing was sent.") from error

    async def _connect(self, protocol: Callable[[Kernel], _P]) -> _P:
        from aiohappyeyeballs import start_connection

        loop = asyncio.get_running_loop()
        connected = await start_connection(await self._resolved(), happy_eyeballs_delay=NEXT_ADDRESS_S)
        try:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a silent stream's peer may be gone
            _, made = await loop.create_connection(
                lambda: protocol(self._kernel(connected)),
                sock=connected,
                ssl=self._tls,
                server_hostname=self._name.rstrip(".") if self._tls is not None else None,
            )
        except BaseException:
            connected.close()
            raise
        return made

    async def _resolved(self) -> "Sequence[AddrInfoType]":
        loop = asyncio.get_running_loop()
        async with self._resolving:
            if loop.time() >= self._addresses_until:
                self._addresses = await self._resolve(loop)
                self._addresses_until = loop.time() + ADDRESSES_KEPT_S
        return self._addresses

    async def _resolve(self, loop: asyncio.AbstractEventLoop) -> "Sequence[AddrInfoType]":
        if _is_address(self._name):
            return socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return await loop.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)


def _ascii(name: str) -> str:
    return name if name.isascii() else name.encode("idna").decode("ascii")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
