"""What a provider's error says something about: the deployment, our rate, our account, our key, or the request."""

import json

import pytest

from tollhouse.domain.errors import Blame, Source
from tollhouse.providers.faults import answer_error, fault_in, status_error

NOW_S = 1_793_620_800.0


def body(code: str | int | None, message: str = "No.", kind: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "code": code}}).encode()


@pytest.mark.parametrize(
    ("status", "code", "blame", "same_deployment", "fallback"),
    [
        (500, "oops", Blame.DEPLOYMENT, True, True),
        (503, None, Blame.DEPLOYMENT, True, True),
        (529, "overloaded_error", Blame.DEPLOYMENT, True, True),
        (408, None, Blame.DEPLOYMENT, True, True),
        (429, "rate_limit_exceeded", Blame.RATE, True, True),
        (429, None, Blame.RATE, True, True),
        (429, "insufficient_quota", Blame.QUOTA, False, True),
        (403, "insufficient_quota", Blame.QUOTA, False, True),
        (402, "insufficient_balance", Blame.QUOTA, False, True),
        (402, None, Blame.QUOTA, False, True),
        (401, "invalid_api_key", Blame.KEY, False, True),
        (403, None, Blame.KEY, False, True),
        (400, "context_length_exceeded", Blame.CONTEXT, False, True),
        (400, "content_filter", Blame.REQUEST, False, False),
        (429, "content_policy_violation", Blame.REQUEST, False, False),
        (400, "bad", Blame.REQUEST, False, False),
        (404, "model_not_found", Blame.REQUEST, False, False),
        (302, None, Blame.DEPLOYMENT, False, True),
    ],
)
def test_each_error_says_whom_to_blame_and_what_may_follow(
    status: int, code: str | None, blame: Blame, same_deployment: bool, fallback: bool
) -> None:
    error = status_error(status, {}, body(code), key=None, now_s=NOW_S)

    assert error.blame is blame
    assert (error.same_deployment, error.fallback) == (same_deployment, fallback)
    assert error.source is Source.UPSTREAM


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        "the request exceeds the available context size",
        "Your input exceeds the context window of this model.",
    ],
)
def test_imitators_without_a_code_for_it_still_say_that_the_context_is_too_long(message: str) -> None:
    error = status_error(400, {}, body(400, message, "BadRequestError"), key=None, now_s=NOW_S)

    assert (error.blame, error.same_deployment, error.fallback) == (Blame.CONTEXT, False, True)


def test_words_about_context_blame_a_request_only_where_it_was_refused() -> None:
    error = status_error(500, {}, body(None, "maximum context length: internal failure"), key=None, now_s=NOW_S)

    assert error.blame is Blame.DEPLOYMENT


@pytest.mark.parametrize(
    ("code", "kind", "blame"),
    [
        ("server_error", "server_error", Blame.DEPLOYMENT),
        (None, "insufficient_quota", Blame.QUOTA),
        ("429", None, Blame.RATE),
        ("context_length_exceeded", None, Blame.CONTEXT),
    ],
)
def test_an_error_inside_a_good_answer_is_judged_alike(code: str | None, kind: str | None, blame: Blame) -> None:
    fault = fault_in(body(code, kind=kind))
    assert fault is not None

    error = answer_error(fault, 200, key=None)

    assert error.blame is blame


def test_only_what_may_pass_by_itself_is_retryable_for_the_caller() -> None:
    retryable = {
        code: status_error(status, {}, body(code), key=None, now_s=NOW_S).retryable
        for status, code in ((429, "rate_limit_exceeded"), (429, "insufficient_quota"), (503, "busy"), (400, "bad"))
    }

    assert retryable == {"rate_limit_exceeded": True, "insufficient_quota": False, "busy": True, "bad": False}
