"""docs/limits.md against the code: every limit with its name and value."""

from reference_pages import code, page, rows
from tollhouse.config.tree import ConnectionLimits, Server
from tollhouse.web.front import FORWARDED_MAX
from tollhouse.web.guard import FRAMING_PER_BYTE, LINGER_MAX_BYTES, LINGER_S
from tollhouse.web.limits import Limits
from tollhouse.web.serve import ACCEPTED_S
from tollhouse.web.silence import LOOKS

PAGE = page("limits.md")
OF_THE_SERVER = {"max_body_bytes": Server().max_body_bytes}


def test_every_limit_has_its_row_with_its_default_and_a_reason() -> None:
    told = {code(row[0]): int(row[1]) for _, row in rows(PAGE) if len(row) == 4}

    assert told == {**ConnectionLimits().model_dump(), **OF_THE_SERVER}
    assert all(row[2].endswith(".") and row[3] for _, row in rows(PAGE) if len(row) == 4)


def test_the_configuration_and_the_server_have_the_same_limits() -> None:
    assert Limits(**ConnectionLimits().model_dump()) == Limits()


def test_the_fixed_ones_are_the_programs() -> None:
    values = {row[0]: row[1] for _, row in rows(PAGE) if len(row) == 3}

    assert values == {
        "chunk framing": f"{FRAMING_PER_BYTE} bytes for each byte of a body, and `header_bytes`",
        "taken of a caller who was refused": f"{LINGER_MAX_BYTES} bytes, or {LINGER_S:g} s",
        "a connection's first request while the server stops": f"{ACCEPTED_S:g} s",
        "proxies followed in `x-forwarded-for`": str(FORWARDED_MAX),
    }
    assert (
        f"every fifth of the shortest of these times, so one that is overdue ends within {1 + 1 / LOOKS:g} times"
        in PAGE
    )
    assert LOOKS == 5
