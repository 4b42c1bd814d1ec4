"""The clock over one attempt, with the loop's time held still."""

from collections.abc import Callable
from dataclasses import replace

from tollhouse.domain.errors import UpstreamError, UpstreamTimeout
from tollhouse.domain.governance import Timeouts
from tollhouse.providers.watch import CATCH_UP_S, LATE_S, Watch

LIMITS = Timeouts(first_token_ms=2_000, idle_ms=500, total_ms=60_000)


class FakeTimer:
    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when, self.callback, self.is_cancelled = when, callback, False

    def cancel(self) -> None:
        self.is_cancelled = True


class FakeLoop:
    """Fires timers as `sleep` passes them; counts how many were ever set."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[FakeTimer] = []
        self.armed = 0

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None], /) -> FakeTimer:
        self.armed += 1
        self.timers.append(FakeTimer(when, callback))
        return self.timers[-1]

    def stand_still(self, seconds: float) -> None:
        """Nothing is done meanwhile; what has become due is done afterwards."""
        self.now += seconds
        self.sleep(0)

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while due := [timer for timer in self.timers if timer.when <= until and not timer.is_cancelled]:
            timer = min(due, key=lambda timer: timer.when)
            self.timers.remove(timer)
            self.now = max(self.now, timer.when)
            timer.callback()
        self.now = until


class Aborted:
    def __init__(self) -> None:
        self.errors: list[UpstreamError] = []

    def abort(self, error: UpstreamError) -> None:
        self.errors.append(error)

    @property
    def phase(self) -> str | None:
        assert len(self.errors) < 2
        return next((error.phase for error in self.errors if isinstance(error, UpstreamTimeout)), None)


def watching(limits: Timeouts = LIMITS, *, streamed: bool = True) -> tuple[Watch, FakeLoop, Aborted]:
    loop, exchange = FakeLoop(), Aborted()
    watch = Watch(limits, streamed=streamed, loop=loop)
    watch.guard(exchange)
    return watch, loop, exchange


def test_the_first_token_may_take_its_limit_and_no_longer() -> None:
    _, loop, exchange = watching()

    loop.sleep(1.999)
    assert exchange.phase is None

    loop.sleep(0.002)
    assert exchange.phase == "first_token"


def test_time_before_the_connection_counts_for_the_first_token() -> None:
    loop, exchange = FakeLoop(), Aborted()
    watch = Watch(LIMITS, streamed=True, loop=loop)
    loop.sleep(1.5)

    watch.guard(exchange)
    loop.sleep(0.501)

    assert exchange.phase == "first_token"


def test_events_without_output_do_not_end_the_wait_for_the_first_token() -> None:
    watch, loop, exchange = watching()

    loop.sleep(1.9)
    watch.hold()
    watch.resume()
    loop.sleep(0.101)

    assert exchange.phase == "first_token"


def test_silence_is_counted_from_the_last_event() -> None:
    watch, loop, exchange = watching()
    watch.output_began()

    for _ in range(20):
        loop.sleep(0.499)
        watch.hold()
        watch.resume()
    assert exchange.phase is None

    loop.sleep(0.501)
    assert exchange.phase == "idle"


def test_bytes_are_progress_of_a_body_that_is_not_streamed() -> None:
    watch, loop, exchange = watching(streamed=False)
    watch.output_began()

    for _ in range(20):
        loop.sleep(0.499)
        watch.progressed()
    assert exchange.phase is None

    loop.sleep(0.501)
    assert exchange.phase == "idle"


def test_time_with_the_reader_is_not_the_providers_silence() -> None:
    watch, loop, exchange = watching()
    watch.output_began()

    watch.hold()
    loop.sleep(10.2)  # between two ticks
    watch.resume()
    loop.sleep(0.499)
    assert exchange.phase is None

    loop.sleep(0.002)
    assert exchange.phase == "idle"


def test_the_total_runs_on_whoever_is_waited_for() -> None:
    watch, loop, exchange = watching()
    watch.output_began()

    watch.hold()
    loop.sleep(60.001)

    assert exchange.phase == "total"


def test_a_dripping_end_is_not_awaited_longer_than_its_limit() -> None:
    watch, loop, exchange = watching()
    watch.output_began()
    watch.answer_finished()

    for _ in range(9):
        loop.sleep(0.1)
        watch.hold()
        watch.resume()
        watch.answer_finished()
    assert exchange.phase is None

    loop.sleep(0.101)
    assert exchange.phase == "end"


def test_an_attempt_that_was_stopped_is_never_aborted() -> None:
    watch, loop, exchange = watching()

    watch.stop()
    loop.sleep(1_000)

    assert exchange.phase is None


def test_a_stream_of_many_events_sets_no_timer_an_event() -> None:
    watch, loop, _ = watching()
    watch.output_began()

    for _ in range(1_000):
        loop.sleep(0.005)
        watch.hold()
        watch.resume()

    assert loop.armed <= 20  # 5 s of stream; a tick at least every 500 ms


def test_time_in_which_we_stood_still_is_not_the_providers_silence() -> None:
    watch, loop, exchange = watching()
    watch.output_began()

    loop.sleep(0.4)
    loop.stand_still(5.0)
    assert exchange.phase is None

    watch.hold()  # it had answered all along
    watch.resume()
    loop.sleep(0.499)
    assert exchange.phase is None

    loop.sleep(0.002 + CATCH_UP_S)
    assert exchange.phase == "idle"


def test_standing_still_buys_a_silent_provider_a_moment_and_no_more() -> None:
    _, loop, exchange = watching(replace(LIMITS, total_ms=3_000))

    loop.sleep(1.0)
    loop.stand_still(60.0)
    assert exchange.phase is None

    loop.sleep(1.0 + CATCH_UP_S)
    assert exchange.phase == "first_token"


def test_a_timer_that_is_a_little_late_is_believed() -> None:
    _, loop, exchange = watching()

    loop.sleep(1.95)
    loop.stand_still(0.05 + LATE_S)

    assert exchange.phase == "first_token"
