"""
Running the application on uvicorn: our own socket, our own signals, and an orderly end.

uvicorn's own shutdown closes idle connections at once and does not wait for what it cancels. Money is booked where a
call ends, so the end is ours: stop listening, let running answers finish, cancel the rest and wait for them, and only
then let uvicorn shut down.
"""

import asyncio
import errno
import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

from tollhouse.domain.errors import StartError

from .asgi import App
from .limits import DEFAULT_LIMITS, Limits
from .signals import catching
from .silence import Connection, Silence

if TYPE_CHECKING:
    import uvicorn
    from uvicorn._types import ASGIApplication

BACKLOG = 2048
"""Connections the kernel holds for us while we are busy; the kernel cuts it to its own limit."""
ACCEPTED_S = 0.5
"""How long a stopping server waits for the first request of a connection that it took before: such a one is on its way."""
CANCEL_GRACE_S = 5.0
"""For cancelled calls to close upstream and to be booked; their journal has them anyway."""
COLLECT_AFTER = (10_000, 20, 10)
"""
Python's default is (700, 10, 10). While a thousand streams begin, that is thirty walks through all of them, 50 ms each:
of their chunks 1 % came 36 ms late, with this 8 (`benchmarks.endurance streams`).
"""

DRAINED, INTERRUPTED = 0, 130
"""What `serve` returns: after an orderly end, and after a second signal."""


class Server:
    """
    One listening socket and the application behind it.

    Args:
        sock: bound and listening, see `bind`.
        drain_ms: how long running answers may go on after `stop`.
        on_stop: called first thing at `stop`; from then on the application must refuse new requests.
        limits: what a connection may cost before its request is complete.
        on_refused: told of every request that never reaches the application, by its code.
        is_alone: nobody else listens on this socket, so that whoever has connected by the end is ours to serve.
    """

    def __init__(
        self,
        app: App,
        sock: socket.socket,
        *,
        drain_ms: int,
        on_stop: Callable[[], None],
        limits: Limits = DEFAULT_LIMITS,
        on_refused: Callable[[str], None] = lambda code: None,
        is_alone: bool = True,
    ) -> None:
        self._sock = sock
        self._drain_s = drain_ms / 1000
        self._on_stop = on_stop
        self._silence = Silence(limits)
        self._is_alone = is_alone
        self._asked = asyncio.Event()
        self._hurried = asyncio.Event()
        self._started = asyncio.Event()
        self._uvicorn = _uvicorn_server(app, self._started.set, limits, on_refused)

    @property
    def port(self) -> int:
        return int(self._sock.getsockname()[1])

    def stop(self) -> None:
        """The first time: drain and end. The second time: end at once."""
        if self._asked.is_set():
            self._hurried.set()
        self._asked.set()

    async def run(self, on_ready: Callable[[int], None]) -> int:
        """Serve until `stop` or cancelled. `on_ready` is given the port. Returns DRAINED or INTERRUPTED."""
        serving = asyncio.create_task(self._uvicorn.serve([self._sock]))
        sweeping = asyncio.create_task(self._silence.keep(self.connections))
        try:
            await _first(serving, self._started)
            on_ready(self.port)
            await _first(serving, self._asked)
            self._on_stop()
            await self._stop_listening()
            await self._drain()
        except asyncio.CancelledError:
            self._on_stop()
            raise
        finally:
            sweeping.cancel()
            await self._end(serving)
        return INTERRUPTED if self._hurried.is_set() else DRAINED

    async def _drain(self) -> None:
        """Wait for running answers: until the last has ended, the time is up, or somebody is in a hurry."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._drain_s
        accepted_until = min(deadline, loop.time() + ACCEPTED_S)
        hurried = asyncio.create_task(self._hurried.wait())
        while not hurried.done():
            left, left_to_ask = deadline - loop.time(), accepted_until - loop.time()
            may_ask = left_to_ask > 0 and self._has_accepted
            if left <= 0 or not (self._running or may_ask):
                break
            limit_s = min(left, left_to_ask, ACCEPTED_S / 10) if may_ask else left
            await asyncio.wait({hurried, *self._running}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()

    async def _stop_listening(self) -> None:
        """Take whoever has connected already, and nobody any more."""
        if self._is_alone:
            for connected in _accepted(self._sock):
                await asyncio.get_running_loop().connect_accepted_socket(self._new_connection, connected)
        for listener in self._uvicorn.servers:
            listener.close()

    def _new_connection(self) -> asyncio.Protocol:
        uvicorn = self._uvicorn
        made: Callable[..., asyncio.Protocol] = uvicorn.config.http_protocol_class
        return made(config=uvicorn.config, server_state=uvicorn.server_state, app_state=uvicorn.lifespan.state)

    @property
    def _has_accepted(self) -> bool:
        """Is there a connection that has not asked for anything yet?"""
        return any(connection.cycle is None for connection in self.connections)

    @property
    def _running(self) -> set[asyncio.Task[None]]:
        return self._uvicorn.server_state.tasks

    @property
    def connections(self) -> set[Connection]:
        return cast("set[Connection]", self._uvicorn.server_state.connections)

    async def _end(self, serving: asyncio.Task[None]) -> None:
        """Cancel what still runs and wait until it has ended; then uvicorn closes the connections that are left."""
        late = set(self._running)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CANCEL_GRACE_S)
        self._uvicorn.should_exit = True
        self._uvicorn.force_exit = self._hurried.is_set()
        await serving


async def _first(serving: asyncio.Task[None], event: asyncio.Event) -> None:
    """Wait for the event, or for a server that ends by itself."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def serve(
    app: App,
    sock: socket.socket,
    *,
    drain_ms: int,
    on_ready: Callable[[int], None],
    on_stop: Callable[[], None],
    on_reload: Callable[[], None] = lambda: None,
    limits: Limits = DEFAULT_LIMITS,
    on_refused: Callable[[str], None] = lambda code: None,
    lifeline: int | None = None,
) -> int:
    """
    Serve until SIGTERM or SIGINT, drain, and return the exit code.

    Args:
        sock: from `bind`; it is closed at the end.
        on_ready: given the port, once connections are accepted.
        on_reload: called at each SIGHUP.
        limits, on_refused: see `Server`.
        lifeline: the reading end of a pipe; its end is as good as a signal. Whoever has one shares its socket.
    """
    server = Server(
        app,
        sock,
        drain_ms=drain_ms,
        on_stop=on_stop,
        limits=limits,
        on_refused=on_refused,
        is_alone=lifeline is None,
    )
    _collect_seldom()
    with catching(server.stop, on_reload), _holding(lifeline, server.stop):
        return await server.run(on_ready)


def _collect_seldom() -> None:
    """
    Libraries and configuration stay: walking through them for garbage would hold up calls for 40 ms, many times. So
    would walking through all open calls whenever a few hundred objects are new; little of ours is garbage in circles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def bind(host: str, port: int) -> socket.socket:
    """Take the address and listen; port 0 takes a free one. Raises StartError that says what, why and what next."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise StartError(
            f"cannot listen on {host}:{port}: no such address ({error.strerror}). "
            "Set `server.listen` to an address of this machine, for example 127.0.0.1:8088."
        ) from None
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)  # here and not later: two processes may both bind, only one may listen
    except OSError as error:
        sock.close()
        raise StartError(f"cannot listen on {host}:{port}: {_why(error, port)}") from None
    sock.setblocking(False)
    return sock


def _why(error: OSError, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"the port is taken by another process (`ss -ltnp 'sport = :{port}'` or `lsof -i :{port}` names it). "
                "Stop that process, or set another port in `server.listen`."
            )
        case errno.EACCES:
            return "this user may not use that port. Set a port of 1024 or more in `server.listen`."
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address. Set `server.listen` to one it has, or to 0.0.0.0."
        case _:
            return f"{error.strerror}. Set another address in `server.listen`."


@contextmanager
def _holding(lifeline: int | None, let_go: Callable[[], None]) -> Iterator[None]:
    if lifeline is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(lifeline)  # it stays readable for ever
        let_go()

    loop.add_reader(lifeline, ended)
    try:
        yield
    finally:
        loop.remove_reader(lifeline)


def _accepted(sock: socket.socket) -> Iterator[socket.socket]:
    """Yield what the kernel has accepted for us and nobody has taken."""
    while True:
        try:
            connected, _ = sock.accept()
        except OSError:  # there is none, or it has gone
            return
        connected.setblocking(False)
        yield connected


def _uvicorn_server(
    app: App, on_started: Callable[[], None], limits: Limits, on_refused: Callable[[str], None]
) -> "uvicorn.Server":
    import uvicorn  # loads late: only a server needs it

    from .guard import Crowd, GuardedConnection

    guarded = partial(GuardedConnection, crowd=Crowd(limits, on_refused))

    class Quiet(uvicorn.Server):
        """uvicorn without its signal handlers, which would raise the signal again at the end and spoil the exit code."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_started()

    return Quiet(
        uvicorn.Config(
            cast("ASGIApplication", app),
            http=cast("type[asyncio.Protocol]", guarded),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=1,  # for the last bytes to leave; answers have ended by then
        )
    )
