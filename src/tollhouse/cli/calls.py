"""`tollhouse calls tail|show`: single calls, as they were recorded."""

import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, cast

import typer

from tollhouse.domain.calls import Outcome
from tollhouse.ports.usage import MAX_PAGE, CallFilter

from .exit import WrongUsage, reporting
from .filters import outcome_of, status_of, tags_of
from .house import run_async
from .service import Json, Place
from .source import Source, open_source
from .table import print_json, print_table
from .when import past_ms

POLL_S = 1.0
"""Figures trail an answer by at most a second, so asking more often shows nothing more."""

FOLLOWED = MAX_PAGE
"""Newest calls looked at each time: a long call ends behind newer ones, and is still found if it is among these."""

Config = Annotated[Path, typer.Option(help="The configuration file.")]
Url = Annotated[str | None, typer.Option(help="Ask this service instead of the configured store.")]
Key = Annotated[str | None, typer.Option(envvar="TOLLHOUSE_ADMIN_TOKEN", help="The service's admin token.")]

HEADINGS = ("at", "id", "team", "use case", "model", "deployment", "status", "outcome", "in", "out", "cost usd", "ms")
_WIDTHS = (24, 31, 12, 18, 14, 24, 6, 9, 7, 7, 12, 7)


@reporting()
def tail(
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=MAX_PAGE, help="How many of the newest.")] = 20,
    status: Annotated[str | None, typer.Option(help=f"{', '.join(Outcome)}, or an HTTP status.")] = None,
    team: Annotated[str | None, typer.Option(help="Only this team's.")] = None,
    use_case: Annotated[str | None, typer.Option(help="Only this use case's.")] = None,
    key_name: Annotated[str | None, typer.Option(help="Only of this key.")] = None,
    model: Annotated[str | None, typer.Option(help="Only for this route.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only what this provider served.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Only with this prompt version, name@hash.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only with this tag; may be repeated.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Only from then on: 30d, 24h, 15m, or an RFC 3339 time.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new calls until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    config: Config = Path("tollhouse.yaml"),
    url: Url = None,
    key: Key = None,
) -> None:
    """Show the newest finished calls, the newest last."""
    where = CallFilter(
        since_ms=past_ms("--since", since, time.time_ns() // 1_000_000),
        team=team,
        use_case=use_case,
        key=key_name,
        model=model,
        provider=provider,
        prompt=prompt,
        tags=tags_of(tag),
        status=status_of(status),
        outcome=outcome_of(status),
    )
    write = _write_json if as_json else _write_line
    if not as_json:
        sys.stdout.write(_aligned(HEADINGS) + "\n")
    run_async(_tail(Place(config, url, key), where, limit, write, follow=follow))


@reporting()
def show(
    call_id: Annotated[str, typer.Argument(metavar="ID", help="`call_…`, as in an answer's x-tollhouse-call.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's JSON.")] = False,
    config: Config = Path("tollhouse.yaml"),
    url: Url = None,
    key: Key = None,
) -> None:
    """Show one call with its attempts."""
    call = run_async(_find(Place(config, url, key), call_id))
    if call is None:
        raise WrongUsage(f"there is no call {call_id!r}; `tollhouse calls tail` lists the newest")
    if as_json:
        print_json(call)
    else:
        _print_call(call)


async def newest(source: Source, where: CallFilter, limit: int) -> list[Json]:
    """Return the newest calls, the newest last."""
    return list(reversed(await source.calls(where, limit=limit)))


async def follow_calls(
    source: Source,
    where: CallFilter,
    seen: set[str],
    write: Callable[[Json], None],
    pause: Callable[[], Awaitable[None]],
) -> None:
    """Write each call that finishes from now on, once. Ends when `pause` raises."""
    while True:
        await pause()
        found = await newest(source, where, FOLLOWED)
        for call in found:
            if call["id"] not in seen:
                write(call)
        seen = {str(call["id"]) for call in found}  # what newer calls pushed out cannot come back


async def _tail(
    place: Place,
    where: CallFilter,
    limit: int,
    write: Callable[[Json], None],
    *,
    follow: bool,
) -> None:
    async with open_source(place) as source:
        found = await newest(source, where, FOLLOWED if follow else limit)
        for call in found[-limit:]:
            write(call)
        sys.stdout.flush()
        if follow:
            await follow_calls(source, where, {str(call["id"]) for call in found}, write, _next_second)


async def _next_second() -> None:
    import asyncio

    await asyncio.sleep(POLL_S)


async def _find(place: Place, call_id: str) -> Json | None:
    async with open_source(place) as source:
        return await source.call(call_id)


def _write_json(call: Json) -> None:
    from msgspec.json import encode

    sys.stdout.write(encode(call).decode() + "\n")
    sys.stdout.flush()


def _write_line(call: Json) -> None:
    sys.stdout.write(_aligned(tuple(_cells(call))) + "\n")
    sys.stdout.flush()


def _cells(call: Json) -> Iterator[str]:
    for name in ("at", "id", "team", "use_case", "model", "deployment", "status", "outcome"):
        yield str(call[name] if call[name] is not None else "-")
    for name in ("tokens_in", "tokens_out", "cost_usd", "latency_ms"):
        yield str(call[name])


def _aligned(cells: tuple[str, ...]) -> str:
    """A line of columns; a long value pushes the rest to the right, because lines that are already written cannot move."""
    return " ".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _privacy(told: Mapping[str, str | dict[str, int]]) -> str:
    """Write what a record says of personal data as people read it: `mask (2 EMAIL_ADDRESS, 1 PERSON)`."""
    counts = [told["found"], told["unreadable"]]
    seen = [f"{count} {kind}" for each in counts if isinstance(each, dict) for kind, count in each.items()]
    return f"{told['mode']} ({', '.join(seen)})" if seen else str(told["mode"])


def _verdict(verdict: Json) -> str:
    action = "blocks" if verdict["blocks"] else "observed"
    return f"{verdict['rule']} ({action}) at {verdict['part']} {verdict['start']}-{verdict['end']} of the {verdict['side']}"


def _print_call(call: Json) -> None:
    attempts = cast("list[Json]", call["attempts"])
    tags = cast("dict[str, str]", call["tags"])
    privacy = cast("dict[str, str | dict[str, int]]", call["privacy"])
    verdicts = cast("list[Json]", call["guardrails"])
    told = {
        **call,
        "privacy": _privacy(privacy),
        "tags": ", ".join(f"{name}={value}" for name, value in tags.items()) or None,
        "guardrails": "; ".join(_verdict(verdict) for verdict in verdicts) or None,
        "attempts": len(attempts),
    }
    width = max(map(len, told))
    for name, value in told.items():
        sys.stdout.write(f"{name.replace('_', ' '):<{width}}  {'-' if value is None else value}\n")
    if attempts:
        sys.stdout.write("\n")
        print_table([name.replace("_", " ") for name in attempts[0]], [list(each.values()) for each in attempts])
