"""`/v1`: read the request, let it into the house, and relay what comes back."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing

from msgspec.json import encode

from tollhouse.admission.admission import Principal
from tollhouse.domain.calls import Call
from tollhouse.domain.errors import MethodNotAllowed, ModelNotFound, NotFound
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.wire import Asked
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.gateway.gateway import Gateway
from tollhouse.gateway.passage import Passage
from tollhouse.ports.endpoint import Endpoint
from tollhouse.web.asgi import Headers, Line, Receive, Reply, Scope, Send, Sent, send_reply
from tollhouse.web.cors import let_in
from tollhouse.web.edge import CALL, read_body, request_id
from tollhouse.web.rates import rate_headers
from tollhouse.web.replay import REPLAYED, Claim, ReplayDesk, StoredAnswer

from .stream import PING_EVERY_MS, OnTheLine, Pings
from .terms import ORIGIN, idempotency_key, known_headers, read_terms

MODELS = "/v1/models"
RESPONSES = "/v1/responses"
SSE = (b"content-type", b"text/event-stream; charset=utf-8")
JSON = (b"content-type", b"application/json")


class V1:
    """
    The ASGI application for `/v1`. It raises TollhouseErrors; the edge turns them into answers.

    Args:
        observe: told of every call that ended, for metrics.
        ping_every_ms: how long a stream may be silent before its caller gets a comment.
        started: Unix seconds; what `created` says of a model.
    """

    def __init__(
        self,
        gateway: Gateway,
        desk: ReplayDesk,
        *,
        max_body_bytes: int,
        started: int,
        observe: Callable[[Call], None],
        ping_every_ms: int = PING_EVERY_MS,
    ) -> None:
        self._gateway = gateway
        self._desk = desk
        self._max_body_bytes = max_body_bytes
        self._started = started
        self._observe = observe
        self._ping_every_ms = ping_every_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        endpoint = ENDPOINTS.get(path)
        if endpoint is not None:
            if method != "POST":
                raise MethodNotAllowed(allow=("POST",))
            await self._call(endpoint, scope, receive, send)
            return
        reader = self._reader(path)
        if method not in ("GET", "HEAD"):
            raise MethodNotAllowed(allow=("GET", "HEAD"))
        await send_reply(send, await reader(scope))

    def _reader(self, path: str) -> Callable[[Scope], Awaitable[Reply]]:
        if path == MODELS:
            return self._models
        if path.startswith(MODELS + "/"):
            return self._model
        if path.startswith(RESPONSES + "/"):
            return self._response
        raise NotFound(f"There is nothing at {path}.")

    def _identify(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Principal:
        """Say who calls. A page that may call may also read the answer."""
        client, origin = scope["client"], headers.get(ORIGIN)
        principal = self._gateway.admission.identify(
            headers.get(b"authorization"), origin=origin, address=client[0] if client else ""
        )
        if origin is not None:
            let_in(scope, origin)
        return principal

    # --- calls ------------------------------------------------------------------------------------------------------

    async def _call(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        headers = known_headers(scope, self._gateway.conversation_headers)
        principal = self._identify(scope, headers)
        body = await read_body(receive, scope, self._max_body_bytes)
        asked = endpoint.read(body)
        terms = read_terms(headers, request_id(scope))
        key = idempotency_key(headers)
        if key is None:
            passage = await self._gateway.enter(principal, endpoint, asked, terms)
            scope["state"][CALL] = passage.call.id
            await self._relay(passage, asked, scope, send)
            return
        begun = await self._desk.begin(_replay_scope(principal), key, f"{scope['path']} {terms.use_case or ''}", body)
        if isinstance(begun, StoredAnswer):
            await send_reply(send, Reply(200, [*begun.headers, REPLAYED], begun.body))
            return
        copy = _Copy(send)
        try:
            passage = await self._gateway.enter(principal, endpoint, asked, terms)
            scope["state"][CALL] = passage.call.id
            await self._relay(passage, asked, scope, copy.send)
        finally:
            await self._keep(begun, copy)

    async def _keep(self, claim: Claim, copy: "_Copy") -> None:
        if copy.complete:
            await self._desk.finish(claim, copy.headers, b"".join(copy.pieces))
        else:
            await self._desk.forget(claim)

    async def _relay(self, passage: Passage, asked: Asked, scope: Scope, send: Send) -> None:
        try:
            with OnTheLine(scope.get("line") or Line()) as line:
                passage.caller_left = lambda: line.left
                if asked.streamed:
                    await self._stream(passage, send, line)
                else:
                    await self._whole(passage, send)
                line.finished = True
        finally:
            self._observe(passage.call)

    async def _whole(self, passage: Passage, send: Send) -> None:
        async with aclosing(passage.events()) as events:
            async for event in events:
                body = event.data
        headers = [JSON, *self._headers(passage), *_cost_headers(passage.call), _length(body)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, passage: Passage, send: Send, line: OnTheLine) -> None:
        pings: Pings | None = None
        try:
            async with aclosing(passage.events()) as events:
                async for event in events:
                    if pings is None:
                        headers = [SSE, (b"cache-control", b"no-cache"), *self._headers(passage)]
                        await send({"type": "http.response.start", "status": 200, "headers": headers})
                        pings = Pings(
                            send,
                            every_ms=self._ping_every_ms,
                            slow_reader_ms=passage.slow_reader_ms,
                            on_slow=line.give_up,
                        )
                    pings.is_sending = True
                    await send({"type": "http.response.body", "body": event.data, "more_body": True})
                    pings.sent()
        finally:
            if pings is not None:
                pings.close()
        await send({"type": "http.response.body", "body": b""})

    def _headers(self, passage: Passage) -> Headers:
        """What every answer says about its call. Names and values are short and ASCII by construction."""
        call = passage.call
        headers = [
            (b"x-tollhouse-call", call.id.encode()),
            (b"x-tollhouse-model", call.model.encode()),
            (b"x-tollhouse-provider", (call.provider or "").encode()),
            (b"x-tollhouse-cache", call.cache.encode()),
            (b"x-tollhouse-attempts", b"%d" % len(call.attempts)),
            (b"x-tollhouse-overhead-ms", b"%.3f" % passage.overhead_ms()),
        ]
        if passage.age_s is not None:
            headers.append((b"age", b"%d" % passage.age_s))
        if passage.degraded:
            headers.append((b"x-tollhouse-degraded", b"inhouse"))
        if passage.clamped:
            headers.append((b"x-tollhouse-clamped", ",".join(passage.clamped).encode()))
        headers += rate_headers(passage.rate_states())
        return headers

    # --- reads ------------------------------------------------------------------------------------------------------

    async def _models(self, scope: Scope) -> Reply:
        principal, names = self._usable(scope)
        return _json({"object": "list", "data": [self._card(principal, name) for name in names]})

    async def _model(self, scope: Scope) -> Reply:
        principal, names = self._usable(scope)
        name = scope["path"].removeprefix(MODELS + "/")
        if name not in names and not self._gateway.admission.knows(principal, name):
            raise ModelNotFound(f"The model {name!r} does not exist for this key.", param="model")
        return _json(self._card(principal, name))

    async def _response(self, scope: Scope) -> Reply:
        principal = self._identify(scope, known_headers(scope))
        response_id = scope["path"].removeprefix(RESPONSES + "/")
        event = await self._gateway.fetch(principal, ENDPOINTS[RESPONSES], response_id)
        return Reply(200, [JSON], event.data)

    def _usable(self, scope: Scope) -> tuple[Principal, list[str]]:
        """The models this key may ask for, under any of its use cases, in the configuration's order."""
        headers = known_headers(scope)
        admission = self._gateway.admission
        principal = self._identify(scope, headers)
        terms = read_terms(headers, request_id(scope))
        wanted = principal.use_cases if terms.use_case is None else (terms.use_case,)
        use_cases = [admission.use_case(principal, name) for name in wanted]
        names = [name for use_case in use_cases for name in admission.models(principal, use_case)]
        return principal, list(dict.fromkeys(names))

    def _card(self, principal: Principal, name: str) -> dict[str, object]:
        return {"id": name, "object": "model", "created": self._started, "owned_by": principal.key.team}


class _Copy:
    """Passes an answer on and keeps it for a replay, as long as it is not too long to be stored."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.headers: Headers = []
        self.pieces: list[bytes] = []
        self.complete = False

    async def send(self, message: Sent) -> None:
        if message["type"] == "http.response.start":
            self.headers = [pair for pair in message["headers"] if pair[0] != b"content-length"]
        else:
            self.pieces.append(message["body"])
            self.complete = not message.get("more_body", False)
        await self._send(message)


def _replay_scope(principal: Principal) -> str:
    """Whose stored answers these are. A key's name may be given again, to another team's; a session has its own."""
    session = f" {principal.session.id}" if principal.session else ""
    return f"{principal.key.team}/{principal.key.name}{session}"


def _cost_headers(call: Call) -> Headers:
    headers = [(b"x-tollhouse-cost-usd", usd_from_nano(call.cost_nanousd).encode())]
    return [*headers, (b"x-tollhouse-estimated", b"true")] if call.estimated else headers


def _length(body: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", b"%d" % len(body))


def _json(value: object) -> Reply:
    return Reply(200, [JSON], encode(value))
