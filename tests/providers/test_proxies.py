"""Proxies named by the environment: which provider is asked through which, and by which client."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from authority import HERE, Authority
from provider_scripts import WHOLE, answers, closing, fetch, respond, upstream
from tollhouse.domain.errors import ConfigError, NotSent, UpstreamError
from tollhouse.providers import UPSTREAM_CLIENTS
from tollhouse.providers.by_aiohttp import AiohttpTransport
from tollhouse.providers.client import PooledTransport
from tollhouse.providers.proxied import ProxiedTransport
from tollhouse.providers.proxies import NO_PROXIES, Proxies, Proxy

# --- reading the environment ----------------------------------------------------------------------------------------

BOTH = {"HTTPS_PROXY": "http://proxy.example:3128", "HTTP_PROXY": "plain.example:80"}


def through(environ: dict[str, str], origin: str) -> str | None:
    proxy = Proxies.read(environ).proxy_for(origin)
    return proxy.origin if proxy else None


@pytest.mark.parametrize(
    ("environ", "origin", "expected"),
    [
        ({}, "https://api.example", None),
        (BOTH, "https://api.example", "http://proxy.example:3128"),
        (BOTH, "http://api.example:8000", "http://plain.example:80"),
        ({"HTTP_PROXY": "http://p:1"}, "https://api.example", None),
        ({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://high:1"}, "https://api.example", "http://low:1"),
        ({"HTTPS_PROXY": "https://p.example:443"}, "https://api.example", "https://p.example:443"),
        ({"HTTPS_PROXY": " "}, "https://api.example", None),
        (BOTH, "https://127.0.0.1:8", None),
        (BOTH, "https://[::1]:8", None),
        (BOTH, "https://localhost", None),
        (BOTH, "https://a.localhost", None),
        (BOTH, "https://10.0.0.1", "http://proxy.example:3128"),
    ],
)
def test_the_environment_says_which_proxy_stands_before_a_provider(
    environ: dict[str, str], origin: str, expected: str | None
) -> None:
    assert through(environ, origin) == expected


@pytest.mark.parametrize(
    ("exceptions", "origin", "is_direct"),
    [
        ("*", "https://api.example", True),
        ("api.example", "https://api.example", True),
        ("api.example", "https://API.example.", True),
        ("example", "https://api.example", True),
        (".example", "https://api.example", True),
        ("*.example", "https://api.example", True),
        ("other, , .example", "https://api.example", True),
        ("pi.example", "https://api.example", False),
        ("api.example:443", "https://api.example:443", True),
        ("api.example:444", "https://api.example:443", False),
        ("api.example:444", "https://api.example", False),
        ("10.0.0.0/8", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://11.1.2.3", False),
        ("10.0.0.0/8", "https://api.example", False),
        ("10.1.2.3", "https://10.1.2.3:99", True),
        (".1.2.3", "https://10.1.2.3", False),
        ("fd00::/8", "https://[fd00::1]", True),
        ("fd00::1", "https://[fd00::1]", True),
        ("[fd00::1]:99", "https://[fd00::1]:99", True),
        ("nonsense/8", "https://10.1.2.3", False),
        ("", "https://api.example", False),
    ],
)
def test_exceptions_are_asked_directly(exceptions: str, origin: str, is_direct: bool) -> None:
    assert (through({**BOTH, "NO_PROXY": exceptions}, origin) is None) is is_direct


@pytest.mark.parametrize("value", ["socks5://p:1080", "http://", "http://p:port", "ftp://p"])
def test_what_is_no_http_proxy_is_the_operators_error_and_not_shown(value: str) -> None:
    with pytest.raises(ConfigError, match="HTTPS_PROXY") as caught:
        Proxies.read({"HTTPS_PROXY": value.replace("://", "://user:pass-word@")})

    assert "pass-word" not in str(caught.value)


def test_an_account_at_the_proxy_is_kept_apart_and_never_shown() -> None:
    proxies = Proxies.read({"HTTPS_PROXY": "http://us%40er:pa%3Ass@p.example:1"})

    proxy = proxies.by_scheme["https"]
    assert proxy.origin == "http://p.example:1"
    assert proxy.authorization is not None
    assert proxy.authorization.reveal() == "Basic " + base64.b64encode(b"us@er:pa:ss").decode()
    assert "us@er" not in repr(proxies)


# --- asking through one ---------------------------------------------------------------------------------------------


@dataclass
class HttpProxy:
    """A proxy that opens tunnels and passes plain requests on; it writes down what it is told."""

    origin: str = ""
    heads: list[str] = field(default_factory=list)
    refuses: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, OSError, RuntimeError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        method, target, _ = head.split("\r\n")[0].split(" ")
        if self.refuses:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            return
        address = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = address.rpartition(":")
        back, forth = await asyncio.open_connection(host, int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            forth.write(head.replace(target, "/" + target.split("/", 3)[3]).encode())
        await asyncio.gather(_pump(reader, forth), _pump(back, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()
    sink.close()


@asynccontextmanager
async def a_proxy(*, refuses: bool = False) -> AsyncIterator[HttpProxy]:
    running: set[asyncio.Task[None]] = set()
    proxy = HttpProxy(refuses=refuses)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        await proxy.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)


class ThroughHere(Proxies):
    """The providers of these tests are on this machine, which the environment's rules leave out."""

    def proxy_for(self, origin: str) -> Proxy | None:
        return self.by_scheme.get(origin.partition(":")[0])


def account(proxy: HttpProxy) -> ThroughHere:
    read = Proxies.read({name: proxy.origin.replace("//", "//me:secret@") for name in ("HTTP_PROXY", "HTTPS_PROXY")})
    return ThroughHere(read.by_scheme)


async def test_a_plain_provider_is_asked_through_its_proxy_with_its_whole_address() -> None:
    async with upstream(answers(respond(200, WHOLE))) as up, a_proxy() as proxy:
        async with closing(AiohttpTransport(proxies=account(proxy))) as transport:
            answered = [await fetch(transport, up.origin, target="/v1/x?y=1") for _ in range(2)]

    assert answered == [(200, WHOLE)] * 2
    assert proxy.heads[0].startswith(f"POST {up.origin}/v1/x?y=1 HTTP/1.1\r\nhost: {up.origin[7:]}\r\n")
    assert "proxy-authorization: basic " in proxy.heads[0].lower()
    assert len(proxy.heads) == up.connections == 1


async def test_a_provider_with_tls_is_asked_through_a_tunnel_that_sees_nothing(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with upstream(answers(respond(200, WHOLE)), tls=authority.server_side(HERE)) as up, a_proxy() as proxy:
        tls: ssl.SSLContext = authority.client_side()
        async with closing(AiohttpTransport(proxies=account(proxy), tls=tls)) as transport:
            answered = [await fetch(transport, up.origin) for _ in range(2)]

    assert answered == [(200, WHOLE)] * 2
    assert proxy.heads[0].startswith(f"CONNECT {up.origin[8:]} HTTP/1.1\r\n")
    assert "proxy-authorization: basic " in proxy.heads[0].lower()
    assert "proxy-authorization" not in up.requests[0].headers
    assert len(proxy.heads) == up.connections == 1


async def test_a_proxy_that_refuses_a_tunnel_was_not_sent_the_request(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with upstream(answers(respond(200, WHOLE)), tls=authority.server_side(HERE)) as up:
        async with a_proxy(refuses=True) as proxy:
            async with closing(AiohttpTransport(proxies=account(proxy), tls=authority.client_side())) as transport:
                with pytest.raises(NotSent):
                    await fetch(transport, up.origin)

    assert up.requests == []


async def test_each_provider_has_the_client_that_reaches_it() -> None:
    async with upstream(answers(respond(200, WHOLE))) as up, a_proxy() as proxy:
        proxies = Proxies.read({"HTTP_PROXY": proxy.origin})
        transport = ProxiedTransport(proxies, PooledTransport(), AiohttpTransport(proxies=proxies))
        async with closing(transport):
            direct = await fetch(transport, up.origin)
            with pytest.raises(UpstreamError):
                await fetch(transport, "http://no-such-host.invalid")  # the proxy cannot find it either

    assert direct == (200, WHOLE)
    assert [head.split("\r\n")[0] for head in proxy.heads] == ["POST http://no-such-host.invalid/v1/x HTTP/1.1"]


def test_the_table_opens_the_client_that_was_asked_for() -> None:
    assert isinstance(UPSTREAM_CLIENTS["own"](NO_PROXIES), PooledTransport)
    assert isinstance(UPSTREAM_CLIENTS["own"](Proxies.read(BOTH)), ProxiedTransport)
    assert isinstance(UPSTREAM_CLIENTS["aiohttp"](NO_PROXIES), AiohttpTransport)
