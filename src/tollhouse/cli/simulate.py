"""`tollhouse simulate`: run the simulated provider as a server of its own."""

from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exit import Exit, WrongUsage, reporting, say

if TYPE_CHECKING:
    from asyncio import Future
    from signal import Signals

    from tollhouse.simulator import Simulator

ENDPOINTS = "chat/completions, responses, completions, embeddings, moderations, models"


@reporting()
def simulate(
    *,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 takes a free one.")
    ] = "127.0.0.1:0",
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn: same seed, same answers.")] = 0,
    bill: Annotated[Path | None, typer.Option(help="Append the bill to this file, one JSON line per request.")] = None,
    fsync: Annotated[bool, typer.Option("--fsync", help="Let each line of the bill reach the disk.")] = False,
    labels: Annotated[Path | None, typer.Option(help="CSV with `label` and `text` or `id`, for sim-labels.")] = None,
    prices: Annotated[
        Path | None, typer.Option(help="JSON: USD per million tokens by model, over the default ones.")
    ] = None,
    api_key: Annotated[list[str] | None, typer.Option(help="Let only this key in; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line with the URL.")] = False,
) -> None:
    """Run a simulated provider: OpenAI's API, the model names choose what happens. Nothing is spent or sent."""
    import signal  # late, like the simulator and asyncio: `tollhouse --help` has no use for them

    from tollhouse import simulator

    host, port = _address(listen)

    async def run() -> int:
        try:
            running = await simulator.start(
                host=host,
                port=port,
                seed=seed,
                bill=bill,
                bill_fsync=fsync,
                prices=prices,
                labels=labels,
                api_keys=api_key or None,
            )
        except ValueError as error:
            raise WrongUsage(str(error)) from error
        stopped = _on_signal()  # before the URL is told: who reads it may stop us at once
        _announce(running, as_json=as_json)
        stopped_by = await stopped
        await running.close()
        say(f"{running.bill.line_count} requests, {running.bill.total_nano_usd} nano-USD on the bill")
        return Exit.INTERRUPTED if stopped_by is signal.SIGINT else Exit.OK

    raise SystemExit(_run(run()))


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise WrongUsage(f"--listen takes HOST:PORT such as 127.0.0.1:9000, not {listen!r}")
    return host.strip("[]") or "127.0.0.1", int(port)


def _announce(running: "Simulator", *, as_json: bool) -> None:
    import json

    if as_json:
        print(json.dumps({"url": running.base_url, "models": running.models()}), flush=True)  # noqa: T201 - data goes to stdout
        return
    lines = [
        f"Simulated provider at {running.base_url}",
        f"Endpoints: {ENDPOINTS}",
        "Models (docs/simulator.md explains them):",
    ]
    print("\n".join([*lines, *_columns(running.models())]), flush=True)  # noqa: T201 - data goes to stdout


def _columns(names: Iterable[str], width: int = 100) -> list[str]:
    lines = [" "]
    for name in names:
        if len(lines[-1]) + len(name) > width:
            lines.append(" ")
        lines[-1] += f" {name}"
    return lines


def _on_signal() -> "Future[Signals]":
    """Return what will hold the signal that ends us."""
    import asyncio
    import signal

    loop = asyncio.get_running_loop()
    stopped: Future[Signals] = loop.create_future()

    def stop(name: "Signals") -> None:
        if not stopped.done():
            stopped.set_result(name)

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop, name)
    return stopped


def _run(main: Coroutine[None, None, int]) -> int:
    import uvloop  # late: only servers need it

    return uvloop.run(main)
