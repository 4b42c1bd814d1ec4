"""
The table of models: a name chooses a behaviour, parameters follow after colons, and `@anything` is ignored.

`sim-slow:2500@team-a` is the model `sim-slow` with the parameter 2500. The same table is in docs/simulator.md.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from . import failures
from .asked import Asked, Refused
from .behaviours import Arguments, Behaviour, Break, Cast, Form, How, Lie, Pace, Say, Spoil, WrongArguments, echo
from .failures import Failure, Hint, invalid, of_status, unknown_model
from .instances import Json, Maker, NoInstance
from .said import Said

MAX_WAIT_MS = 600_000
MAX_WORDS = 1_000_000
"""Tokens of the longest answer a name can ask for: an "endless" one ends here (4 MB of text)."""
MAX_EVENTS = 100_000
MAX_PADDING_KIB = 65_536
MAX_BOMB_MIB = 1_024
MAX_HEADER_KIB = 1_024
MAX_REPEATS = 100_000
REDIRECTS = (301, 302, 303, 307, 308)
LEAKS = (200, 400, 401, 429, 500)
PACKINGS = ("gzip", "deflate", "br", "zstd")

FIXED_TEXT = "This answer was written by the simulator."
_THOUSAND = "".join(f"{number:03d} " for number in range(1000))
REFUSAL = "I'm sorry, but I can't help with that."


@dataclass(frozen=True, slots=True)
class Row:
    """One model. The four texts are the documentation: what the caller's side sees, and what is billed."""

    name: str
    parameters: str
    streamed: str
    whole: str
    billed: str
    build: Callable[[Arguments], Behaviour]


def find(model: str) -> Behaviour | None:
    """Return the behaviour of a model name, None if there is none. Raises WrongArguments."""
    name, *arguments = model.split("@", 1)[0].split(":")
    row = TABLE.get(name)
    return row.build(Arguments(arguments)) if row else None


def behaviour_of(model: str) -> Behaviour:
    """Like `find`, for a model name from a request. Raises Refused."""
    try:
        found = find(model)
    except WrongArguments as error:
        raise Refused(invalid(f"The model `{model}`: {error}", param="model")) from error
    if found is None:
        raise Refused(unknown_model(model))
    return found


# --- what models say ------------------------------------------------------------------------------------------------


def _saying(text: str) -> Say:
    return lambda asked, cast: Said(text)


def _ticking(words: int) -> Say:
    """Say so many tokens: three figures and a space are four bytes, and one event."""
    return lambda asked, cast: Said((_THOUSAND * (words // 1000 + 1))[: 4 * words], piece_bytes=4)


def _labelling(right_percent: int) -> Say:
    def say(asked: Asked, cast: Cast) -> Said:
        label = cast.labels.guess(asked.text, right_percent, cast.seed)
        return Said(_instance(asked.schema, asked, cast, hint=label)) if asked.schema is not None else Said(label)

    return say


def _as_json(asked: Asked, cast: Cast) -> Said:
    schema = asked.schema
    return Said(_instance(schema, asked, cast) if schema is not None else json.dumps({"text": asked.text}))


def _calling_a_tool(asked: Asked, cast: Cast) -> Said:
    """After a tool's result, or without a tool, the answer is an echo: so a loop of tool calls ends."""
    if asked.tool is None:
        return Said(asked.text)
    arguments = _instance(asked.tool.parameters or b"{}", asked, cast)
    return Said(arguments, tool=asked.tool.name, finish="tool_calls")


def _instance(schema: bytes, asked: Asked, cast: Cast, hint: str | None = None) -> str:
    document: Json = json.loads(schema)
    try:
        made = Maker(document, draw=f"{cast.seed}\n{asked.text}", hint=hint).instance()
    except NoInstance as error:
        raise Refused(invalid(f"Invalid schema: {error}", param="response_format")) from error
    return json.dumps(made, ensure_ascii=False)


def _refusing(asked: Asked, cast: Cast) -> Said:
    return Said(REFUSAL, refused=True)


def _filtered(asked: Asked, cast: Cast) -> Said:
    return Said(FIXED_TEXT[:12], finish="content_filter")


def _reasoning(hidden: int) -> Say:
    return lambda asked, cast: Said(asked.text, hidden_tokens=hidden)


# --- errors -----------------------------------------------------------------------------------------------------------


def _failing(failure: Failure) -> Callable[[Arguments], Behaviour]:
    return lambda arguments: Behaviour(failure=failure)


def _status(status: int) -> Callable[[Arguments], Behaviour]:
    return lambda arguments: Behaviour(failure=of_status(status, _hint(arguments)))


def _hint(arguments: Arguments) -> Hint | None:
    if not arguments:
        return None
    seconds, form = arguments.text(0, "1"), arguments.text(1, "seconds")
    if form not in failures.HINTS:
        raise WrongArguments(f"unknown form {form!r}; known are {', '.join(failures.HINTS)}")
    try:
        plain = 0 <= float(seconds) <= 10**9
    except ValueError:
        plain = False
    if not plain:
        raise WrongArguments(f"parameter 1 must be a number of seconds, not {seconds!r}")
    return Hint(seconds, form)


def _status_row(status: int) -> Row:
    looks = f"{status} with OpenAI's error body"
    return Row(f"sim-{status}", "", looks, "the same", "nothing", _status(status))


def _hinted_row(status: int) -> Row:
    looks = f"{status} with OpenAI's error body; with parameters also the header that says when to come back"
    return Row(f"sim-{status}", "`:SECONDS[:FORM]`", looks, "the same", "nothing", _status(status))


# --- shorthands for the table ---------------------------------------------------------------------------------------


def _form(form: Form) -> Callable[[Arguments], Behaviour]:
    return lambda arguments: Behaviour(form=form)


def _says(say: Say) -> Callable[[Arguments], Behaviour]:
    return lambda arguments: Behaviour(say=say)


def _breaks(broken: Break) -> Callable[[Arguments], Behaviour]:
    return lambda arguments: Behaviour(breaks=broken)


def _stops(how: How, torn: bool = False) -> Callable[[Arguments], Behaviour]:
    """Build what stops after `:EVENTS`; enough is said that the rest is missed."""

    def build(arguments: Arguments) -> Behaviour:
        events = arguments.number(0, 3, MAX_EVENTS)
        return Behaviour(say=_ticking(events + 5), breaks=Break("output", how, "made", events=events, torn=torn))

    return build


def _spoils(kind: Literal["json", "utf8", "error"]) -> Callable[[Arguments], Behaviour]:
    def build(arguments: Arguments) -> Behaviour:
        events = arguments.number(0, 1, MAX_EVENTS)
        failure = of_status(500) if kind == "error" else None
        return Behaviour(say=_ticking(events + 5), spoils=Spoil(kind, events), not_streamed=failure)

    return build


def _padded(arguments: Arguments) -> Behaviour:
    return Behaviour(spoils=Spoil("padding", bytes=1024 * arguments.number(0, 10_240, MAX_PADDING_KIB)))


def _over_limit(arguments: Arguments) -> Behaviour:
    words = arguments.number(0, 64, MAX_WORDS)

    def say(asked: Asked, cast: Cast) -> Said:
        return _ticking(min(max(words, 2 * (asked.limit or 0)), MAX_WORDS))(asked, cast)

    return Behaviour(say=say, over_limit=True)


def _endless(arguments: Arguments) -> Behaviour:
    words = arguments.number(0, MAX_WORDS, MAX_WORDS)
    return Behaviour(say=_ticking(words), over_limit=True)


def _paced(arguments: Arguments) -> Behaviour:
    between_ms = arguments.number(0, 20, MAX_WAIT_MS)
    words = arguments.number(1, 50, MAX_EVENTS)
    return Behaviour(say=_ticking(words), pace=Pace(between_ms=between_ms))


def _split(arguments: Arguments) -> Behaviour:
    return Behaviour(pace=Pace(piece_bytes=max(arguments.number(0, 7, 65_536), 1), piece_ms=1))


def _drip(arguments: Arguments) -> Behaviour:
    return Behaviour(pace=Pace(piece_bytes=1, piece_ms=arguments.number(0, 5, MAX_WAIT_MS)))


def _lies(lie: Lie) -> Callable[[Arguments], Behaviour]:
    return lambda arguments: Behaviour(lie=lie)


def _many(kind: Literal["interim", "headers", "trailing"], count: int) -> Callable[[Arguments], Behaviour]:
    return lambda arguments: Behaviour(lie=Lie(kind, arguments.number(0, count, MAX_REPEATS)))


def _not_packed(arguments: Arguments) -> Behaviour:
    encoding = arguments.text(0, "gzip")
    if encoding not in PACKINGS:
        raise WrongArguments(f"parameter 1 must be one of {', '.join(PACKINGS)}, not {encoding!r}")
    return Behaviour(lie=Lie("not-packed", encoding=encoding))


def _redirect(arguments: Arguments) -> Behaviour:
    status = _one_of(arguments, 307, REDIRECTS)
    return Behaviour(failure=Failure(status, "Moved.", headers=((b"location", failures.ELSEWHERE.encode()),)))


def _leak(arguments: Arguments) -> Behaviour:
    return Behaviour(failure=Failure(_one_of(arguments, 400, LEAKS), "", shows_key=True))


def _one_of(arguments: Arguments, default: int, known: tuple[int, ...]) -> int:
    found = arguments.number(0, default, 999)
    if found not in known:
        raise WrongArguments(f"parameter 1 must be one of {', '.join(map(str, known))}, not {found}")
    return found


# --- the table ------------------------------------------------------------------------------------------------------

SAME = "the same"
ALL = "all"
NOTHING = "nothing"
SO_FAR = "the input and the output generated until then; not streamed: all"
HALF = "half of the body, then the same"

ROWS: tuple[Row, ...] = (
    # what is said
    Row("sim-echo", "", "the last user message, a word an event", "the last user message", ALL, _says(echo)),
    Row(
        "sim-text",
        "`:TEXT`",
        "a fixed text, or the percent-encoded one",
        SAME,
        ALL,
        lambda a: Behaviour(say=_saying(a.text(0, FIXED_TEXT))),
    ),
    Row(
        "sim-labels",
        "`:PERCENT`",
        "the label of the last user message from the table, right in so many percent; with a JSON schema an instance that carries the label",
        SAME,
        ALL,
        lambda a: Behaviour(say=_labelling(a.number(0, 100, 100))),
    ),
    Row(
        "sim-json",
        "",
        'an instance of the JSON schema asked for; without one `{"text": …}`',
        SAME,
        ALL,
        _says(_as_json),
    ),
    Row(
        "sim-tool",
        "",
        "a call of the first tool offered, or the one chosen, arguments in pieces; an echo after the tool's result",
        SAME,
        ALL,
        _says(_calling_a_tool),
    ),
    Row(
        "sim-long",
        "`:TOKENS`",
        "so many tokens (2000), one an event",
        SAME,
        ALL,
        lambda a: Behaviour(say=_ticking(a.number(0, 2000, MAX_WORDS))),
    ),
    Row("sim-empty", "", "no text, `finish_reason` stop", SAME, "the input", _says(_saying(""))),
    Row("sim-refusal", "", "a refusal instead of content", SAME, ALL, _says(_refusing)),
    Row("sim-filtered", "", "a few words, then `finish_reason` content_filter", SAME, ALL, _says(_filtered)),
    Row(
        "sim-reasoning",
        "`:TOKENS`",
        "the last user message; so many hidden reasoning tokens (32) are reported",
        SAME,
        "all, hidden tokens included",
        lambda a: Behaviour(say=_reasoning(a.number(0, 32, MAX_WORDS))),
    ),
    Row(
        "sim-cached",
        "`:PERCENT`",
        "the last user message; so many percent of the input (50) are reported as cached",
        SAME,
        "all, the cached part at its own price",
        lambda a: Behaviour(cached_percent=a.number(0, 50, 100)),
    ),
    Row("sim-odd-price", "", "the last user message", SAME, "all, at prices that need rounding", _says(echo)),
    Row(
        "sim-over-limit",
        "`:TOKENS`",
        "at least so many tokens (64) and twice the output limit",
        SAME,
        "all, beyond the limit",
        _over_limit,
    ),
    Row("sim-embed", "", "an echo; the usual model for embeddings", SAME, "all; its output is free", _says(echo)),
    Row("sim-moderate", "", "an echo; the usual model for moderations", SAME, "all; its tokens are free", _says(echo)),
    # pace
    Row(
        "sim-slow",
        "`:MS`",
        "headers at once, the first event with output after so long (2000)",
        "headers and body after so long",
        ALL,
        lambda a: Behaviour(pace=Pace(first_ms=a.number(0, 2000, MAX_WAIT_MS))),
    ),
    Row(
        "sim-slow-headers",
        "`:MS`",
        "nothing for so long (2000), then everything",
        SAME,
        ALL,
        lambda a: Behaviour(pace=Pace(headers_ms=a.number(0, 2000, MAX_WAIT_MS))),
    ),
    Row(
        "sim-paced",
        "`:MS[:EVENTS]`",
        "so many events (50) with one token each, so long (20) apart",
        "everything, after the same time in all",
        ALL,
        _paced,
    ),
    Row("sim-drip", "`:MS`", "the body in single bytes, so long (5) apart", SAME, ALL, _drip),
    Row(
        "sim-split", "`:BYTES`", "the body in writes of so many bytes (7), across events and chunks", SAME, ALL, _split
    ),
    Row(
        "sim-endless",
        "`:TOKENS`",
        f"a stream that goes on whatever the limit says; it ends after {MAX_WORDS:,} tokens",
        "all of it in one body",
        "what was generated, beyond the limit",
        _endless,
    ),
    # error answers
    *(_status_row(status) for status in (400, 401, 403, 404, 408, 409, 413, 422)),
    *(_hinted_row(status) for status in (429, 500, 502, 503, 504, 529)),
    Row(
        "sim-content-filter",
        "",
        "400, code `content_filter`, as Azure writes it",
        SAME,
        NOTHING,
        _failing(failures.CONTENT_FILTER),
    ),
    Row(
        "sim-context-length",
        "",
        "400, code `context_length_exceeded`",
        SAME,
        NOTHING,
        _failing(failures.CONTEXT_LENGTH),
    ),
    Row("sim-quota", "", "429, code `insufficient_quota`", SAME, NOTHING, _failing(failures.QUOTA)),
    Row(
        "sim-502-html",
        "",
        "502 with an HTML page",
        SAME,
        NOTHING,
        _failing(Failure(502, "", body=failures.HTML, content_type=b"text/html")),
    ),
    Row(
        "sim-200-error",
        "",
        "200 with an error body in JSON",
        SAME,
        NOTHING,
        _failing(Failure(200, failures.SERVER_ERROR, type="server_error")),
    ),
    Row(
        "sim-200-html",
        "",
        "200 with an HTML page",
        SAME,
        NOTHING,
        _failing(Failure(200, "", body=failures.HTML, content_type=b"text/html")),
    ),
    Row("sim-200-empty", "", "200 with an empty body", SAME, NOTHING, _failing(Failure(200, "", body=b""))),
    Row("sim-204", "", "204, which has no body", SAME, NOTHING, _failing(Failure(204, "", body=b""))),
    Row(
        "sim-500-stall",
        "",
        "500, half of OpenAI's error body, then silence",
        SAME,
        NOTHING,
        _failing(Failure(500, failures.SERVER_ERROR, type="server_error", is_stalled=True)),
    ),
    Row("sim-redirect", "`:STATUS`", "a redirect (307) to `/v1/elsewhere`, where nothing is", SAME, NOTHING, _redirect),
    Row(
        "sim-leak",
        "`:STATUS`",
        "an error (400; 200: in a good answer) whose message, code and param repeat the key of the request",
        SAME,
        NOTHING,
        _leak,
    ),
    # answers that break off
    Row(
        "sim-reset",
        "",
        "the connection is reset before any header",
        SAME,
        NOTHING,
        _breaks(Break("start", "reset", "nothing")),
    ),
    Row(
        "sim-reset-billed",
        "",
        "the connection is reset before any header",
        SAME,
        "all, though nobody saw it",
        _breaks(Break("start", "reset", "all")),
    ),
    Row(
        "sim-close",
        "",
        "the connection is closed before any header",
        SAME,
        NOTHING,
        _breaks(Break("start", "close", "nothing")),
    ),
    Row("sim-reset-headers", "", "headers, then a reset", SAME, "the input", _breaks(Break("head", "reset", "made"))),
    Row(
        "sim-truncated",
        "`:EVENTS`",
        "so many events (3), half of the next inside an unfinished chunk, then the connection closes",
        "a `content-length` larger than what is sent before the connection closes",
        SO_FAR,
        _stops("close", torn=True),
    ),
    Row(
        "sim-cut",
        "`:EVENTS`",
        "so many events (3), then the body ends properly: no `finish_reason`, no `[DONE]`",
        "half of the JSON in a body that ends properly",
        SO_FAR,
        _stops("end"),
    ),
    Row("sim-cut-close", "`:EVENTS`", "so many events (3), then the connection closes", HALF, SO_FAR, _stops("close")),
    Row("sim-cut-reset", "`:EVENTS`", "so many events (3), then a reset", HALF, SO_FAR, _stops("reset")),
    Row("sim-stall", "`:EVENTS`", "so many events (3), then silence", HALF, SO_FAR, _stops("stall")),
    Row("sim-stall-headers", "", "silence, no header", SAME, "the input", _breaks(Break("start", "stall", "made"))),
    Row(
        "sim-stall-billed",
        "",
        "silence, no header",
        SAME,
        "all, though nobody saw it",
        _breaks(Break("start", "stall", "all")),
    ),
    Row("sim-stall-body", "", "headers, then silence", SAME, "the input", _breaks(Break("head", "stall", "made"))),
    Row(
        "sim-stall-end",
        "",
        "everything up to the `finish_reason`, then silence: no usage, no `[DONE]`",
        "everything but the last byte, then silence",
        ALL,
        lambda a: Behaviour(form=Form(usage="none", done=False), breaks=Break("last", "stall", "made")),
    ),
    Row(
        "sim-pings-only",
        "`:MS`",
        "a comment every so long (20), and never an event",
        "a space as often, and never anything else",
        "the input",
        lambda a: Behaviour(form=Form(pings_only_ms=max(1, a.number(0, 20, MAX_WAIT_MS)))),
    ),
    # answers with something bad inside
    Row(
        "sim-bad-json",
        "`:EVENTS`",
        "after so many events (1) one is replaced by one that is not JSON; the rest as usual",
        "a body that is not JSON",
        ALL,
        _spoils("json"),
    ),
    Row(
        "sim-bad-utf8",
        "`:EVENTS`",
        "after so many events (1) one has bytes that are not UTF-8; the rest as usual",
        "such bytes in the body",
        ALL,
        _spoils("utf8"),
    ),
    Row(
        "sim-error-event",
        "`:EVENTS`",
        "after so many events (1) an error event, then the end without `[DONE]`",
        "500 with OpenAI's error body",
        "the input and the output generated until then; not streamed: nothing",
        _spoils("error"),
    ),
    Row(
        "sim-bad-chunk",
        "",
        "every HTTP chunk says two bytes less than it has; the connection closes at the end",
        SAME,
        ALL,
        _form(Form(wrong_chunk=True)),
    ),
    Row("sim-no-done", "", "no `[DONE]` at the end", "as usual", ALL, _form(Form(done=False))),
    Row(
        "sim-no-finish",
        "",
        "no `finish_reason`; on Responses no final event",
        "`finish_reason` null; status in_progress",
        ALL,
        _form(Form(finish=False)),
    ),
    Row("sim-no-usage", "", "no usage, though asked for", "no usage", ALL, _form(Form(usage="none"))),
    Row("sim-usage-null", "", "a usage chunk with null", "`usage` null", ALL, _form(Form(usage="null"))),
    Row(
        "sim-usage-twice",
        "",
        "the usage chunk twice; on Responses usage already with in_progress",
        "the member `usage` twice",
        "all, once",
        _form(Form(usage="twice")),
    ),
    Row(
        "sim-huge-line",
        "`:KIB`",
        "the first event with output is a line of so many KiB (10240)",
        "so large a member in the body",
        "all; the padding is free",
        _padded,
    ),
    Row(
        "sim-huge-header",
        "`:KIB`",
        "a header of so many KiB (64)",
        SAME,
        ALL,
        lambda a: Behaviour(form=Form(header_bytes=1024 * a.number(0, 64, MAX_HEADER_KIB))),
    ),
    Row("sim-wrong-type", "", "`content-type: text/plain`", SAME, ALL, _form(Form(content_type=b"text/plain"))),
    Row(
        "sim-gzip-bomb",
        "`:MIB`",
        "a gzip body that unpacks to so many MiB (100)",
        SAME,
        NOTHING,
        lambda a: Behaviour(form=Form(bomb_bytes=a.number(0, 100, MAX_BOMB_MIB) << 20)),
    ),
    Row(
        "sim-gzip-cut",
        "",
        "packed by gzip and only half of it there, in a body that ends properly",
        SAME,
        ALL,
        _lies(Lie("packed-cut")),
    ),
    Row(
        "sim-not-packed",
        "`:ENCODING`",
        "a `content-encoding` (gzip, deflate, br or zstd) though nothing is packed",
        SAME,
        ALL,
        _not_packed,
    ),
    Row(
        "sim-short-length",
        "",
        "a `content-length` that says half of what is sent; the connection stays open",
        SAME,
        ALL,
        _lies(Lie("short-length")),
    ),
    Row(
        "sim-two-lengths",
        "",
        "two `content-length` that differ, then the connection closes",
        SAME,
        ALL,
        _lies(Lie("two-lengths")),
    ),
    Row(
        "sim-not-http", "", "a line of another protocol, then the connection closes", SAME, ALL, _lies(Lie("not-http"))
    ),
    Row("sim-many-headers", "`:COUNT`", "so many headers (1000)", SAME, ALL, _many("headers", 1_000)),
    Row(
        "sim-interim", "`:COUNT`", "so many interim answers (2000), then a good one", SAME, ALL, _many("interim", 2_000)
    ),
    # unusual, and correct
    Row("sim-pings", "", "comments and empty lines between events", "as usual", ALL, _form(Form(pings=True))),
    Row("sim-crlf", "", "lines end in CR LF", "as usual", ALL, _form(Form(newline=b"\r\n"))),
    Row(
        "sim-multiline",
        "",
        "each event's JSON over several `data:` lines",
        "as usual",
        ALL,
        _form(Form(multiline=True)),
    ),
    Row(
        "sim-hang-up",
        "",
        "a complete answer, then the connection closes although it was to be kept",
        SAME,
        ALL,
        _form(Form(closes_after=True)),
    ),
    Row(
        "sim-stale",
        "",
        "a complete answer; the connection is kept, and reset when the next request comes on it, which is not answered",
        SAME,
        ALL,
        _form(Form(stale=True)),
    ),
    Row(
        "sim-trailing",
        "`:COUNT`",
        "a complete answer, and after its end so many lines (1) that belong to nothing",
        SAME,
        ALL,
        _many("trailing", 1),
    ),
    Row("sim-gzip", "", "packed by gzip, though nobody asked for it", SAME, ALL, _lies(Lie("packed"))),
    Row(
        "sim-no-prefill",
        "",
        "the last user message; 400 if the last message is the assistant's, to be continued",
        SAME,
        "all; a refusal nothing",
        lambda a: Behaviour(refuses_prefill=True),
    ),
)

TABLE: Mapping[str, Row] = {row.name: row for row in ROWS}
