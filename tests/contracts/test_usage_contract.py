"""What every ledger answers: lists of calls, pages, sums."""

from dataclasses import fields, replace

import pytest

from ledger_words import DAY_MS, NOON_MS, a_call, an_attempt
from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.corrections import Correction
from tollhouse.domain.verdicts import Side, Verdict
from tollhouse.ports.usage import DIMENSIONS, CallFilter, UsageRow
from tollhouse.stores import Stores

EVERYTHING = CallFilter()


async def test_a_call_comes_back_as_it_was_posted(stores: Stores) -> None:
    call = Call(
        id="call_1",
        at_ms=NOON_MS,
        endpoint="responses",
        team="claims",
        use_case="claims-triage",
        key="ci",
        model="fast",
        streamed=True,
        provider="azure",
        deployment="azure/gpt",
        prompt="claims-triage@abc",
        run="run_1",
        status=200,
        outcome=Outcome.CANCELLED,
        error="upstream_cut",
        cache="miss",
        privacy="mask",
        latency_ms=1_200,
        first_token_ms=300,
        overhead_ms=0.25,
        request_id="r-1",
        subject="person-7",
        session="ses_1",
        saved_nanousd=7,
        guardrails=[Verdict("injection.override", Side.INPUT, "messages[0].content", 4, 36, blocks=True)],
        tags={"branch": "Zürich", "b": ""},
        attempts=[
            an_attempt(0, state=AttemptState.VOID),
            an_attempt(10**18, state=AttemptState.UNKNOWN),
            Attempt(id="att_3", deployment="a/b", provider="a", reserved_ms=NOON_MS, held_nanousd=1, error="cut"),
        ],
    )
    bare = a_call(status=429, outcome=Outcome.REFUSED)

    await stores.ledger.post("p1", [call, bare])

    assert await stores.usage.call("call_1") == call
    assert await stores.usage.call(bare.id) == bare
    assert await stores.usage.call("call_2") is None
    unset = {f.name for f in fields(Call) if getattr(call, f.name) in (None, "", {}, [])}
    assert unset == set(), "a field that this test leaves out may be lost unseen"


async def test_text_that_a_database_cannot_hold_does_not_keep_a_call_out(stores: Stores) -> None:
    call = a_call(an_attempt(1))
    call.model, call.error, call.subject = "fa\0st", "br\ud800ken", "\0"
    call.tags = {"a\0": "b\udfff"}

    await stores.ledger.post("p1", [call])
    await stores.ledger.show_open("p1", [call])

    assert (await stores.usage.usage((), EVERYTHING)).total.cost_nanousd == 1


async def test_calls_are_listed_newest_first_page_by_page(stores: Stores) -> None:
    calls = [a_call(an_attempt(n), at_ms=NOON_MS + n // 2) for n in range(25)]  # two in each millisecond
    await stores.ledger.post("p1", calls)

    seen: list[Call] = []
    cursor: str | None = None
    for _ in range(3):
        page = await stores.usage.calls(EVERYTHING, limit=10, cursor=cursor)
        seen += page.items
        cursor = page.next_cursor

    assert cursor is None
    assert [call.id for call in seen] == [c.id for c in sorted(calls, key=lambda c: (c.at_ms, c.id), reverse=True)]
    assert {call.id: call for call in seen} == {call.id: call for call in calls}


async def test_a_last_page_that_is_just_full_has_no_next(stores: Stores) -> None:
    await stores.ledger.post("p1", [a_call() for _ in range(10)])

    assert (await stores.usage.calls(EVERYTHING, limit=10)).next_cursor is None
    assert (await stores.usage.calls(EVERYTHING, limit=9)).next_cursor is not None


async def test_calls_that_come_while_paging_do_not_shift_the_pages(stores: Stores) -> None:
    old = [a_call(at_ms=NOON_MS + n) for n in range(4)]
    await stores.ledger.post("p1", old)
    first = await stores.usage.calls(EVERYTHING, limit=2)

    await stores.ledger.post("p1", [a_call(at_ms=NOON_MS + 100)])
    second = await stores.usage.calls(EVERYTHING, limit=2, cursor=first.next_cursor)

    assert [c.id for c in (*first.items, *second.items)] == [c.id for c in reversed(old)]


@pytest.mark.parametrize("outcome", [None, "running"])
async def test_a_cursor_that_is_not_ours_is_refused(stores: Stores, outcome: str | None) -> None:
    for cursor in ("", "x", "MTIz", "!!!!", "é", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTpj", "Og", "YTpi"):
        with pytest.raises(ValueError, match="cursor"):
            await stores.usage.calls(CallFilter(outcome=outcome), cursor=cursor)


async def test_a_page_has_between_one_and_a_thousand_calls(stores: Stores) -> None:
    for limit in (0, -1, 1001):
        with pytest.raises(ValueError, match="limit"):
            await stores.usage.calls(EVERYTHING, limit=limit)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (CallFilter(since_ms=NOON_MS + 1), "bcd"),
        (CallFilter(until_ms=NOON_MS + 1), "a"),
        (CallFilter(since_ms=NOON_MS + 1, until_ms=NOON_MS + 3), "bc"),
        (CallFilter(team="claims"), "acd"),
        (CallFilter(use_case="faq"), "b"),
        (CallFilter(key="ana"), "c"),
        (CallFilter(model="large"), "d"),
        (CallFilter(status=502), "d"),
        (CallFilter(outcome="ok"), "abc"),
        (CallFilter(team="claims", key="ci", model="fast"), "a"),
        (CallFilter(team="nobody"), ""),
    ],
)
async def test_a_filter_holds_for_lists_and_for_sums(stores: Stores, where: CallFilter, expected: str) -> None:
    calls = {
        "a": a_call(an_attempt(1), at_ms=NOON_MS),
        "b": a_call(an_attempt(10), at_ms=NOON_MS + 1, team="support", use_case="faq"),
        "c": a_call(an_attempt(100), at_ms=NOON_MS + 2, key="ana"),
        "d": a_call(an_attempt(1000), at_ms=NOON_MS + 3, model="large", status=502, outcome=Outcome.ERROR),
    }
    await stores.ledger.post("p1", list(calls.values()))

    page = await stores.usage.calls(where)
    report = await stores.usage.usage((), where)

    assert [c.id for c in page.items] == [calls[name].id for name in reversed(expected)]
    assert report.total.calls == len(expected)
    assert report.total.cost_nanousd == sum(calls[name].cost_nanousd for name in expected)


async def test_usage_sums_calls_errors_tokens_and_money_by_group(stores: Stores) -> None:
    failed = a_call(
        an_attempt(0, state=AttemptState.VOID), an_attempt(40, state=AttemptState.UNKNOWN), outcome=Outcome.UNKNOWN
    )
    estimated = a_call(an_attempt(7, estimated=True), team="support")
    await stores.ledger.post("p1", [a_call(an_attempt(30)), failed, estimated, a_call(outcome=Outcome.ERROR)])
    await stores.ledger.post("p1", [a_call(outcome=Outcome.REFUSED), a_call(outcome=Outcome.CANCELLED)])

    report = await stores.usage.usage(("team",), EVERYTHING)

    assert report.items == [
        UsageRow({"team": "claims"}, 5, 2, 3, 300, 60, 30, 70, 40, 1, 0, 118, 118, 118),
        UsageRow({"team": "support"}, 1, 0, 1, 100, 20, 10, 7, 7, 0, 0, 118, 118, 118),
    ]
    assert report.total == UsageRow({}, 6, 2, 4, 400, 80, 40, 77, 47, 1, 0, 118, 118, 118)


async def test_money_meets_each_provider_s_bill_and_calls_the_one_that_served(stores: Stores) -> None:
    fell_back = a_call(an_attempt(40, state=AttemptState.UNKNOWN), an_attempt(2, provider="azure"))
    await stores.ledger.post("p1", [fell_back, a_call(an_attempt(30)), a_call(status=429, outcome=Outcome.REFUSED)])

    report = await stores.usage.usage(("provider",), EVERYTHING)

    found = {row.by["provider"]: (row.calls, row.attempts, row.cost_nanousd) for row in report.items}
    assert found == {"openai": (1, 2, 70), "azure": (1, 1, 2), None: (1, 0, 0)}
    assert (report.total.calls, report.total.attempts, report.total.cost_nanousd) == (3, 3, 72)


async def test_groups_are_named_in_the_order_asked_and_the_dearest_is_first(stores: Stores) -> None:
    await stores.ledger.post(
        "p1", [a_call(an_attempt(1)), a_call(an_attempt(9), team="b"), a_call(an_attempt(5), team="c")]
    )

    report = await stores.usage.usage(("model", "team"), EVERYTHING)

    assert [list(row.by.items()) for row in report.items] == [
        [("model", "fast"), ("team", team)] for team in ("b", "c", "claims")
    ]


async def test_a_day_is_the_utc_date_of_the_call_s_start(stores: Stores) -> None:
    midnight = NOON_MS + DAY_MS // 2
    await stores.ledger.post("p1", [a_call(an_attempt(1), at_ms=midnight - 1), a_call(an_attempt(2), at_ms=midnight)])

    report = await stores.usage.usage(("day",), EVERYTHING)

    assert [(row.by["day"], row.cost_nanousd) for row in report.items] == [("2026-10-02", 2), ("2026-10-01", 1)]


async def test_whatever_the_groups_they_sum_to_the_same_total(stores: Stores) -> None:
    calls = [
        a_call(
            an_attempt(n),
            an_attempt(n, provider=f"p{n % 3}"),
            at_ms=NOON_MS + n * DAY_MS,
            team=f"t{n % 2}",
            key=f"k{n}",
        )
        for n in range(9)
    ]
    await stores.ledger.post("p1", calls)

    whole = (await stores.usage.usage((), EVERYTHING)).total
    reports = [await stores.usage.usage((dimension,), EVERYTHING) for dimension in DIMENSIONS]

    assert (whole.calls, whole.cost_nanousd) == (9, sum(range(9)) * 2)
    assert [report.total for report in reports] == [whole] * len(DIMENSIONS)
    assert [sum(row.cost_nanousd for row in r.items) for r in reports] == [whole.cost_nanousd] * len(DIMENSIONS)
    assert [sum(row.calls for row in r.items) for r in reports] == [9] * len(DIMENSIONS)


async def test_an_empty_ledger_has_no_items_and_a_total_of_nothing(stores: Stores) -> None:
    for by in ((), ("team",), ("day", "provider")):
        report = await stores.usage.usage(by, EVERYTHING)

        assert report.items == []
        assert report.total == UsageRow()


async def test_an_unknown_dimension_is_refused(stores: Stores) -> None:
    for by in (("colour",), ("team", "team"), ("",)):
        with pytest.raises(ValueError, match="dimension"):
            await stores.usage.usage(by, EVERYTHING)


async def test_open_calls_are_listed_only_when_asked_for(stores: Stores) -> None:
    running = a_call(an_attempt(40, state=AttemptState.SENT), at_ms=NOON_MS + 5, outcome=Outcome.RUNNING)
    other = a_call(team="support", outcome=Outcome.RUNNING)
    await stores.ledger.show_open("p1", [running])
    await stores.ledger.show_open("p2", [other])

    assert (await stores.usage.calls(EVERYTHING)).items == []
    assert (await stores.usage.calls(CallFilter(outcome="running"))).items == [running, other]
    assert (await stores.usage.calls(CallFilter(outcome="running", team="support"))).items == [other]
    assert await stores.usage.call(running.id) == running
    assert (await stores.usage.usage((), EVERYTHING)).total.calls == 0


async def test_open_calls_are_paged_too(stores: Stores) -> None:
    running = [a_call(at_ms=NOON_MS + n, outcome=Outcome.RUNNING) for n in range(3)]
    await stores.ledger.show_open("p1", running)

    first = await stores.usage.calls(CallFilter(outcome="running"), limit=2)
    second = await stores.usage.calls(CallFilter(outcome="running"), limit=2, cursor=first.next_cursor)

    assert [*first.items, *second.items] == list(reversed(running))
    assert second.next_cursor is None


async def test_a_process_replaces_its_own_list_of_open_calls(stores: Stores) -> None:
    first, second, others = (a_call(outcome=Outcome.RUNNING) for _ in range(3))
    await stores.ledger.show_open("p1", [first])
    await stores.ledger.show_open("p2", [others])

    await stores.ledger.show_open("p1", [second])
    await stores.ledger.show_open("p2", [])

    assert (await stores.usage.calls(CallFilter(outcome="running"))).items == [second]


async def test_a_call_that_has_finished_is_not_open_any_more(stores: Stores) -> None:
    call = a_call(outcome=Outcome.RUNNING)
    await stores.ledger.show_open("p1", [call])
    call.outcome = Outcome.OK

    await stores.ledger.post("p1", [call])

    assert (await stores.usage.calls(CallFilter(outcome="running"))).items == []
    assert await stores.usage.call(call.id) == call


async def test_a_group_s_percentiles_are_of_its_calls_and_the_cache_s_savings_too(stores: Stores) -> None:
    calls = [a_call(at_ms=NOON_MS + n) for n in range(100)]
    for n, call in enumerate(calls, start=1):
        call.latency_ms, call.first_token_ms, call.saved_nanousd = n * 100, n * 10 if n > 50 else None, n
    await stores.ledger.post("p1", calls)

    (row,) = (await stores.usage.usage(("team",), EVERYTHING)).items

    exact = (5_000, 9_500, 9_900, 750, 980)
    found = (row.latency_p50_ms, row.latency_p95_ms, row.latency_p99_ms, row.first_token_p50_ms, row.first_token_p95_ms)
    assert all(
        value is not None and abs(value - right) <= right * 0.05 for value, right in zip(found, exact, strict=True)
    )
    assert row.saved_nanousd == 5_050


async def test_a_tag_is_a_dimension_and_a_filter_like_any_other(stores: Stores) -> None:
    tags = [{"ward": "north"}, {"ward": "north", "env": "test"}, {"ward": ""}, {}, {'wa"rd': "north"}]
    calls = [a_call(an_attempt(10**n), at_ms=NOON_MS + n) for n in range(5)]
    for call, tagged in zip(calls, tags, strict=True):
        call.tags = tagged
    await stores.ledger.post("p1", calls)

    async def total(*wanted: tuple[str, str]) -> int:
        return (await stores.usage.usage((), CallFilter(tags=wanted))).total.cost_nanousd

    by = {row.by["tag:ward"]: row.cost_nanousd for row in (await stores.usage.usage(("tag:ward",), EVERYTHING)).items}
    assert by == {"north": 11, "": 100, None: 11_000}
    assert await total(("ward", "north")) == 11
    assert await total(("ward", "north"), ("env", "test")) == 10
    assert await total(('wa"rd', "north")) == 10_000
    page = await stores.usage.calls(CallFilter(tags=(("ward", "north"),)))
    assert [call.id for call in page.items] == [calls[1].id, calls[0].id]


async def test_beyond_the_limit_the_dearest_are_shown_and_the_rest_is_one_row(stores: Stores) -> None:
    await stores.ledger.post("p1", [a_call(an_attempt(cost), team=f"t{cost}") for cost in range(1, 8)])

    whole = await stores.usage.usage(("team", "model"), EVERYTHING)
    report = await stores.usage.usage(("team", "model"), EVERYTHING, groups=3)

    assert [(row.by["team"], row.by["model"], row.cost_nanousd, row.calls) for row in report.items] == [
        ("t7", "fast", 7, 1),
        ("t6", "fast", 6, 1),
        ("other", "other", 15, 5),
    ]
    assert report.total == whole.total
    assert len((await stores.usage.usage(("team",), EVERYTHING, groups=7)).items) == 7


async def test_corrections_are_part_of_the_sums_and_of_the_calls_that_are_shown(stores: Stores) -> None:
    call = a_call(an_attempt(40, state=AttemptState.UNKNOWN), an_attempt(7, estimated=True))
    await stores.ledger.post("p1", [call])
    settled = a_correction(call, call.attempts[0], settles=True, cost_nanousd=-38, tokens_in=-90)
    shared = a_correction(call, call.attempts[1], settles=False, cost_nanousd=3)
    nobodys = replace(settled, id="cor_3", attempt=None, call=None, team=None, use_case=None, key=None, model=None)

    await stores.corrections.add([settled, shared, replace(nobodys, cost_nanousd=5)])

    found = await stores.usage.call(call.id)
    assert found is not None
    assert [(a.state, a.cost_nanousd, a.tokens_in, a.estimated) for a in found.attempts] == [
        (AttemptState.RECONCILED, 2, 10, False),
        (AttemptState.SETTLED, 10, 100, True),
    ]
    report = await stores.usage.usage(("team",), EVERYTHING)
    told = [(row.by["team"], row.cost_nanousd, row.estimated_nanousd, row.unknown_attempts) for row in report.items]
    assert told == [("claims", 12, 10, 0), (None, 5, 0, 0)]
    assert report.total.cost_nanousd == 17


def a_correction(call: Call, attempt: Attempt, *, settles: bool, cost_nanousd: int, tokens_in: int = 0) -> Correction:
    return Correction(
        id=f"cor_{attempt.id}",
        at_ms=NOON_MS,
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
        settles=settles,
        cost_nanousd=cost_nanousd,
        tokens_in=tokens_in,
    )
