"""SIGHUP: a changed configuration counts at once, no call is lost by it, and a file that cannot be used changes nothing."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from flow_house import Tree, chat, eventually, read_event, route, tree, use_case
from flow_process import ADMIN, KEY, RunningSimulator, Service, books, serving, simulating, write_config
from worker_processes import ask, hanging, kill, opened, processes_that_answer, until_replaced, workers_of

OTHER_KEY = "th-process-key-9876543210"
PACED = "sim-paced:40:40"


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with simulating() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def successor() -> Iterator[RunningSimulator]:
    """The provider of the file after."""
    with simulating() as simulator:
        yield simulator


def before(**server: object) -> Tree:
    return tree(server={"listen": "127.0.0.1:0", "admin_token": "<admin_token>", "drain_ms": 20_000, **server})


def after(successor: RunningSimulator, **server: object) -> Tree:
    """Another provider under another name, another key, another budget."""
    settings = before(**server)
    settings["providers"] = {"next": {"dialect": "openai", "base_url": successor.base_url, "api_key": "sk-simulator-1"}}
    route_there = route("*")
    route_there["deployments"] = [{"provider": "next", "model": "*"}]
    settings["models"] = {"*": route_there}
    settings["use_cases"] = {"tests": use_case(budget={"limit_usd": "500", "period": "total"})}
    settings["keys"] = [{"name": "other", "team": "tests", "use_cases": ["tests"], "secret": OTHER_KEY}]
    return settings


def reload(service: Service) -> None:
    service.process.send_signal(signal.SIGHUP)


def told(service: Service, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in service.said.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def status(service: Service, model: str, key: str) -> int:
    return ask(service, chat(model), key=key).status


def test_providers_routes_keys_and_budgets_change_and_a_running_stream_does_not(
    tmp_path: Path, simulator: RunningSimulator, successor: RunningSimulator
) -> None:
    config = write_config(tmp_path, simulator, before())
    with serving(config) as service, opened(service, PACED) as stream:
        read_event(stream)
        write_config(tmp_path, simulator, after(successor))

        reload(service)
        eventually(lambda: bool(told(service, "config_reloaded")))

        assert status(service, "sim-echo@after", OTHER_KEY) == 200
        assert status(service, "sim-echo@after", KEY) == 401
        assert connections(service, simulator), "a stream that was let in before goes on where it was sent"
        assert stream.read().endswith(b"data: [DONE]\n\n")
        eventually(lambda: not connections(service, simulator), within_s=10)
        assert service.stop() == 0, service.said
    assert told(service, "config_reloaded")[0]["changed"] == [
        "providers.simulator",
        "providers.next",
        "models.*",
        "use_cases.tests",
        "keys.tests",
        "keys.other",
    ]
    calls, budgets = books(None, tmp_path / "data")
    assert {call.model: (call.status, call.provider) for call in calls} == {
        PACED: (200, "simulator"),
        "sim-echo@after": (200, "next"),
    }
    assert [(state.scope.kind, state.leased_nanousd) for state in budgets] == [("use_case", 0)]


def test_a_file_that_cannot_be_used_is_refused_by_line_and_the_old_one_goes_on(
    tmp_path: Path, simulator: RunningSimulator
) -> None:
    config = write_config(tmp_path, simulator, before())
    good = config.read_text()
    with serving(config) as service:
        assert status(service, "sim-echo", KEY) == 200
        config.write_text(good.replace('"models"', '"modles"'))

        reload(service)
        eventually(lambda: bool(told(service, "config_refused")))
        still = status(service, "sim-echo", KEY)
        ready = ask(service, None, path="/readyz")
        shown = ask(service, None, path="/metrics").body.decode()
        config.write_text(good)
        reload(service)
        eventually(lambda: bool(told(service, "config_reloaded")))
        mended = ask(service, None, path="/readyz").json()["checks"]

    problems = told(service, "config_refused")[0]["problems"]
    assert isinstance(problems, list)
    line = good.splitlines().index(' "models": {') + 1
    assert any(f"tollhouse.yaml:{line}: " in problem and "did you mean `models`" in problem for problem in problems)
    assert (still, ready.status) == (200, 200)
    checks = ready.json()["checks"]
    assert isinstance(checks, list)
    assert isinstance(mended, list)
    assert (checks[0]["name"], checks[0]["ok"], checks[0]["needed"]) == ("configuration", False, False)
    assert mended[0]["ok"]
    assert any(each.startswith("tollhouse_config_refused{") and each.endswith(" 1.0") for each in shown.splitlines())


def test_what_needs_a_restart_is_named_and_left_and_env_beside_the_file_is_read_again(
    tmp_path: Path, simulator: RunningSimulator
) -> None:
    token = "${TOLLHOUSE_ADMIN_TOKEN}"
    (tmp_path / ".env").write_text(f"TOLLHOUSE_ADMIN_TOKEN={ADMIN}\n")
    config = write_config(tmp_path, simulator, before(admin_token=token))
    with serving(config) as service:
        url = service.url
        settings = before(admin_token=token, listen="127.0.0.1:1", workers=3)
        settings["storage"] = {"path": "<folder>/elsewhere"}
        write_config(tmp_path, simulator, settings)
        (tmp_path / ".env").write_text(f"TOLLHOUSE_ADMIN_TOKEN={ADMIN}-new\n")

        reload(service)
        eventually(lambda: bool(told(service, "config_needs_restart")))

        assert status(service, "sim-echo", KEY) == 200
        assert service.url == url
        assert ask(service, None, path="/api/v1/me", key=f"{ADMIN}-new").status == 200
        assert ask(service, None, path="/api/v1/me", key=ADMIN).status == 401
    assert told(service, "config_reloaded")[0]["changed"] == ["server.admin_token"]
    assert told(service, "config_needs_restart")[0]["settings"] == ["server.listen", "server.workers", "storage.path"]
    assert not (tmp_path / "elsewhere").exists()


def test_no_call_is_lost_while_the_configuration_changes_again_and_again(
    tmp_path: Path, simulator: RunningSimulator, successor: RunningSimulator
) -> None:
    both = [{"name": name, "team": "tests", "secret": secret} for name, secret in (("a", KEY), ("b", OTHER_KEY))]
    one, other = before(), after(successor)
    one["keys"] = other["keys"] = both
    config = write_config(tmp_path, simulator, one)
    answers: list[int] = []
    ended = threading.Event()

    def call_on() -> None:
        while not ended.is_set():
            answers.append(status(service, "sim-echo", KEY))

    with serving(config) as service:
        assert service.url
        callers = [threading.Thread(target=call_on) for _ in range(3)]
        for caller in callers:
            caller.start()
        for turn in range(8):
            write_config(tmp_path, simulator, one if turn % 2 else other)
            reload(service)
            eventually(lambda turn=turn: len(told(service, "config_reloaded")) > turn)  # type: ignore[misc]
        ended.set()
        for caller in callers:
            caller.join()
        assert service.stop() == 0, service.said

    assert len(answers) > 20
    assert set(answers) == {200}
    calls, budgets = books(None, tmp_path / "data")
    assert {call.provider for call in calls} == {"simulator", "next"}
    assert {state.leased_nanousd for state in budgets} == {0}


def test_every_worker_reads_it_again_and_one_that_is_replaced_has_it_too(
    tmp_path: Path, simulator: RunningSimulator, successor: RunningSimulator
) -> None:
    config = write_config(tmp_path, simulator, before(workers=2))
    with serving(config) as service, opened(service, PACED) as stream:
        read_event(stream)
        write_config(tmp_path, simulator, after(successor, workers=2))

        reload(service)
        eventually(lambda: len(told(service, "config_reloaded")) == 2)
        rest = stream.read()
        eventually(lambda: len(processes_that_answer(service)) == 2)
        seen = {status(service, "sim-echo", OTHER_KEY) for _ in range(12)}
        victim = workers_of(service)[0]
        kill(victim)
        until_replaced(service, victim, 2)
        seen |= {status(service, "sim-echo", OTHER_KEY) for _ in range(12)}

        assert rest.endswith(b"data: [DONE]\n\n")
        assert seen == {200}
        assert service.stop() == 0, service.said


def test_a_terminal_that_is_closed_ends_a_server_that_was_started_on_it(
    tmp_path: Path, simulator: RunningSimulator
) -> None:
    config = write_config(tmp_path, simulator, before())
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tollhouse", "serve", "--config", str(config)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    try:
        os.close(theirs)
        said = b""
        while b"drains and stops)\r\n" not in said:
            said += os.read(ours, 4_096)

        os.close(ours)
        process.send_signal(signal.SIGHUP)

        assert process.wait(30) == 0
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def test_a_call_under_way_is_tried_again_at_the_provider_that_it_was_let_in_with(
    tmp_path: Path, simulator: RunningSimulator, successor: RunningSimulator
) -> None:
    model = "sim-echo@tried-again"
    simulator.script(model, ["sim-429:2", "sim-echo"])
    config = write_config(tmp_path, simulator, before())
    with serving(config) as service:
        answer = hanging(service, chat(model), {})
        eventually(lambda: any(request.model == model for request in simulator.requests()))
        write_config(tmp_path, simulator, after(successor))

        reload(service)
        eventually(lambda: bool(told(service, "config_reloaded")))

        with answer.getresponse() as response:
            assert response.status == 200, response.read()
        answer.close()
    assert sum(request.model == model for request in simulator.requests()) == 2


def connections(service: Service, simulator: RunningSimulator) -> int:
    """How many connections the gateway has to this provider: established ones to its port, of one process."""
    port = int(simulator.base_url.rpartition(":")[2].partition("/")[0])
    inodes = set()
    for link in Path(f"/proc/{service.process.pid}/fd").iterdir():
        with suppress(OSError):
            inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" and row[9] in inodes for row in rows)
