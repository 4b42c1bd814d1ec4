"""What `/metrics` and `/readyz` show of deployments."""

from prometheus_client.parser import text_string_to_metric_families

from test_metrics import StillClock
from tollhouse.domain.errors import Blame, UpstreamStatus
from tollhouse.domain.governance import Deployment, QueuePolicy, Rate
from tollhouse.domain.rates import ProviderQuota, Remaining
from tollhouse.routing.upstream import Seat, Why, Wish
from tollhouse.routing.upstreams import Upstreams
from tollhouse.web.metrics import Metrics
from tollhouse.web.upstreams import checks
from web_ledger import ListedLedger

CLOCK = StillClock()


def a_seat(upstreams: Upstreams, model: str = "m", limits: Rate | None = None) -> Seat:
    found = upstreams.of(Deployment("p", model, "openai", limits=limits or Rate())).take(Wish(), CLOCK.monotonic())
    assert isinstance(found, Seat)
    return found


def out_of_quota() -> UpstreamStatus:
    return UpstreamStatus("said", upstream_status=429, blame=Blame.QUOTA)


async def shown(upstreams: Upstreams) -> dict[str, float]:
    metrics = Metrics(
        worker="w", routes=list, ledger=ListedLedger(), clock=CLOCK, gauges={}, upstreams=lambda: upstreams
    )
    reply = await metrics.page()
    return {
        " ".join([sample.name, *(v for k, v in sorted(sample.labels.items()) if k != "worker")]): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


async def test_breakers_room_and_keys_are_shown_by_deployment_and_key() -> None:
    upstreams = Upstreams(CLOCK, {"p": 2})
    a_seat(upstreams).close(out_of_quota())
    second = a_seat(upstreams)
    second.heard(ProviderQuota(Remaining(41, 60, 20_000), Remaining(9_000, None, None)))
    second.close(UpstreamStatus("said", upstream_status=401, blame=Blame.KEY))
    upstreams.pass_over("p/m", Why.FULL)

    samples = await shown(upstreams)

    assert samples["tollhouse_breaker_state p/m 1"] == 2
    assert samples["tollhouse_breaker_state p/m 2"] == 0
    assert samples["tollhouse_provider_remaining p/m 2 requests"] == 41
    assert samples["tollhouse_provider_remaining p/m 2 tokens"] == 9_000
    assert samples["tollhouse_keys_resting p"] == 1
    assert samples["tollhouse_passed_over_total p/m full"] == 1


async def test_waiting_and_shed_calls_are_counted() -> None:
    upstreams = Upstreams(CLOCK, {})
    queue, policy = upstreams.queues.of("triage"), QueuePolicy(1_000, 2)
    for is_batch in (True, False, False):
        queue.join(policy, is_batch=is_batch)

    samples = await shown(upstreams)

    assert (samples["tollhouse_waiting_calls"], samples["tollhouse_shed_calls_total"]) == (2, 1)


async def test_under_several_rules_a_deployment_is_shown_once_at_its_worst() -> None:
    upstreams = Upstreams(CLOCK, {})
    a_seat(upstreams).close(out_of_quota())
    a_seat(upstreams, limits=Rate(concurrency=3)).close(None)

    samples = await shown(upstreams)

    assert samples["tollhouse_breaker_state p/m 1"] == 2


def test_a_provider_in_trouble_is_named_and_never_makes_the_process_unready() -> None:
    upstreams = Upstreams(CLOCK, {})
    for number in range(7):
        a_seat(upstreams, f"m{number}").close(out_of_quota())
    a_seat(upstreams, "well").close(None)

    (check,) = checks(upstreams)

    assert (check.name, check.ok, check.needed) == ("provider p", False, False)
    assert check.detail == "left alone after failures: p/m0, p/m1, p/m2, p/m3, p/m4 and 2 more"
