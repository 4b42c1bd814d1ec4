"""Web pages: a back end exchanges its key, and a page calls with what it got."""

import json
from collections.abc import Iterator, Mapping

import pytest

from flow_house import Answer, Tree, chat, eventually, get, last_call, post, read, running, sending, tree, use_case
from tollhouse.testing.house import ADMIN_TOKEN, API_KEY, TestHouse

SHOP, DESK, EVIL = "https://shop.example", "https://desk.example", "https://evil.example"
TOKENS = "/api/v1/session-tokens"
WISH: Tree = {"use_case": "tests", "origins": [SHOP], "subject": "ana"}


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    cases = {"tests": use_case(origins=[SHOP, DESK]), "other": use_case()}
    keys = [{"name": "tests", "team": "tests", "secret": "<api_key>"}]
    with running(tree(use_cases=cases, keys=keys)) as house:
        yield house


def opened(house: TestHouse, *, key: str | None = None, **wish: object) -> str:
    answer = post(house, {**WISH, **wish}, path=TOKENS, key=key)
    assert answer.status == 201, answer.body
    return str(answer.json()["token"])


def from_page(house: TestHouse, token: str, body: Tree, origin: str = SHOP, **headers: str) -> Answer:
    return post(
        house, body, key=token, headers={"origin": origin, **{n.replace("_", "-"): v for n, v in headers.items()}}
    )


def of_cors(answer: Answer) -> Mapping[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control")}


def managed(house: TestHouse, method: str, path: str, **members: object) -> dict[str, object]:
    answer = post(house, {**members, "reason": "a test"}, path=path, key=ADMIN_TOKEN, method=method)
    assert answer.status in (200, 201), answer.body
    return answer.json()


# --- the exchange ---------------------------------------------------------------------------------------------------


def test_a_key_gets_a_token_that_says_until_when_and_where_it_is_good(house: TestHouse) -> None:
    answer = post(house, {**WISH, "expires_in_s": 60, "rate": {"concurrency": 1}, "budget_usd": "0.10"}, path=TOKENS)

    members = answer.json()
    assert answer.status == 201
    assert set(members) == {"token", "id", "expires", "use_case", "origins"}
    assert str(members["token"]).startswith("ths-")
    assert (members["use_case"], members["origins"]) == ("tests", [SHOP])
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"origins": []}, "origins"),
        ({"origins": [EVIL]}, "origins"),
        ({"origins": ["null"]}, "origins"),
        ({"origins": [f"https://shop-{n}.example" for n in range(9)]}, "origins"),
        ({"use_case": "other"}, "origins"),
        ({"expires_in_s": 0}, "expires_in_s"),
        ({"expires_in_s": 901}, "expires_in_s"),
        ({"expires_in_s": 1.5}, "expires_in_s"),
        ({"subject": ""}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"budget_usd": 0.1}, "budget_usd"),
        ({"budget_usd": "-1"}, "budget_usd"),
        ({"rate": {"concurrency": 0}}, "rate.concurrency"),
        ({"lifetime": 5}, "lifetime"),
    ],
)
def test_a_wish_out_of_bounds_is_refused(house: TestHouse, wish: Tree, param: str) -> None:
    answer = post(house, {**WISH, **wish}, path=TOKENS)

    assert (answer.status, answer.json()["error"]["param"]) == (400, param)  # type: ignore[index]


def test_only_a_key_makes_sessions_and_never_from_a_page(house: TestHouse) -> None:
    by_admin = post(house, WISH, path=TOKENS, key=ADMIN_TOKEN)
    by_session = post(house, WISH, path=TOKENS, key=opened(house))
    by_nobody = post(house, WISH, path=TOKENS, key="th-nobodys-0123456789")
    from_shop = post(house, WISH, path=TOKENS, headers={"origin": SHOP})
    by_session_from_shop = post(house, WISH, path=TOKENS, key=opened(house), headers={"origin": SHOP})

    assert [by_admin.status, by_session.status, by_nobody.status] == [403, 403, 401]
    assert (from_shop.status, from_shop.code) == (403, "origin_not_allowed")
    assert by_session_from_shop.status == 403
    assert not of_cors(from_shop)


def test_another_use_case_than_the_keys_gets_no_session(house: TestHouse) -> None:
    answer = post(house, {**WISH, "use_case": "nowhere"}, path=TOKENS)

    assert (answer.status, answer.code) == (403, "use_case_not_allowed")


# --- a page's calls -------------------------------------------------------------------------------------------------


def test_a_pages_call_stands_on_its_keys_account_with_the_sessions_subject(house: TestHouse) -> None:
    answer = from_page(house, opened(house), chat("sim-echo"), x_tollhouse_subject="somebody-else")

    call = last_call(house)
    assert answer.status == 200
    assert (call.key, call.use_case, call.subject) == ("tests", "tests", "ana")
    assert (call.session or "").startswith("ses_")
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["vary"] == "Origin"
    assert "x-tollhouse-call" in answer.headers["access-control-expose-headers"]


def test_streams_and_reads_work_from_a_page(house: TestHouse) -> None:
    token = opened(house)

    streamed = from_page(house, token, chat("sim-echo", stream=True))
    models = post(house, b"", path="/v1/models", method="GET", key=token, headers={"origin": SHOP})

    assert streamed.events()[-1] == b"[DONE]"
    assert {streamed.headers["access-control-allow-origin"], models.headers["access-control-allow-origin"]} == {SHOP}


def test_a_page_can_read_what_went_wrong(house: TestHouse) -> None:
    not_found = from_page(house, opened(house), chat("a model of no such name"))
    broken = from_page(house, opened(house), b"{")  # type: ignore[arg-type]
    upstream = from_page(house, opened(house), chat("sim-400"))
    nobody = from_page(house, "ths-AAAA", chat("sim-echo"))
    with_key = from_page(house, API_KEY, chat("sim-echo"))

    answers = [not_found, broken, upstream, nobody, with_key]
    assert [answer.status for answer in answers] == [404, 400, 400, 401, 403]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {SHOP}
    assert "session-tokens" in str(with_key.json()["detail"])


@pytest.mark.parametrize("origin", [EVIL, "null"])
def test_a_page_of_another_origin_reads_nothing(house: TestHouse, origin: str) -> None:
    answers = [from_page(house, token, chat("sim-echo"), origin) for token in (opened(house), API_KEY)]

    assert [(answer.status, answer.code) for answer in answers] == [(403, "origin_not_allowed")] * 2
    assert not [of_cors(answer) for answer in answers if of_cors(answer)]


def test_another_origin_of_the_use_case_is_not_the_sessions(house: TestHouse) -> None:
    answer = from_page(house, opened(house), chat("sim-echo"), DESK)

    assert (answer.status, answer.code) == (403, "origin_not_allowed")


def test_another_use_case_is_not_the_sessions(house: TestHouse) -> None:
    answer = from_page(house, opened(house), chat("sim-echo"), x_tollhouse_use_case="other")

    assert (answer.status, answer.code) == (403, "use_case_not_allowed")


def test_a_good_and_a_wrong_key_in_a_page_get_the_same_answer(house: TestHouse) -> None:
    good, wrong = [from_page(house, key, chat("sim-echo")).json() for key in (API_KEY, "th-wrong-0123456789abcdef")]

    for each in (good, wrong):
        del each["instance"], each["request_id"]
    assert good == wrong


def test_sessions_do_not_get_each_others_stored_answers(house: TestHouse) -> None:
    tokens = [opened(house), opened(house)]

    replayed = [
        from_page(house, token, chat("sim-echo"), idempotency_key="once").headers.get("idempotency-replayed")
        for token in (tokens[0], tokens[0], tokens[1])
    ]

    assert replayed == [None, "true", None]


def test_a_session_spends_no_more_than_its_cap(house: TestHouse) -> None:
    token = opened(house, budget_usd="0.000001")

    answer = from_page(house, token, chat("sim-echo", max_completion_tokens=1000))

    assert (answer.status, answer.code) == (429, "budget_exceeded")
    assert "session ses_" in str(answer.json()["detail"])


# --- its end --------------------------------------------------------------------------------------------------------


def test_a_session_ends_when_its_key_is_revoked(house: TestHouse) -> None:
    made = managed(house, "POST", "/api/v1/keys", name="short-lived", team="tests", use_cases=["tests"])
    token = opened(house, key=str(made["secret"]))
    before = from_page(house, token, chat("sim-echo"))

    post(house, b"", path="/api/v1/keys/short-lived?reason=a+test", key=ADMIN_TOKEN, method="DELETE")

    after = from_page(house, token, chat("sim-echo"))
    assert (before.status, after.status, after.code) == (200, 401, "invalid_api_key")


def test_a_session_ends_when_its_key_is_rotated_without_overlap(house: TestHouse) -> None:
    made = managed(house, "POST", "/api/v1/keys", name="rotating", team="tests", use_cases=["tests"])
    token = opened(house, key=str(made["secret"]))

    managed(house, "POST", "/api/v1/keys/rotating/rotate", overlap_ms=0)

    assert from_page(house, token, chat("sim-echo")).status == 401


# --- wrong keys, and use --------------------------------------------------------------------------------------------


def test_whoever_guesses_keys_waits_and_is_told_how_long() -> None:
    with running(tree()) as house:
        known = get(house, "/v1/models")
        guesses = [get(house, "/v1/models", key=f"th-{number:05}-0123456789") for number in range(75)]
        known_after = get(house, "/v1/models")
        on_api = get(house, "/api/v1/usage", key="a-wrong-admin-token")

    last = guesses[-1]
    assert [answer.status for answer in guesses[:60]] == [401] * 60
    assert (last.status, last.code, last.headers["retry-after"]) == (429, "too_many_failures", "1")
    assert (known.status, known_after.status, on_api.status) == (200, 200, 429)


def test_when_a_key_was_last_used_is_noted_within_seconds(house: TestHouse) -> None:
    made = managed(house, "POST", "/api/v1/keys", name="used", team="tests", use_cases=["tests"])

    assert get(house, "/v1/models", key=str(made["secret"])).status == 200

    def noted() -> bool:
        keys = json.loads(get(house, "/api/v1/keys", key=ADMIN_TOKEN).body)["items"]
        return any(key["name"] == "used" and key["last_used"] for key in keys)

    eventually(noted)


def test_a_preflight_is_answered_by_the_real_server(house: TestHouse) -> None:
    headers = {"origin": SHOP, "access-control-request-method": "POST"}
    with sending(house.url, b"", path="/v1/chat/completions", headers=headers, method="OPTIONS") as response:
        answer = read(response)

    assert (answer.status, answer.body, answer.headers["access-control-allow-origin"]) == (204, b"", SHOP)
