import io
import json
import logging
import re
from select import PIPE_BUF

import pytest

from tollhouse.web.log import Log, stdlib_into
from web_ledger import a_call


def lines(output: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_finished_call_is_one_line_of_ids_counts_and_durations() -> None:
    output = io.BytesIO()

    Log("info", output).calls([a_call()])

    (line,) = lines(output)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line.pop("at")))
    assert line == {
        "level": "info",
        "event": "call",
        "id": "call_1",
        "request_id": "req_1",
        "endpoint": "chat.completions",
        "team": "claims",
        "use_case": "claims-triage",
        "key": "ci",
        "model": "fast",
        "deployment": "openai/gpt-5-mini",
        "prompt": "claims-triage@1a2b",
        "run": None,
        "streamed": False,
        "status": 200,
        "outcome": "ok",
        "error": None,
        "cache": "off",
        "attempts": 1,
        "tokens_in": 100,
        "tokens_out": 20,
        "tokens_cached": 40,
        "estimated": False,
        "cost_usd": "0.0123",
        "latency_ms": 420,
        "first_token_ms": 180,
        "overhead_ms": 0.4,
    }


def test_neither_the_data_subject_nor_tags_are_logged() -> None:
    output = io.BytesIO()

    Log("debug", output).calls([a_call()])

    assert b"policyholder" not in output.getvalue()
    assert b"north" not in output.getvalue()


def test_an_error_that_is_not_a_code_is_not_repeated() -> None:
    output, call = io.BytesIO(), a_call()
    call.error = "cannot parse 'the prompt of a person'"

    Log("info", output).calls([call])

    assert lines(output)[0]["error"] == "other"


class Writes(io.BytesIO):
    """Remembers how long each piece was that was flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = [0]

    def flush(self) -> None:
        self.ends.append(self.tell())


def test_calls_share_a_write_and_no_line_is_cut_where_several_processes_write_to_one_pipe() -> None:
    output = Writes()

    Log("info", output).calls([a_call() for _ in range(100)])

    text, pieces = output.getvalue(), list(zip(output.ends, output.ends[1:], strict=False))
    assert len(lines(output)) == 100
    assert 2 < len(pieces) < 50
    assert all(end - start <= PIPE_BUF and text[:end].endswith(b"\n") for start, end in pieces)


@pytest.mark.parametrize(
    ("level", "shown"),
    [("debug", ["call", "ready", "disk"]), ("info", ["call", "ready", "disk"]), ("warning", ["disk"]), ("error", [])],
)
def test_the_level_decides_what_is_shown(level: str, shown: list[str]) -> None:
    output = io.BytesIO()
    log = Log(level, output)

    log.calls([a_call()])
    log.event("ready", port=8088)
    log.warn("disk", free_bytes=17)

    assert [line["event"] for line in lines(output)] == shown


def fail(detail: str) -> None:
    nothing: dict[str, str] = {}
    try:
        nothing[detail]
    except KeyError as error:
        raise ValueError(detail) from error


def test_a_fault_is_told_by_class_and_place_without_its_values() -> None:
    output = io.BytesIO()
    log = Log("info", output)

    try:
        fail("a prompt")
    except ValueError as error:
        log.fault(error, request_id="req_1")

    (line,) = lines(output)
    assert (line["event"], line["error"], line["request_id"]) == ("fault", ["ValueError", "KeyError"], "req_1")
    assert re.fullmatch(r"\['test_log\.py:\d+ fail'\]", str(line["where"]))
    assert b"a prompt" not in output.getvalue()


def test_libraries_that_use_the_standard_library_speak_through_it_while_it_is_open() -> None:
    output = io.BytesIO()

    with stdlib_into(Log("info", output)):
        logging.getLogger("asyncio").warning("Task exception was never retrieved\nfuture: ValueError('a prompt')")
        logging.getLogger("asyncio").info("not worth a line")
    logging.getLogger("tests.quiet").addHandler(logging.NullHandler())

    (line,) = lines(output)
    assert (line["event"], line["logger"]) == ("library", "asyncio")
    assert line["message"] == "Task exception was never retrieved"
