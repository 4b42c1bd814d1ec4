"""Importers: what each format says, and that a file that is wrong anywhere gives nothing."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_words import HOUR, T
from tollhouse.accounting.bills import FORMATS, BillLine, BillUnreadable, line, read_bill

DAY_S = 86_400
START_S = T // 1000


def page(*buckets: object, **more: object) -> dict[str, object]:
    return {"object": "page", "data": list(buckets), "has_more": False, "next_page": None, **more}


def a_bucket(*results: object, start: float = START_S, end: int = START_S + DAY_S) -> dict[str, object]:
    return {"object": "bucket", "start_time": start, "end_time": end, "results": list(results)}


def completions(**more: object) -> dict[str, object]:
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": 1000,
        "output_tokens": 500,
        "input_cached_tokens": 800,
        "num_model_requests": 5,
        "project_id": None,
        "model": "gpt-5-mini-2025-08-07",
        "batch": None,
        **more,
    }


def cost(value: str, item: str | None = None, currency: str = "usd") -> str:
    """As text, because a JSON number must reach the importer with all its places."""
    shown = json.dumps(item)
    return f'{{"object": "organization.costs.result", "amount": {{"value": {value}, "currency": "{currency}"}}, "line_item": {shown}}}'


def costs_page(*results: str) -> bytes:
    text = json.dumps(page(a_bucket("RESULTS")))
    return text.replace('"RESULTS"', ", ".join(results)).encode()


def lines(data: bytes | str | object, format: str | None = None) -> tuple[BillLine, ...]:  # noqa: A002
    raw = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()
    return read_bill("a file", raw, format).lines


def refused(data: bytes | str | object, format: str | None = None) -> str:  # noqa: A002
    with pytest.raises(BillUnreadable) as error:
        lines(data, format)
    return str(error.value)


# --- OpenAI's usage export ------------------------------------------------------------------------------------------


def test_a_usage_export_says_tokens_by_model_and_bucket() -> None:
    (only,) = lines(page(a_bucket(completions())))

    assert only == BillLine(
        place="page 1, bucket 1, result 1",
        from_ms=T,
        to_ms=T + DAY_S * 1000,
        model="gpt-5-mini-2025-08-07",
        tokens_in=1000,
        tokens_out=500,
        tokens_cached=800,
    )


def test_embeddings_and_moderations_have_input_only() -> None:
    found = lines(
        page(
            a_bucket(
                {"object": "organization.usage.embeddings.result", "input_tokens": 7, "model": "e"},
                {"object": "organization.usage.moderations.result", "input_tokens": 8, "model": None},
            )
        )
    )

    assert [(each.model, each.tokens_in, each.tokens_out, each.tokens_cached) for each in found] == [
        ("e", 7, 0, 0),
        (None, 8, 0, 0),
    ]


@pytest.mark.parametrize("pretty", [None, 2])
def test_pages_may_stand_in_an_array_or_one_after_the_other(pretty: int | None) -> None:
    one, two = (
        page(a_bucket(completions())),
        page(a_bucket(completions(), start=START_S + DAY_S, end=START_S + 2 * DAY_S)),
    )

    in_array = lines(json.dumps([one, two], indent=pretty))
    in_row = lines(json.dumps(one, indent=pretty) + "\n" + json.dumps(two, indent=pretty) + "\n")

    assert in_array == in_row
    assert [each.place for each in in_row] == ["page 1, bucket 1, result 1", "page 2, bucket 1, result 1"]


def test_buckets_without_results_have_no_lines() -> None:
    assert lines(page(a_bucket(), a_bucket())) == ()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ('{"object": "page",\n "data": [', "line 2: it is not JSON"),
        ('{"object": "page", "data": [NaN]}', "line 1"),
        ('{"object": "page", "data": ' + "[" * 100_000, "line 1"),
        ({"object": "page", "data": {}}, "page 1: `data` must be an array"),
        ({"object": "page", "data": [{"start_time": 1}]}, "page 1, bucket 1: `end_time` is missing"),
        (page(a_bucket(start=1.5)), "page 1, bucket 1: `start_time` must be a time in whole Unix seconds"),
        (page(a_bucket(start=True)), "`start_time` must be"),
        (page(a_bucket(completions(), end=START_S)), "bucket 1: it must end after it begins"),
        (page(a_bucket(completions(input_tokens=None))), "result 1: `input_tokens` must be a whole number"),
        (page(a_bucket(completions(input_tokens=-1))), "`input_tokens` must be a whole number of tokens, not -1"),
        (page(a_bucket(completions(output_tokens="5"))), "`output_tokens` must be"),
        (page(a_bucket(completions(output_tokens=10**16))), "`output_tokens` must be"),
        (page(a_bucket(completions(model=7))), "`model` must be text or null"),
        (page(a_bucket(completions(model="a\nb"))), "`model` must be 1 to 512 printable characters"),
        (page(a_bucket(completions(), {"object": "organization.usage.images.result"})), "result 2: `object` is"),
    ],
)
def test_a_usage_export_that_is_wrong_anywhere_is_refused(data: object, told: str) -> None:
    assert told in refused(data, "openai-usage")


# --- OpenAI's cost export -------------------------------------------------------------------------------------------


def test_a_cost_export_adds_up_a_model_s_items_exactly_before_it_rounds() -> None:
    found = lines(
        costs_page(
            cost("0.0600000004", "gpt-5-mini-2025-08-07, input"),
            cost("0.0100000004", "gpt-5-mini-2025-08-07, cached input"),
            cost("2e-1", "priority | gpt-5-mini-2025-08-07, output, long context"),
            cost("1", "gpt-image-1 text, input"),
            cost("0.25", "web search tool calls"),
        )
    )

    assert [(each.model, each.cost_nanousd, each.tokens_in) for each in found] == [
        ("gpt-5-mini-2025-08-07", 270_000_001, None),
        ("gpt-image-1", 10**9, None),
        ("web search tool calls", 250_000_000, None),
    ]


def test_an_amount_that_no_float_can_hold_arrives_as_it_was_written() -> None:
    (only,) = lines(costs_page(cost("9007199.254740993")))

    assert only.cost_nanousd == 9_007_199_254_740_993
    assert round(float("9007199.254740993") * 10**9) != only.cost_nanousd


def test_costs_that_are_not_grouped_are_of_all_models_and_credits_are_negative() -> None:
    (only,) = lines(costs_page(cost("0.5"), cost("-0.7")))

    assert (only.model, only.cost_nanousd) == (None, -200_000_000)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (costs_page(cost("0.5", currency="eur")), "amounts must be in usd, not 'eur'"),
        (costs_page(cost("null")), "`amount.value` must be a number"),
        (costs_page(cost('"much"')), "`amount.value` must be an amount of USD, not 'much'"),
        (costs_page(cost("1e20")), "must be an amount of at most 1,000,000,000 USD"),
        (costs_page(cost("1e-999999999")), "must be an amount of at most"),
        (costs_page(cost("true")), "`amount.value` must be a number"),
        (costs_page(cost("0.5", ", input")), "`line_item` must be"),
        (page(a_bucket(completions())), "amounts are in organization.costs.result"),
    ],
)
def test_a_cost_export_that_is_wrong_anywhere_is_refused(data: object, told: str) -> None:
    assert told in refused(data, "openai-costs")


# --- CSV ------------------------------------------------------------------------------------------------------------

HEADER = "request_id,from,to,model,tokens_in,tokens_out,tokens_cached,cost_usd"


def test_a_csv_has_requests_and_buckets() -> None:
    found = lines(
        f"\ufeff{HEADER}\r\n"
        'att_1,2026-10-01T00:00:00.250Z,,"m",10,20,5,0.0000003\r\n'
        "\r\n"
        ",2026-10-01T02:00:00+02:00,2026-10-01T01:00:00Z,,,,,12.5\r\n"
    )

    assert found == (
        BillLine(
            place="line 2",
            from_ms=T + 250,
            to_ms=T + 250,
            model="m",
            tokens_in=10,
            tokens_out=20,
            tokens_cached=5,
            cost_nanousd=300,
            request="att_1",
        ),
        BillLine(place="line 4", from_ms=T, to_ms=T + HOUR, cost_nanousd=12_500_000_000),
    )


def test_columns_may_be_left_out_and_stand_in_any_order() -> None:
    (only,) = lines("tokens_out,to,tokens_in,from\n2,2026-10-01T01:00:00Z,1,2026-10-01T00:00:00Z\n")

    assert (only.tokens_in, only.tokens_out, only.tokens_cached, only.cost_nanousd) == (1, 2, 0, None)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("from,price\n", "line 1: there is no column 'price'; there are request_id, from,"),
        ("to,cost_usd\n", "line 1: the column `from` is missing"),
        ("from,from\n", "line 1: a column is there twice"),
        ("", "line 1: the column `from` is missing"),
        ("from,cost_usd\n2026-10-01T00:00:00Z,1\n", "line 2: a bucket needs `from` and `to`"),
        ("request_id,from\na,2026-10-01T00:00:00Z\n", "line 2: it has neither tokens nor `cost_usd`"),
        ("request_id,from,cost_usd\na,yesterday,1\n", "line 2: `from` must be a time such as"),
        ("request_id,from,cost_usd\na,2026-10-01T00:00:00,1\n", "line 2: `from` must be a time such as"),
        ("request_id,from,cost_usd\na,2026-10-01T00:00:00Z,1,2\n", "line 2: it has 4 values for 3 columns"),
        ("request_id,from,cost_usd\na,2026-10-01T00:00:00Z,1 USD\n", "line 2: `cost_usd` must be an amount of USD"),
        ("request_id,from,cost_usd\na,2026-10-01T00:00:00Z,inf\n", "line 2: `cost_usd` must be an amount"),
        ("request_id,from,tokens_in\na,2026-10-01T00:00:00Z,1\n", "must have both `tokens_in` and `tokens_out`"),
        ("request_id,from,tokens_in,tokens_out\na,2026-10-01T00:00:00Z,1.0,2\n", "`tokens_in` must be a whole number"),
        (
            "request_id,from,tokens_in,tokens_out,tokens_cached\na,2026-10-01T00:00:00Z,1,2,3\n",
            "`tokens_cached` must be a part of `tokens_in`",
        ),
        ("from,to,cost_usd\n2026-10-01T01:00:00Z,2026-10-01T00:00:00Z,1\n", "line 2: it must end after it begins"),
        ('request_id,from,cost_usd\n"a"b,2026-10-01T00:00:00Z,1\n', "line 2: it is not CSV"),
        (b"from\n\xff\n", "byte 5: it is not UTF-8"),
    ],
)
def test_a_csv_that_is_wrong_anywhere_is_refused(data: str | bytes, told: str) -> None:
    assert told in refused(data, "csv")


# --- the simulator's bill -------------------------------------------------------------------------------------------

OF_SIMULATOR = {
    "n": 1,
    "at": "2026-10-01T00:00:00.250Z",
    "request_id": "req_1",
    "endpoint": "chat/completions",
    "model": "sim-echo",
    "tokens_in": 3,
    "tokens_out": 4,
    "tokens_cached": 1,
    "nano_usd": 8_750,
    "status": 200,
    "streamed": False,
    "delivered": True,
}


def test_the_simulator_s_bill_names_requests_by_what_the_gateway_sent() -> None:
    ours, foreign = {**OF_SIMULATOR, "client_request_id": "att_1"}, OF_SIMULATOR

    found = lines("".join(json.dumps(each) + "\n" for each in (ours, foreign)))

    assert [each.request for each in found] == ["att_1", "req_1"]
    assert found[0] == BillLine(
        place="line 1",
        from_ms=T + 250,
        to_ms=T + 250,
        model="sim-echo",
        tokens_in=3,
        tokens_out=4,
        tokens_cached=1,
        cost_nanousd=8_750,
        request="att_1",
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (json.dumps(OF_SIMULATOR) + "\n{", "line 2: "),
        ({**OF_SIMULATOR, "nano_usd": 1.5}, "line 1: "),
        ({**OF_SIMULATOR, "tokens_in": -1}, "line 1: `tokens_in` must be"),
        ({**OF_SIMULATOR, "at": "2026-10-01T00:00:00"}, "line 1: `at` must have an offset"),
    ],
)
def test_a_bill_of_the_simulator_that_is_wrong_anywhere_is_refused(data: object, told: str) -> None:
    assert told in refused(data, "simulator")


# --- all of them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (page(a_bucket(completions())), "openai-usage "),
        (costs_page(cost("1")), "openai-costs "),
        (OF_SIMULATOR, "simulator "),
        (f"{HEADER}\n", "csv "),
    ],
)
def test_a_format_is_recognised_and_the_source_names_it_with_the_file_s_digest(data: object, source: str) -> None:
    raw = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()

    assert read_bill("f", raw).source.startswith(source)
    assert len(read_bill("f", raw).source) == len(source) + 12
    assert read_bill("f", raw + b"\n").source != read_bill("f", raw).source


def test_what_is_not_recognised_says_how_to_name_it() -> None:
    assert "name it with --format: openai-costs, openai-usage, simulator, csv" in refused(b"hello")


def test_a_bill_has_a_limit_of_lines() -> None:
    line.check_count(line.MAX_LINES)

    with pytest.raises(BillUnreadable, match="a bill may have 1,000,000 lines"):
        line.check_count(line.MAX_LINES + 1)


@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)))
def test_whatever_the_bytes_are_they_are_read_or_refused(data: bytes, name: str) -> None:
    with suppress(BillUnreadable):
        lines(data, name)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda of: (
            st.lists(of)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "object",
                        "data",
                        "results",
                        "amount",
                        "value",
                        "start_time",
                        "end_time",
                        "model",
                        "line_item",
                        "input_tokens",
                    ]
                ),
                of,
            )
        ),
    )
)
def test_whatever_the_json_is_it_is_read_or_refused(value: object) -> None:
    for name in ("openai-usage", "openai-costs", "simulator"):
        with suppress(BillUnreadable):
            lines(page(value, a_bucket(value)), name)
