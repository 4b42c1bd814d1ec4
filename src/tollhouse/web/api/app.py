"""The Starlette application behind `/api`: calls and usage out of the ledger, for whoever holds the admin token."""

from typing import TYPE_CHECKING, cast

from msgspec.json import encode

from tollhouse.domain.errors import InvalidRequest, MethodNotAllowed, NotFound
from tollhouse.domain.providers import Secret
from tollhouse.ports.usage import UsageQueries
from tollhouse.web.asgi import Receive, Scope, Send
from tollhouse.web.render import call_json, usage_json

from . import query
from .docs import CONTENT_SECURITY_POLICY, docs_page
from .door import AdminDoor
from .openapi import document

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Router
    from starlette.types import ASGIApp
    from starlette.types import Scope as StarletteScope


class Api:
    """It raises TollhouseErrors; the edge turns them into answers."""

    def __init__(self, ledger: UsageQueries, *, admin_token: Secret | None) -> None:
        self._ledger = ledger
        self._door = AdminDoor(admin_token)
        self._router = self._routes()
        description = document()
        self._openapi = encode(description)
        self._docs = docs_page(description).encode()

    def _routes(self) -> "Router":
        from starlette.routing import Route, Router

        return Router(
            [
                Route("/api/v1/calls", self._calls),
                Route("/api/v1/calls/{id}", self._call),
                Route("/api/v1/usage", self._usage),
                Route("/api/openapi.json", self._show_openapi),
                Route("/api/docs", self._show_docs),
            ],
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.exceptions import HTTPException

        inside = cast("StarletteScope", {**scope, "app": self})  # with an `app` the router raises instead of answering
        try:
            await cast("ASGIApp", self._router)(inside, receive, send)  # type: ignore[arg-type]
        except HTTPException as error:
            if error.status_code == 405:
                allowed = (error.headers or {}).get("Allow", "")
                raise MethodNotAllowed(allow=tuple(sorted(allowed.split(", ")))) from None
            raise NotFound(f"There is nothing at {scope['path'][:200]}; /api/docs lists what there is.") from None

    async def _calls(self, request: "Request") -> "Response":
        given = self._admitted(request, query.CALLS)
        where, limit = query.call_filter(given), query.page_limit(given)
        try:
            page = await self._ledger.calls(where, limit=limit, cursor=given.get("cursor"))
        except ValueError as error:
            raise InvalidRequest(f"`cursor`: {error}", param="cursor") from None
        return _json({"items": [call_json(call) for call in page.items], "next_cursor": page.next_cursor})

    async def _call(self, request: "Request") -> "Response":
        self._admitted(request, {})
        call_id = str(request.path_params["id"])
        call = await self._ledger.call(call_id) if call_id.isprintable() else None
        if call is None:
            raise NotFound(f"There is no call {call_id[:80]!r}.")
        return _json(call_json(call))

    async def _usage(self, request: "Request") -> "Response":
        given = self._admitted(request, query.USAGE)
        by = query.dimensions(given)
        report = await self._ledger.usage(by, query.call_filter(given))
        if not by:
            report.items.clear()  # the one group of everything is the total
        return _json(usage_json(report))

    def _admitted(self, request: "Request", known: query.Known) -> dict[str, str]:
        """Check the token first: whoever has none learns nothing about parameters."""
        self._door.admit(request.headers.get("authorization"))
        return query.read_query(request.scope["query_string"], known)

    async def _show_openapi(self, _request: "Request") -> "Response":
        return _response(self._openapi, "application/json")

    async def _show_docs(self, _request: "Request") -> "Response":
        return _response(self._docs, "text/html; charset=utf-8", {"content-security-policy": CONTENT_SECURITY_POLICY})


def _json(members: dict[str, object]) -> "Response":
    return _response(encode(members), "application/json", {"cache-control": "no-store"})


def _response(body: bytes, media_type: str, headers: dict[str, str] | None = None) -> "Response":
    from starlette.responses import Response

    return Response(body, media_type=media_type, headers={"x-content-type-options": "nosniff", **(headers or {})})
