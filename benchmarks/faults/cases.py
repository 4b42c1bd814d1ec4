"""Every misbehaviour of a provider that is staged, and what a caller must get all the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

HURRIED: Mapping[str, int] = MappingProxyType({"first_token_ms": 1_500, "idle_ms": 400, "total_ms": 2_500})
"""For providers that fall silent. The good ones are never hurried, so a busy machine changes no verdict."""


@dataclass(frozen=True, slots=True)
class Right:
    """
    The provider's own answer, complete, in spite of everything.

    Args:
        estimated: its usage had to be counted by us.
        tries: attempts that it took.
    """

    estimated: bool = False
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Fails:
    """
    No answer from this provider.

    Args:
        status, code: what the caller gets if there is no fallback.
        state: what the ledger says of each attempt.
        late: on a stream it shows only after output was seen.
        tries: attempts at the same deployment, of at most two.
    """

    status: int
    code: str
    state: str
    late: bool = False
    tries: int = 2


Verdict = Right | Fails


@dataclass(frozen=True, slots=True)
class Case:
    """
    One misbehaviour.

    Args:
        does: in one line, for the table.
        whole, streamed: what a call that is not streamed, and one that is, must come to.
        falls_back: another provider is asked.
        is_unbounded: it writes, and charges, more than the request allows, which no reservation can cover.
        is_hurried: it falls silent, so it has little time.
        is_fresh: a deployment that said when to come back is left alone until then, so each call has one of its own.
        by_aiohttp: what comes of it with that client, which reads some bytes differently: as safe, and sometimes less kind.
        place: where the provider is: `sim`, a server of its own (its connections are traps), or `nobody`.
    """

    name: str
    model: str
    does: str
    whole: Verdict
    streamed: Verdict
    is_unbounded: bool = False
    is_hurried: bool = False
    falls_back: bool = True
    is_fresh: bool = False
    place: str = "sim"
    by_aiohttp: "Verdict | None" = None

    def wanted(self, way: "Way", client: str) -> "Verdict":
        if client == "aiohttp" and self.by_aiohttp is not None:
            return self.by_aiohttp
        return self.streamed if way.streamed else self.whole


REFUSED = Fails(502, "upstream_error", "void")
LOST = Fails(502, "upstream_error", "unknown")
CUT = Fails(502, "upstream_error", "settled", late=True)
TOO_LATE = Fails(504, "upstream_timeout", "unknown", tries=1)
STALLED = Fails(504, "upstream_timeout", "settled", late=True, tries=1)
RIGHT = Right()
COUNTED = Right(estimated=True)
BUSY = Fails(429, "rate_limit_exceeded", "void")


def _same(name: str, model: str, does: str, verdict: Verdict, **more: object) -> Case:
    return Case(name, model, does, verdict, verdict, **more)  # type: ignore[arg-type]


CASES: tuple[Case, ...] = (
    # refusals
    _same("429", "sim-429", "429, no word when to come back", BUSY),
    _same("429-soon", "sim-429:0.1:float", "429, come back in 0.1 s", BUSY, is_fresh=True),
    _same("429-later", "sim-429:30", "429, come back in 30 s", Fails(429, "rate_limit_exceeded", "void", tries=1), is_fresh=True),
    _same("quota", "sim-quota", "429 `insufficient_quota`", Fails(429, "insufficient_quota", "void", tries=1)),
    _same("500", "sim-500", "500", REFUSED),
    _same("503", "sim-503", "503", REFUSED),
    _same("529", "sim-529", "529", REFUSED),
    _same("502-html", "sim-502-html", "502 with an HTML page", REFUSED),
    _same("500-stalls", "sim-500-stall", "500, and silence amid its body", REFUSED),
    _same("401", "sim-401", "401 for our key", Fails(502, "upstream_error", "void", tries=1)),
    _same("too-long", "sim-context-length", "400 `context_length_exceeded`", Fails(400, "context_length_exceeded", "void", tries=1)),
    _same("filtered", "sim-content-filter", "400 `content_filter`", Fails(400, "content_filter", "void", tries=1), falls_back=False),
    _same("key-shown", "sim-leak", "400 whose message, code and param repeat our key", Fails(400, "***", "void", tries=1), falls_back=False),
    _same("redirect", "sim-redirect", "307 to elsewhere", Fails(502, "upstream_error", "void", tries=1)),
    # connections
    _same("nobody", "any", "nobody listens", REFUSED, place="nobody"),
    _same("reset", "sim-reset", "reset before the headers", LOST),
    _same("closed", "sim-close", "closed before the headers", LOST),
    _same("reset-after-headers", "sim-reset-headers", "reset after the headers", LOST),
    _same("stale", "sim-stale", "a kept connection that is reset when it is used", Right(tries=2), place="stale"),
    _same("hang-up", "sim-hang-up", "hangs up after a complete answer, unannounced", RIGHT, place="hang-up"),
    _same("trailing", "sim-trailing", "garbage after a complete answer", RIGHT, by_aiohttp=LOST),
    # answers that stop
    Case("truncated", "sim-truncated", "closed inside a chunk, or before `content-length`", LOST, CUT),
    Case("cut", "sim-cut", "ends properly in the middle of the answer", LOST, CUT),
    Case("cut-reset", "sim-cut-reset", "reset in the middle of the answer", LOST, CUT),
    _same("no-done", "sim-no-done", "no `[DONE]`", RIGHT),
    Case("no-finish", "sim-no-finish", "no `finish_reason`", LOST, CUT),
    Case("error-inside", "sim-error-event", "an error event amid the stream; not streamed, 500", REFUSED, CUT),
    # wrong as HTTP
    _same("wrong-chunk", "sim-bad-chunk", "chunks longer than they say", LOST),
    Case("short-length", "sim-short-length", "`content-length` half of what comes", LOST, CUT, by_aiohttp=LOST),
    _same("two-lengths", "sim-two-lengths", "two `content-length` that differ", LOST),
    _same("not-http", "sim-not-http", "another protocol", LOST),
    _same("huge-header", "sim-huge-header", "a header of 64 KiB", LOST),
    _same("many-headers", "sim-many-headers", "1,000 headers", LOST),
    _same("interim", "sim-interim", "2,000 interim answers", LOST, by_aiohttp=RIGHT),
    # wrong inside
    Case("bad-utf8", "sim-bad-utf8", "bytes that are not UTF-8", LOST, CUT),
    Case("bad-json", "sim-bad-json", "an event, or a body, that is not JSON", LOST, CUT),
    _same("200-html", "sim-200-html", "200 with an HTML page", LOST),
    _same("200-error", "sim-200-error", "200 with an error body", LOST),
    _same("200-key", "sim-leak:200", "200 with an error body that repeats our key", LOST),
    _same("200-empty", "sim-200-empty", "200 with an empty body", LOST),
    _same("204", "sim-204", "204", LOST),
    _same("wrong-type", "sim-wrong-type", "`content-type: text/plain`", LOST),
    _same("usage-twice", "sim-usage-twice", "usage told twice", RIGHT),
    _same("usage-null", "sim-usage-null", "usage null", COUNTED),
    _same("no-usage", "sim-no-usage", "no usage", COUNTED),
    # too much
    _same("huge-line", "sim-huge-line", "a line of 10 MiB", LOST),
    Case("endless", "sim-endless:80000", "an answer that goes on, whatever its limit says", LOST, CUT, is_unbounded=True),
    _same("gzip-bomb", "sim-gzip-bomb:20", "20 MiB packed into 90 KiB", LOST),
    _same("gzip-cut", "sim-gzip-cut", "packed, and only half of it there", LOST),
    _same("not-packed", "sim-not-packed:deflate", "not packed, though it says so", LOST),
    # too slow
    _same("silent", "sim-stall-headers", "silence instead of headers", TOO_LATE, is_hurried=True),
    _same("silent-body", "sim-stall-body", "silence after the headers", TOO_LATE, is_hurried=True),
    Case("stalled", "sim-stall", "silence in the middle of the answer", TOO_LATE, STALLED, is_hurried=True),
    Case("stalled-end", "sim-stall-end", "silence before the last byte, or after the `finish_reason`", TOO_LATE, COUNTED, is_hurried=True),
    _same("drip", "sim-drip:1000", "a byte a second", TOO_LATE, is_hurried=True),
    _same("pings-only", "sim-pings-only", "comments, or spaces, and never an answer", TOO_LATE, is_hurried=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """One way of asking: streamed or not, when the answer is let out, and whether another provider could take over."""

    streamed: bool
    release: str
    has_fallback: bool

    @property
    def name(self) -> str:
        kind = self.release.replace("_", "-") if self.streamed else "whole"
        return f"{kind}.{'covered' if self.has_fallback else 'alone'}"


WAYS: tuple[Way, ...] = tuple(
    Way(streamed, release, has_fallback)
    for streamed, release in ((False, "complete"), (True, "complete"), (True, "first_chunk"))
    for has_fallback in (False, True)
)


def expected(case: Case, way: Way, client: str) -> str:
    """Return the verdict in the words of `judge.verdict`."""
    wanted = case.wanted(way, client)
    if isinstance(wanted, Right):
        return "right"
    if way.streamed and way.release == "first_chunk" and wanted.late:
        return f"in-band {wanted.code}"
    if way.has_fallback and case.falls_back:
        return "fallback"
    return f"{wanted.status} {wanted.code}"


def tries(case: Case, way: Way, client: str) -> int:
    """Return how many attempts the provider must see."""
    wanted = case.wanted(way, client)
    is_out = isinstance(wanted, Fails) and way.streamed and way.release == "first_chunk" and wanted.late
    return 1 if is_out else wanted.tries


def states(case: Case, way: Way, client: str) -> list[str]:
    """Return what the ledger must say of the attempts at this provider."""
    wanted = case.wanted(way, client)
    if isinstance(wanted, Fails):
        return [wanted.state] * tries(case, way, client)
    return ["unknown"] * (wanted.tries - 1) + ["settled"]
