"""docs/how-to/backup.md: its commands run from top to bottom, against a real PostgreSQL where the page names one."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from reference_pages import fenced, page

PAGE = page("how-to/backup.md")
DATABASE = "postgresql://tollhouse:secret@db.example/tollhouse"
BLOCK_S = 100


def test_the_commands_run_one_after_the_other(new_postgres: Callable[[], str], tmp_path: Path) -> None:
    run("tollhouse init && tollhouse keys create --team everyone --name website", tmp_path)

    for block in fenced(PAGE, "console"):
        typed = "\n".join(line.removeprefix("$ ") for line in block.splitlines())
        run(typed.replace(DATABASE, new_postgres()), tmp_path)

    assert "website" in run("tollhouse keys list", tmp_path)
    assert "127.0.0.1" in (tmp_path / ".env").read_text(), "the last keys were not those of PostgreSQL"
    assert "website" in run("tollhouse keys list --config restored/tollhouse.yaml", tmp_path)


def run(script: str, folder: Path) -> str:
    """Run a block as a shell does, with this environment's `tollhouse` and nobody's keys; return what it printed."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, "PATH": path},
        capture_output=True,
        text=True,
        timeout=BLOCK_S,
        check=False,
    )
    assert ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
    return ended.stdout
