"""A call as the cache sees it, and the key: SHA-256 over everything that changes the answer."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from tollhouse.domain.governance import Deployment, Route, UseCase
from tollhouse.domain.wire import Asked
from tollhouse.ports.endpoint import Endpoint

from .canonical import canonical
from .forms.form import Form

QUESTION_MAX_BYTES = 256 * 1024
"""A longer one is not looked up: bringing it into one spelling would hold the loop for more than about 2 ms."""
MAX_IDENTITIES = 1_000
"""What is remembered of use cases and routes; patterns let callers choose model names."""

KEYED: Mapping[type, frozenset[str]] = {
    UseCase: frozenset({"name", "team", "parameters", "max_output_tokens"}),
    Route: frozenset({"name", "deployments"}),
    Deployment: frozenset(
        {"provider", "model", "dialect", "region", "output_tokens_max", "refuses", "limit_parameter", "simulated"}
    ),
}
"""What of the configuration changes an answer, and so is part of the key."""

NOT_KEYED: Mapping[type, frozenset[str]] = {
    UseCase: frozenset(
        {"owner", "models", "budget", "rate", "unpriced_allowed", "workflow", "prompt", "origins", "state"}
        | {"register", "managed", "cache", "queue", "priority", "privacy", "guardrails"}
    ),
    Route: frozenset(
        {"fallbacks", "retries", "retry_wait_max_ms", "release_complete", "max_answer_bytes", "managed"}
        | {"sticky", "sticky_header"}
    ),
    Deployment: frozenset({"price", "timeouts", "context_tokens", "bounds", "limits", "breaker", "weight"}),
}
"""
What does not: who may call, what it costs, how long it may take, and who answers in the route's place. Personal data is
taken out before a question comes here, and guardrails look at answers that are given again.
"""

ELSEWHERE = (b'"image_url"', b'"input_image"', b'"input_audio"', b'"input_file"', b'"file_url"', b'"file_id"')
"""Marks of input that may lie at an address, where it can change while the question stays the same."""

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Question:
    """
    Args:
        route: the one asked for, its deployments as this call may reach them.
        prompt: the prompt's version (`name@hash`) of a call that a workflow makes.
        fallbacks: where else this call may be sent. No part of the key: what they answer is not kept.
    """

    team: str
    use_case: UseCase
    route: Route
    endpoint: Endpoint
    asked: Asked
    prompt: str | None = None
    fallbacks: tuple[Route, ...] = ()

    def may_be_answered_by(self, deployment: str) -> bool:
        """Could this call have been sent to that deployment?"""
        return any(each.name == deployment for route in (self.route, *self.fallbacks) for each in route.deployments)


class Keys:
    """Makes keys. `addresses`: where each provider is reached; another address is another provider."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._identities: OrderedDict[tuple[int, int], tuple[UseCase, Route, bytes]] = OrderedDict()

    def key(self, question: Question, form: Form, epoch: int) -> bytes | None:
        """Return the key of a question; None if it has none, because its answer must be made each time."""
        asked = question.asked
        if asked.body_bytes > QUESTION_MAX_BYTES or _is_of_its_moment(asked):
            return None
        try:
            members = _members(asked, form)
        except ValueError:
            return None
        if any(mark in members for mark in ELSEWHERE):
            return None
        whose = _encode([question.team, question.use_case.name, question.endpoint.name, question.prompt, epoch])
        return sha256(b"\0".join((whose, self._identity(question.use_case, question.route), members))).digest()

    def _identity(self, use_case: UseCase, route: Route) -> bytes:
        """What the configuration says, worked out once for each use case and route in force."""
        place = (id(use_case), id(route))
        known = self._identities.get(place)
        if known is None:
            # Both are held, so that no other object gets one of these two identities.
            known = self._identities[place] = (use_case, route, self._described(use_case, route))
            if len(self._identities) > MAX_IDENTITIES:
                self._identities.popitem(last=False)
        return known[2]

    def _described(self, use_case: UseCase, route: Route) -> bytes:
        parameters = use_case.parameters
        deployments = sorted(
            (
                [
                    *(each.provider, each.model, each.dialect, each.region, self._addresses.get(each.provider)),
                    *(each.output_tokens_max, sorted(each.refuses), each.limit_parameter, each.simulated),
                ]
                for each in route.deployments
            ),
            key=_encode,
        )
        rules = [dict(parameters.default), dict(parameters.maximum), sorted(parameters.locked)]
        return _encode([rules, use_case.max_output_tokens, route.name, deployments])


def _is_of_its_moment(asked: Asked) -> bool:
    """
    Is its answer for this one call?

    Several choices are asked for to differ; a stored answer is one thing with one id; and what the provider holds
    (files, conversations, the web) may change while the question stays the same.
    """
    if asked.choices > 1 or asked.previous is not None or asked.held_elsewhere or asked.stored or asked.parts:
        return True
    return asked.members.get("store", b"null") not in (b"null", b"false")


def _members(asked: Asked, form: Form) -> bytes:
    """Write all members that change the answer, in one order. Raises ValueError if one cannot be read."""
    members = asked.members
    return b",".join(
        [_encode(name) + b":" + canonical(members[name]) for name in sorted(members.keys() - form.framing)]
    )
