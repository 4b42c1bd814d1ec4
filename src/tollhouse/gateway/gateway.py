"""The door: who may pass, and with what. What happens behind it is one `Passage`."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from tollhouse.accounting.books import Accounting
from tollhouse.accounting.open_call import OpenCall
from tollhouse.admission.admission import ANY_MODEL, Admission, Admitted, Principal
from tollhouse.cache.answers import Answers
from tollhouse.domain.calls import Call, Outcome
from tollhouse.domain.errors import Draining, NotFound, RateLimited
from tollhouse.domain.governance import Deployment, Governance, Route
from tollhouse.domain.ids import new_id
from tollhouse.domain.wire import Asked, Event
from tollhouse.ports.endpoint import Endpoint
from tollhouse.ports.provider import Outgoing, Provider
from tollhouse.ports.stored_responses import StoredResponse
from tollhouse.privacy.privacy import restored
from tollhouse.routing.upstreams import Upstreams

from .endpoints.policy import DEFAULT_OUTPUT_TOKENS
from .passage import Passage, Tools, is_batch
from .terms import Terms
from .turns import Turns

BYTES_PER_TOKEN = 4
"""For rates only, where an estimate is corrected at settlement; money is bounded by bytes (accounting/bounds.py)."""


class Gateway:
    """The way through the house for every call, from the wire and from workflows."""

    def __init__(self, governance: Governance, admission: Admission, accounting: Accounting, tools: Tools) -> None:
        self.admission = admission
        self._accounting = accounting
        self._tools = tools
        self.upstreams = tools.upstreams
        self._turns = Turns(admission, tools.upstreams.queues, tools.clock)
        self._routes_of = _routes_by_deployment(governance)
        self.conversation_headers = _conversation_headers(governance)
        """Headers by which sticky routes tell conversations apart."""

    def put_in_force(self, governance: Governance) -> None:
        """From now on this holds, for calls that enter from now on."""
        self.admission.put_in_force(governance)
        self._routes_of = _routes_by_deployment(governance)
        self.conversation_headers = _conversation_headers(governance)

    def connect(self, providers: Mapping[str, Provider], upstreams: Upstreams, answers: Answers) -> None:
        """Calls that enter from now on are sent to these; those under way go on with the ones they have."""
        self._tools = replace(self._tools, providers=providers, upstreams=upstreams, answers=answers)
        self.upstreams = upstreams

    async def enter(self, principal: Principal, endpoint: Endpoint, asked: Asked, terms: Terms) -> Passage:
        """
        Let a call in. Nothing is reserved or sent before the passage is iterated; one that has to wait for its rate
        waits there.

        Raises AdmissionError or RequestError; a call refused for its rate is recorded, one without a use case is not.
        """
        admitted = self.admission.admit(principal, terms.use_case, asked.model)
        routes, previous = admitted.routes, None
        if asked.previous is not None:
            previous = await self._tools.shelf.find(asked.previous, principal, param="previous_response_id")
            routes = self._holding(admitted, previous)
        books = self._open(admitted, endpoint, asked, terms, previous)
        tokens = _likely_tokens(admitted, asked)
        ticket, late = None, None
        try:
            if admitted.use_case.queue is None or not self._turns.has_lane(admitted.rates):
                ticket = await self.admission.enter(admitted, tokens)
        except RateLimited as error:
            if admitted.use_case.queue is None:
                books.end(status=error.status, outcome=Outcome.REFUSED, error=error.code)
                raise
            late = error
        except asyncio.CancelledError:  # while it waited for what replicas share
            books.end(status=Draining.status, outcome=Outcome.CANCELLED, error="stopped")
            raise
        return Passage(
            self._tools,
            books,
            ticket=ticket,
            turn=None
            if ticket
            else partial(self._turns.wait, admitted, tokens, late, is_batch=is_batch(admitted, terms)),
            freed=self._turns.freed,
            tokens=tokens,
            admitted=admitted,
            endpoint=endpoint,
            asked=asked,
            terms=terms,
            routes=routes,
            previous_tokens=previous.tokens if previous else 0,
            earlier=self._tools.shelf.placeholders(previous) if previous else None,
        )

    async def fetch(self, principal: Principal, endpoint: Endpoint, response_id: str) -> Event:
        """Relay a stored response from the deployment that holds it. It costs nothing. Raises NotFound."""
        stored = await self._tools.shelf.find(response_id, principal)
        route, deployment = self._holder(stored)
        outgoing = Outgoing(
            endpoint=endpoint,
            deployment=deployment,
            asked=Asked(model=deployment.model, streamed=False, members={}, body_bytes=0),
            body=b"",
            path=f"{endpoint.path}/{response_id}",
            max_answer_bytes=route.max_answer_bytes,
            method="GET",
        )
        event = await _only(self._tools.providers[deployment.provider].send(outgoing))
        placeholders = self._tools.shelf.placeholders(stored)
        if placeholders is None:
            return event
        return event._replace(data=restored(endpoint.name, event.data, placeholders))

    def _open(
        self, admitted: Admitted, endpoint: Endpoint, asked: Asked, terms: Terms, previous: StoredResponse | None
    ) -> OpenCall:
        session = admitted.principal.session
        call = Call(
            id=new_id("call"),
            at_ms=self._tools.clock.now_ms(),
            endpoint=endpoint.name,
            team=admitted.use_case.team,
            use_case=admitted.use_case.name,
            key=admitted.principal.key.name,
            model=admitted.model,
            streamed=asked.streamed,
            request_id=terms.request_id,
            subject=terms.subject if session is None else session.subject,
            session=None if session is None else session.id,
            tags=dict(terms.tags),
            run=terms.run,
            prompt=terms.prompt,
            privacy=admitted.use_case.privacy.mode,
        )
        return self._accounting.open_call(
            call,
            admitted.budgets,
            unpriced_allowed=admitted.use_case.unpriced_allowed,
            previous_tokens=previous.tokens if previous else 0,
        )

    def _holding(self, admitted: Admitted, stored: StoredResponse) -> tuple[Route, ...]:
        """Only the deployment that holds the previous response can continue it."""
        if stored.use_case != admitted.use_case.name:
            raise NotFound(f"There is no response {stored.id!r}.", param="previous_response_id")
        route, deployment = self._holder(stored)
        return (replace(route, deployments=(deployment,), fallbacks=()),)

    def _holder(self, stored: StoredResponse) -> tuple[Route, Deployment]:
        """Find the deployment by its name, or by its provider's pattern. Raises NotFound if the configuration lost it."""
        provider, _, model = stored.deployment.partition("/")
        found = self._routes_of.get(stored.deployment) or self._routes_of.get(f"{provider}/{ANY_MODEL}")
        if found is None:
            raise NotFound(f"There is no response {stored.id!r}: its deployment is no longer configured.")
        return found[0], replace(found[1], model=model)


def _routes_by_deployment(governance: Governance) -> dict[str, tuple[Route, Deployment]]:
    pairs = [(route, deployment) for route in governance.routes.values() for deployment in route.deployments]
    return {deployment.name: (route, deployment) for route, deployment in reversed(pairs)}


def _conversation_headers(governance: Governance) -> frozenset[bytes]:
    return frozenset(route.sticky_header.encode() for route in governance.routes.values() if route.sticky_header)


def _likely_tokens(admitted: Admitted, asked: Asked) -> int:
    limit = asked.limit or admitted.use_case.max_output_tokens or DEFAULT_OUTPUT_TOKENS
    return asked.body_bytes // BYTES_PER_TOKEN + 1 + limit * asked.choices


async def _only(events: AsyncGenerator[Event, None]) -> Event:
    async with aclosing(events):
        return [event async for event in events][-1]
