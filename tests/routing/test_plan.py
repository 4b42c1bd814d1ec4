"""The order of attempts: what is tried again, what comes next, and whose error the caller gets."""

import gc
import weakref
from contextlib import suppress

import pytest

from tollhouse.domain.errors import (
    Blame,
    ConnectTimeout,
    InhouseCannot,
    NoRoom,
    NotSent,
    PoolTimeout,
    UpstreamCut,
    UpstreamError,
    UpstreamReset,
    UpstreamStatus,
    UpstreamTimeout,
)
from tollhouse.domain.governance import Deployment, Route
from tollhouse.routing.backoff import backoff_ms
from tollhouse.routing.plan import Plan, Step
from tollhouse.routing.upstream import Passed, Why


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
        PoolTimeout(10),
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


# --- without a seat -------------------------------------------------------------------------------------------------

FULL = Passed(Why.FULL, 3.0)


def test_a_deployment_without_a_seat_is_passed_over() -> None:
    plan = a_plan(a_route("fast", "a", "b"), a_route("inhouse", "c"))
    plan.first()

    asked = [model_of(plan.pass_over(FULL)), model_of(plan.pass_over(Passed(Why.OPEN, 2.0)))]

    assert asked == ["b", "c"]


def test_when_none_has_a_seat_the_caller_is_told_when_to_come_back() -> None:
    plan = a_plan(a_route("fast", "a", "b"))
    plan.first()
    plan.pass_over(FULL)

    assert plan.pass_over(Passed(Why.OPEN, 2.5)) is None
    verdict = plan.verdict()
    assert isinstance(verdict, NoRoom)
    assert (verdict.status, verdict.code, verdict.retry_after_ms) == (503, "overloaded", 2_500)
    assert verdict.message == (
        "No deployment can take this call just now: p/a is full; p/b is left alone after failures."
    )


def test_where_nobody_knows_when_there_will_be_room_a_second_is_told() -> None:
    plan = a_plan(a_route("fast", "a"))
    plan.first()
    plan.pass_over(Passed(Why.FULL))

    assert plan.verdict().retry_after_ms == 1_000


def test_what_a_provider_said_comes_before_that_another_was_full() -> None:
    plan = a_plan(a_route("fast", "a", retries=0), a_route("other", "b"))
    plan.first()
    plan.after(UpstreamReset("reset by a"))
    plan.pass_over(FULL)

    assert plan.verdict().message == "reset by a"


def test_that_there_is_no_room_comes_before_that_the_engine_cannot() -> None:
    plan = a_plan(a_route("fast", "a"), a_route("inhouse", "auto"))
    plan.first()
    plan.pass_over(FULL)
    plan.after(InhouseCannot("cannot write poems"))

    assert isinstance(plan.verdict(), NoRoom)


def told(wait_s: float) -> Passed:
    return Passed(Why.FULL, wait_s, is_told=True)


def test_where_nothing_else_is_left_a_wait_that_a_retry_would_keep_is_kept() -> None:
    plan = a_plan(a_route("fast", "a", "b"))
    plan.first()
    plan.pass_over(told(4.0))

    step = plan.pass_over(told(1.5))

    assert step is not None
    assert (step.deployment.model, step.wait_ms, step.is_retry) == ("b", 1_500, True)
    assert plan.pass_over(told(1.0)) is None


@pytest.mark.parametrize("passed", [told(5.1), Passed(Why.FULL, 1.0), Passed(Why.OPEN, 1.0)])
def test_no_other_wait_is_kept(passed: Passed) -> None:
    plan = a_plan(a_route("fast", "a"))
    plan.first()

    assert plan.pass_over(passed) is None


def test_a_route_without_retries_keeps_no_wait() -> None:
    plan = a_plan(a_route("fast", "a", retries=0))
    plan.first()

    assert plan.pass_over(told(1.0)) is None


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blame", [Blame.KEY, Blame.QUOTA])
def test_another_key_of_the_provider_is_tried_before_the_next_deployment(blame: Blame) -> None:
    plan = a_plan(a_route("fast", "a", "b"))
    plan.first()
    refused = status(401, blame=blame, same_deployment=False)

    steps = [plan.after(refused, key=key, keys=3) for key in (1, 2, 0)]

    assert [(model_of(step), step.but_keys if step else None) for step in steps] == [
        ("a", (1,)),
        ("a", (1, 2)),
        ("b", ()),
    ]


def test_once_a_request_was_too_long_no_window_that_is_known_to_be_no_larger_is_tried() -> None:
    plan = a_plan(
        a_route("small", "a", context=8_000, retries=0),
        a_route("large", "b", context=16_000, retries=0),
        a_route("same", "c", context=8_000, retries=0),
        a_route("unknown", "d", retries=0),
    )
    plan.first()
    plan.after(status(400, status=400, blame=Blame.CONTEXT, same_deployment=False))

    assert model_of(plan.after(UpstreamReset())) == "d"


def test_of_several_waits_the_shortest_is_kept() -> None:
    plan = a_plan(a_route("fast", "a", "b", "c"))
    plan.first()
    for wait_s in (3.0, 1.0):
        plan.pass_over(told(wait_s))

    assert model_of(plan.pass_over(told(2.0))) == "b"


class Bytes:
    """Stands for what an attempt had received when it failed."""


def attempt_in_vain(held: list[weakref.ref[Bytes]]) -> None:
    received = Bytes()
    held.append(weakref.ref(received))
    try:
        int("not JSON")
    except ValueError as error:
        raise UpstreamCut from error


def call_in_vain(plan: Plan, held: list[weakref.ref[Bytes]]) -> None:
    """As the passage does it: attempts until the plan has no next step."""
    released = Bytes()
    step: Step | None = plan.first()
    while step is not None:
        try:
            attempt_in_vain(held)
        except UpstreamCut as error:
            step = plan.after(error)
        assert [ref() for ref in held] == [None] * len(held), "the next attempt needs the room"
    held.append(weakref.ref(released))
    raise plan.verdict()


def test_what_a_failed_attempt_received_is_held_by_nobody() -> None:
    held: list[weakref.ref[Bytes]] = []
    gc.disable()
    try:
        with suppress(UpstreamCut):
            call_in_vain(a_plan(a_route("fast", "a", "b", retries=1)), held)

        assert len(held) == 4 + 1
        assert [ref() for ref in held] == [None] * len(held), "no circle of references waits for a collection"
    finally:
        gc.enable()
