"""How a serving process begins and ends, and what it says when it cannot."""

import json
import resource
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow_house import Answer, Tree, chat, eventually, read, read_event, sending, tree, use_case
from flow_process import KEY, RunningSimulator, Service, books, command, refused, serving, simulating, write_config

AUTHORISED: Mapping[str, str] = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
PACED = "sim-paced:40:40"
ENDLESS = "sim-paced:40:10000"


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with simulating() as simulator:
        yield simulator


@pytest.fixture
def config(tmp_path: Path, simulator: RunningSimulator) -> Path:
    return write_config(tmp_path, simulator, settings())


def settings(drain_ms: int = 20_000, **parts: object) -> Tree:
    return tree(server={"listen": "127.0.0.1:0", "admin_token": "<admin_token>", "drain_ms": drain_ms}, **parts)


# --- the end --------------------------------------------------------------------------------------------------------


def test_sigterm_lets_running_streams_finish_and_refuses_new_calls(config: Path) -> None:
    with serving(config) as service, lasting(service) as line, opened(service, PACED) as stream:
        assert ask(line, chat("sim-echo")).status == 200
        read_event(stream)

        service.process.send_signal(signal.SIGTERM)
        eventually(lambda: not listens(service))
        late = ask(line, chat("sim-echo@late"))
        rest = stream.read()

        assert (late.status, late.code, late.headers["connection"]) == (503, "overloaded", "close")
        assert rest.endswith(b"data: [DONE]\n\n")
        assert service.wait() == 0
    calls, _ = books(None, config.parent / "data")
    assert {call.model: call.status for call in calls} == {"sim-echo": 200, PACED: 200}


def test_a_stream_that_outlasts_the_drain_is_ended_and_booked(tmp_path: Path, simulator: RunningSimulator) -> None:
    config = write_config(tmp_path, simulator, settings(drain_ms=300))
    with serving(config) as service, opened(service, ENDLESS) as stream:
        read_event(stream)

        service.process.send_signal(signal.SIGTERM)
        rest = stream.read()

        assert json.loads(rest.split(b"\n\n")[-2].removeprefix(b"data: "))["error"]["code"] == "overloaded"
        assert b"[DONE]" not in rest
        assert service.wait() == 0
    assert_booked(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(config: Path, number: signal.Signals) -> None:
    with serving(config) as service, opened(service, ENDLESS) as stream:
        read_event(stream)
        service.process.send_signal(number)
        eventually(lambda: not listens(service))

        began = time.monotonic()
        service.process.send_signal(number)

        assert service.wait() == 130
        assert time.monotonic() - began < 10
    assert_booked(config.parent)


def assert_booked(folder: Path) -> None:
    """One call was cut by the end of the process: what was used is in the ledger, and nothing waits in a journal."""
    calls, budgets = books(None, folder / "data")
    assert (calls[0].status, calls[0].outcome, calls[0].error) == (200, "cancelled", "stopped"), (
        "its caller did not leave"
    )
    (attempt,) = calls[0].attempts
    assert (attempt.state, attempt.estimated) == ("settled", True)
    assert 0 < attempt.cost_nanousd < attempt.held_nanousd
    assert {state.leased_nanousd for state in budgets} <= {0}
    assert list((folder / "data" / "journal").iterdir()) == []


# --- a start that cannot be -----------------------------------------------------------------------------------------


def test_the_port_is_taken(tmp_path: Path, simulator: RunningSimulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = write_config(tmp_path, simulator, tree(server={"listen": f"127.0.0.1:{port}"}))

        said = refused(config)

    assert f"cannot listen on 127.0.0.1:{port}: the port is taken" in said
    assert "server.listen" in said


@pytest.mark.parametrize("place", ["<folder>/a-file/data", "/proc/tollhouse"])
def test_the_data_folder_cannot_be_made(tmp_path: Path, simulator: RunningSimulator, place: str) -> None:
    (tmp_path / "a-file").write_text("in the way")
    config = write_config(tmp_path, simulator, tree(storage={"path": place}))

    said = refused(config)

    assert "cannot be made" in said
    assert "storage.path" in said


def test_the_journal_cannot_be_written(config: Path) -> None:
    data = config.parent / "data"
    data.mkdir()
    (data / "journal").write_text("in the way")

    said = refused(config)

    assert "journal" in said
    assert said.count("\n") <= 3


def test_the_database_is_no_database(config: Path) -> None:
    data = config.parent / "data"
    data.mkdir()
    (data / "tollhouse.db").write_text("in the way " * 1000)

    said = refused(config)

    assert "tollhouse.db" in said


def test_another_master_key(tmp_path: Path, simulator: RunningSimulator) -> None:
    with serving(write_config(tmp_path, simulator, settings())) as service:
        assert service.url
        service.stop()
    config = write_config(tmp_path, simulator, settings(privacy={"master_key": "B" * 43 + "="}))

    said = refused(config)

    assert "`privacy.master_key` does not open this store" in said
    assert "BBBB" not in said


def test_a_newer_database_is_refused_and_left_alone(config: Path) -> None:
    database = set_up(config)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE tollhouse_schema SET version_num = '9999'")
        connection.execute("DELETE FROM tollhouse_serves")

    said = refused(config)

    assert "newer tollhouse" in said
    assert "9999" in said
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT version_num FROM tollhouse_schema").fetchall() == [("9999",)]


def test_a_half_migrated_database_is_refused_until_the_command_has_run(config: Path) -> None:
    database = set_up(config)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO tollhouse_migration VALUES ('0001')")

    said = refused(config)
    migrated = command(config, "migrate")

    assert "tollhouse migrate" in said
    assert migrated.returncode == 0, migrated.stderr
    with serving(config) as service:
        assert service.url
        assert service.stop() == 0


def set_up(config: Path) -> Path:
    assert command(config, "migrate").returncode == 0
    return config.parent / "data" / "tollhouse.db"


# --- a full disk ----------------------------------------------------------------------------------------------------


def test_the_disk_is_full_at_the_start(config: Path) -> None:
    service = Service(config)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    code = service.wait()

    assert code == 1, service.said
    assert "Traceback" not in service.said
    assert "error: " in service.said


def test_while_the_disk_is_full_calls_are_refused_and_nothing_is_lost(
    config: Path, simulator: RunningSimulator
) -> None:
    with serving(config) as service, lasting(service) as line:
        for number in range(5):
            assert ask(line, chat(f"sim-echo@before-{number}")).status == 200
        (journal,) = (config.parent / "data" / "journal").glob("*/*.journal")
        limit_files(service, journal.stat().st_size + 1500)

        during = [ask(line, chat(f"sim-echo@during-{number}")) for number in range(10)]
        ready = ask(line, None, path="/readyz")
        limit_files(service, resource.RLIM_INFINITY)
        eventually(lambda: ask(line, None, path="/readyz").status == 200)
        after = ask(line, chat("sim-echo@after"))

        refusals = [answer for answer in during if answer.status != 200]
        assert refusals
        assert {(answer.status, answer.code) for answer in refusals} == {(503, "overloaded")}
        assert all("retry-after" in answer.headers for answer in refusals)
        assert ready.status == 503
        assert after.status == 200
        assert service.stop() == 0
    calls, _ = books(None, config.parent / "data")
    booked = {call.model: call.cost_nanousd for call in calls}
    for line_of_bill in simulator.bill():
        if "@before" in line_of_bill.model or "@during" in line_of_bill.model:
            assert booked[line_of_bill.model] >= line_of_bill.nano_usd > 0


def limit_files(service: Service, size: int) -> None:
    """From now on no file of the process can grow beyond this: what a full disk does."""
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


# --- keys beside a live server --------------------------------------------------------------------------------------


def test_a_key_counts_soon_after_it_is_made_and_no_longer_soon_after_it_is_revoked(config: Path) -> None:
    with serving(config) as service, lasting(service) as line:
        made = command(config, "keys", "create", "--team", "tests", "--name", "app")
        secret = made.stdout.strip()
        assert made.returncode == 0, made.stderr

        eventually(lambda: ask(line, chat("sim-echo"), key=secret).status == 200, within_s=4)
        revoked = command(config, "keys", "revoke", "app")
        eventually(lambda: ask(line, chat("sim-echo"), key=secret).status == 401, within_s=4)

        assert revoked.returncode == 0
        assert secret not in service.said
        listed = command(config, "keys", "list", "--json")
        assert secret not in listed.stdout
        assert ask(line, chat("sim-echo")).status == 200
    assert not [path for path in config.parent.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_a_revoked_keys_name_stays_with_its_team(tmp_path: Path, simulator: RunningSimulator) -> None:
    """What was booked and kept under it (costs, replays) must never count for another team's key."""
    two = settings(teams={"tests": {}, "others": {}}, use_cases={"tests": use_case(), "others": use_case("others")})
    config = write_config(tmp_path, simulator, two)
    made = [command(config, "keys", "create", "--team", "tests", "--name", "app")]
    command(config, "keys", "revoke", "app")

    made += [command(config, "keys", "create", "--team", team, "--name", "app") for team in ("others", "tests")]

    assert [each.returncode for each in made] == [0, 1, 0]
    assert "There is a key 'app' already" in made[1].stderr


# --- helpers --------------------------------------------------------------------------------------------------------


def lasting(service: Service) -> "closing[HTTPConnection]":
    """One connection for several requests."""
    parts = urlsplit(service.url)
    return closing(HTTPConnection(parts.hostname or "", parts.port, timeout=30))


def ask(
    line: HTTPConnection,
    body: Tree | None,
    *,
    path: str = "/v1/chat/completions",
    key: str = KEY,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    sent = {**AUTHORISED, "authorization": f"Bearer {key}", **(headers or {})}
    line.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), sent)
    with line.getresponse() as response:
        return read(response)


@contextmanager
def opened(service: Service, model: str) -> Iterator[HTTPResponse]:
    """A stream that has begun."""
    body = chat(model, stream=True, max_completion_tokens=20_000)
    with sending(service.url, body, path="/v1/chat/completions", headers=AUTHORISED) as response:
        yield response


def listens(service: Service) -> bool:
    parts = urlsplit(service.url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=5):
            return True
    except (ConnectionRefusedError, ConnectionResetError):
        return False
