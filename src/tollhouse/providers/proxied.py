"""The client for each origin: our own, or aiohttp's where the environment names a proxy."""

import asyncio

from .by_aiohttp import AiohttpTransport
from .client import PooledTransport
from .proxies import Proxies
from .transport import Exchange, Transport


class ProxiedTransport:
    """As the seam says."""

    def __init__(self, proxies: Proxies, direct: PooledTransport, through: AiohttpTransport) -> None:
        self._proxies = proxies
        self._direct, self._through = direct, through
        self._by_origin: dict[str, Transport] = {}

    async def request(
        self, method: str, origin: str, target: str, headers: bytes, body: bytes, *, connect_ms: int, pool_ms: int
    ) -> Exchange:
        transport = self._by_origin.get(origin) or self._choose(origin)
        return await transport.request(method, origin, target, headers, body, connect_ms=connect_ms, pool_ms=pool_ms)

    async def open(self) -> None:
        await asyncio.gather(self._direct.open(), self._through.open())

    def leave(self, origin: str) -> None:
        (self._by_origin.get(origin) or self._direct).leave(origin)

    async def close(self) -> None:
        await asyncio.gather(self._direct.close(), self._through.close())

    def _choose(self, origin: str) -> Transport:
        chosen: Transport = self._direct if self._proxies.proxy_for(origin) is None else self._through
        self._by_origin[origin] = chosen
        return chosen
