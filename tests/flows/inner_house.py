"""A whole house without its web server, and a simulator, in the test's own loop: for stories of many calls at once."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flow_house import Tree, as_config
from tollhouse.bootstrap import House, open_house
from tollhouse.domain.calls import Call
from tollhouse.domain.errors import TollhouseError
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.gateway.terms import Terms
from tollhouse.privacy.recogniser import Recogniser
from tollhouse.privacy.recognisers import load
from tollhouse.simulator import Simulator, start

CHAT = ENDPOINTS["/v1/chat/completions"]
API_KEY = "th-inner-key-0123456789"
PLAIN = Terms("req")
ADMIN_TOKEN = "inner-admin-token-0123456789"


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller got: an answer's body, or an error."""

    call: Call | None
    body: Mapping[str, object] = field(default_factory=dict)
    error: TollhouseError | None = None

    @property
    def status(self) -> int:
        return 200 if self.error is None else self.error.status

    @property
    def text(self) -> str:
        choices = self.body["choices"]
        assert isinstance(choices, list)
        return str(choices[0]["message"]["content"])

    @property
    def model(self) -> str:
        """The deployment's model that served."""
        assert self.call is not None
        assert self.call.deployment is not None
        return self.call.deployment.partition("/")[2]


@dataclass(frozen=True, slots=True)
class InnerHouse:
    house: House
    simulator: Simulator

    async def calls(self, model: str, *, text: str = "hello", terms: Terms = PLAIN) -> Told:
        gateway = self.house.gateway
        principal = gateway.admission.identify(b"Bearer " + API_KEY.encode())
        asked = CHAT.read(json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}).encode())
        call: Call | None = None
        try:
            passage = await gateway.enter(principal, CHAT, asked, terms)
            call = passage.call
            async with aclosing(passage.events()) as events:
                body = [event.data async for event in events][-1]
        except TollhouseError as error:
            return Told(call, error=error)
        return Told(call, json.loads(body))

    async def many(self, count: int, model: str) -> list[Told]:
        return await asyncio.gather(*(self.calls(model) for _ in range(count)))

    def seen(self) -> Counter[str]:
        """How many requests the provider has seen, by model."""
        return Counter(request.model for request in self.simulator.requests)

    def keys_seen(self) -> list[str]:
        return [(request.header("authorization") or "").removeprefix("Bearer ") for request in self.simulator.requests]


@asynccontextmanager
async def inner_house(
    folder: Path,
    settings: Tree,
    *,
    api_keys: Collection[str] | None = None,
    recognisers: Callable[[], Sequence[Recogniser]] = load,
) -> AsyncIterator[InnerHouse]:
    simulator = await start(api_keys=api_keys)
    path = folder / "tollhouse.yaml"
    path.write_text(
        as_config(settings).format(
            folder=folder, simulator=simulator.base_url, api_key=API_KEY, admin_token=ADMIN_TOKEN
        )
    )
    try:
        async with open_house(path, environ={}, recognisers=recognisers) as house:
            yield InnerHouse(house, simulator)
    finally:
        await simulator.close()
