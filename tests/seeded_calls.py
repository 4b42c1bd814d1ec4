"""Calls and corrections as a company makes them, drawn from a seed: the same seed gives the same ledger."""

from collections.abc import Sequence
from random import Random

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.corrections import Correction
from tollhouse.ports.usage import DIMENSIONS, CallFilter

USE_CASES = {"claims-triage": "claims", "claims-letters": "claims", "answers": "support", "hiring": "people"}
DEPLOYMENTS = {"fast": ("openai/mini", "azure/mini"), "large": ("openai/big",), "local": ("inhouse/auto",)}
OUTCOMES = ((200, Outcome.OK),) * 12 + (
    (502, Outcome.ERROR),
    (429, Outcome.REFUSED),
    (499, Outcome.CANCELLED),
    (502, Outcome.UNKNOWN),
)
BRANCHES = ("north", "south", 'the "old" one', "Zürich = 1")


def calls(random: Random, count: int, since_ms: int, until_ms: int) -> list[Call]:
    return [_call(random, random.randrange(since_ms, until_ms)) for _ in range(count)]


def corrections(random: Random, of: Sequence[Call], count: int, since_ms: int, until_ms: int) -> list[Correction]:
    """Half of them of attempts of these calls, the others of nothing that we know."""
    attempts = [(call, attempt) for call in of for attempt in call.attempts]
    known = [_correction(random, *random.choice(attempts)) for _ in range(count // 2)] if attempts else []
    return [*known, *(_unexplained(random, random.randrange(since_ms, until_ms)) for _ in range(count - len(known)))]


def question(random: Random, since_ms: int, until_ms: int) -> tuple[tuple[str, ...], CallFilter]:
    """What to group by, and a filter."""
    dimensions = [*DIMENSIONS, "tag:branch", "tag:env", "tag:order"]
    by = tuple(random.sample(dimensions, random.choice((0, 1, 1, 2, 2, 3, 4))))
    edges = sorted(random.randrange(since_ms, until_ms) for _ in range(2))
    wanted: dict[str, object] = {
        "team": random.choice(tuple(USE_CASES.values())),
        "use_case": random.choice(tuple(USE_CASES)),
        "key": random.choice(("ci", "ana")),
        "model": random.choice(tuple(DEPLOYMENTS)),
        "provider": random.choice(("openai", "azure", "inhouse")),
        "prompt": random.choice(("claims-triage@0a", "claims-triage@0b")),
        "status": random.choice((200, 429, 502)),
        "outcome": random.choice(("ok", "error", "unknown")),
        "tags": ((random.choice((("branch", random.choice(BRANCHES)), ("env", "test")))),),
    }
    taken = random.sample(sorted(wanted), random.choice((0, 0, 1, 1, 2)))
    return by, CallFilter(
        since_ms=edges[0] if random.random() < 0.8 else None,
        until_ms=edges[1] if random.random() < 0.8 else None,
        **{name: wanted[name] for name in taken},  # type: ignore[arg-type]
    )


def _call(random: Random, at_ms: int) -> Call:
    use_case, model = random.choice(tuple(USE_CASES)), random.choice(tuple(DEPLOYMENTS))
    status, outcome = random.choice(OUTCOMES)
    attempts = [_attempt(random, at_ms, model, outcome) for _ in range(random.choice((0, 1, 1, 1, 2)))]
    last = attempts[-1] if attempts else None
    latency_ms = int(random.lognormvariate(7, 1.5))
    return Call(
        id=f"call_{random.getrandbits(128):032x}",
        at_ms=at_ms,
        endpoint=random.choice(("chat.completions", "responses")),
        team=USE_CASES[use_case],
        use_case=use_case,
        key=random.choice(("ci", "ana")),
        model=model,
        provider=last.provider if last else None,
        deployment=last.deployment if last else None,
        prompt=random.choice((None, "claims-triage@0a", "claims-triage@0b")),
        status=status,
        outcome=outcome,
        cache="off" if attempts else "exact",
        latency_ms=latency_ms,
        first_token_ms=random.choice((None, latency_ms // 3)),
        tags=_tags(random),
        saved_nanousd=0 if attempts else random.randrange(10**9),
        attempts=attempts,
    )


def _tags(random: Random) -> dict[str, str]:
    tags = {"branch": random.choice(BRANCHES), "env": random.choice(("prod", "test")), "order": f"{random.random()}"}
    return {name: value for name, value in tags.items() if random.random() < 0.5}


def _attempt(random: Random, at_ms: int, model: str, outcome: Outcome) -> Attempt:
    deployment = random.choice(DEPLOYMENTS[model])
    cost = random.randrange(10**12)
    return Attempt(
        id=f"att_{random.getrandbits(128):032x}",
        deployment=deployment,
        provider=deployment.partition("/")[0],
        reserved_ms=at_ms + random.randrange(600_000),
        held_nanousd=2 * cost,
        state=AttemptState.UNKNOWN if outcome is Outcome.UNKNOWN else AttemptState.SETTLED,
        outcome=outcome,
        tokens_in=random.randrange(5_000),
        tokens_out=random.randrange(1_000),
        tokens_cached=random.randrange(100),
        estimated=outcome in (Outcome.UNKNOWN, Outcome.CANCELLED),
        cost_nanousd=cost,
        latency_ms=random.randrange(5_000),
    )


def _correction(random: Random, call: Call, attempt: Attempt) -> Correction:
    return Correction(
        id=f"cor_{random.getrandbits(128):032x}",
        at_ms=attempt.reserved_ms,
        booked_ms=attempt.reserved_ms,
        provider=attempt.provider,
        deployment=attempt.deployment,
        source="csv:1",
        line="1",
        author="cli",
        attempt=attempt.id,
        call=call.id,
        team=call.team,
        use_case=call.use_case,
        key=call.key,
        model=call.model,
        settles=random.random() < 0.5,
        tokens_in=random.randrange(-50, 50),
        tokens_out=random.randrange(-50, 50),
        cost_nanousd=random.randrange(-(10**9), 10**9),
    )


def _unexplained(random: Random, at_ms: int) -> Correction:
    return Correction(
        id=f"cor_{random.getrandbits(128):032x}",
        at_ms=at_ms,
        booked_ms=at_ms,
        provider="openai",
        deployment=random.choice(("openai/mini", "openai/none")),
        source="csv:1",
        line="2",
        author="cli",
        call=random.choice((None, "call_of_elsewhere")),
        team=random.choice((None, "claims")),
        settles=random.random() < 0.5,
        tokens_out=random.randrange(50),
        cost_nanousd=random.randrange(10**9),
    )
