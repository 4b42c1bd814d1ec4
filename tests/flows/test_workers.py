"""`serve --workers N`: one port, several processes, and none of them is missed when it dies."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow_house import Tree, chat, eventually, read_event, tree
from flow_process import RunningSimulator, Service, books, refused, serving, simulating, write_config
from tollhouse.web.workers import RESTARTS_MAX, WORKERS_MAX
from worker_processes import (
    ask,
    hanging,
    is_gone,
    journals,
    kill,
    opened,
    processes_that_answer,
    until_replaced,
    workers_of,
)

PACED = "sim-paced:40:40"
ENDLESS = "sim-paced:40:10000"


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with simulating() as simulator:
        yield simulator


@pytest.fixture
def config(tmp_path: Path, simulator: RunningSimulator) -> Path:
    return write_config(tmp_path, simulator, settings())


def settings(workers: int = 2, drain_ms: int = 20_000, **parts: object) -> Tree:
    server = {"listen": "127.0.0.1:0", "admin_token": "<admin_token>", "drain_ms": drain_ms, "workers": workers}
    return tree(server=server, **parts)


# --- the beginning --------------------------------------------------------------------------------------------------


def test_it_says_once_that_it_is_ready_and_then_all_of_them_answer(config: Path) -> None:
    with serving(config) as service:
        assert ask(service, chat("sim-echo")).status == 200

        eventually(lambda: len(processes_that_answer(service)) == 2)

        assert len(workers_of(service)) == 2
        assert service.said.count("is ready at") == 1
        assert len(journals(config.parent)) == 2


def test_the_option_wins_over_the_file(config: Path) -> None:
    service = subprocess.Popen(
        [sys.executable, "-m", "tollhouse", "serve", "--workers", "1", "--config", str(config)], stderr=subprocess.PIPE
    )
    try:
        assert service.stderr is not None
        assert b"is ready at" in service.stderr.readline()
        assert Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text() == ""
    finally:
        service.kill()
        service.communicate()


def test_a_worker_that_cannot_start_ends_all_with_its_message_and_code(config: Path) -> None:
    data = config.parent / "data"
    data.mkdir()
    (data / "journal").write_text("in the way")

    said = refused(config)

    assert said.count("error: ") == 1
    assert "journal" in said


def test_too_many_are_refused(tmp_path: Path, simulator: RunningSimulator) -> None:
    said = refused(write_config(tmp_path, simulator, settings(workers=WORKERS_MAX + 1)))

    assert f"up to {WORKERS_MAX}" in said


def test_a_port_that_is_taken_is_said_once(tmp_path: Path, simulator: RunningSimulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings_there = settings()
        settings_there["server"] = {"listen": f"127.0.0.1:{taken.getsockname()[1]}", "workers": 2}

        said = refused(write_config(tmp_path, simulator, settings_there))

    assert said.count("the port is taken") == 1
    assert not (tmp_path / "data").exists()


# --- the end --------------------------------------------------------------------------------------------------------


def test_sigterm_lets_the_streams_of_all_workers_finish(config: Path) -> None:
    with serving(config) as service:
        streams = [opened(service, f"{PACED}@{number}") for number in range(6)]
        begun = [stream.__enter__() for stream in streams]
        for response in begun:
            read_event(response)

        service.process.send_signal(signal.SIGTERM)
        rests = [response.read() for response in begun]

        assert all(rest.endswith(b"data: [DONE]\n\n") for rest in rests)
        assert service.wait() == 0, service.said
        for stream in streams:
            stream.__exit__(None, None, None)
    calls, budgets = books(None, config.parent / "data")
    assert [call.status for call in calls] == [200] * 6
    assert {state.leased_nanousd for state in budgets} <= {0}
    assert journals(config.parent) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_all_at_once(config: Path, number: signal.Signals) -> None:
    with serving(config) as service, opened(service, ENDLESS, max_completion_tokens=20_000) as stream:
        read_event(stream)
        service.process.send_signal(number)
        eventually(lambda: not listens(service))

        began = time.monotonic()
        service.process.send_signal(number)

        assert service.wait() == 130
        assert time.monotonic() - began < 10
    assert journals(config.parent) == []


def test_workers_whose_parent_was_killed_finish_their_streams_and_exit(config: Path) -> None:
    with serving(config) as service, opened(service, PACED) as stream:
        read_event(stream)
        pids = workers_of(service)

        service.kill()

        assert stream.read().endswith(b"data: [DONE]\n\n")
        eventually(lambda: all(is_gone(pid) for pid in pids))
        assert not listens(service)
    assert journals(config.parent) == []


# --- a worker that dies ---------------------------------------------------------------------------------------------


def test_a_killed_worker_is_replaced_and_nothing_of_it_is_lost(tmp_path: Path, simulator: RunningSimulator) -> None:
    budget = {"limit_usd": "500", "period": "total"}
    config = write_config(tmp_path, simulator, settings(teams={"tests": {"budget": budget}}))
    with serving(config) as service, opened(service, ENDLESS, max_completion_tokens=20_000) as stream:
        read_event(stream)
        before = set(journals(tmp_path))
        victim = worker_with_a_stream(service)

        kill(victim)
        until_replaced(service, victim, 2)

        assert ask(service, chat("sim-echo@after")).status == 200
        assert len(before & set(journals(tmp_path))) == 1, "one of two is adopted, one lives"
        died = next(json.loads(line) for line in service.said.splitlines() if '"worker_died"' in line)
        assert (died["pid"], died["code"], died["of"] in before) == (victim, -9, True)
        assert service.stop() == 0
    calls, budgets = books(None, tmp_path / "data")
    states = {call.model: [attempt.state for attempt in call.attempts] for call in calls}
    assert states == {ENDLESS: ["unknown"], "sim-echo@after": ["settled"]}
    assert {state.leased_nanousd for state in budgets} == {0}


def test_an_idempotency_key_in_flight_at_a_crash_is_free_at_once(config: Path, simulator: RunningSimulator) -> None:
    model, headers = "sim-slow:60000@claim", {"idempotency-key": "claim-1"}
    body = chat(model)
    with serving(config) as service:
        first = hanging(service, body, headers)
        eventually(lambda: ask(service, body, headers=headers).status == 409)
        eventually(lambda: seen(simulator, model) == 1)  # the key is claimed before anything is sent

        for pid in workers_of(service):
            kill(pid)
        tries = [first]

        def is_claimed_again() -> bool:
            """A try that came before the dead one's journal was adopted is answered 409, and is over."""
            tries.append(hanging(service, body, headers))
            time.sleep(0.5)
            return seen(simulator, model) == 2

        try:
            eventually(is_claimed_again)
        finally:
            for each in tries:
                each.close()


def test_log_lines_carry_the_worker(config: Path) -> None:
    with serving(config) as service:
        for number in range(4):
            assert ask(service, chat(f"sim-echo@{number}")).status == 200
        eventually(lambda: service.said.count('"event":"call"') == 4)

        lines = [json.loads(line) for line in service.said.splitlines() if line.startswith("{")]

        assert {line["worker"] for line in lines} <= set(journals(config.parent))


@pytest.mark.slow
def test_workers_that_die_again_and_again_end_the_parent(config: Path) -> None:
    with serving(config) as service:
        assert service.url
        folder = config.parent / "data" / "journal"
        folder.rename(folder.with_name("aside"))
        folder.write_text("in the way")

        for worker in workers_of(service):
            kill(worker)
        code = service.process.wait(90)

        assert code == 1
        assert service.said.count('"worker_lost"') >= 1


@pytest.mark.slow
def test_one_that_cannot_be_replaced_leaves_the_others_serving(config: Path) -> None:
    good = config.read_text()
    with serving(config) as service:
        assert service.url
        config.write_text("teams: nonsense")
        kill(workers_of(service)[0])
        eventually(lambda: service.said.count('"worker_died"') > RESTARTS_MAX + 1, 90)

        answered = ask(service, chat("sim-echo")).status
        config.write_text(good)
        eventually(lambda: service.said.count('"worker_replaced"') == 1)

        assert answered == 200
        assert len(workers_of(service)) == 2
        assert service.stop() == 0
        assert '"worker_lost"' not in service.said


# --- helpers --------------------------------------------------------------------------------------------------------


def worker_with_a_stream(service: Service) -> int:
    """Whoever has more in its journal: the only one that was asked for anything."""
    return max(workers_of(service), key=journal_bytes)


def journal_bytes(pid: int) -> int:
    open_files = [link.resolve() for link in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(path.stat().st_size for path in open_files if path.suffix == ".journal")


def seen(simulator: RunningSimulator, model: str) -> int:
    return sum(request.model == model for request in simulator.requests())


def listens(service: Service) -> bool:
    parts = urlsplit(service.url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=5):
            return True
    except (ConnectionRefusedError, ConnectionResetError):
        return False
