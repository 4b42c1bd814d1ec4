"""`tollhouse backup`: one state of the store as one file, while servers go on."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tollhouse import __version__
from tollhouse.web.moments import rfc3339

from .exit import WrongUsage, reporting, say
from .house import load_house, run_async
from .table import print_json

if TYPE_CHECKING:
    from tollhouse.stores.sql.archive import Manifest

ENDING = ".backup"
PROGRESS_ROWS = 100_000
"""How many rows of a table pass between two lines on stderr: a second or two."""


@reporting()
def backup(
    *,
    place: Annotated[Path, typer.Argument(metavar="PLACE", help="A folder, or the new file's own name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
) -> None:
    """Write one consistent state of the store to a new file, also beside live servers. It holds no master key."""
    now_ms = time.time_ns() // 1_000_000
    path = _named(place, now_ms)
    manifest = run_async(_back_up(config, path, rfc3339(now_ms)))
    if as_json:
        print_json({"path": str(path), "bytes": path.stat().st_size, **summary(manifest)})
    say(f"{path}: {told(manifest)}, {path.stat().st_size:,} bytes. The master key is not in it: keep that elsewhere.")


def summary(manifest: "Manifest") -> dict[str, object]:
    return {
        "made_at": manifest.made_at,
        "tollhouse": manifest.tollhouse,
        "kind": manifest.kind,
        "revision": manifest.revision,
        "rows": {part.table: part.rows for part in manifest.parts},
    }


def told(manifest: "Manifest") -> str:
    return (
        f"{manifest.rows_of('calls'):,} calls, {manifest.rows_of('keys'):,} keys, schema revision {manifest.revision}"
    )


class Progress:
    """Tells on stderr how far a long table is."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def __call__(self, table: str, rows: int) -> None:
        if rows // PROGRESS_ROWS > self._told.get(table, 0):
            self._told[table] = rows // PROGRESS_ROWS
            say(f"{table}: {rows:,} rows")


def _named(place: Path, now_ms: int) -> Path:
    if place.is_dir():
        stamp = rfc3339(now_ms).replace("-", "").replace(":", "").partition(".")[0]
        return place / f"tollhouse-{stamp}Z{ENDING}"
    if not place.parent.is_dir():
        raise WrongUsage(f"there is no folder {place.parent}; make it, or name another one")
    return place


async def _back_up(config: Path, path: Path, made_at: str) -> "Manifest":
    from tollhouse.stores.sql.backup import back_up
    from tollhouse.stores.sql.engine import open_database
    from tollhouse.stores.sql.sqlite import FILE_NAME

    loaded = load_house(config)
    if loaded.database is None and not (loaded.data_path / FILE_NAME).exists():
        raise WrongUsage(f"there is no store in {loaded.data_path} yet, so there is nothing to back up")
    database = await open_database(loaded.database or loaded.data_path)
    try:
        return await back_up(database, path, tollhouse=__version__, made_at=made_at, on_rows=Progress())
    finally:
        await database.close()
