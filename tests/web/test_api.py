import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser

import aiohttp
import jsonschema
import pytest

from tollhouse.domain.calls import Call, Outcome
from tollhouse.ports.usage import CallFilter
from tollhouse.web.api.table import ENTRIES
from tollhouse.web.edge import Edge
from web_api import a_listed_api
from web_ledger import OCTOBER_MS, ListedLedger, a_call
from web_serving import Seen, asked, serving

TOKEN = "an-admin-token-of-some-length"
BEARER = [(b"authorization", f"Bearer {TOKEN}".encode())]


def an_edge(*calls: Call, ledger: ListedLedger | None = None, token: str | None = TOKEN) -> Edge:
    api = a_listed_api(ledger or ListedLedger(calls), admin_token=token)
    return Edge(v1=api, api=api, pages={}, watch=Seen())


@asynccontextmanager
async def an_api(*calls: Call, ledger: ListedLedger | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve the API over these calls; gives a client that sends the token."""
    async with serving(an_edge(*calls, ledger=ledger)) as url:
        async with aiohttp.ClientSession(url, headers={"authorization": f"Bearer {TOKEN}"}) as http:
            yield http


async def test_a_call_is_shown_as_the_contract_says() -> None:
    async with an_api(a_call()) as http:
        answer = await http.get("/api/v1/calls/call_1")
        shown = await answer.json()

    assert shown == {
        "id": "call_1",
        "at": "2026-10-01T08:00:00.000Z",
        "endpoint": "chat.completions",
        "team": "claims",
        "use_case": "claims-triage",
        "key": "ci",
        "model": "fast",
        "provider": "openai",
        "deployment": "openai/gpt-5-mini",
        "prompt": "claims-triage@1a2b",
        "run": None,
        "streamed": False,
        "status": 200,
        "outcome": "ok",
        "cache": "off",
        "privacy": {"mode": "off", "examined": False, "found": {}, "unreadable": {}},
        "tokens_in": 100,
        "tokens_out": 20,
        "tokens_cached": 40,
        "estimated": False,
        "cost_usd": "0.0123",
        "saved_usd": "0",
        "guardrails": [],
        "latency_ms": 420,
        "first_token_ms": 180,
        "overhead_ms": 0.4,
        "tags": {"ward": "north"},
        "attempts": [
            {
                "id": "att_1",
                "deployment": "openai/gpt-5-mini",
                "state": "settled",
                "outcome": "ok",
                "tokens_in": 100,
                "tokens_out": 20,
                "estimated": False,
                "cost_usd": "0.0123",
                "latency_ms": 410,
            }
        ],
    }


async def test_calls_come_in_pages() -> None:
    async with an_api(*(a_call(n) for n in range(7))) as http:
        first = await (await http.get("/api/v1/calls", params={"limit": 5})).json()
        last = await (await http.get("/api/v1/calls", params={"limit": 5, "cursor": first["next_cursor"]})).json()

    assert [call["id"] for call in first["items"]] == [f"call_{n}" for n in range(5)]
    assert [call["id"] for call in last["items"]] == ["call_5", "call_6"]
    assert last["next_cursor"] is None


async def test_fifty_calls_unless_told_otherwise() -> None:
    async with an_api(*(a_call(n) for n in range(60))) as http:
        page = await (await http.get("/api/v1/calls")).json()

    assert len(page["items"]) == 50


async def test_every_filter_reaches_the_ledger() -> None:
    ledger = ListedLedger()
    query = {
        "since": "2026-10-01T10:00:00+02:00",
        "until": "2026-10-01T08:00:00.5Z",
        "model": "fast",
        "team": "claims",
        "use_case": "claims-triage",
        "status": "499",
        "outcome": "cancelled",
    }

    async with an_api(ledger=ledger) as http:
        answers = [await http.get(path, params=query) for path in ("/api/v1/calls", "/api/v1/usage")]

    assert [answer.status for answer in answers] == [200, 200]
    assert (
        ledger.asked
        == [
            CallFilter(
                since_ms=OCTOBER_MS,
                until_ms=OCTOBER_MS + 500,
                model="fast",
                team="claims",
                use_case="claims-triage",
                status=499,
                outcome="cancelled",
            )
        ]
        * 2
    )


async def test_usage_groups_and_totals_with_the_same_figures() -> None:
    calls = [a_call(1, model="fast"), a_call(2, model="fast"), a_call(3, model="slow", cost_nanousd=1)]

    async with an_api(*calls) as http:
        usage = await (await http.get("/api/v1/usage", params={"by": "team,model"})).json()

    assert [(row["team"], row["model"], row["calls"], row["cost_usd"]) for row in usage["items"]] == [
        ("claims", "fast", 2, "0.0246"),
        ("claims", "slow", 1, "0.000000001"),
    ]
    assert usage["total"]["cost_usd"] == "0.024600001"
    assert set(usage["items"][0]) - {"team", "model"} == set(usage["total"])


async def test_usage_without_groups_is_the_total() -> None:
    async with an_api(a_call()) as http:
        usage = await (await http.get("/api/v1/usage")).json()

    assert (usage["items"], usage["total"]["calls"]) == ([], 1)


@pytest.mark.parametrize(
    ("query", "param", "message"),
    [
        ("limt=5", "limt", "did you mean 'limit'?"),
        ("frobnicate=1", "frobnicate", "there are since, until"),
        ("limit=0", "limit", "from 1 to 1000"),
        ("limit=1001", "limit", "from 1 to 1000"),
        ("limit=-1", "limit", "from 1 to 1000"),
        ("limit=1e3", "limit", "from 1 to 1000"),
        ("limit=%C2%B2", "limit", "from 1 to 1000"),
        ("limit=5&limit=6", "limit", "given twice"),
        ("team=", "team", "printable"),
        ("team=a%00b", "team", "printable"),
        ("team=" + "x" * 501, "team", "1 to 500"),
        ("since=30d", "since", "RFC 3339"),
        ("since=2026-10-01", "since", "RFC 3339"),
        ("since=2026-10-01T00:00:00", "since", "time zone"),
        ("until=2026-13-01T00:00:00Z", "until", "is not a time"),
        ("status=ok", "status", "100 to 599"),
        ("status=99", "status", "100 to 599"),
        ("outcome=okay", "outcome", "did you mean 'ok'?"),
        ("cursor=rubbish", "cursor", "not a cursor"),
    ],
)
async def test_a_bad_parameter_is_refused_by_name(query: str, param: str, message: str) -> None:
    answer = await asked(an_edge(a_call()), f"/api/v1/calls?{query}", headers=BEARER)
    body = json.loads(answer.body)

    assert (answer.status, body["code"], body["error"]["param"]) == (400, "invalid_request", param)
    assert message in body["detail"]


@pytest.mark.parametrize(("by", "message"), [("teem", "did you mean 'team'?"), ("team,team", "twice"), ("team,", "''")])
async def test_a_bad_dimension_is_refused(by: str, message: str) -> None:
    answer = await asked(an_edge(), f"/api/v1/usage?by={by}", headers=BEARER)
    body = json.loads(answer.body)

    assert (answer.status, body["error"]["param"]) == (400, "by")
    assert message in body["detail"]


@pytest.mark.parametrize("query", ["team=%ff", "&".join(f"a{n}=1" for n in range(200))])
async def test_a_query_that_cannot_be_read_is_refused(query: str) -> None:
    answer = await asked(an_edge(), f"/api/v1/calls?{query}", headers=BEARER)

    assert answer.status == 400


async def test_an_unescaped_plus_of_a_time_zone_is_understood() -> None:
    ledger = ListedLedger()

    async with an_api(ledger=ledger) as http:
        await http.get("/api/v1/calls?since=2026-10-01T10:00:00+02:00")

    assert ledger.asked[0].since_ms == OCTOBER_MS


@pytest.mark.parametrize("path", ["/api/v1/calls", "/api/v1/calls/call_1", "/api/v1/usage", "/api/v1/calls?limt=1"])
@pytest.mark.parametrize("sent", [None, "wrong", TOKEN + "x", ""])
async def test_nobody_gets_in_without_a_token(path: str, sent: str | None) -> None:
    headers = [(b"authorization", f"Bearer {sent}".encode())] if sent is not None else []

    answer = await asked(an_edge(a_call()), path, headers=headers)

    assert (answer.status, json.loads(answer.body)["code"]) == (401, "invalid_api_key")
    assert (b"www-authenticate", b"Bearer") in answer.headers


async def test_without_a_configured_token_the_answer_says_so() -> None:
    answer = await asked(an_edge(token=None), "/api/v1/calls", headers=BEARER)

    assert answer.status == 401
    assert "no admin token and no access tokens" in json.loads(answer.body)["detail"]


async def test_the_token_must_come_as_bearer() -> None:
    edge = an_edge()

    basic = await asked(edge, "/api/v1/calls", headers=[(b"authorization", f"Basic {TOKEN}".encode())])
    lower = await asked(edge, "/api/v1/calls", headers=[(b"authorization", f"bearer {TOKEN}".encode())])

    assert (basic.status, lower.status) == (401, 200)


async def test_what_is_not_there_and_what_is_not_allowed_have_the_one_error_body() -> None:
    async with an_api() as http:
        missing_call = await http.get("/api/v1/calls/call_none")
        missing_path = await http.get("/api/v1/nothing")
        slash = await http.get("/api/v1/calls/")
        wrong_method = await http.delete("/api/v1/calls")
        codes = [(await a.json())["code"] for a in (missing_call, missing_path, slash, wrong_method)]

    assert codes == ["not_found", "not_found", "not_found", "method_not_allowed"]
    assert wrong_method.headers["allow"] == "GET, HEAD"


async def test_without_the_database_the_answer_is_503() -> None:
    ledger = ListedLedger()
    ledger.up = False

    async with an_api(ledger=ledger) as http:
        answer = await http.get("/api/v1/usage")

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


async def test_the_answers_are_as_the_description_says() -> None:
    running = a_call(2)
    running.provider = running.deployment = running.first_token_ms = running.overhead_ms = None
    running.outcome, running.attempts = Outcome.RUNNING, []

    async with an_api(a_call(), running) as http:
        document = await (await http.get("/api/openapi.json")).json()
        shown = {
            "Call": await (await http.get("/api/v1/calls/call_1")).json(),
            "CallPage": await (await http.get("/api/v1/calls")).json(),
            "Usage": await (await http.get("/api/v1/usage", params={"by": "team,model"})).json(),
            "Problem": await (await http.get("/api/v1/calls/call_none")).json(),
        }

    assert document["openapi"] == "3.1.0"
    for name, answer in shown.items():
        jsonschema.Draft202012Validator({**document, "$ref": f"#/components/schemas/{name}"}).validate(answer)


async def test_the_description_names_every_address_that_we_serve() -> None:
    async with an_api() as http:
        document = await (await http.get("/api/openapi.json")).json()

    assert {path for path in document["paths"] if not path.startswith("/api/")} == {
        "/v1/chat/completions",
        "/v1/responses",
        "/v1/responses/{id}",
        "/v1/completions",
        "/v1/embeddings",
        "/v1/moderations",
        "/v1/models",
        "/v1/models/{id}",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    assert {(entry.path, entry.method.lower()) for entry in ENTRIES} == {
        (path, method) for path, each in document["paths"].items() for method in each if path.startswith("/api/")
    }


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]


async def test_the_page_asks_nobody_else_for_anything() -> None:
    async with an_api() as http:
        answer = await http.get("/api/docs", headers={"authorization": ""})
        page = await answer.text()

    links = _Links()
    links.feed(page)
    assert answer.status == 200
    assert links.addresses == ["/api/openapi.json"]
    assert not links.tags & {"script", "link", "img", "iframe"}
    assert re.match(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; ", answer.headers["content-security-policy"]
    )
    assert "/v1/chat/completions" in page
