"""`Ask` on the gateway: a workflow's call is a call like any other, under its use case's models, budget and rate."""

from collections.abc import Callable, Mapping

import msgspec

from tollhouse.domain.errors import TollhouseError
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.gateway.gateway import Gateway
from tollhouse.gateway.passage import Repair
from tollhouse.gateway.terms import Terms

from .asking import Answered, Unanswered

PRINCIPAL = "cli"
"""Whose name the calls of this machine's own commands bear."""
CHAT = ENDPOINTS["/v1/chat/completions"]


class _Said(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Said


class _Body(msgspec.Struct):
    choices: list[_Choice]


class GovernedAsk:
    """Asks on behalf of one use case."""

    def __init__(self, gateway: Gateway, use_case: str) -> None:
        self._gateway = gateway
        self._principal = gateway.admission.inside(use_case, PRINCIPAL)
        self._use_case = use_case

    async def __call__(
        self,
        body: Mapping[str, object],
        *,
        prompt: str,
        run: str,
        repair: Callable[[str], Mapping[str, object] | None],
    ) -> Answered:
        terms = Terms(request_id=run, use_case=self._use_case, run=run, prompt=prompt)
        passage = await self._gateway.enter(self._principal, CHAT, CHAT.read(msgspec.json.encode(body)), terms)
        call = passage.call
        try:
            answer = await passage.answer(_on_text(repair))
        except TollhouseError as error:
            if not call.attempts:
                raise
            message = f"{error.code}: {error.message}"
            raise Unanswered(message, cost_nanousd=call.cost_nanousd, attempts=len(call.attempts)) from error
        return Answered(
            text=_text_of(answer),
            degraded=passage.degraded,
            cost_nanousd=call.cost_nanousd,
            attempts=len(call.attempts),
            deployment=call.deployment or "",
            call_id=call.id,
        )


def _on_text(repair: Callable[[str], Mapping[str, object] | None]) -> Repair:
    def on_body(answer: bytes) -> bytes | None:
        again = repair(_text_of(answer))
        return None if again is None else msgspec.json.encode(again)

    return on_body


def _text_of(answer: bytes) -> str:
    """The first choice's content; the endpoint's adapter has checked the answer's shape already."""
    return msgspec.json.decode(answer, type=_Body).choices[0].message.content or ""
