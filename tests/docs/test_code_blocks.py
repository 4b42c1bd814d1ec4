"""
Every Python block of the pages, and every shell block of the how-to pages, is run.

The blocks of one page share their names, as a reader would type them one after the other. Shell blocks (`sh`) are typed
into one shell in an empty folder; what they leave running is ended with it. A block whose first line names a file
(`# summary.py`) is written to it; pytest runs those that are tests.

A page that starts its own tollhouse finds a free address in `$TOLLHOUSE_SERVER__LISTEN` (and its port in `$PORT`).
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from shutil import which

import pytest
from sybil import Document, Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from tollhouse.testing.house import CONFIG, TestHouse

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
HOW_TO = sorted((ROOT / "docs" / "how-to").glob("*.md"))
FILE = re.compile(r"# (\w+\.py)\n")
BUDGET = "teams: {{tests: {{budget: {{limit_usd: '1', period: total}}}}}}"
"""Enough for every call of the pages but the one that shows what happens when it is not."""
WAIT_S = 60


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    assert "teams: {{tests: {{}}}}" in CONFIG
    house = TestHouse(CONFIG.replace("teams: {{tests: {{}}}}", BUDGET)).start()
    house.answer("gpt-5-mini", "A car hit a fence.")
    yield house
    house.close()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text()], ids=lambda page: page.name
)
def test_every_python_block_runs(
    page: Path, house: TestHouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in addresses(house).items():
        monkeypatch.setenv(name, value)
    document = parsed(page)
    document.namespace["tollhouse"] = house
    try:
        for example in document.examples():
            if not FILE.match(source(example)):
                example.evaluate()
    finally:
        close_clients(document.namespace)

    assert "Traceback" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "page", [page for page in HOW_TO if "\n# test_" in page.read_text()], ids=lambda page: page.name
)
def test_every_file_of_a_how_to_page_works(page: Path, tmp_path: Path) -> None:
    files = {match[1]: text for each in parsed(page).examples() if (match := FILE.match(text := source(each)))}
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        cwd=tmp_path,
    )

    assert any(name.startswith("test_") for name in files)
    assert run.returncode == 0, run.stdout


@pytest.mark.skipif(which("curl") is None, reason="the blocks call curl, which this machine does not have")
@pytest.mark.parametrize("page", [page for page in HOW_TO if "```sh" in page.read_text()], ids=lambda page: page.name)
def test_every_shell_block_of_a_how_to_page_runs(page: Path, house: TestHouse, tmp_path: Path) -> None:
    blocks = [example.parsed for example in Sybil(parsers=[CodeBlockParser("sh", print)]).parse(page).examples()]
    port = free_port()
    listen = {"PORT": str(port), "TOLLHOUSE_SERVER__LISTEN": f"127.0.0.1:{port}"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    log = tmp_path.with_suffix(".log")
    with log.open("w") as output:
        shell = subprocess.Popen(
            ["sh", "-eu", "-c", "\n".join(f": block {n}\n{block}" for n, block in enumerate(blocks, 1))],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            env={**os.environ, **addresses(house), **listen, "PATH": path},
            start_new_session=True,
        )
        try:
            code = shell.wait(WAIT_S)
        finally:
            end_session(shell)

    assert code == 0, log.read_text()


def end_session(shell: "subprocess.Popen[bytes]") -> None:
    """End whatever the page's blocks left running."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, number)
            time.sleep(0.5)
    shell.wait()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def parsed(page: Path) -> Document:
    return Sybil(parsers=[PythonCodeBlockParser()]).parse(page)


def source(example: Example) -> str:
    return str(example.parsed)


def addresses(house: TestHouse) -> Mapping[str, str]:
    return {"OPENAI_BASE_URL": house.base_url, "OPENAI_API_KEY": house.api_key}


def close_clients(namespace: Mapping[str, object]) -> None:
    """What a page leaves open for its reader would warn here."""
    from openai import OpenAI, Stream

    for value in namespace.values():
        if isinstance(value, OpenAI | Stream):
            value.close()
