"""Conversations that the provider holds: it has placeholders, and every turn's caller reads originals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from flow_house import Tree, route, tree, use_case
from inner_house import API_KEY, InnerHouse, inner_house
from privacy_words import PEOPLE
from test_masked_calls import ask, sent
from tollhouse.domain.privacy import Placeholders
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.gateway.stored import ResponseShelf

RESPONSES = "/v1/responses"


@asynccontextmanager
async def a_house(folder: Path, *, has_key: bool = True) -> AsyncIterator[InnerHouse]:
    settings = tree(
        models={"*": route("*", retries=0)},
        use_cases={"mask": use_case(privacy={"mode": "mask"})},
        keys=[{"name": "tests", "team": "tests", "use_cases": ["mask"], "secret": "<api_key>"}],
        **({} if has_key else {"privacy": {}}),
    )
    async with inner_house(folder, settings, recognisers=lambda: (PEOPLE,)) as house:
        yield house


async def turn(house: InnerHouse, text: str, previous: str | None = None, *, streamed: bool = False) -> tuple[str, str]:
    """Return the response's id and what was heard. The provider says what it was told."""
    body: Tree = {"model": "sim-echo", "input": text, "stream": streamed}
    heard = await ask(house, body | ({"previous_response_id": previous} if previous else {}), RESPONSES)
    assert heard.error is None
    whole = heard.events[-1]
    response = whole["response"] if streamed else whole
    assert isinstance(response, dict)
    return str(response["id"]), heard.text


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_later_turn_says_the_names_of_earlier_ones(tmp_path: Path, streamed: bool) -> None:
    async with a_house(tmp_path) as house:
        first, _ = await turn(house, "I am Anna Meier", streamed=streamed)
        second, heard = await turn(house, "Jörg Müller asks for <PERSON_1>", first, streamed=streamed)
        _, last = await turn(house, "<PERSON_1> and <PERSON_2>", second, streamed=streamed)
        bodies = sent(house)

    assert heard == "Jörg Müller asks for Anna Meier"
    assert last == "Anna Meier and Jörg Müller"
    assert "<PERSON_2> asks for <PERSON_1>" in bodies
    assert not [name for name in ("Meier", "Jörg") if name in bodies]


async def test_another_process_knows_them_and_so_does_who_fetches_the_response(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        first, _ = await turn(house, "I am Anna Meier")
        gateway = house.house.gateway
        principal = gateway.admission.identify(b"Bearer " + API_KEY.encode())
        fetched = await gateway.fetch(principal, ENDPOINTS[RESPONSES], first)
        await house.house.shelf.flush()
        stores, sealer, clock = house.house.stores, house.house.sealer, house.house.clock
        other = ResponseShelf(stores.stored_responses, sealer, clock)
        known = other.placeholders(await other.find(first, principal))

    assert b"I am Anna Meier" in fetched.data
    assert known == Placeholders(1, {"PERSON_1": "Anna Meier"})
    database = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("tollhouse.db*"))
    assert first.encode() in database
    assert b"Meier" not in database


async def test_without_a_master_key_nobody_is_taken_for_somebody_of_an_earlier_turn(tmp_path: Path) -> None:
    async with a_house(tmp_path, has_key=False) as house:
        first, _ = await turn(house, "I am Anna Meier")
        _, heard = await turn(house, "Jörg Müller asks for <PERSON_1>", first)
        bodies = sent(house)

    assert heard == "Jörg Müller asks for <PERSON_1>"
    assert bodies.count("<PERSON_1>") == 2, "the first turn's own, and the caller's"
