"""docs/metrics.md against a scrape: every metric has its row, and every row its metric, with type and labels."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reference_pages import code, codes, page, rows
from tollhouse.testing.house import CONFIG, TestHouse

PAGE = page("metrics.md")
WAIT_S = 30
CACHED = CONFIG.replace("privacy: {{mode: off}}}}", "privacy: {{mode: off}}, cache: {{exact: true}}}}")
OF_THE_FORMAT = {"le"}
"""A histogram's bounds."""

IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

Shape = tuple[str, frozenset[str]]
"""Type and labels."""


@pytest.fixture(scope="module")
def scraped() -> Iterator[str]:
    house = TestHouse(CACHED.replace("mode: off", "mode: observe")).start()
    try:
        ask(house, {"model": "sim-echo"}, house.api_key)
        ask(house, {"model": "sim-echo", "stream": True}, house.api_key)
        ask(house, {"model": "sim-echo"}, "not-a-key")
        ask(house, {"model": "sim-echo", "messages": [{"role": "user", "content": [IMAGE]}]}, house.api_key)
        for _ in range(2):
            ask(house, {"model": "sim-429:60:reset-requests"}, house.api_key)
        house.calls()  # waits until the ledger has them
        yield fetched(house, "GET", "/metrics").decode()
    finally:
        house.close()


def test_every_metric_has_its_row_and_every_row_its_metric_with_type_and_labels(scraped: str) -> None:
    found = {}
    for family in text_string_to_metric_families(scraped):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - OF_THE_FORMAT
        found[name] = (family.type, frozenset(labels))

    assert told() == found


def test_every_row_has_a_unit_and_a_sentence() -> None:
    short = [cells for cells in metric_rows() if not (cells[3] and cells[4].endswith("."))]

    assert short == []


def test_every_metric_to_watch_is_one_of_them() -> None:
    watched = {word for _, cells in rows(PAGE) for word in cells[0].split("`") if "tollhouse_" in word}

    assert [text for text in watched if not any(name in text for name in told())] == []


def metric_rows() -> list[tuple[str, ...]]:
    return [cells for _, cells in rows(PAGE) if len(cells) == 5]


def told() -> dict[str, Shape]:
    return {code(cells[0]): (cells[1], frozenset(codes(cells[2]))) for cells in metric_rows()}


def ask(house: TestHouse, members: dict[str, object], key: str) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "hello"}], **members})
    fetched(house, "POST", "/v1/chat/completions", body, {"authorization": f"Bearer {key}"})


def fetched(
    house: TestHouse, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
) -> bytes:
    connection = HTTPConnection(urlsplit(house.url).netloc, timeout=WAIT_S)
    try:
        connection.request(method, path, body, headers or {})
        return connection.getresponse().read()
    finally:
        connection.close()
