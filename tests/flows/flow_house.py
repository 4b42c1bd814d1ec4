"""What the flows share: houses with a configuration of their own, and requests as bytes, without any client's manners."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

from tollhouse.domain.calls import Attempt, Call
from tollhouse.ports.ledger import BudgetState
from tollhouse.stores import open_stores
from tollhouse.testing.house import ADMIN_TOKEN, TestHouse

Tree = dict[str, object]

MASTER_KEY = "A" * 43 + "="
PRICE: Mapping[str, str] = {
    "input_per_million": "0.25",
    "cached_input_per_million": "0.025",
    "output_per_million": "2.00",
}
"""The simulator's own price of every model that has no line of its own there."""
HELLO: Sequence[Mapping[str, str]] = ({"role": "user", "content": "hello"},)
PLACEHOLDERS = ("folder", "simulator", "api_key", "admin_token")
WAIT_S = 30.0


def route(*models: str, **more: object) -> Tree:
    """A route to these models at the simulator, at its price."""
    return {"deployments": [{"provider": "simulator", "model": model} for model in models], "price": PRICE, **more}


def use_case(team: str = "tests", models: Sequence[str] = ("*",), **more: object) -> Tree:
    return {
        "team": team,
        "owner": "tests@example.com",
        "models": list(models),
        "privacy": {"mode": "off"},
        **more,
    }


def tree(**parts: object) -> Tree:
    """One team, one use case, one key and any model at the simulator; `parts` go over it, section by section."""
    return {
        "server": {"listen": "127.0.0.1:0", "admin_token": "<admin_token>", "drain_ms": 1000},
        "storage": {"path": "<folder>/data"},
        "privacy": {"master_key": MASTER_KEY},
        "providers": {"simulator": {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-simulator-0123"}},
        "models": {"*": route("*")},
        "teams": {"tests": {}},
        "use_cases": {"tests": use_case()},
        "keys": [{"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>"}],
        **parts,
    }


def as_config(settings: Tree) -> str:
    """JSON is YAML; what stands in angle brackets is filled in by the house."""
    text = json.dumps(settings, indent=1).replace("{", "{{").replace("}", "}}")
    for name in PLACEHOLDERS:
        text = text.replace(f"<{name}>", f"{{{name}}}")
    return text


@contextmanager
def running(settings: Tree) -> Iterator[TestHouse]:
    house = TestHouse(as_config(settings)).start()
    try:
        yield house
    finally:
        house.close()


# --- requests as bytes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def code(self) -> object:
        return self.json()["code"]

    def events(self) -> list[bytes]:
        """The data of a stream's events, in order."""
        return [block.removeprefix(b"data: ") for block in self.body.split(b"\n\n") if block.startswith(b"data: ")]


def chat(model: str, **more: object) -> Tree:
    return {"model": model, "messages": list(HELLO), **more}


def post(
    house: TestHouse,
    body: bytes | Tree,
    *,
    path: str = "/v1/chat/completions",
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
) -> Answer:
    """Send one request over a connection of its own. `key` "" sends none; left out, it is the house's."""
    with sending(house.url, body, path=path, headers=_headers(house, key, headers), method=method) as response:
        return read(response)


def get(house: TestHouse, path: str, *, key: str | None = None) -> Answer:
    return post(house, b"", path=path, key=key, method="GET")


def admin(house: TestHouse, path: str) -> dict[str, object]:
    answer = get(house, path, key=ADMIN_TOKEN)
    assert answer.status == 200, answer.body
    return answer.json()


@contextmanager
def sending(
    url: str, body: bytes | Tree, *, path: str, headers: Mapping[str, str], method: str = "POST"
) -> Iterator[HTTPResponse]:
    """Yield the answer once its headers are there. Leaving hangs up, whatever is still on its way."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=WAIT_S)
    response: HTTPResponse | None = None
    try:
        connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body).encode(), dict(headers))
        response = connection.getresponse()
        yield response
    finally:
        if response is not None:
            response.close()
        connection.close()


@contextmanager
def streaming(
    house: TestHouse,
    body: Tree,
    *,
    path: str = "/v1/chat/completions",
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[HTTPResponse]:
    """As `sending`, for a stream that the test reads itself."""
    with sending(house.url, {**body, "stream": True}, path=path, headers=_headers(house, key, headers)) as response:
        yield response


def read(response: HTTPResponse) -> Answer:
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


def read_event(response: HTTPResponse) -> bytes:
    """Read a stream up to the end of its next event; b"" at its end."""
    lines = []
    while (line := response.readline()) not in (b"\n", b""):
        lines.append(line)
    return b"".join(lines)


def _headers(house: TestHouse, key: str | None, more: Mapping[str, str] | None) -> dict[str, str]:
    secret = house.api_key if key is None else key
    headers = {"content-type": "application/json", **(more or {})}
    return {"authorization": f"Bearer {secret}", **headers} if secret else headers


# --- what was booked ------------------------------------------------------------------------------------------------


def last_call(house: TestHouse) -> Call:
    return house.calls()[0]


def attempts(house: TestHouse) -> list[Attempt]:
    """Every attempt in the ledger, oldest first."""
    return [attempt for call in reversed(house.calls()) for attempt in call.attempts]


def shown(call: Call) -> list[tuple[str, str, str | None]]:
    """What became of a call's attempts: model, state, error."""
    return [(a.deployment.partition("/")[2], a.state.value, a.error) for a in call.attempts]


def sent_bodies(house: TestHouse, model: str) -> list[bytes]:
    """What the provider was sent for this model, in order."""
    return house.at_rest(lambda _: [each.body for each in house.simulator.requests if each.model == model])


async def _stored_budgets(house: TestHouse) -> list[BudgetState]:
    stores = await open_stores(None, house.folder / "data")
    try:
        return await stores.ledger.budgets()
    finally:
        await stores.close()


def budgets(house: TestHouse) -> list[BudgetState]:
    """Every budget in the ledger as committed, read by another process's eyes."""
    return asyncio.run(_stored_budgets(house))


def eventually(condition: Callable[[], bool], within_s: float = WAIT_S) -> None:
    """Wait for what happens by itself, such as leases coming home."""
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)
