"""`idempotency-key` on the writes of `/api/v1`: done once, answered as often as asked."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api_house import CONFIG, MASTER_KEY, Asker, api_house
from tollhouse.bootstrap import api_rooms
from tollhouse.domain.errors import Conflict
from tollhouse.domain.roles import Role
from tollhouse.governance.roles import Action
from tollhouse.web.api.app import Api
from tollhouse.web.api.body import MAX_BODY_BYTES, Reasoned
from tollhouse.web.api.entry import Answer, Asked, Entry
from tollhouse.web.api.rooms import Rooms
from tollhouse.web.edge import Edge
from tollhouse.web.replay import ReplayDesk
from web_serving import Seen

pytestmark = pytest.mark.asyncio(loop_scope="module")

REASON = {"reason": "for a test"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    async with api_house(Path(tmp_path_factory.mktemp("replays"))) as asker:
        yield asker


async def test_the_same_request_gets_the_same_answer_and_is_done_once(ask: Asker) -> None:
    wish = {"name": "once", "team": "claims", **REASON}

    first = await ask("POST", "/api/v1/keys", wish, idempotency_key="a")
    second = await ask("POST", "/api/v1/keys", wish, idempotency_key="a")

    assert (first.status, second.status) == (201, 201)
    assert second.body == first.body
    assert (first.headers.get("idempotency-replayed"), second.headers["idempotency-replayed"]) == (None, "true")
    assert len((await ask("GET", "/api/v1/changes?kind=key&name=once")).items) == 1


async def test_an_answer_without_a_body_is_replayed_too(ask: Asker) -> None:
    await ask.make("teams", "short-lived")

    first = await ask("DELETE", "/api/v1/teams/short-lived?reason=x", idempotency_key="b")
    second = await ask("DELETE", "/api/v1/teams/short-lived?reason=x", idempotency_key="b")

    assert [(each.status, each.body) for each in (first, second)] == [(204, b"")] * 2
    assert second.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("method", "target", "body", "headers"),
    [
        ("PUT", "/api/v1/teams/same", {"budget": None, **REASON}, {}),
        ("PUT", "/api/v1/teams/another", REASON, {}),
        ("PATCH", "/api/v1/teams/same", REASON, {}),
        ("PUT", "/api/v1/teams/same", REASON, {"if_match": '"1"'}),
    ],
)
async def test_another_request_under_the_same_key_is_refused(
    ask: Asker, method: str, target: str, body: dict[str, object], headers: dict[str, str]
) -> None:
    key = f"{method} {target} {len(body)} {len(headers)}"
    await ask("PUT", "/api/v1/teams/same", REASON, idempotency_key=key)

    answer = await ask(method, target, body, idempotency_key=key, **headers)

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")


async def test_a_failure_may_be_tried_again_under_its_key(ask: Asker) -> None:
    cap = {"limit_usd": "1", "period": "day", **REASON}

    refused = await ask("PUT", "/api/v1/budgets/team/later", cap, idempotency_key="d")
    await ask.make("teams", "later")
    done = await ask("PUT", "/api/v1/budgets/team/later", cap, idempotency_key="d")

    assert (refused.status, done.status) == (404, 200)


async def test_two_people_do_not_get_each_others_answers(ask: Asker) -> None:
    one, two = await ask.token(Role.TEAM_OWNER, "claims", "one"), await ask.token(Role.TEAM_OWNER, "claims", "two")
    wish = {"name": "whose", "team": "claims", **REASON}

    first = await ask("POST", "/api/v1/keys", wish, token=one, idempotency_key="e")
    second = await ask("POST", "/api/v1/keys", wish, token=two, idempotency_key="e")

    assert (first.status, second.status) == (201, 409)


async def test_a_name_that_is_given_again_does_not_get_the_answers_of_before(ask: Asker) -> None:
    wish = {"name": "heirloom", "team": "claims", **REASON}
    before = await ask.token(Role.ADMIN, None, "admin-of-the-day")
    await ask("POST", "/api/v1/keys", wish, token=before, idempotency_key="f")
    await ask("DELETE", "/api/v1/tokens/admin-of-the-day?reason=left")
    after = await ask.token(Role.TEAM_OWNER, "claims", "admin-of-the-day")

    answer = await ask("POST", "/api/v1/keys", wish, token=after, idempotency_key="f")

    assert (answer.status, answer.code) == (409, "conflict")


async def test_whoever_lost_the_right_does_not_get_the_answer_again(ask: Asker) -> None:
    secret = await ask.token(Role.ADMIN, None, "demoted")
    wish = {"name": "kept", "team": "claims", **REASON}
    await ask("POST", "/api/v1/keys", wish, token=secret, idempotency_key="g")
    await ask("DELETE", "/api/v1/tokens/demoted?reason=left")

    answer = await ask("POST", "/api/v1/keys", wish, token=secret, idempotency_key="g")

    assert answer.status == 401


async def test_the_second_waits_for_the_first(ask: Asker) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(rooms: Rooms, asked: Asked) -> Answer:
        entered.set()
        await go_on.wait()
        return Answer({"done": True})

    slowly = another_table(ask, slow)
    first = asyncio.create_task(slowly("POST", "/api/v1/slow", REASON, idempotency_key="h"))
    await entered.wait()
    meanwhile = await slowly("POST", "/api/v1/slow", REASON, idempotency_key="h")
    go_on.set()
    done = await first
    again = await slowly("POST", "/api/v1/slow", REASON, idempotency_key="h")

    assert (meanwhile.status, meanwhile.code) == (409, "idempotency_in_flight")
    assert (done.members, again.members) == ({"done": True}, {"done": True})
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_caller_who_leaves_frees_the_key(ask: Asker) -> None:
    entered, tries = asyncio.Event(), 0

    async def slow_at_first(rooms: Rooms, asked: Asked) -> Answer:
        nonlocal tries
        tries += 1
        if tries == 1:
            entered.set()
            await asyncio.Event().wait()
        return Answer({"tries": tries})

    slowly = another_table(ask, slow_at_first)
    first = asyncio.create_task(slowly("POST", "/api/v1/slow", REASON, idempotency_key="i"))
    await entered.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = await slowly("POST", "/api/v1/slow", REASON, idempotency_key="i")

    assert second.members == {"tries": 2}


async def test_a_conflict_is_not_kept(ask: Asker) -> None:
    async def clash(rooms: Rooms, asked: Asked) -> Answer:
        raise Conflict

    clashing = another_table(ask, clash)

    answers = [await clashing("POST", "/api/v1/slow", REASON, idempotency_key="j") for _ in range(2)]

    assert [(each.status, "idempotency-replayed" in each.headers) for each in answers] == [(409, False)] * 2


async def test_without_a_master_key_whoever_asks_for_it_is_told(tmp_path: Path) -> None:
    async with api_house(tmp_path, CONFIG.replace(MASTER_KEY, "")) as plain:
        refused = await plain("PUT", "/api/v1/teams/t", REASON, idempotency_key="k")
        done = await plain("PUT", "/api/v1/teams/t", REASON)

    assert (refused.status, "`privacy.master_key` is not set" in str(refused.members["detail"])) == (400, True)
    assert done.status == 200


async def test_a_key_that_cannot_be_read_is_refused(ask: Asker) -> None:
    answer = await ask("PUT", "/api/v1/teams/t", REASON, idempotency_key="x" * 256)

    assert (answer.status, answer.code) == (400, "invalid_request")


@pytest.mark.parametrize(("over", "status"), [(0, 400), (1, 413)])
async def test_a_body_has_a_largest_size(ask: Asker, over: int, status: int) -> None:
    frame = b'{"reason": ""}'
    body = frame.replace(b'""', b'"' + b"x" * (MAX_BODY_BYTES + over - len(frame)) + b'"')

    answer = await ask("PUT", "/api/v1/teams/t", body)

    assert answer.status == status
    assert status == 400 or f"{MAX_BODY_BYTES} bytes that /api takes" in str(answer.members["detail"])


@pytest.mark.parametrize("tag", ["3", 'W/"3"', '"x"', "*", '"1", "2"', '"9999999999999999"'])
async def test_a_tag_that_is_not_one_version_is_refused(ask: Asker, tag: str) -> None:
    answer = await ask("PUT", "/api/v1/teams/t", REASON, if_match=tag)

    assert (answer.status, answer.code) == (400, "invalid_request")


async def test_two_versions_that_differ_are_refused(ask: Asker) -> None:
    answer = await ask("PUT", "/api/v1/teams/t", {"version": 1, **REASON}, if_match='"2"')

    assert (answer.status, "differ" in str(answer.members["detail"])) == (400, True)


def another_table(ask: Asker, handler: object) -> Asker:
    """The same house with one operation of the test's own."""
    entry = Entry(
        method="POST",
        path="/api/v1/slow",
        action=Action.TEAMS_WRITE,
        handler=handler,  # type: ignore[arg-type]
        summary="A test's.",
        answer="Team",
        body=Reasoned,
    )
    house = ask.house
    api = Api(api_rooms(house), ReplayDesk(house.stores.replays, house.sealer, house.clock), (entry,))
    return Asker(Edge(v1=api, api=api, pages={}, watch=Seen()), house)
