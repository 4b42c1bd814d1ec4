"""`tollhouse serve`: the gateway, until it is told to stop."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exit import reporting
from .ready import say_ready

if TYPE_CHECKING:
    from tollhouse.config.file import ConfigFile
    from tollhouse.config.load import Loaded


@reporting()
def serve(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
    listen: Annotated[
        str | None, typer.Option(help="HOST:PORT; wins over `server.listen`. Port 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="How many processes serve on that port; wins over `server.workers`.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve OpenAI's API under /v1 and our own under /api/v1, with everything the configuration says."""
    from tollhouse.config.file import ConfigFile
    from tollhouse.web.signals import hold_hangups

    hold_hangups()
    asked = {"server.listen": listen, "server.workers": workers}
    flags = {name: value for name, value in asked.items() if value is not None}
    file = ConfigFile.open(config, os.environ, flags)
    if file.loaded.settings.server.workers == 1:
        raise SystemExit(_serve(file, log_level))
    _become_parent(file.loaded, flags, log_level)


def _serve(file: "ConfigFile", log_level: str) -> int:
    import uvloop

    from tollhouse.bootstrap import serve_house, take_post

    return uvloop.run(serve_house(file, take_post(file.loaded), log_level=log_level, on_ready=say_ready))


def _become_parent(loaded: "Loaded", flags: dict[str, str | int], log_level: str) -> None:
    """Listen, set up the store, and then leave everything that was loaded for it behind."""
    import asyncio

    from tollhouse.bootstrap import set_up, take_post
    from tollhouse.domain.errors import StartError
    from tollhouse.web.workers import WORKERS_MAX

    from .workers import Orders, become_parent

    if loaded.settings.server.workers > WORKERS_MAX:
        raise StartError(f"`server.workers` may be up to {WORKERS_MAX}; one for each processor is usual.")
    post = take_post(loaded)
    asyncio.run(set_up(loaded))
    server = loaded.settings.server
    become_parent(
        Orders(
            config=str(loaded.path),
            flags=flags,
            log_level=log_level,
            workers=server.workers,
            drain_ms=server.drain_ms,
            host=server.listen.rpartition(":")[0],
            sock=post.sock.detach(),
        )
    )
