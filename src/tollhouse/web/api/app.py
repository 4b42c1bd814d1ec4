"""
The application behind `/api`: from a request to the handler of its row in the table, and back.

    who is it -> may they do this -> query -> body -> replay? -> handler -> answer

On Starlette's router; nothing here is on the hot path of calls.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from msgspec.json import encode

from tollhouse.admission.admission import Principal
from tollhouse.domain.errors import BodyTooLarge, InvalidApiKey, InvalidRequest, MethodNotAllowed, NotFound
from tollhouse.domain.roles import Actor
from tollhouse.governance.roles import require
from tollhouse.web.asgi import Headers, Receive, Reply, Scope, Send, header, send_reply
from tollhouse.web.edge import read_body
from tollhouse.web.openai.terms import IDEMPOTENCY_KEY, idempotency_key
from tollhouse.web.replay import REPLAYED, ReplayDesk, StoredAnswer

from . import query
from .body import MAX_BODY_BYTES, parse_body
from .docs import CONTENT_SECURITY_POLICY, docs_page
from .entry import Answer, Asked, Entry
from .openapi import document
from .rooms import Rooms
from .table import ENTRIES

if TYPE_CHECKING:
    from starlette.routing import Router
    from starlette.types import ASGIApp
    from starlette.types import Scope as StarletteScope

OPENAPI, DOCS = "/api/openapi.json", "/api/docs"
IF_MATCH = b"if-match"
NOSNIFF = (b"x-content-type-options", b"nosniff")
NO_CONTENT = 204
"""Such an answer has no body, and no length of it either (RFC 9110, section 8.6)."""
MAX_NAME_CHARS = 300
"""Of a parameter of the path: longer than any name that exists, so a longer one is nobody's."""

_ETAG = re.compile(rb'"(\d{1,15})"')


class Api:
    """It raises TollhouseErrors; the edge turns them into answers."""

    def __init__(self, rooms: Rooms, replays: ReplayDesk, entries: Sequence[Entry] = ENTRIES) -> None:
        self._router = _router(rooms, replays, entries)
        description = document(entries)
        self._pages = {
            OPENAPI: Reply(200, [(b"content-type", b"application/json"), NOSNIFF], encode(description)),
            DOCS: _page(docs_page(description)),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.exceptions import HTTPException

        page = self._pages.get(scope["path"])
        if page is not None:
            if scope["method"] not in ("GET", "HEAD"):
                raise MethodNotAllowed(allow=("GET", "HEAD"))
            await send_reply(send, page)
            return
        inside = cast("StarletteScope", {**scope, "app": self})  # with an `app` the router raises instead of answering
        try:
            await cast("ASGIApp", self._router)(inside, receive, send)  # type: ignore[arg-type]
        except HTTPException as error:
            if error.status_code == 405:
                allowed = (error.headers or {}).get("Allow", "")
                raise MethodNotAllowed(allow=tuple(sorted(allowed.split(", ")))) from None
            raise NotFound(f"There is nothing at {scope['path'][:200]}; /api/docs lists what there is.") from None


class Address:
    """One path and its operations by method, as an ASGI application."""

    def __init__(self, rooms: Rooms, replays: ReplayDesk, entries: Iterable[Entry]) -> None:
        self._rooms = rooms
        self._replays = replays
        self._entries = {entry.method: entry for entry in entries}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry = self._entries["GET" if scope["method"] == "HEAD" else scope["method"]]
        reply = await self._reply(entry, scope, receive)
        if reply.status == NO_CONTENT:
            await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send_reply(send, reply)

    async def _reply(self, entry: Entry, scope: Scope, receive: Receive) -> Reply:
        """Whoever may not do it learns nothing about names, parameters or bodies."""
        who = _admitted(entry, self._rooms, scope)
        names = _names(scope)
        given = query.read_query(scope["query_string"], entry.query)
        raw = b"" if entry.body is None else await _body(receive, scope)
        key = None if entry.method == "GET" else _idempotency_key(scope)
        if key is None:
            return await self._answered(entry, scope, Asked(who, names, given), raw)
        claim = await self._replays.begin(_replay_scope(who), key, _target(scope), raw)
        if isinstance(claim, StoredAnswer):
            return Reply(claim.status, [*claim.headers, REPLAYED], claim.body)
        try:
            reply = await self._answered(entry, scope, Asked(who, names, given), raw)
        except BaseException:
            await self._replays.forget(claim)
            raise
        await self._replays.finish(claim, reply.headers, reply.body, reply.status)
        return reply

    async def _answered(self, entry: Entry, scope: Scope, asked: Asked, raw: bytes) -> Reply:
        body = None if entry.body is None else parse_body(raw, entry.body)
        version = _version(entry, scope, asked.query, getattr(body, "version", None))
        answer = await entry.handler(
            self._rooms, Asked(asked.who, asked.names, asked.query, body, version, header(scope, b"accept"))
        )
        return _reply(answer, entry.status)


def _router(rooms: Rooms, replays: ReplayDesk, entries: Sequence[Entry]) -> "Router":
    from starlette.routing import Route, Router

    by_path: dict[str, list[Entry]] = {}
    for entry in entries:
        by_path.setdefault(entry.path, []).append(entry)
    routes = [
        Route(_pattern(path), Address(rooms, replays, found), methods=[entry.method for entry in found])
        for path, found in by_path.items()
    ]
    return Router(routes, redirect_slashes=False)


def _pattern(path: str) -> str:
    """The last name in an address may hold slashes, plain or percent-encoded."""
    before, brace, after = path.rpartition("}")
    return f"{before}:path{brace}{after}" if brace else path


# --- reading a request ----------------------------------------------------------------------------------------------


def _admitted(entry: Entry, rooms: Rooms, scope: Scope) -> Actor | Principal:
    """Raises InvalidApiKey, NotPermitted or TooManyFailures."""
    authorization = header(scope, b"authorization")
    address = scope["client"][0] if scope["client"] else ""
    secret = (authorization or b"").partition(b" ")[2].strip()
    now_ms, failures = rooms.clock.now_ms(), rooms.admission.failures
    digest = hashlib.sha256(secret).digest()
    failures.admit(address, secret, digest, now_ms)
    try:
        actor = rooms.badges.identify(None if authorization is None else authorization.decode("latin-1"), now_ms)
    except InvalidApiKey:
        if entry.for_keys:  # whatever is wrong with it is counted there
            return rooms.admission.identify(authorization, origin=header(scope, b"origin"), address=address)
        if secret:
            failures.failed(address, secret, now_ms)
        raise
    failures.passed(address, digest, now_ms)
    require(actor, entry.action)
    return actor


def _names(scope: Scope) -> dict[str, str]:
    names = {str(name): str(value) for name, value in cast("StarletteScope", scope).get("path_params", {}).items()}
    if any(not value or len(value) > MAX_NAME_CHARS or not value.isprintable() for value in names.values()):
        raise NotFound(f"There is nothing at {scope['path'][:200]!r}; /api/docs lists what there is.")
    return names


async def _body(receive: Receive, scope: Scope) -> bytes:
    try:
        return await read_body(receive, scope, MAX_BODY_BYTES)
    except BodyTooLarge:
        raise BodyTooLarge(f"The body is larger than the {MAX_BODY_BYTES} bytes that /api takes.") from None


def _version(entry: Entry, scope: Scope, given: Mapping[str, str], in_body: int | None) -> int | None:
    """Read the version that is expected to stand there, wherever it was said. Raises InvalidRequest."""
    tag = header(scope, IF_MATCH)
    if tag is None:
        return query.version(given) if in_body is None else in_body
    found = _ETAG.fullmatch(tag.strip())
    takes_it = "version" in entry.query or (entry.body is not None and "version" in entry.body.model_fields)
    if found is None or not takes_it:
        what = 'holds one version in quotes, such as "3"' if takes_it else "is not taken here"
        raise InvalidRequest(f"The header `if-match` {what}.", param="if-match")
    version = int(found[1])
    if in_body is not None and in_body != version:
        raise InvalidRequest("`version` and the header `if-match` differ.", param="version")
    return version


# --- answering twice ------------------------------------------------------------------------------------------------


def _idempotency_key(scope: Scope) -> str | None:
    value = header(scope, IDEMPOTENCY_KEY)
    return None if value is None else idempotency_key({IDEMPOTENCY_KEY: value})


def _replay_scope(who: Actor | Principal) -> str:
    """
    Whose answers these are. A name may be given again, to another role or team, which gets none of the old answers.

    `/v1` keeps a key's under `team/name`; no team's name begins with a space.
    """
    if isinstance(who, Actor):
        return f" {who.role} {who.team or '*'}/{who.name}"
    session = f" {who.session.id}" if who.session else ""
    return f"{who.key.team}/{who.key.name}{session}"


def _target(scope: Scope) -> str:
    """All of a request that is not its body and makes it another request."""
    asked = scope["query_string"].decode("latin-1")
    tag = (header(scope, IF_MATCH) or b"").decode("latin-1")
    return f"{scope['method']} {scope['path']}?{asked} {tag}"


# --- answers --------------------------------------------------------------------------------------------------------


def _reply(answer: Answer, status: int) -> Reply:
    headers: Headers = [(b"cache-control", b"no-store"), NOSNIFF]
    if answer.version is not None:
        headers.append((b"etag", b'"%d"' % answer.version))
    if answer.csv is not None:
        return Reply(status, [(b"content-type", b"text/csv; charset=utf-8"), *headers], answer.csv.encode())
    if answer.members is None:
        return Reply(status, headers, b"")
    return Reply(status, [(b"content-type", b"application/json"), *headers], encode(answer.members))


def _page(html: str) -> Reply:
    headers: Headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
        NOSNIFF,
    ]
    return Reply(200, headers, html.encode())
