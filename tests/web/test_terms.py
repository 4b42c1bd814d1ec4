import pytest

from tollhouse.web.openai.terms import read_terms

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("said", "passed_on"),
    [(TRACE, TRACE), (f"{TRACE}-00", f"{TRACE}-00"), ("anna.meier@example.ch", None), (f"{TRACE} Anna", None)],
)
def test_only_a_trace_is_passed_on_to_a_provider(said: str, passed_on: str | None) -> None:
    terms = read_terms({b"authorization": b"Bearer x", b"traceparent": said.encode()}, "req_1")

    assert terms.traceparent == passed_on
