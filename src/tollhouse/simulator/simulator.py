"""The simulated provider itself: takes requests, lets a behaviour answer them, and writes the bill."""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import msgspec

from .asked import Asked, Refused
from .behaviours import Behaviour, Cast, WrongArguments
from .bill import MAX_CLIENT_ID_CHARS, Bill, BillLine, BillNotWritten
from .catalogue import TABLE, behaviour_of, find
from .chat import ChatCompletions
from .completions import Completions
from .connection import Answer, Connection
from .embeddings import Embeddings
from .failures import NO_KEY, PREFILL, WRONG_KEY, Failure, not_found, showing_key, unknown_model
from .moderations import Moderations
from .play import Played
from .prices import Price, Prices
from .requests import Request, RequestLog
from .responses import Responses, Shelf
from .said import Said
from .scene import Endpoint, Scene, choices
from .staging import JSON, failed, steps
from .wire import Step, Wire, Write

MAX_CONNECTIONS = 10_000
MAX_KNOWN_NAMES = 1_024
"""Model names with parameters whose behaviour is kept; after so many different ones they are read anew."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A scripted answer with this text, for `Simulator.script`."""

    text: str
    finish: str = "stop"

    def behaviour(self) -> Behaviour:
        return Behaviour(say=lambda asked, cast: Said(self.text, finish=self.finish))


class Booking(msgspec.Struct, frozen=True):
    """What is known about a bill line before the request has ended."""

    n: int
    at: str
    asked: Asked
    price: Price
    tokens_in: int
    tokens_cached: int
    status: int
    scene: Scene | None = None


class Simulator:
    """A running simulated provider; `start` makes one."""

    def __init__(self, cast: Cast, bill: Bill, prices: Prices, api_keys: Collection[str] | None) -> None:
        self.bill = bill
        self.requests = RequestLog()
        self.base_url = ""
        self._cast = cast
        self._prices = prices
        self._keys = frozenset(api_keys) if api_keys is not None else None
        self._endpoints = _endpoints(cast.seed)
        self._scripts: dict[str, deque[Behaviour]] = {}
        self._known: dict[str, Behaviour] = {}
        self._shelf = Shelf()
        self._connections: set[Connection] = set()
        self._connection_count = 0
        self._request_count = bill.last_n
        self._n = bill.last_n
        self._open_requests = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Raises OSError if the address cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
        bound = self._server.sockets[0].getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        self.base_url = f"http://{shown}:{bound[1]}/v1"

    async def close(self) -> None:
        """Stop at once: open answers are cut, booked as far as they came, and the bill is closed."""
        if self._server:
            self._server.close()
        for connection in tuple(self._connections):
            connection.stop()
        if self._server:
            await self._server.wait_closed()
        self.bill.close()

    @property
    def held_up(self) -> int:
        """How many answers wait for their clients to read."""
        return sum(connection.is_held_up for connection in self._connections)

    async def settled(self) -> None:
        """Wait until every request that has arrived is booked."""
        await self._idle.wait()

    def script(self, model: str, behaviours: Sequence[str | Reply]) -> None:
        """
        Let successive requests to `model` get successive behaviours; the last one repeats.

        A behaviour is a model name (`sim-503`, `sim-429:1`) or a `Reply`. `model` may be any name, then listed and
        served too. An empty sequence ends the script. Raises ValueError for a name that is not in the table.
        """
        if behaviours:
            self._scripts[model] = deque(_scripted(entry) for entry in behaviours)
        else:
            self._scripts.pop(model, None)

    # --- connections ------------------------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> int:
        self._connections.add(connection)
        self._connection_count += 1
        if len(self._connections) > MAX_CONNECTIONS:
            connection.stop()
        return self._connection_count

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def next_request_id(self) -> str:
        self._request_count += 1
        return f"req_{self._number(self._request_count)}"

    def _number(self, count: int) -> str:
        return f"s{self._cast.seed:x}n{count:010x}"

    # --- requests ---------------------------------------------------------------------------------------------------

    def answer(self, request: Request, wire: Wire) -> Answer:
        """Decide what happens to a request. Whatever it is, the request is in the log."""
        request.request_id = wire.request_id
        self.requests.add(request)
        self._open_requests += 1
        self._idle.clear()
        try:
            return self._routed(request, wire)
        except Refused as refused:
            return self._unbilled(request, refused.failure.status, failed(refused.failure, wire, time.time()))

    def _routed(self, request: Request, wire: Wire) -> Answer:
        """Raises Refused."""
        path, _, _ = request.path.partition("?")
        self._check_key(request)
        name, model = _address(path)
        endpoint = self._endpoints.get(name)
        if endpoint and request.method == "POST":
            asked = endpoint.read(request.body, model)
            return self._performed(request, asked, endpoint, wire)
        if endpoint:
            raise Refused(Failure(405, f"Not allowed to {request.method} on {path}."))
        if request.method == "GET":
            return self._found(request, name, wire)
        raise Refused(not_found(request.method, path))

    def _check_key(self, request: Request) -> None:
        if self._keys is None:
            return
        given = _key(request)
        if not given:
            raise Refused(NO_KEY)
        if given not in self._keys:
            raise Refused(WRONG_KEY)

    def _performed(self, request: Request, asked: Asked, endpoint: Endpoint, wire: Wire) -> Answer:
        """The request reaches its model: from here on it has a line on the bill."""
        request.model = asked.model
        behaviour = self._behaviour(asked.model)
        failure = behaviour.failure if asked.stream else behaviour.failure or behaviour.not_streamed
        if behaviour.refuses_prefill and asked.prefilled:
            failure = PREFILL
        if failure:
            failure = showing_key(failure, _key(request)) if failure.shows_key else failure
            played = failed(failure, wire, time.time())
            return self._billed(request, self._booking(asked, None, failure.status), played)
        scene = self._scene(asked, behaviour)
        free = bool(behaviour.form.bomb_bytes or (behaviour.breaks and behaviour.breaks.bills == "nothing"))
        booking = self._booking(asked, None if free else scene, 200)
        return self._billed(request, booking, steps(scene, endpoint, behaviour, wire))

    def _behaviour(self, model: str) -> Behaviour:
        if script := self._scripts.get(model):
            return script.popleft() if len(script) > 1 else script[0]
        if (known := self._known.get(model)) is None:
            known = behaviour_of(model)
            if len(self._known) >= MAX_KNOWN_NAMES:
                self._known.clear()
            self._known[model] = known
        return known

    def _scene(self, asked: Asked, behaviour: Behaviour) -> Scene:
        tokens_in = asked.tokens_in + self._shelf.context_tokens(asked)
        said = choices(asked, behaviour, self._cast)
        return Scene(
            asked=asked,
            said=said,
            form=behaviour.form,
            number=self._number(self._request_count),
            created=int(time.time()),
            tokens_in=tokens_in,
            tokens_cached=tokens_in * behaviour.cached_percent // 100,
            tokens_out=sum([choice.tokens for choice in said]),
        )

    def _found(self, request: Request, name: str, wire: Wire) -> Answer:
        """Answer what is looked up: models and stored responses."""
        kind, _, identifier = name.partition("/")
        if name == "models":
            body = msgspec.json.encode({"object": "list", "data": [_model(model) for model in self.models()]})
        elif kind == "models" and (identifier in self._scripts or _is_known(identifier)):
            body = msgspec.json.encode(_model(identifier))
        elif kind == "models":
            raise Refused(unknown_model(identifier))
        elif kind == "responses" and (stored := self._shelf.get(identifier)):
            body = stored.body
        elif kind == "responses":
            raise Refused(Failure(404, f"Response with id '{identifier}' not found."))
        else:
            raise Refused(not_found(request.method, request.path))
        head = wire.head(200, JSON, length=len(body))
        return self._unbilled(request, 200, iter([Write(head + body)]))

    def models(self) -> list[str]:
        """Return the names of all models, scripted ones too."""
        return [*TABLE, *(model for model in self._scripts if model not in TABLE)]

    # --- the bill ---------------------------------------------------------------------------------------------------

    def _booking(self, asked: Asked, scene: Scene | None, status: int) -> Booking:
        self._n += 1
        return Booking(
            n=self._n,
            at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            asked=asked,
            price=self._prices.of(asked.model),
            tokens_in=scene.tokens_in if scene else 0,
            tokens_cached=scene.tokens_cached if scene else 0,
            status=status,
            scene=scene,
        )

    def _billed(self, request: Request, booking: Booking, played: Iterator[Step]) -> Answer:
        return Answer(played, partial(self._book, request, booking))

    def _unbilled(self, request: Request, status: int, played: Iterator[Step]) -> Answer:
        return Answer(played, partial(self._log, request, status))

    def _book(self, request: Request, booking: Booking, played: Played) -> None:
        """Raises BillNotWritten."""
        try:
            self.bill.append(_line(request, booking, played))
        except BillNotWritten:
            self._log(request, booking.status, Played(0, 0, "stopped"))
            raise
        self._log(request, booking.status, played)
        if booking.scene and booking.asked.store and played.outcome == "answered":
            self._shelf.put(booking.scene)

    def _log(self, request: Request, status: int, played: Played) -> None:
        request.status = status if played.sent_bytes else None
        request.outcome = played.outcome
        request.sent_bytes = played.sent_bytes
        request.ended_at = time.time()
        self._open_requests -= 1
        if not self._open_requests:
            self._idle.set()


def _line(request: Request, booking: Booking, played: Played) -> BillLine:
    tokens_out = played.tokens if booking.scene else 0
    return BillLine(
        n=booking.n,
        at=booking.at,
        request_id=request.request_id,
        endpoint=booking.asked.endpoint,
        model=booking.asked.model,
        tokens_in=booking.tokens_in,
        tokens_out=tokens_out,
        tokens_cached=booking.tokens_cached,
        nano_usd=booking.price.cost_nanousd(booking.tokens_in, booking.tokens_cached, tokens_out),
        status=booking.status if played.sent_bytes else None,
        streamed=booking.asked.stream,
        delivered=played.outcome == "answered",
        client_request_id=_client_id(request),
    )


def _key(request: Request) -> str:
    given = (request.header("authorization") or "").removeprefix("Bearer ").strip()
    return given or request.header("api-key") or ""


def _client_id(request: Request) -> str | None:
    given = request.header("x-client-request-id")
    return given[:MAX_CLIENT_ID_CHARS] if given else None


def _endpoints(seed: int) -> dict[str, Endpoint]:
    rows: tuple[tuple[str, Endpoint], ...] = (
        (ChatCompletions.name, ChatCompletions()),
        (Responses.name, Responses()),
        (Completions.name, Completions()),
        (Embeddings.name, Embeddings(seed)),
        (Moderations.name, Moderations()),
    )
    return dict(rows)


def _address(path: str) -> tuple[str, str | None]:
    """Return what is asked for below `/v1/`, and the model if the address names one, as Azure's does."""
    if path.startswith("/v1/"):
        return path[4:], None
    if path.startswith("/openai/v1/"):
        return path[11:], None
    if path.startswith("/openai/deployments/"):
        model, _, rest = path[20:].partition("/")
        return rest, model
    return "", None


def _scripted(entry: str | Reply) -> Behaviour:
    if isinstance(entry, Reply):
        return entry.behaviour()
    if (behaviour := find(entry)) is None:
        raise ValueError(f"no behaviour is named {entry!r}; docs/simulator.md lists them")
    return behaviour


def _is_known(model: str) -> bool:
    try:
        return find(model) is not None
    except WrongArguments:
        return False


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 1_767_225_600, "owned_by": "simulator"}
