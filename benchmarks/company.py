"""A company's calls, drawn from a seed: ten teams, thirty use cases, sixty keys, six routes, ten deployments, tags."""

from collections.abc import Iterator
from random import Random

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome

ROUTES = {
    "fast": ("openai/mini", "azure/mini"),
    "large": ("openai/big", "azure/big"),
    "writer": ("anthropic/sonnet",),
    "cheap": ("openai/nano",),
    "embed": ("openai/embed", "inhouse/embed"),
    "inhouse": ("inhouse/auto",),
}
TEN_DAYS_MS = 10 * 86_400_000

UseCase = tuple[str, str, tuple[str, ...], list[str], bool]
"""Team, name, keys, routes, and whether it has a prompt."""


def calls(seed: int, count: int, since_ms: int, until_ms: int) -> Iterator[Call]:
    """Yield them in order of time, evenly spread."""
    random = Random(seed)
    use_cases = [_use_case(random, team, number) for team in range(10) for number in range(3)]
    weights = [1 / (rank + 1) ** 0.7 for rank in range(len(use_cases))]
    for number in range(count):
        at_ms = since_ms + number * (until_ms - since_ms) // count
        yield _call(random, number, at_ms, random.choices(use_cases, weights)[0])


def _use_case(random: Random, team: int, number: int) -> UseCase:
    name = f"use-case-{team}-{number}"
    routes = random.sample(list(ROUTES), random.choice((1, 1, 2, 3)))
    return f"team-{team}", name, (f"key-{name}-a", f"key-{name}-b"), routes, random.random() < 0.4


def _call(random: Random, number: int, at_ms: int, of: UseCase) -> Call:
    team, use_case, keys, routes, has_prompt = of
    model = random.choice(routes)
    deployments = ROUTES[model]
    status, outcome, tries = _fate(random)
    tried = [random.choice(deployments) if random.random() < 0.3 else deployments[0] for _ in range(tries)]
    latency_ms = int(random.lognormvariate(7, 0.9))
    is_timed = model != "embed" and random.random() < 0.4
    return Call(
        id=f"call_{number:032x}",
        at_ms=at_ms,
        endpoint="embeddings" if model == "embed" else random.choice(("chat.completions",) * 6 + ("responses",)),
        team=team,
        use_case=use_case,
        key=random.choice(keys),
        model=model,
        streamed=is_timed,
        provider=tried[-1].partition("/")[0] if tried else None,
        deployment=tried[-1] if tried else None,
        prompt=f"{use_case}@{at_ms // TEN_DAYS_MS % 4096:04x}" if has_prompt else None,
        status=status,
        outcome=outcome,
        cache="exact" if outcome is Outcome.OK and not tried else "off",
        latency_ms=latency_ms,
        first_token_ms=int(latency_ms * random.uniform(0.1, 0.5)) if is_timed else None,
        overhead_ms=0.4,
        tags=_tags(random),
        saved_nanousd=random.randrange(10**7) if outcome is Outcome.OK and not tried else 0,
        attempts=[
            _attempt(random, f"{number:024x}{place:08x}", at_ms, name, outcome) for place, name in enumerate(tried)
        ],
    )


def _fate(random: Random) -> tuple[int, Outcome, int]:
    """Status, outcome and attempts: 4.5 % do not end well, 5 % come from the cache, 5 % are tried twice."""
    draw = random.random()
    if draw < 0.015:
        return 429, Outcome.REFUSED, 0
    if draw < 0.035:
        return random.choice((502, 504)), Outcome.ERROR, 1
    if draw < 0.042:
        return 499, Outcome.CANCELLED, 1
    if draw < 0.045:
        return 502, Outcome.UNKNOWN, 1
    return 200, Outcome.OK, 0 if draw < 0.095 else 2 if draw < 0.145 else 1


def _tags(random: Random) -> dict[str, str]:
    """One of 25 branches on 60 %, an environment on half of the calls, whoever makes them."""
    tags = {"branch": f"b{int(25 * random.random() ** 2)}"} if random.random() < 0.6 else {}
    return {**tags, "env": random.choice(("prod", "test"))} if random.random() < 0.5 else tags


def _attempt(random: Random, number: str, at_ms: int, deployment: str, outcome: Outcome) -> Attempt:
    cost = random.randrange(10**8)
    return Attempt(
        id=f"att_{number}",
        deployment=deployment,
        provider=deployment.partition("/")[0],
        reserved_ms=at_ms + 1,
        held_nanousd=2 * cost,
        state=AttemptState.UNKNOWN if outcome is Outcome.UNKNOWN else AttemptState.SETTLED,
        outcome=outcome,
        tokens_in=random.randrange(4_000),
        tokens_out=random.randrange(800),
        estimated=outcome in (Outcome.UNKNOWN, Outcome.CANCELLED),
        cost_nanousd=cost,
        price="seed",
        latency_ms=random.randrange(5_000),
    )
