"""docs/how-to/scale-out.md: its commands, typed one after the other, on a real PostgreSQL and a real Valkey."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import which

import pytest

from reference_pages import fenced, page
from test_code_blocks import free_port
from valkey_server import running_valkey

PAGE = page("how-to/scale-out.md")
DATABASE = "postgresql://tollhouse:secret@db.example/tollhouse"
REDIS = "redis://valkey.example:6379/0"
WAIT_S = 150


@pytest.mark.timeout(200)
@pytest.mark.skipif(which("curl") is None, reason="the blocks call curl, which this machine does not have")
def test_the_steps_work_one_after_the_other(new_postgres: Callable[[], str], tmp_path: Path) -> None:
    blocks = fenced(PAGE, "bash")
    with running_valkey() as valkey:
        real = {DATABASE: new_postgres(), REDIS: valkey.url, "8088": str(free_port()), "8089": str(free_port())}
        script = "\n".join(blocks)
        for written, meant in real.items():
            assert written in script
            script = script.replace(written, meant)

        ended, said = typed(script, tmp_path, listen=f"127.0.0.1:{real['8088']}")

    assert ended == 0, said
    assert said.count("chat.completion") == 6
    assert '"calls":2' in said.replace(" ", ""), "both replicas' calls, on PostgreSQL"


def typed(script: str, folder: Path, listen: str) -> tuple[int, str]:
    log = folder.with_suffix(".log")
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR", "PYTHONPATH") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**kept, "PATH": path, "TOLLHOUSE_SERVER__LISTEN": listen},
            start_new_session=True,
        )
        try:
            code = shell.wait(WAIT_S)
        finally:
            end_session(shell)
    return code, log.read_text()


def end_session(shell: "subprocess.Popen[bytes]") -> None:
    """End what the page's blocks left running, if one of them failed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, number)
            time.sleep(0.5)
    shell.wait()
