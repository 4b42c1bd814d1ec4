"""A bill against the books: who carries what, and that nothing is corrected twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_words import (
    HOUR,
    MINUTE,
    RECONCILED,
    SETTLED,
    UNKNOWN,
    VOID,
    T,
    a_bill,
    booked,
    bucket,
    corrected,
    costs,
    loose,
    request,
    settle,
)
from tollhouse.accounting.bills import BillUnreadable
from tollhouse.accounting.buckets import split
from tollhouse.accounting.claims import family
from tollhouse.ports.corrections import Booked

# --- lines of single requests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempt", "settled"),
    [
        (booked("a", state=UNKNOWN), 1),
        (booked("a", cost=7, estimated=True), 1),
        (booked("a", state=VOID), 0),
        (booked("a", cost=400), 0),
    ],
)
def test_a_line_settles_exactly_its_attempt_whatever_the_books_say(attempt: Booked, settled: int) -> None:
    found = settle([attempt, booked("b", state=UNKNOWN)], a_bill(request("a", 300, tokens=(10, 20, 5))))

    (after, untouched) = corrected([attempt, booked("b", state=UNKNOWN)], found.corrections)
    assert (after.cost_nanousd, after.tokens_in, after.tokens_out, after.tokens_cached) == (300, 10, 20, 5)
    assert (after.state, after.estimated) == (RECONCILED, False)
    assert (untouched.state, found.settled, found.gaps) == (UNKNOWN, settled, [])


def test_what_agrees_is_not_corrected_and_a_right_guess_is_settled_at_no_difference() -> None:
    agreed, guessed = booked("a", cost=300), booked("b", state=UNKNOWN, held=500)

    found = settle([agreed, guessed], a_bill(request("a", 300), request("b", 500)))

    (only,) = found.corrections
    assert (only.attempt, only.cost_nanousd, only.settles, only.line) == ("b", 0, True, "request b")


def test_the_same_bill_twice_corrects_nothing_the_second_time() -> None:
    attempts = [booked("a", state=UNKNOWN), booked("b", cost=3), booked("c", estimated=True, cost=5)]
    bill = a_bill(request("a", 300), request("b", 4), request("c", 5), request("foreign", 6))

    first = settle(attempts, bill)
    again = settle(corrected(attempts, first.corrections), bill, earlier=first.corrections)

    assert len(first.corrections) == 4
    assert again.corrections == []
    assert [gap.line for gap in again.gaps] == ["request foreign"]


def test_a_better_bill_corrects_the_corrected_figure() -> None:
    attempts = [booked("a", state=UNKNOWN)]
    first = settle(attempts, a_bill(request("a", 300)))

    second = settle(corrected(attempts, first.corrections), a_bill(request("a", 280)))

    assert [each.cost_nanousd for each in second.corrections] == [-20]
    assert second.corrections[0].id != first.corrections[0].id


def test_two_imports_from_the_same_figures_make_the_same_id() -> None:
    attempts = [booked("a", state=UNKNOWN)]

    one, other = (settle(attempts, a_bill(request("a", cost))) for cost in (300, 280))

    assert one.corrections[0].id == other.corrections[0].id


def test_lines_of_one_request_are_added_up() -> None:
    found = settle([booked("a", state=UNKNOWN)], a_bill(request("a", 100), request("a", 50)))

    assert costs(corrected([booked("a", state=UNKNOWN)], found.corrections)) == {"a": 150}


def test_tokens_without_a_cost_are_priced_by_the_price_book() -> None:
    attempt = booked("a", state=UNKNOWN)
    bill = a_bill(request("a", None, tokens=(10, 3, 4)))

    priced, unpriced = settle([attempt], bill), settle([attempt], bill, price=None)

    assert costs(corrected([attempt], priced.corrections)) == {"a": 6 * 250 + 4 * 25 + 3 * 2000}
    assert unpriced.corrections == []
    assert [gap.nanousd for gap in unpriced.gaps] == [None]


def test_a_cost_without_tokens_leaves_the_tokens() -> None:
    attempt = booked("a", cost=7, estimated=True, tokens=(10, 20, 0))

    (only,) = settle([attempt], a_bill(request("a", 9))).corrections

    assert (only.cost_nanousd, only.tokens_in, only.tokens_out) == (2, 0, 0)


def test_a_request_that_is_not_ours_is_a_correction_without_an_attempt() -> None:
    found = settle([], a_bill(request("foreign", 70, tokens=(1, 2, 0))))

    (only,) = found.corrections
    assert (only.attempt, only.team, only.cost_nanousd, only.tokens_out, only.settles) == (None, None, 70, 2, False)
    assert (only.deployment, only.booked_ms) == ("p/m", T + MINUTE)
    assert [(gap.line, gap.nanousd) for gap in found.gaps] == [("request foreign", 70)]


def test_a_request_whose_attempt_is_found_later_is_loose_no_more() -> None:
    bill = a_bill(request("late", 70))
    first = settle([], bill)

    second = settle([booked("late", state=UNKNOWN, held=100)], bill, earlier=first.corrections)

    assert loose(first.corrections) == [70]
    assert loose(second.corrections) == [-70]
    assert sum(each.cost_nanousd for each in second.corrections) == -70 - 30
    assert second.gaps == []


def test_a_request_of_a_time_that_is_still_under_way_is_left_for_later() -> None:
    found = settle([], a_bill(request("foreign", 70)), settled_ms=T + MINUTE)

    assert (found.corrections, found.gaps, found.left) == ([], [], ["request foreign"])


# --- what a whole bill does not have --------------------------------------------------------------------------------


def test_an_unknown_attempt_that_a_whole_bill_does_not_have_cost_nothing() -> None:
    attempts = [booked("a", cost=300), booked("b", state=UNKNOWN), booked("c", estimated=True, cost=5)]
    whole = (T, T + HOUR)

    found = settle(attempts, a_bill(request("a", 300)), whole=whole)

    assert costs(corrected(attempts, found.corrections)) == {"a": 300, "b": 0, "c": 0}
    assert (found.settled, found.gaps) == (2, [])
    assert all(each.line.startswith("absent, ") and each.source == "csv bill.csv" for each in found.corrections)


def test_without_that_word_it_stays_unknown() -> None:
    assert settle([booked("b", state=UNKNOWN)], a_bill(request("a", 300, at_ms=T))).settled == 0


@pytest.mark.parametrize(("at_ms", "settled"), [(T - 1, 0), (T, 1), (T + HOUR - 1, 1), (T + HOUR, 0)])
def test_a_bill_is_whole_only_in_its_span(at_ms: int, settled: int) -> None:
    found = settle([booked("b", at_ms, state=UNKNOWN)], a_bill(request("a", 0)), whole=(T, T + HOUR))

    assert found.settled == settled


def test_an_attempt_whose_usage_the_provider_told_is_never_booked_at_nothing_because_a_bill_lacks_it() -> None:
    found = settle([booked("b", cost=9)], a_bill(request("a", 0)), whole=(T, T + HOUR))

    assert found.corrections == []
    assert [(gap.line, gap.nanousd) for gap in found.gaps] == [("b", 9)]


def test_a_model_that_a_whole_bill_of_buckets_does_not_have_cost_nothing() -> None:
    found = settle([booked("b", state=UNKNOWN, model="other")], a_bill(bucket(5)), whole=(T, T + HOUR))

    assert [(each.attempt, each.cost_nanousd) for each in found.corrections if each.attempt] == [("b", -1_000_000)]


# --- buckets --------------------------------------------------------------------------------------------------------


def test_the_rest_of_a_bucket_is_its_one_unknown_attempt_s() -> None:
    attempts = [booked("a", cost=300), booked("b", state=UNKNOWN), booked("elsewhere", T + HOUR, state=UNKNOWN)]

    found = settle(attempts, a_bill(bucket(740, tokens=(30, 2, 0))))

    after = {each.attempt: each for each in corrected(attempts, found.corrections)}
    assert (after["b"].cost_nanousd, after["b"].tokens_in, after["b"].tokens_out) == (440, 30, 2)
    assert after["b"].state is RECONCILED
    assert after["elsewhere"].state is UNKNOWN
    assert (found.settled, found.gaps) == (1, [])


def test_the_rest_is_shared_in_proportion_to_what_was_held_to_the_last_nano() -> None:
    attempts = [
        booked("a", state=UNKNOWN, held=1_000),
        booked("b", state=UNKNOWN, held=2_000),
        booked("c", cost=5, estimated=True, held=4_000),
    ]

    found = settle(attempts, a_bill(bucket(1_000)))

    assert costs(corrected(attempts, found.corrections)) == {"a": 143, "b": 286, "c": 571}
    assert found.settled == 3


def test_nobody_carries_more_than_was_held_for_it() -> None:
    attempts = [booked("a", state=UNKNOWN, held=1_000), booked("b", state=UNKNOWN, held=2_000)]

    found = settle(attempts, a_bill(bucket(5_000)))

    assert costs(corrected(attempts, found.corrections)) == {"a": 1_000, "b": 2_000}
    assert loose(found.corrections) == [2_000]
    assert [gap.nanousd for gap in found.gaps] == [2_000]


def test_what_had_no_price_carries_what_the_others_cannot() -> None:
    attempts = [
        booked("a", estimated=True, held=0, price="unpriced"),
        booked("b", estimated=True, held=0, price="unpriced"),
        booked("c", state=UNKNOWN, held=100),
        booked("free", estimated=True, held=0),
    ]

    found = settle(attempts, a_bill(bucket(4_101)))

    assert costs(corrected(attempts, found.corrections)) == {"a": 2_001, "b": 2_000, "c": 100, "free": 0}
    assert found.gaps == []


def test_shares_are_the_same_however_often_they_are_shared_out() -> None:
    attempts = [booked(name, estimated=True, held=0, tokens=(n, 0, 0)) for n, name in enumerate("abc")]
    bill = a_bill(bucket(None, tokens=(10, 10, 1)))

    first = settle(attempts, bill)

    assert settle(corrected(attempts, first.corrections), bill, earlier=first.corrections).corrections == []


def test_a_bucket_with_less_than_is_known_exactly_leaves_a_negative_correction_without_an_attempt() -> None:
    attempts = [booked("a", cost=300), booked("b", state=UNKNOWN)]

    found = settle(attempts, a_bill(bucket(200)))

    assert costs(corrected(attempts, found.corrections)) == {"a": 300, "b": 0}
    assert loose(found.corrections) == [-100]
    assert found.gaps != []


def test_a_bucket_that_no_attempt_explains_is_one_correction() -> None:
    found = settle([], a_bill(bucket(200, tokens=(1, 1, 0))))

    (only,) = found.corrections
    assert (only.line, only.booked_ms) == ("2026-10-01T00:00:00Z/2026-10-01T01:00:00Z m", T)
    assert (only.cost_nanousd, only.tokens_in) == (200, 1)


def test_a_bucket_twice_corrects_nothing_the_second_time_even_with_something_loose() -> None:
    attempts = [booked("a", cost=300), booked("b", state=UNKNOWN, held=10), booked("c", state=UNKNOWN, held=11)]
    bill = a_bill(bucket(1_000, tokens=(3, 3, 0)))

    first = settle(attempts, bill)
    again = settle(corrected(attempts, first.corrections), bill, earlier=first.corrections)

    assert loose(first.corrections) == [679]
    assert again.corrections == []
    assert [gap.nanousd for gap in again.gaps] == [679]


def test_a_better_bucket_shares_out_anew() -> None:
    attempts = [booked("a", state=UNKNOWN, held=1_000), booked("b", state=UNKNOWN, held=3_000)]
    first = settle(attempts, a_bill(bucket(400)))

    second = settle(corrected(attempts, first.corrections), a_bill(bucket(800)), earlier=first.corrections)

    assert {each.attempt: each.cost_nanousd for each in second.corrections} == {"a": 100, "b": 300}
    assert second.settled == 0


def test_a_bill_of_requests_after_one_of_buckets_settles_each_exactly() -> None:
    attempts = [booked("a", state=UNKNOWN, held=1_000), booked("b", state=UNKNOWN, held=1_000)]
    first = settle(attempts, a_bill(bucket(400)))
    after = corrected(attempts, first.corrections)

    second = settle(after, a_bill(request("a", 300), request("b", 100)))
    third = settle(corrected(after, second.corrections), a_bill(bucket(400)))

    assert costs(corrected(after, second.corrections)) == {"a": 300, "b": 100}
    assert third.corrections == []


def test_buckets_of_tokens_are_priced_by_the_price_book() -> None:
    attempts = [booked("a", cost=300, tokens=(10, 10, 0)), booked("b", state=UNKNOWN)]

    found = settle(attempts, a_bill(bucket(None, tokens=(14, 11, 2))))
    unpriced = settle(attempts, a_bill(bucket(None, tokens=(14, 11, 2))), price=None)

    assert costs(corrected(attempts, found.corrections)) == {"a": 300, "b": 2 * 250 + 2 * 25 + 2000}
    assert (unpriced.corrections, [gap.nanousd for gap in unpriced.gaps]) == ([], [None])


def test_tokens_that_nobody_carries_are_priced_too_also_if_they_are_too_few() -> None:
    attempts = [booked("a", cost=300, tokens=(10, 10, 0))]

    more = settle(attempts, a_bill(bucket(None, tokens=(12, 10, 0))))
    less = settle(attempts, a_bill(bucket(None, tokens=(8, 10, 0))))

    assert (loose(more.corrections), loose(less.corrections)) == ([500], [-500])


def test_tokens_of_one_file_and_costs_of_another_are_one_claim() -> None:
    attempts = [booked("b", state=UNKNOWN)]

    found = settle(attempts, a_bill(bucket(None, tokens=(4, 2, 0)), name="usage"), a_bill(bucket(77), name="costs"))

    (only,) = found.corrections
    assert (only.tokens_in, only.tokens_out, only.cost_nanousd) == (4, 2, 77 - 1_000_000)
    assert only.source == "csv usage + csv costs"


def test_a_day_s_cost_after_its_hours_of_tokens_decides_the_cost() -> None:
    attempts = [booked("a", T + MINUTE, state=UNKNOWN), booked("b", T + HOUR, state=UNKNOWN)]
    hours = [
        bucket(None, tokens=(4, 0, 0)),
        bucket(None, tokens=(8, 0, 0), from_ms=T + HOUR, to_ms=T + 2 * HOUR),
    ]

    found = settle(attempts, a_bill(*hours, name="usage"), a_bill(bucket(999, to_ms=T + 24 * HOUR), name="costs"))

    after = corrected(attempts, found.corrections)
    assert sum(costs(after).values()) == 999
    assert [each.tokens_in for each in after] == [4, 8]
    assert len(found.corrections) == 2


def test_a_bucket_of_all_models_takes_them_all() -> None:
    attempts = [booked("a", cost=300, model="x"), booked("b", state=UNKNOWN, model="y")]

    found = settle(attempts, a_bill(bucket(500, model=None)))

    assert costs(corrected(attempts, found.corrections)) == {"a": 300, "b": 200}


def test_a_snapshot_is_billed_to_its_family() -> None:
    attempts = [booked("a", cost=300, model="gpt-5-mini-2025-08-07"), booked("b", state=UNKNOWN, model="gpt-5-mini")]

    found = settle(attempts, a_bill(bucket(500, model="gpt-5-mini-2025-08-07")))

    assert costs(corrected(attempts, found.corrections)) == {"a": 300, "b": 200}


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("gpt-4-0613", "gpt-4"),
        ("claude-20240620", "claude"),
        ("gpt-4-1106-preview", "gpt-4-1106-preview"),
        ("text-embedding-3-small", "text-embedding-3-small"),
        ("-2025", "-2025"),
    ],
)
def test_a_family_is_a_name_without_its_date(name: str, plain: str) -> None:
    assert family(name) == plain


def test_a_bucket_that_is_not_over_is_left_for_later() -> None:
    found = settle([booked("a", state=UNKNOWN)], a_bill(bucket(5)), settled_ms=T + HOUR - 1)

    assert (found.corrections, found.gaps) == ([], [])
    assert found.left == ["2026-10-01T00:00:00Z/2026-10-01T01:00:00Z m"]


# --- the edges of buckets -------------------------------------------------------------------------------------------


def edges(first: int, second: int) -> dict[str, int]:
    """Two hours, a request that begins in the first and ends in the second, and an unknown attempt in each."""
    attempts = [
        booked("crossing", T + HOUR - 100, cost=50, latency_ms=200),
        booked("a", T + MINUTE, state=UNKNOWN, held=100),
        booked("b", T + HOUR + MINUTE, state=UNKNOWN, held=100),
    ]
    bill = a_bill(bucket(first), bucket(second, from_ms=T + HOUR, to_ms=T + 2 * HOUR))
    found = settle(attempts, bill)
    assert found.gaps == []
    return costs(corrected(attempts, found.corrections))


def test_a_request_across_an_edge_belongs_to_where_it_began() -> None:
    assert edges(60, 20) == {"crossing": 50, "a": 10, "b": 20}


def test_unless_the_bill_is_better_explained_by_where_requests_end() -> None:
    assert edges(10, 70) == {"crossing": 50, "a": 10, "b": 20}


def test_every_edge_of_a_bill_is_decided_alike() -> None:
    crossing = [booked(f"x{n}", T + n * HOUR - 100, cost=50, latency_ms=200) for n in (1, 2)]
    hours = [bucket(cost, from_ms=T + n * HOUR, to_ms=T + (n + 1) * HOUR) for n, cost in enumerate((0, 50, 50))]

    found = settle(crossing, a_bill(*hours))

    assert (found.corrections, found.gaps) == ([], [])


# --- what would count twice -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bills",
    [
        (a_bill(bucket(5)), a_bill(bucket(5), name="other.csv")),
        (a_bill(request("a", 5)), a_bill(request("a", 5), name="other.csv")),
        (a_bill(bucket(5), bucket(5, from_ms=T + MINUTE, to_ms=T + HOUR + MINUTE)),),
        (a_bill(bucket(5, tokens=(1, 1, 0)), bucket(None, tokens=(1, 1, 0))),),
    ],
)
def test_lines_that_would_count_twice_or_not_at_all_are_refused(bills: tuple) -> None:  # type: ignore[type-arg]
    with pytest.raises(BillUnreadable):
        settle([], *bills)


# --- what is told ---------------------------------------------------------------------------------------------------


def test_every_model_and_day_is_told() -> None:
    attempts = [booked("a", cost=300), booked("b", state=UNKNOWN, held=1_000)]

    (row,) = settle(attempts, a_bill(bucket(700))).rows

    assert (row.model, row.day) == ("m", "2026-10-01")
    assert (row.billed_nanousd, row.before_nanousd, row.corrected_nanousd, row.after_nanousd) == (700, 1300, -600, 700)


def test_rows_of_requests_have_what_was_booked_and_billed() -> None:
    attempts = [booked("a", cost=300), booked("b", state=UNKNOWN, held=1_000)]
    bill = a_bill(request("a", 310), request("foreign", 5))

    (row,) = settle(attempts, bill, whole=(T, T + HOUR)).rows

    assert (row.billed_nanousd, row.before_nanousd, row.after_nanousd) == (315, 1_300, 315)


# --- always ---------------------------------------------------------------------------------------------------------

ATTEMPTS = st.lists(
    st.builds(
        booked,
        st.uuids().map(str),
        st.integers(T - MINUTE, T + 2 * HOUR),
        cost=st.integers(0, 10**6),
        held=st.integers(0, 10**6),
        state=st.sampled_from([SETTLED, UNKNOWN]),
        estimated=st.booleans(),
        tokens=st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 9)),
        model=st.sampled_from(["m", "n"]),
        latency_ms=st.integers(0, HOUR),
    ),
    max_size=12,
)


@given(ATTEMPTS, st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), st.booleans())
def test_after_a_bill_the_books_are_its_sum_and_a_second_time_nothing_changes(
    attempts: list[Booked], hours: tuple[int, int], grouped: bool
) -> None:
    bill = a_bill(
        *(
            bucket(cost, from_ms=T + n * HOUR, to_ms=T + (n + 1) * HOUR, model="m" if grouped else None)
            for n, cost in enumerate(hours)
        )
    )

    found = settle(attempts, bill)
    after = corrected(attempts, found.corrections)
    again = settle(after, bill, earlier=found.corrections)

    assert {row.after_nanousd - (row.billed_nanousd or 0) for row in found.rows} == {0}
    assert again.corrections == []
    assert all(each.cost_nanousd >= 0 for each in after)


@given(st.integers(0, 10**18), st.lists(st.integers(0, 10**18), max_size=8))
def test_shares_are_whole_and_add_up(amount: int, weights: list[int]) -> None:
    shares = split(amount, weights)

    assert sum(shares) == (amount if sum(weights) else 0)
    total = sum(weights) or 1
    assert all(abs(share * total - amount * weight) < total for share, weight in zip(shares, weights, strict=True))
