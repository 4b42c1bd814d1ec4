"""
The processes behind `serve --workers N`, each in an interpreter of its own: `python -m tollhouse.cli.workers ROLE ORDERS`.

The command itself becomes the parent, under the same process id, by starting Python afresh: what it needed to read the
configuration and to set up the store is gone from its memory then. The listening socket and the pipes are handed over
by their numbers.
"""

import os
import socket
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL
from typing import NoReturn

import msgspec

from .exit import reporting

MODULE = "tollhouse.cli.workers"
PARENT, WORKER = "parent", "worker"


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """
    What parent and workers are told.

    Args:
        flags: settings from the command line, which every worker reads the file with.
        host: as in `server.listen`, for the address that is shown.
        sock: the listening socket's number.
        lifeline: for a worker: the pipe that ends with the parent.
        ready: for a worker: the pipe in which it says that it is ready.
    """

    config: str
    flags: dict[str, str | int]
    log_level: str
    workers: int
    drain_ms: int
    host: str
    sock: int
    lifeline: int = -1
    ready: int = -1


def become_parent(orders: Orders) -> NoReturn:
    os.set_inheritable(orders.sock, True)
    os.execv(sys.executable, _command(PARENT, orders))  # noqa: S606 - our own interpreter and module


def _command(role: str, orders: Orders) -> list[str]:
    """`-P`: what lies in the working directory is no module of ours."""
    return [sys.executable, "-P", "-m", MODULE, role, msgspec.json.encode(orders).decode()]


def _main(role: str, written: str) -> int:
    import uvloop

    orders = msgspec.json.decode(written, type=Orders)
    return uvloop.run(_parent(orders) if role == PARENT else _worker(orders))


async def _parent(orders: Orders) -> int:
    from tollhouse.web.log import Log
    from tollhouse.web.workers import Parent

    from .ready import say_ready

    with socket.socket(fileno=orders.sock) as sock:
        url = f"http://{orders.host}:{sock.getsockname()[1]}"

        async def start(lifeline: int, ready: int) -> Process:
            mine = msgspec.structs.replace(orders, lifeline=lifeline, ready=ready)
            return await create_subprocess_exec(
                *_command(WORKER, mine),
                stdin=DEVNULL,
                pass_fds=(orders.sock, lifeline, ready),
                start_new_session=True,  # Ctrl-C is for the parent, which tells them once
            )

        parent = Parent(start, orders.workers, drain_ms=orders.drain_ms, on_stop=sock.close, log=Log(orders.log_level))
        return await parent.run(lambda warnings: say_ready(url, warnings))


async def _worker(orders: Orders) -> int:
    from tollhouse.bootstrap import Post, serve_house
    from tollhouse.config.file import ConfigFile
    from tollhouse.domain.ids import new_id
    from tollhouse.web.signals import hold_hangups

    hold_hangups()
    for number in (orders.sock, orders.lifeline, orders.ready):
        os.set_inheritable(number, False)
    sock = socket.socket(fileno=orders.sock)
    sock.setblocking(False)
    post = Post(sock, new_id("proc"), orders.lifeline)

    def say(url: str, warnings: Sequence[str]) -> None:
        from tollhouse.web.workers import Ready

        with os.fdopen(orders.ready, "wb") as pipe:
            pipe.write(msgspec.json.encode(Ready(post.process, list(warnings))))

    file = ConfigFile.open(Path(orders.config), os.environ, orders.flags)
    return await serve_house(file, post, log_level=orders.log_level, on_ready=say)


if __name__ == "__main__":
    with reporting():
        raise SystemExit(_main(*sys.argv[1:]))
