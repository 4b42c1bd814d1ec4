"""What the doctor tells of a running service's view of its providers."""

from tollhouse.cli.checks.check import Status
from tollhouse.cli.checks.service import examine, examine_service, read

PAGE = b"""\
# TYPE tollhouse_breaker_state gauge
tollhouse_breaker_state{worker="w1",deployment="openai/gpt-5",key_number="1"} 0.0
tollhouse_breaker_state{worker="w2",deployment="openai/gpt-5",key_number="1"} 2.0
tollhouse_breaker_state{worker="w1",deployment="openai/gpt-5-mini",key_number="2"} 0.0
# TYPE tollhouse_provider_remaining gauge
tollhouse_provider_remaining{worker="w1",deployment="openai/gpt-5-mini",key_number="2",what="requests"} 4999.0
tollhouse_provider_remaining{worker="w1",deployment="openai/gpt-5-mini",key_number="2",what="tokens"} 1.999e+06
"""


def test_whom_a_process_leaves_alone_and_what_is_left_is_told() -> None:
    shut, used = examine(read(PAGE))

    assert (shut.name, shut.status) == ("openai/gpt-5", Status.WARN)
    assert shut.detail == "left alone after failures; its provider does not say what is left"
    assert (used.name, used.status) == ("openai/gpt-5-mini (key 2)", Status.OK)
    assert used.detail == "in use; 4999 requests and 1999000 tokens left there"


async def test_where_no_service_answers_nothing_is_told() -> None:
    assert await examine_service("127.0.0.1:1") == []
