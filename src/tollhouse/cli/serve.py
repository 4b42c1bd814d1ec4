"""`tollhouse serve`: the gateway, until it is told to stop."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from .exit import reporting, say


@reporting()
def serve(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
    listen: Annotated[
        str | None, typer.Option(help="HOST:PORT; wins over `server.listen`. Port 0 takes a free one.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve OpenAI's API under /v1 and our own under /api/v1, with everything the configuration says."""
    import uvloop

    from tollhouse.bootstrap import serve_house

    flags = {"server.listen": listen} if listen is not None else {}

    def ready(url: str, warnings: Sequence[str]) -> None:
        for warning in warnings:
            say(f"warning: {warning}")
        say(
            f"tollhouse is ready at {url}  (OpenAI API: {url}/v1, health: {url}/readyz; Ctrl-C or SIGTERM drains and stops)"
        )

    raise SystemExit(uvloop.run(serve_house(config, flags=flags, log_level=log_level, on_ready=ready)))
