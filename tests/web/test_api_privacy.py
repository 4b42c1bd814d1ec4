"""`/api/v1/privacy/scan` shows what would leave of a text."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api_house import Asker, api_house
from privacy_words import PEOPLE
from tollhouse.domain.roles import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/privacy/scan"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    async with api_house(Path(tmp_path_factory.mktemp("privacy")), recognisers=lambda: (PEOPLE,)) as asker:
        yield asker


async def test_it_shows_where_personal_data_stands_and_what_would_leave(ask: Asker) -> None:
    found = await ask("POST", PATH, {"text": "😀 Anna Meier, <PERSON_1>, a.m@x.ch"})

    assert found.members == {
        "spans": [
            {"start": 2, "end": 12, "type": "PERSON", "score": 0.6},
            {"start": 26, "end": 34, "type": "EMAIL_ADDRESS", "score": 1.0},
        ],
        "masked": "😀 <PERSON_2>, <PERSON_1>, <EMAIL_ADDRESS_1>",
    }


async def test_a_text_without_any_is_shown_as_it_is(ask: Asker) -> None:
    assert (await ask("POST", PATH, {"text": "Good morning"})).members == {"spans": [], "masked": "Good morning"}


async def test_everybody_may_look_as_a_use_case_of_their_own_team_does(ask: Asker) -> None:
    viewer = await ask.token(Role.VIEWER, "claims")

    own = await ask("POST", PATH, {"text": "Anna Meier", "use_case": "claims-triage"}, token=viewer)
    other = await ask("POST", PATH, {"text": "Anna Meier", "use_case": "support-chat"}, token=viewer)
    missing = await ask("POST", PATH, {"text": "Anna Meier", "use_case": "nope"}, token=viewer)

    assert own.members["masked"] == "<PERSON_1>"
    assert (other.status, missing.status) == (404, 404)
    assert str(other.members["detail"]).replace("support-chat", "nope") == missing.members["detail"]


async def test_nobody_looks_without_a_token(ask: Asker) -> None:
    assert (await ask("POST", PATH, {"text": "Anna Meier"}, token=None)).status == 401
