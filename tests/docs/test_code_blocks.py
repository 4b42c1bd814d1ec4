"""
Every Python block of the pages, and every shell block of the how-to pages, is run.

The blocks of one page share their names, as a reader would type them one after the other. A block whose first line names
a file (`# summary.py`) is written to it; pytest runs those that are tests.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
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


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.name)
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
@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.name)
def test_every_shell_block_of_a_how_to_page_runs(page: Path, house: TestHouse) -> None:
    def run(example: Example) -> None:
        ended = subprocess.run(
            ["sh", "-eu", "-c", example.parsed],
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
            env={**os.environ, **addresses(house)},
        )
        assert ended.returncode == 0, (example.parsed, ended.stderr)

    document = Sybil(parsers=[CodeBlockParser("sh", run)]).parse(page)

    for example in document.examples():
        example.evaluate()


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
