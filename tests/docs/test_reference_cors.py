"""docs/http.md against what a page of another origin may send and read."""

from reference_pages import code, codes, page, rows_under
from tollhouse.web.cors import HEADERS_IN, HEADERS_OUT

PAGE = page("http.md")


def test_a_page_may_read_every_header_of_a_call() -> None:
    of_calls = {name for row in rows_under(PAGE, "Headers out") for name in codes(row[0]) if not name.endswith("-")}

    assert {name.decode() for name in HEADERS_OUT} - {"x-request-id"} <= of_calls
    assert of_calls - {name.decode() for name in HEADERS_OUT} <= BROWSERS_OWN


def test_a_page_may_send_every_header_of_a_call() -> None:
    of_calls = {code(row[0]) for row in rows_under(PAGE, "Headers in") if "/api" not in row[1]}

    assert of_calls - BROWSERS_OWN <= {name.decode() for name in HEADERS_IN}


BROWSERS_OWN = {
    "origin",
    "vary",
    "www-authenticate",
    "allow",
    "access-control-request-method",
    "access-control-request-headers",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
}
"""What browsers send and read by themselves, or what is of no use to a page."""
