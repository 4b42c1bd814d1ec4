"""docs/http.md against real answers of a house: endpoints, headers both ways, members of a call, checks, parameters."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import cast
from urllib.parse import urlsplit

import pytest

from reference_pages import code, codes, fenced, page, rows_under
from tollhouse.domain.roles import Role
from tollhouse.governance.roles import permitted
from tollhouse.testing.house import CONFIG, TestHouse
from tollhouse.web.api.app import IF_MATCH
from tollhouse.web.api.entry import Entry
from tollhouse.web.api.openapi import document
from tollhouse.web.api.query import CALLS, FILTER, USAGE
from tollhouse.web.api.table import ENTRIES
from tollhouse.web.openai.terms import OURS

PAGE = page("http.md")
DESCRIPTION_ITSELF = {"GET /api/openapi.json", "GET /api/docs"}
WAIT_S = 30

LIMITED = """  limited:
    team: tests
    owner: tests@example.com
    models: [inhouse, "*"]
    privacy: {{mode: off}}
    rate: {{requests_per_minute: 60, tokens_per_minute: 100000000}}
    parameters: {{max: {{temperature: 0.5}}}}
    cache: {{exact: true}}
keys:
  - {{name: limited, team: tests, use_cases: [limited], secret: limited-key-0123456789}}
"""
LOCAL = """providers:
  local: {{dialect: inhouse}}
"""
INHOUSE = """models:
  inhouse: {{deployments: [{{provider: local, model: auto}}]}}
"""
WITH_EVERYTHING = CONFIG.replace("keys:\n", LIMITED).replace("providers:\n", LOCAL, 1).replace("models:\n", INHOUSE, 1)
LIMITED_KEY = "limited-key-0123456789"


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def members(self) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.body))


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    running = TestHouse(WITH_EVERYTHING).start()
    yield running
    running.close()


def test_every_endpoint_has_its_row_and_every_row_its_endpoint() -> None:
    paths = cast("Mapping[str, Mapping[str, object]]", document()["paths"])
    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}

    assert {code(row[0]) for row in rows_under(PAGE, "Endpoints")} == described | DESCRIPTION_ITSELF


def test_endpoints_let_in_whom_the_page_says(house: TestHouse) -> None:
    said = {code(row[0]): row[1] for row in rows_under(PAGE, "Endpoints")}
    governed = {f"{entry.method} {entry.path}": who_may(entry) for entry in ENTRIES}

    found = {name: governed.get(name) or who_gets_in(house, *name.split()) for name in said}

    assert found == said


def test_every_header_of_an_answer_is_on_the_page_and_comes(house: TestHouse) -> None:
    seen = {name.lower() for answer in answers(house) for name in answer.headers}
    in_rows = {name for row in rows_under(PAGE, "Headers out") for name in codes(row[0])}
    in_prose = set(codes(PAGE.split("## Headers out")[1].split("## `/api`")[0]))

    assert seen - in_prose == set()
    assert in_rows | {"x-request-id"} <= seen


def test_headers_of_a_call_come_when_the_page_says(house: TestHouse) -> None:
    plain, streamed = chat(house), chat(house, stream=True)
    said = {name: row[1] for row in rows_under(PAGE, "Headers out") for name in codes(row[0])}

    always = {name for name, when in said.items() if when == "always"}
    whole_only = {name for name, when in said.items() if when == "not streamed"} - {"x-tollhouse-estimated"}

    assert always <= plain.headers.keys() & streamed.headers.keys()
    assert whole_only <= plain.headers.keys() - streamed.headers.keys()


def test_every_header_that_is_read_has_its_row() -> None:
    said = {code(row[0]) for row in rows_under(PAGE, "Headers in")}

    assert said == {name.decode() for name in (*OURS, IF_MATCH)} | {"x-request-id"}


def test_a_call_has_the_members_of_the_example(house: TestHouse) -> None:
    example = json.loads(fenced(PAGE, "json")[0])
    chat(house)
    house.calls()

    newest = cast("list[dict[str, object]]", api(house, "/api/v1/calls?limit=1").members["items"])[0]

    assert list(newest) == list(example)
    assert len(str(newest["id"])) == len(example["id"])
    assert list(cast("list[dict[str, object]]", newest["attempts"])[0]) == list(example["attempts"][0])


def test_usage_has_the_sums_that_the_page_lists(house: TestHouse) -> None:
    line = PAGE.split("- `/api/v1/usage` gives")[1].split("\n\n")[0]

    total = cast("dict[str, object]", api(house, "/api/v1/usage").members["total"])

    assert set(total) == set(codes(line)[1:])


def test_every_parameter_has_its_row_and_every_row_its_parameter() -> None:
    said = {code(row[0]): row[1] for row in rows_under(PAGE, "`/api`")}

    real = dict.fromkeys(CALLS, "calls") | dict.fromkeys(USAGE, "usage") | dict.fromkeys(FILTER, "both")
    assert said == real


def test_every_parameter_of_governing_has_its_row() -> None:
    said = {name for row in rows_under(PAGE, "Governing") for name in codes(row[0])}
    others = {id(each) for each in (CALLS, USAGE)}

    assert said == {name for entry in ENTRIES if id(entry.query) not in others for name in entry.query}


def test_a_budget_has_the_members_of_the_example(house: TestHouse) -> None:
    example = json.loads(fenced(PAGE, "json")[1])

    body = json.dumps({"limit_usd": "500", "period": "month", "reason": "for a test"})
    set_here = ask(house, "PUT", "/api/v1/budgets/organisation", key=house.admin_token, body=body)

    assert list(set_here.members) == list(example)


def test_every_check_of_readiness_has_its_row(house: TestHouse) -> None:
    chat(house)
    checks = cast("list[dict[str, object]]", ask(house, "GET", "/readyz").members["checks"])
    said = {code(row[0]): "Shown only" in row[1] for row in rows_under(PAGE, "Health")}

    found = {str(check["name"]).replace("simulator", "NAME"): not check["needed"] for check in checks}
    assert found == said


def answers(house: TestHouse) -> Iterator[Answered]:
    """One answer of every kind there is."""
    once = {"idempotency-key": "a-key"}
    yield chat(house)
    yield chat(house, stream=True)
    yield chat(house, once)
    yield chat(house, once)
    yield chat(house, model="sim-no-usage")
    yield chat(house, key=LIMITED_KEY, temperature=1)
    yield chat(house, key=LIMITED_KEY, temperature=1)
    yield chat(house, key=LIMITED_KEY, model="inhouse", messages=[{"role": "user", "content": SUMMARISE}])
    yield chat(house, key="nobody's")
    yield chat(house, model="sim-429:60")
    yield chat(house, model="sim-quota")
    yield ask(house, "GET", "/v1/chat/completions")
    yield ask(house, "GET", "/v1/models", key=house.api_key)
    yield api(house, "/api/v1/calls")
    yield api(house, "/api/v1/organisation")
    yield api(house, "/api/docs")
    yield ask(house, "GET", "/nothing")
    yield from (ask(house, "GET", path) for path in ("/healthz", "/readyz", "/metrics"))


SUMMARISE = (
    "Summarise in one sentence: The delivery arrived two days late. The driver had called the day before. "
    "The customer accepted the parcel and asked for a refund of the shipping fee."
)


def who_may(entry: Entry) -> str:
    """The roles of an operation, and keys if it is for them too."""
    roles = [role.value for role in Role if permitted(role, entry.action)]
    people = ["any role"] if len(roles) == len(Role) else roles
    return ", ".join([*people, *(["key"] if entry.for_keys else [])])


def who_gets_in(house: TestHouse, method: str, path: str) -> str:
    """Who of nobody and a caller is the first that is not turned away."""
    target = path.replace("{id}", "nothing")
    for who, key in (("all", None), ("key", house.api_key)):
        if ask(house, method, target, key=key, body="{}" if method == "POST" else None).status != 401:
            return who
    return "nobody"


def chat(house: TestHouse, headers: Mapping[str, str] | None = None, *, key: str = "", **members: object) -> Answered:
    body = {"model": "sim-echo", "messages": [{"role": "user", "content": "hello"}], **members}
    return ask(
        house, "POST", "/v1/chat/completions", key=key or house.api_key, body=json.dumps(body), headers=headers or {}
    )


def api(house: TestHouse, path: str) -> Answered:
    return ask(house, "GET", path, key=house.admin_token)


def ask(
    house: TestHouse,
    method: str,
    path: str,
    *,
    key: str | None = None,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answered:
    connection = HTTPConnection(urlsplit(house.url).netloc, timeout=WAIT_S)
    bearer = {} if key is None else {"authorization": f"Bearer {key}"}
    try:
        connection.request(method, path, body, {**bearer, **(headers or {})})
        answer = connection.getresponse()
        return Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
