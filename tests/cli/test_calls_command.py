import json
from pathlib import Path

import pytest

from cli_house import TOKEN, House, a_call, run_alone, words
from tollhouse.cli.calls import follow_calls
from tollhouse.cli.exit import Exit
from tollhouse.cli.service import Json, Place
from tollhouse.cli.source import open_source
from tollhouse.domain.calls import Outcome
from tollhouse.ports.usage import CallFilter
from tollhouse.stores import open_stores


@pytest.fixture
def house(tmp_path: Path, ready_folder: Path) -> House:
    it = House(tmp_path, ready_folder)
    it.post(*(a_call(n) for n in range(1, 30)))
    it.post(a_call(30, outcome=Outcome.ERROR, status=502, team="support"))
    return it


def test_tail_shows_the_newest_twenty_the_newest_last(house: House) -> None:
    result = house.run("tail")

    lines = words(result.stdout)
    assert result.exit_code == Exit.OK, result.stderr
    assert lines[0][:3] == ["at", "id", "team"]
    assert [line[1] for line in lines[1:]] == [f"call_{n:04}" for n in range(11, 31)]
    assert lines[-1][2:] == ["support", "answers", "fast", "local/auto", "502", "error", "100", "20", "0.0123", "42"]


@pytest.mark.parametrize("status", ["error", "502"])
def test_tail_takes_an_outcome_or_a_status(house: House, status: str) -> None:
    result = house.run("tail", "--status", status, "--json")

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["call_0030"]


def test_tail_filters_by_team_use_case_and_model(house: House) -> None:
    taken = house.run("tail", "--team", "support", "--use-case", "answers", "--model", "fast", "--json")
    none = house.run("tail", "--team", "support", "--use-case", "claims-triage", "--json")

    assert (len(taken.stdout.splitlines()), none.stdout) == (1, "")


def test_show_prints_the_call_and_its_attempts(house: House) -> None:
    result = house.run("show", "call_0030")

    shown = words(result.stdout)
    assert result.exit_code == Exit.OK, result.stderr
    assert ["id", "call_0030"] in shown
    assert ["tags", "ward=north"] in shown
    assert shown[-1][:4] == ["att_0030", "local/auto", "settled", "error"]


def test_show_json_is_the_apis_shape(house: House) -> None:
    here = house.run("show", "call_0030", "--json")
    with house.service() as url:
        there = house.run("show", "call_0030", "--json", "--url", url, "--key", TOKEN)
        listed = house.run("tail", "-n", "1", "--json", "--url", url, "--key", TOKEN)

    assert json.loads(here.stdout) == json.loads(there.stdout) == json.loads(listed.stdout)


def test_a_call_that_is_not_there_is_told(house: House) -> None:
    with house.service() as url:
        results = [house.run("show", "call_none"), house.run("show", "call_none", "--url", url, "--key", TOKEN)]

    assert [result.exit_code for result in results] == [Exit.USAGE, Exit.USAGE]
    assert "there is no call 'call_none'" in results[1].stderr


def test_a_service_that_does_not_answer_is_exit_4(house: House) -> None:
    result = house.run("tail", "--url", "http://127.0.0.1:9", "--key", TOKEN)

    assert result.exit_code == Exit.UNREACHABLE
    assert "http://127.0.0.1:9 does not answer" in result.stderr


def test_a_service_that_refuses_the_token_says_so(house: House) -> None:
    with house.service() as url:
        result = house.run("tail", "--url", url, "--key", "wrong")

    assert result.exit_code == Exit.FAILED
    assert "401: The access token is missing" in result.stderr


def test_an_unknown_status_is_told(house: House) -> None:
    result = house.run("tail", "--status", "failed")

    assert result.exit_code == Exit.USAGE
    assert "there are running, ok, error" in result.stderr


def test_follow_writes_each_call_once_also_one_that_began_before_others(tmp_path: Path, ready_folder: Path) -> None:
    class Enough(Exception):
        pass

    house, written = House(tmp_path, ready_folder), []
    arrivals = [[a_call(5)], [], [a_call(3), a_call(6)]]

    async def following() -> None:
        stores = await open_stores(None, house.data)

        async def next_second() -> None:
            if not arrivals:
                raise Enough
            await stores.ledger.post("test", arrivals.pop(0))

        def write(call: Json) -> None:
            written.append(call["id"])

        await stores.ledger.post("test", [a_call(1)])
        async with open_source(Place(house.config, None, None)) as source:
            with pytest.raises(Enough):
                await follow_calls(source, CallFilter(), {"call_0001"}, write, next_second)
        await stores.close()

    run_alone(following())

    assert written == ["call_0005", "call_0003", "call_0006"]
