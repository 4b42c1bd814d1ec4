"""The order of attempts: what is tried again, what comes next, and whose error the caller gets."""

import pytest

from tollhouse.domain.errors import (
    Blame,
    ConnectTimeout,
    InhouseCannot,
    NotSent,
    UpstreamError,
    UpstreamReset,
    UpstreamStatus,
    UpstreamTimeout,
)
from tollhouse.domain.governance import Deployment, Route
from tollhouse.routing.backoff import backoff_ms
from tollhouse.routing.plan import Plan, Step


def a_route(name: str, *models: str, retries: int = 2, context: int | None = None) -> Route:
    deployments = tuple(Deployment("p", model, "openai", context_tokens=context) for model in models)
    return Route(name, deployments, retries=retries)


def a_plan(*routes: Route) -> Plan:
    return Plan(routes, jitter=lambda: 0.5)


def model_of(step: Step | None) -> str | None:
    return step.deployment.model if step else None


def status(upstream: int, /, **facts: object) -> UpstreamStatus:
    return UpstreamStatus("said", upstream_status=upstream, **facts)  # type: ignore[arg-type]


def test_a_failure_uses_up_the_retries_before_the_next_deployment_is_asked() -> None:
    plan = a_plan(a_route("fast", "a", "b"))

    asked = [model_of(plan.first())] + [model_of(plan.after(UpstreamReset())) for _ in range(6)]

    assert asked == ["a", "a", "a", "b", "b", "b", None]


def test_a_told_wait_is_kept_when_it_is_short_enough() -> None:
    plan = a_plan(a_route("fast", "a", "b"))
    plan.first()

    step = plan.after(status(429, retry_after_ms=1200))

    assert step is not None
    assert (step.deployment.model, step.wait_ms) == ("a", 1200)


@pytest.mark.parametrize(
    "error",
    [
        status(429, retry_after_ms=5001),
        UpstreamTimeout("first_token", 10),
        ConnectTimeout("connect", 10),
        status(401, same_deployment=False),
    ],
)
def test_a_long_wait_a_timeout_and_a_refused_key_move_on_at_once(error: UpstreamError) -> None:
    plan = a_plan(a_route("fast", "a", "b"))
    plan.first()

    step = plan.after(error)

    assert step is not None
    assert (step.deployment.model, step.wait_ms) == ("b", 0)


def test_a_final_error_ends_the_call_at_once() -> None:
    plan = a_plan(a_route("fast", "a", "b"))
    plan.first()

    assert plan.after(status(400, status=400, same_deployment=False, fallback=False)) is None


def test_context_length_skips_fallbacks_that_are_known_to_be_no_larger() -> None:
    plan = a_plan(
        a_route("small", "a", context=8000), a_route("same", "b", context=8000), a_route("large", "c", context=9000)
    )
    plan.first()

    step = plan.after(status(400, status=400, blame=Blame.CONTEXT, same_deployment=False))

    assert model_of(step) == "c"


def test_the_caller_gets_what_a_provider_said_and_not_that_the_engine_cannot() -> None:
    plan = a_plan(a_route("fast", "a", retries=0), a_route("inhouse", "auto"))
    plan.first()
    plan.after(NotSent("no route to host"))

    assert plan.after(InhouseCannot("cannot write poems")) is None
    assert plan.verdict().message == "no route to host"


@pytest.mark.parametrize(("retry", "expected"), [(0, 125), (1, 250), (2, 500), (10, 2500), (10_000, 2500)])
def test_backoff_doubles_with_full_jitter_up_to_its_cap(retry: int, expected: int) -> None:
    assert backoff_ms(retry, 5000, 0.5) == expected


@pytest.mark.parametrize("blame", [Blame.QUOTA, Blame.CONTEXT, Blame.REQUEST])
def test_what_no_repetition_helps_is_never_sent_to_the_same_model_again(blame: Blame) -> None:
    plan = a_plan(a_route("fast", "a", retries=5), a_route("other", "b"))
    plan.first()

    step = plan.after(status(429, blame=blame, same_deployment=False, fallback=blame is not Blame.REQUEST))

    assert model_of(step) == (None if blame is Blame.REQUEST else "b")
