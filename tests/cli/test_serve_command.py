"""`serve` as a process: what it does first, and how it ends when its books cannot be kept."""

import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from doctor_house import posted_chat
from tollhouse.simulator import start
from tollhouse.testing.house import TestHouse

KEY = "a-secret-of-the-file"
CONFIG = """
server: {{listen: "127.0.0.1:{port}", drain_ms: 500}}
providers:
  simulator: {{dialect: openai, base_url: "{simulator}", api_key: sk-simulator}}
models:
  sim-echo:
    deployments: [{{provider: simulator, model: sim-echo}}]
    price: {{input_per_million: "0.25", output_per_million: "2.00"}}
teams: {{claims: {{}}}}
use_cases:
  triage: {{team: claims, owner: a@b.example, models: [sim-echo], privacy: {{mode: "off"}}}}
keys: [{{name: ci, team: claims, secret: a-secret-of-the-file}}]
"""
CHAT = {"model": "sim-echo", "messages": [{"role": "user", "content": "hello"}]}
FAILS_AS_A_BUG = "CREATE TRIGGER planted BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'planted'); END"
"""A constraint that does not hold is no outage: posting must not survive it in silence."""
WAIT_S = 30


def configured(folder: Path, *, port: int = 0, simulator: str = "http://127.0.0.1:9/v1") -> Path:
    path = folder / "tollhouse.yaml"
    path.write_text(CONFIG.format(port=port, simulator=simulator))
    return path


@contextmanager
def serving(config: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run `serve`, and give the process and its port once it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tollhouse", "serve", "--config", str(config)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TOLLHOUSE_DEBUG": ""},
    )
    try:
        assert process.stderr is not None
        ready = next(line for line in process.stderr if "is ready at" in line)
        yield process, int(ready.split("http://127.0.0.1:")[1].split()[0])
    finally:
        process.kill()
        process.communicate()


def asked(port: int, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=WAIT_S)) as connection:
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_a_taken_port_is_told_before_anything_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = configured(tmp_path, port=taken.getsockname()[1])

        ended = subprocess.run(
            [sys.executable, "-m", "tollhouse", "serve", "--config", str(config)],
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )

    assert ended.returncode == 1
    assert "the port is taken by another process" in ended.stderr
    assert not (tmp_path / "tollhouse-data").exists()


async def test_a_fault_in_posting_is_logged_and_ends_the_process(tmp_path: Path) -> None:
    simulator = await start()
    try:
        with serving(configured(tmp_path, simulator=simulator.base_url)) as (process, port):
            ready, _ = asked(port, "GET", "/readyz")
            with closing(sqlite3.connect(tmp_path / "tollhouse-data/tollhouse.db")) as database:
                database.execute(FAILS_AS_A_BUG)

            answered = await asyncio.to_thread(asked, port, "POST", "/v1/chat/completions", CHAT)
            _, told = await asyncio.to_thread(process.communicate, None, WAIT_S)
    finally:
        await simulator.close()

    faults = [json.loads(line) for line in told.splitlines() if '"event":"fault"' in line]
    assert (ready, answered[0]) == (200, 200)
    assert process.returncode == 1
    assert [fault["error"][0] for fault in faults] == ["ValueError"]
    assert "error: a fault in tollhouse" in told
    assert len(list((tmp_path / "tollhouse-data/journal").iterdir())) == 1, (
        "what was not posted waits for the next start"
    )


def test_a_process_whose_posting_has_died_is_not_ready() -> None:
    house = TestHouse().start()
    try:
        before = readiness(house)
        with closing(sqlite3.connect(house.folder / "data/tollhouse.db")) as database:
            database.execute(FAILS_AS_A_BUG)
        posted_chat(house.base_url, house.api_key, "sim-echo")
        after = until_unready(house)
        refused = posted_chat(house.base_url, house.api_key, "sim-echo")
    finally:
        house.close()

    assert before == (200, [])
    assert after == (503, ["posting"])
    assert refused == 503


@pytest.mark.slow
def test_a_database_that_is_locked_for_long_makes_unready_and_is_survived() -> None:
    house = TestHouse().start()
    try:
        with closing(sqlite3.connect(house.folder / "data/tollhouse.db", isolation_level=None)) as database:
            database.execute("BEGIN EXCLUSIVE")
            answered = posted_chat(house.base_url, house.api_key, "sim-echo")
            during = until_unready(house)
            database.execute("ROLLBACK")
        calls = len(house.calls())
        after = readiness(house)
    finally:
        house.close()

    assert (answered, calls) == (200, 1)
    assert (during[0], "posting" in during[1]) == (503, True)
    assert after == (200, [])


def readiness(house: TestHouse) -> tuple[int, list[str]]:
    """Return the status of `/readyz` and the names of what does not hold."""
    with closing(HTTPConnection(house.url.removeprefix("http://"), timeout=WAIT_S)) as connection:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        checks = json.loads(answer.read())["checks"]
        return answer.status, [check["name"] for check in checks if not check["ok"]]


def until_unready(house: TestHouse) -> tuple[int, list[str]]:
    deadline = time.monotonic() + WAIT_S
    while (found := readiness(house))[0] == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
