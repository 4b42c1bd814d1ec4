"""
The door of the cache: a call's visit.

    visit = answers.visit(question)            None: this call's answer is made afresh, whatever was answered before
    hit = await visit.find()                   kept, or shared by an identical call in the air
    visit.add(event)                           each event of a fresh answer, as it goes out
    visit.answered(…)                          the answer is complete: it is shared, and kept if it may be
    hit = await visit.stale(error)             no deployment answered: an older answer may stand in
    visit.close()                              whatever happened; whoever waited for this call goes on
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tollhouse.domain.errors import InhouseCannot, NoRoom, RequestError, TollhouseError, UpstreamError
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import NOTHING, Event, Facts
from tollhouse.ports.clock import Clock
from tollhouse.ports.schema import SchemaChecker

from .flights import FAILED, LEADERS_MAX, LIMITS, NOT_SHARED, Flight, Flights, Landing, Limits
from .forms import FORMS
from .forms.form import ANSWER_MAX_BYTES, Form, Said, Unkept
from .kept import Kept
from .question import Keys, Question
from .shelf import Shelf

STALE_AFTER_S = 7 * 86_400
"""How long after its `ttl_s` an answer may still stand in when no deployment answers."""
TOO_MANY_REQUESTS = 429
FORMAT_MEMBERS = ("response_format", "text")
"""Where a request says what its answer must look like."""
EXACT, STALE = "exact", "stale"

_DONE = Event(b"data: [DONE]\n\n", Facts(ended=True))


@dataclass(frozen=True, slots=True)
class Hit:
    """
    An answer that costs nothing. `state` is exact | stale, as in `x-tollhouse-cache`.

    Args:
        age_s: since it was made.
    """

    kept: Kept
    state: str
    age_s: int
    question: Question
    form: Form

    def events(self, suffix: str, told: Mapping[str, object]) -> list[Event]:
        """
        Return the answer in the form in which this call asked for it.

        Args:
            suffix: the end of the id that it gets: two answers in one conversation must not have the same.
            told: what a stream's last usage event says beside, as member `tollhouse`.
        """
        endpoint, asked = self.question.endpoint, self.question.asked
        if not asked.streamed:
            return [Event(self.form.again(self.kept.whole, suffix), Facts(output=True, finished=(0,), ended=True))]
        pieces = self.form.stream(self.kept.whole, suffix, usage_asked=asked.usage_asked)
        if asked.usage_asked:
            told = {**told, "estimated": True} if self.kept.estimated else told
            pieces[-1] = endpoint.usage_event(pieces[-1], Usage(0, 0), told)
        events = [Event(piece, NOTHING) for piece in pieces]
        return [*events, _DONE] if endpoint.ends_with_done else events


class Answers:
    """The exact cache, wired once."""

    def __init__(self, shelf: Shelf, keys: Keys, schema: SchemaChecker, clock: Clock, limits: Limits = LIMITS) -> None:
        self.shelf = shelf
        self.flights = Flights(clock, limits)
        self.schema = schema
        self.clock = clock
        self._keys = keys

    def renewed(self, keys: Keys) -> "Answers":
        """Return the same cache for calls from now on, whose providers are reached elsewhere; both may be used."""
        after = Answers(self.shelf, keys, self.schema, self.clock)
        after.flights = self.flights
        return after

    def visit(self, question: Question) -> "Visit | None":
        """Begin a call's visit; None if its use case keeps no answers, or if this question's is never kept."""
        if not question.use_case.cache.is_set:
            return None
        form = FORMS.get(question.endpoint.name)
        epoch = self.shelf.epoch(question.use_case.name)
        key = None if form is None or epoch is None else self._keys.key(question, form, epoch)
        return None if form is None or key is None else Visit(self, question, form, key)


class Visit:
    """One call's. `waited_s`: how long it waited for other calls' answers."""

    def __init__(self, answers: Answers, question: Question, form: Form, key: bytes) -> None:
        self.waited_s = 0.0
        self._answers = answers
        self._question = question
        self._form = form
        self._place = (question.use_case.name, key)
        self._rules = question.use_case.cache
        self._flight: Flight | None = None
        self._old: Kept | None = None
        self._folding = form.folding() if question.asked.streamed else None
        self._whole = b""
        self._is_dropped = False

    async def find(self) -> Hit | None:
        """
        Return the answer to the same question, given before or being given to another call now.

        None: this call has to ask upstream; from now on identical ones may wait for it, so it must be closed.
        """
        if not self._rules.exact:
            return None
        for turn in range(LEADERS_MAX + 1):
            hit = self._fresh(self._answers.shelf.near(self._place))
            ahead = self._answers.flights.under_way(self._place)
            if hit is not None or ahead is None:
                return hit or await self._lead()
            landing = await self._follow(ahead) if turn < LEADERS_MAX else NOT_SHARED
            if landing.kept is not None:
                if not self._question.may_be_answered_by(landing.kept.deployment):
                    break
                return self._hit(landing.kept, STALE if landing.stale else EXACT)
            if not landing.next_leads:
                break
        return None

    def add(self, event: Event) -> None:
        """Take note of an event of the fresh answer, as it goes out."""
        if self._is_dropped:
            return
        if self._folding is None:
            self._whole = event.data
        elif not (event.facts.ended and self._question.endpoint.ends_with_done):  # `[DONE]`
            try:
                self._folding.add(event.data)
            except Unkept:
                self._drop()

    def answered(
        self,
        *,
        usage: Usage,
        cost_nanousd: int,
        provider: str,
        deployment: str,
        clamped: tuple[str, ...] = (),
        is_for_all: bool = True,
    ) -> None:
        """
        The answer is complete: share it with who waits, and keep it if it is the asked route's own.

        Args:
            usage: as it was booked.
            cost_nanousd: of the attempt that made it.
            is_for_all: False for what this call got for reasons of its own, such as its budget, and for an answer that
                must be marked as not the model's. It is neither shared nor kept.
        """
        if self._is_dropped or not is_for_all:
            self._drop()
            return
        try:
            whole = self._checked(usage)
        except Unkept:
            self._drop()
            return
        now_ms = self._answers.clock.now_ms()
        kept = Kept(whole, provider, deployment, cost_nanousd, now_ms, clamped, usage.estimated)
        if any(each.name == deployment for each in self._question.route.deployments):
            self._answers.shelf.put(self._place, kept, now_ms + self._kept_s() * 1000)
        self._land(Landing(kept))

    async def stale(self, error: TollhouseError) -> Hit | None:
        """Return an older answer that may stand in for one that no deployment gave."""
        if not self._rules.stale_if_error or not is_outage(error):
            return None
        shelf = self._answers.shelf
        kept = self._old or shelf.near(self._place) or await shelf.far(self._place)
        if kept is None or self._age_s(kept) > self._kept_s():
            return None
        self._land(Landing(kept, stale=True))
        return self._hit(kept, STALE)

    def close(self) -> None:
        """The visit is over. If it led and has no answer, the next one leads."""
        self._land(FAILED)

    # --- what was kept ----------------------------------------------------------------------------------------------

    async def _lead(self) -> Hit | None:
        self._flight = self._answers.flights.begin(self._place)
        hit = self._fresh(await self._answers.shelf.far(self._place))
        if hit is not None:
            self._land(Landing(hit.kept))
        return hit

    async def _follow(self, ahead: Flight) -> Landing:
        began = self._answers.clock.monotonic()
        try:
            return await self._answers.flights.follow(ahead)
        finally:
            self.waited_s += self._answers.clock.monotonic() - began

    def _fresh(self, kept: Kept | None) -> Hit | None:
        if kept is None:
            return None
        if self._age_s(kept) < self._rules.ttl_s:
            return self._hit(kept, EXACT)
        self._old = kept
        return None

    def _hit(self, kept: Kept, state: str) -> Hit:
        return Hit(kept, state, self._age_s(kept), self._question, self._form)

    def _age_s(self, kept: Kept) -> int:
        """Clocks of two machines may differ: nothing is younger than now."""
        return max(0, self._answers.clock.now_ms() - kept.made_ms) // 1000

    def _kept_s(self) -> int:
        return self._rules.ttl_s + (STALE_AFTER_S if self._rules.stale_if_error else 0)

    # --- what may be kept -------------------------------------------------------------------------------------------

    def _checked(self, usage: Usage) -> bytes:
        """Return the whole answer, with its usage. Raises Unkept if it may not be given again."""
        endpoint = self._question.endpoint
        whole = self._whole if self._folding is None else self._folding.whole()
        if len(whole) > ANSWER_MAX_BYTES:
            raise Unkept("the answer is too long")
        self._check_format(self._form.read(whole))
        return endpoint.with_usage(whole, usage, {"estimated": True}) if usage.estimated else whole

    def _check_format(self, said: Said) -> None:
        """An answer that is not in the format asked for is the next call's chance to get one."""
        asked = self._question.asked
        if said.calls or not any(name in asked.members for name in FORMAT_MEMBERS):
            return
        try:
            prompt = self._question.endpoint.prompt(asked)
        except RequestError as error:
            raise Unkept(error.message) from None
        if prompt.schema is None and not prompt.json_object:
            return
        try:
            value = msgspec.json.decode(said.text)
            problems = [] if prompt.schema is None else self._answers.schema.problems(prompt.schema, value)
        except (ValueError, RecursionError) as error:  # not JSON, or its schema is none
            raise Unkept(str(error)) from None
        if problems:
            raise Unkept(problems[0])

    def _drop(self) -> None:
        """Its answer cannot be shared: whoever waits need not wait for its end."""
        self._is_dropped, self._whole, self._folding = True, b"", None
        self._land(NOT_SHARED)

    def _land(self, landing: Landing) -> None:
        flight, self._flight = self._flight, None
        if flight is not None:
            self._answers.flights.land(self._place, flight, landing)


def is_outage(error: TollhouseError) -> bool:
    """Did every deployment fail to answer? What a provider refused for its own reasons is an answer, and the caller's."""
    if isinstance(error, NoRoom):
        return True
    if not isinstance(error, UpstreamError) or isinstance(error, InhouseCannot):
        return False
    return error.status >= 500 or error.status == TOO_MANY_REQUESTS
