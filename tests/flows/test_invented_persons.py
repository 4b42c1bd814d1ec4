"""Ten thousand invented persons on every route: what of them reaches the provider, and what their callers read."""

import json
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path

import pytest

import planted_persons
from flow_house import Tree
from privacy_words import Failing
from test_masked_calls import ANSWERING, a_house, ask
from tollhouse.domain.errors import DetectorFailed
from tollhouse.privacy.recognisers import load

SEED = 20_262
FAILING = 40

BODIES: Mapping[str, Tree] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "{}"}]},
    "/v1/responses": {"input": "{}", "store": False},
    "/v1/completions": {"prompt": "{}"},
    "/v1/embeddings": {"input": ["{}"]},
    "/v1/moderations": {"input": "{}"},
}
WAYS = [(path, streamed) for path in BODIES for streamed in ((False, True) if path in ANSWERING else (False,))]


def body_of(path: str, text: str, *, streamed: bool) -> Tree:
    body: Tree = json.loads(json.dumps(BODIES[path]).replace('"{}"', json.dumps(text)))
    return {**body, "stream": True} if streamed else body


@pytest.mark.timeout(600)
@pytest.mark.parametrize("persons", [400, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_nothing_of_them_leaves_and_all_of_it_comes_back(tmp_path: Path, persons: int) -> None:
    leaked, changed = [], []
    async with a_house(tmp_path, *load(), cached=False) as house:
        for planted, (path, streamed) in zip(planted_persons.sentences(persons, SEED), cycle(WAYS), strict=False):
            heard = await ask(house, body_of(path, planted.text, streamed=streamed), path)
            left = house.simulator.requests[-1].body.decode()

            assert heard.error is None
            if planted.value in left or json.dumps(planted.value)[1:-1] in left or "_1>" not in left:
                leaked.append((path, planted))
            if heard.text != (planted.text if path in ANSWERING else ""):
                changed.append((path, planted, heard.text))

    assert leaked == []
    assert changed == []


async def test_while_a_recogniser_fails_nobody_is_sent_anywhere(tmp_path: Path) -> None:
    async with a_house(tmp_path, *load(), Failing()) as house:
        for planted, (path, streamed) in zip(planted_persons.sentences(FAILING, SEED), cycle(WAYS), strict=False):
            heard = await ask(house, body_of(path, planted.text, streamed=streamed), path)

            assert isinstance(heard.error, DetectorFailed)
            assert planted.value not in heard.error.message
        assert len(house.simulator.requests) == 0
