"""
One call's passage through the house, on one page.

    enter (gateway.py)  identify -> resolve use case -> authorise -> rate
    here                input guardrails -> mask -> cache -> for each attempt { choose deployment, take a seat, reserve,
                        journal `sent`, send, settle } -> restore -> output guardrails -> record
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import MappingProxyType

from tollhouse.accounting.open_call import OpenCall
from tollhouse.admission.admission import Admitted
from tollhouse.admission.rates import Ticket, tightest
from tollhouse.cache.answers import EXACT, Answers, Hit, Visit
from tollhouse.cache.question import Question
from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.errors import (
    AdmissionError,
    BudgetExceeded,
    Draining,
    NoRoom,
    RequestError,
    TollhouseError,
    UpstreamError,
)
from tollhouse.domain.governance import BATCH, Deployment, Route, Timeouts
from tollhouse.domain.money import Usage, usd_from_nano
from tollhouse.domain.privacy import OFF, Placeholders
from tollhouse.domain.rates import RateState
from tollhouse.domain.wire import NOTHING, Asked, Event, Facts
from tollhouse.ports.clock import Clock
from tollhouse.ports.endpoint import Endpoint
from tollhouse.ports.provider import Outgoing, Provider
from tollhouse.ports.stored_responses import StoredResponse
from tollhouse.ports.tokens import TokenCounter
from tollhouse.privacy.answers import Restore
from tollhouse.privacy.guardrails.room import GuardRoom
from tollhouse.privacy.privacy import Privacy
from tollhouse.routing.balance import in_order, is_balanced
from tollhouse.routing.plan import Plan, Step
from tollhouse.routing.upstream import Passed, Seat, Upstream, Why, Wish
from tollhouse.routing.upstreams import Upstreams

from .conversation import conversation
from .guarding import Guarding
from .release import Hold
from .stored import ResponseShelf
from .tally import Tally
from .terms import Terms

CALLER_LEFT = 499
SLOW_READER_MS = Timeouts().slow_reader_ms
DONE = Event(b"data: [DONE]\n\n", Facts(ended=True))

PROMPTS = ("messages", "input", "prompt", "instructions")
COUNTED_BESIDE = ("tools", "functions", "response_format")
"""Members that providers turn into input tokens: the prompt under its names, and what comes with it."""

NO_CONVERSATIONS: Mapping[str | None, bytes] = MappingProxyType({})

Repair = Callable[[bytes], bytes | None]
"""Looks at an answer's body: None if it will do, else the request body of one more attempt."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every passage needs, wired once."""

    providers: Mapping[str, Provider]
    upstreams: Upstreams
    tokens: TokenCounter
    shelf: ResponseShelf
    clock: Clock
    jitter: Callable[[], float]
    answers: Answers
    privacy: Privacy
    guards: GuardRoom


class Passage:
    """
    An admitted call on its way. Iterate `events` for the wire, or await `answer` for a run; either once.

    After the first event, `call` names who served; after the last, what it cost.
    """

    def __init__(
        self,
        tools: Tools,
        books: OpenCall,
        *,
        ticket: Ticket | None,
        turn: Callable[[], Awaitable[Ticket]] | None,
        freed: Callable[[], None],
        tokens: int,
        admitted: Admitted,
        endpoint: Endpoint,
        asked: Asked,
        terms: Terms,
        routes: tuple[Route, ...],
        previous_tokens: int = 0,
        earlier: Placeholders | None = None,
    ) -> None:
        """
        Args:
            ticket: its place under its rates; None: it has to wait for its `turn` first.
            freed: to be told when it leaves its place.
            tokens: how many it will likely use.
            earlier: of the conversation that it continues, if that is known.
        """
        self.call = books.call
        self.clamped: tuple[str, ...] = ()
        self.degraded = False
        self.age_s: int | None = None
        """Of an answer that was given before."""
        self.slow_reader_ms = SLOW_READER_MS
        """How long its caller may take nothing of a stream, as the deployment that serves says, if one does."""
        self._tools = tools
        self._books = books
        self._ticket = ticket
        self._turn = turn
        self._freed = freed
        self._tokens = tokens
        self._conversations: Mapping[str | None, bytes] = NO_CONVERSATIONS
        queue = admitted.use_case.queue
        self._wait_left_s = 0.0 if queue is None else queue.max_wait_ms / 1000
        self._admitted = admitted
        self._endpoint = endpoint
        self._asked = asked
        self._leaving = asked
        """What leaves of the request: itself, or with placeholders in place of personal data."""
        self._restore: Restore | None = None
        self._guarding = _guarding(tools, admitted, books.call)
        self._holds_answers = self._guarding is not None and self._guarding.holds_answers
        self._terms = terms
        self._routes = routes
        self._previous_tokens = previous_tokens
        self._placeholders = earlier
        self._started = tools.clock.monotonic()
        self._outside_s = 0.0
        self._is_out = False
        self._is_diverted = False
        self._visit: Visit | None = None
        self.caller_left: Callable[[], bool] = lambda: True
        """Whoever knows says whether a cancelled passage was left by its caller, or stopped with the process."""

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the answer as it may leave. Raises before the first event, or after it if the answer broke off."""
        with _Recording(self._end):
            if self._ticket is None:
                await self._take_turn()
            await self._leave(self._asked)
            endings: list[Event] = []
            hit = await self._find()
            try:
                if hit is None:
                    async with aclosing(self._attempts(self._leaving)) as events:
                        async for event in events:
                            if self._visit is not None:
                                self._visit.add(event)
                            if event.facts.ended or event.facts.usage_only:
                                endings.append(event)
                            else:
                                for released in self._released(event):
                                    self._is_out = True
                                    yield released
            except (UpstreamError, NoRoom) as error:
                hit = await self._stand_in(error)
                if hit is None:
                    raise
            last = self._ending(endings) if hit is None else self._again(hit)
            rest = await self._approved([restored for event in last for restored in self._restored(event)])
            if hit is None:
                self._share()
            for event in rest:
                self._is_out = True
                yield event

    async def answer(self, repair: Repair) -> bytes:
        """Return a whole answer's body, after at most one repair as one more attempt of the same call."""
        with _Recording(self._end):
            if self._ticket is None:
                await self._take_turn()
            await self._leave(self._asked)
            hit = await self._find()
            try:
                body = await self._whole(self._leaving) if hit is None else self._again(hit)[-1].data
            except (UpstreamError, NoRoom) as error:
                hit = await self._stand_in(error)
                if hit is None:
                    raise
                body = self._again(hit)[-1].data
            again = repair(restored := self._restored_whole(body))
            if again is not None:
                await self._mask(self._endpoint.read(again))
                restored = self._restored_whole(await self._whole(self._leaving))
            approved = (await self._approved([Event(restored, NOTHING)]))[-1].data
            if hit is None and again is None and self._visit is not None:
                self._visit.add(Event(body, NOTHING))
                self._share()
            return approved

    # --- guardrails and personal data -------------------------------------------------------------------------------

    async def _leave(self, asked: Asked) -> None:
        """Make a request ready to leave: guardrails look at it as it was written, then personal data is taken out."""
        if self._guarding is not None:
            await self._guarding.asked(asked)
        await self._mask(asked)

    async def _mask(self, asked: Asked) -> None:
        """
        Take personal data out of what leaves, as the use case says.

        Raises PrivacyBlocked, DetectorFailed or InvalidJson: what is not known to be harmless stays here.
        """
        rules = self._admitted.use_case.privacy
        self._leaving, self._restore = asked, None
        if rules.mode == OFF:
            return
        examined = await self._tools.privacy.examine(asked, rules)
        self.call.privacy = str(examined.told)
        masked = examined.masked(self._endpoint.name, self._placeholders)
        self._leaving = masked.asked
        self._placeholders = masked.placeholders
        self._restore = None if masked.restore is None else masked.restore()

    def _restored(self, event: Event) -> Sequence[Event]:
        """Put originals back into an event of the answer; some of a stream come as two."""
        restore = self._restore
        return (event,) if restore is None else [Event(data, event.facts) for data in restore(event.data)]

    def _released(self, event: Event) -> Sequence[Event]:
        """Return what may leave now: nothing while a guardrail has to see the answer's end first."""
        restored = self._restored(event)
        return restored if self._guarding is None else self._guarding.passing(restored)

    async def _approved(self, last: list[Event]) -> list[Event]:
        """Return the rest of an answer, after guardrails have looked at all of it. Raises GuardrailBlocked."""
        return last if self._guarding is None else await self._guarding.approved(last)

    def _restored_whole(self, body: bytes) -> bytes:
        return body if self._restore is None else self._restore(body)[-1]

    # --- answers given before ---------------------------------------------------------------------------------------

    async def _find(self) -> Hit | None:
        """Look for the answer to the same question, given before or being given to another call just now."""
        if not self._admitted.use_case.cache.is_set:
            return None
        self._visit = self._tools.answers.visit(
            Question(
                team=self.call.team,
                use_case=self._admitted.use_case,
                route=self._routes[0],
                endpoint=self._endpoint,
                asked=self._leaving,
                prompt=self.call.prompt,
                fallbacks=self._routes[1:],
            )
        )
        if self._visit is None:
            return None
        self.call.cache = "miss"
        hit = await self._visit.find()
        self._outside_s += self._visit.waited_s
        return hit

    def _share(self) -> None:
        """The answer is complete, settled and refused by no guardrail: others may have it."""
        if self._visit is None:
            return
        last = self.call.attempts[-1]
        self._visit.answered(
            usage=_usage_of(last),
            cost_nanousd=last.cost_nanousd,
            provider=last.provider,
            deployment=last.deployment,
            clamped=self.clamped,
            is_for_all=not (self.degraded or self._is_diverted),
        )

    async def _stand_in(self, error: UpstreamError | NoRoom) -> Hit | None:
        """Find an older answer, as long as the caller has nothing of a newer one."""
        return None if self._visit is None or self._is_out else await self._visit.stale(error)

    def _again(self, hit: Hit) -> list[Event]:
        """Give an answer again. One that stands in saves nothing: nobody would have been paid."""
        call, kept = self.call, hit.kept
        call.cache, call.provider, call.deployment = hit.state, kept.provider, kept.deployment
        if hit.state == EXACT:
            call.saved_nanousd = kept.cost_nanousd
        call.overhead_ms = self.overhead_ms()
        if call.streamed:
            call.first_token_ms = self._elapsed_ms()
        self.age_s, self.clamped, self.degraded = hit.age_s, kept.clamped, False
        return hit.events(call.id.removeprefix("call_"), {"cost_usd": usd_from_nano(call.cost_nanousd)})

    # --- the attempts -----------------------------------------------------------------------------------------------

    async def _attempts(self, asked: Asked) -> AsyncGenerator[Event, None]:
        """Make attempts until one answers. Nothing is retried once an event has been released."""
        plan = Plan(self._routes, self._tools.jitter, self._in_order)
        step: Step | None = plan.first()
        while step is not None:
            seat = await self._seat(plan, step)
            if isinstance(seat, Passed):
                self._tools.upstreams.pass_over(step.deployment.name, seat.why)
                step = plan.pass_over(seat)
                continue
            complete = step.route.release_complete or not asked.streamed or self._holds_answers
            hold = Hold(complete=complete, max_bytes=step.route.max_answer_bytes)
            try:
                with seat:
                    attempt, outgoing = await self._ready(asked, step, seat)
                    provider = self._tools.providers[attempt.provider]
                    self.degraded = provider.degraded
                    with _Settling(self, attempt, outgoing, seat) as tally:
                        async with aclosing(provider.send(outgoing)) as events:
                            async for event in events:
                                tally.add(event.facts)
                                if event.facts.output:
                                    self._output_began()
                                for released in hold.add(event):
                                    yield released
            except UpstreamError as error:
                if hold.released:
                    raise
                step = plan.after(error, key=seat.key, keys=seat.keys)
            except (AdmissionError, RequestError) as error:
                step = plan.divert(self._last_resort(error))
                self._is_diverted = self._is_diverted or step is not None
                if step is None and not plan.failed:
                    raise
                step = step or plan.skip()
            else:
                for released in hold.rest():
                    yield released
                return
        raise plan.verdict()

    def _in_order(self, route: Route) -> Sequence[Deployment]:
        if len(route.deployments) == 1:
            return route.deployments
        return in_order(route, self._tools.jitter, self._conversation(route))

    def _conversation(self, route: Route) -> bytes | None:
        """What a sticky route goes by; None for any other."""
        if not route.sticky:
            return None
        known = self._conversations.get(route.sticky_header)
        if known is None:
            terms = self._terms
            known = conversation(route.sticky_header, terms.named, self.call.subject, self._endpoint, self._asked)
            self._conversations = {**self._conversations, route.sticky_header: known}
        return known

    async def _seat(self, plan: Plan, step: Step) -> Seat | Passed:
        """
        Wait as the step says, and take a seat at its deployment.

        What a call sends to a provider beyond its first request there is paid from that provider's retry budget.
        """
        upstream, provider = self._tools.upstreams.of(step.deployment), step.deployment.provider
        now, budget = self._tools.clock.monotonic(), upstream.budget
        is_first = not plan.visited(provider)
        if budget is not None and not is_first and not budget.repeat(now):
            return Passed(Why.RETRY_BUDGET)
        if step.wait_ms:
            await self._pause(step.wait_ms)
            now = self._tools.clock.monotonic()
        wish = Wish(self._tokens, self._conversation(step.route), step.is_retry, step.but_keys)
        found = upstream.take(wish, now)
        if isinstance(found, Passed):
            if found.why is Why.FULL and self._wait_left_s > 0 and not _goes_elsewhere(plan, step):
                found = await self._wait(upstream, wish, found)
            if isinstance(found, Passed):
                return found
        if budget is not None and is_first:
            budget.call(now)
        plan.visit(provider)
        return found

    async def _wait(self, upstream: Upstream, wish: Wish, passed: Passed) -> Seat | Passed:
        """Wait in the use case's queue for room at a deployment, as long as there is time left for waiting."""
        tools, policy = self._tools, self._admitted.use_case.queue
        assert policy is not None, "without a queue there is no time for waiting"
        queue = tools.upstreams.queues.of(self._admitted.use_case.name)
        place = queue.join(policy, is_batch=is_batch(self._admitted, self._terms))
        if place is None:
            return passed
        begun = tools.clock.monotonic()
        try:
            return await tools.upstreams.line(upstream).wait(place, wish, passed, self._wait_left_s)
        finally:
            place.leave()
            self._waited(begun)

    async def _take_turn(self) -> None:
        """Wait for a place under the call's own rates. Raises RateLimited."""
        assert self._turn is not None, "who has no place has a turn to wait for"
        begun = self._tools.clock.monotonic()
        try:
            self._ticket = await self._turn()
        finally:
            self._waited(begun)

    def _waited(self, begun: float) -> None:
        took_s = self._tools.clock.monotonic() - begun
        self._wait_left_s -= took_s
        self._outside_s += took_s

    def _last_resort(self, error: AdmissionError | RequestError) -> Route | None:
        """Return the route for calls whose budget is used up, if that budget says `on_exhausted: fallback`."""
        if not isinstance(error, BudgetExceeded) or self._asked.previous is not None:
            return None
        fall_back = any(budget.falls_back for scope, budget in self._admitted.budgets if str(scope) == error.budget)
        return self._admitted.last_resort if fall_back else None

    async def _ready(self, asked: Asked, step: Step, seat: Seat) -> tuple[Attempt, Outgoing]:
        """Shape the request for a deployment, reserve its worst case, and journal it: it may leave now."""
        deployment, use_case = step.deployment, self._admitted.use_case
        shaped = self._endpoint.shape(
            asked, deployment, parameters=use_case.parameters, output_tokens_max=use_case.max_output_tokens
        )
        attempt = await self._books.reserve(deployment, asked, shaped)
        await self._books.sent(attempt)
        self.clamped = shaped.clamped
        self.slow_reader_ms = deployment.timeouts.slow_reader_ms
        if shaped.choices != asked.choices:  # filled in or clamped: the answer is whole with as many as were sent
            asked = replace(asked, choices=shaped.choices)
        return attempt, self._outgoing(attempt, asked, step, seat, shaped.body)

    def _outgoing(self, attempt: Attempt, asked: Asked, step: Step, seat: Seat, body: bytes) -> Outgoing:
        headers = {"x-client-request-id": attempt.id}  # so that a provider's bill can name what it charges for
        if self._terms.traceparent:
            headers["traceparent"] = self._terms.traceparent
        return Outgoing(
            endpoint=self._endpoint,
            deployment=step.deployment,
            asked=asked,
            body=body,
            path=self._endpoint.path,
            max_answer_bytes=step.route.max_answer_bytes,
            headers=headers,
            key=seat.key,
            heard=seat.heard,
        )

    def begin(self) -> float:
        """An attempt leaves the house now: what was spent until here is our own overhead."""
        now = self._tools.clock.monotonic()
        self.call.overhead_ms = round((now - self._started - self._outside_s) * 1000, 3)
        return now

    def _output_began(self) -> None:
        if self.call.streamed and self.call.first_token_ms is None:
            self.call.first_token_ms = self._elapsed_ms()

    def settle(
        self, attempt: Attempt, outgoing: Outgoing, seat: Seat, tally: Tally, begun: float, error: BaseException | None
    ) -> None:
        """
        Book an attempt, however it ended.

        By the provider's usage, else by our count if there was output; without either, `void` if the provider cannot
        have charged (or its adapter could not send the request), else `unknown`.
        """
        took_s = self._tools.clock.monotonic() - begun
        self._outside_s += took_s
        outcome, code = self._outcome_of(error)
        if error is None or tally.usage is not None or tally.output:
            usage = tally.usage or self._estimate(outgoing.asked, tally)
            self._books.settle(attempt, usage, outcome=outcome, latency_ms=_ms(took_s), error=code)
        elif isinstance(error, RequestError) or (isinstance(error, UpstreamError) and error.billed is False):
            self._books.void(attempt, error=code, latency_ms=_ms(took_s))
        else:
            self._books.unknown(attempt, error=code, latency_ms=_ms(took_s))
        if attempt.state is not AttemptState.UNKNOWN:
            seat.tokens_used = attempt.tokens_in + attempt.tokens_out
        if error is None:
            self._shelve(outgoing, tally)

    def _estimate(self, asked: Asked, tally: Tally) -> Usage:
        """Count tokens ourselves where the provider did not say. It must not fail: the answer is there and is billed."""
        count = self._tools.tokens.count
        texts = [*self._prompt_texts(asked), *_texts_of(asked, COUNTED_BESIDE)]
        return Usage(self._previous_tokens + count("\n".join(texts)), count(tally.text), estimated=True)

    def _prompt_texts(self, asked: Asked) -> list[str]:
        try:
            return [message.text for message in self._endpoint.prompt(asked).messages]
        except RequestError:  # the provider took what we cannot read: its JSON is counted as it stands
            return _texts_of(asked, PROMPTS)

    def _shelve(self, outgoing: Outgoing, tally: Tally) -> None:
        if not (outgoing.asked.stored and tally.response_id) or self.degraded:
            return
        last = self.call.attempts[-1]
        self._tools.shelf.put(
            StoredResponse(
                id=tally.response_id,
                deployment=outgoing.deployment.name,
                team=self.call.team,
                use_case=self.call.use_case,
                tokens=last.tokens_in + last.tokens_out,
                created_ms=self._tools.clock.now_ms(),
            ),
            self._placeholders,
        )

    async def _pause(self, wait_ms: int) -> None:
        if wait_ms:
            await asyncio.sleep(wait_ms / 1000)
            self._outside_s += wait_ms / 1000

    # --- the end of the answer --------------------------------------------------------------------------------------

    def _ending(self, endings: list[Event]) -> Iterator[Event]:
        """Yield what could only be written once the attempt was settled: usage, cost, and the end itself."""
        usage = _usage_of(self.call.attempts[-1])
        if not self._asked.streamed:
            yield self._whole_body(endings[-1], usage)
            return
        usage_event = next((event.data for event in reversed(endings) if event.facts.usage is not None), None)
        if self._endpoint.ends_with_done:
            if self._asked.usage_asked:
                yield Event(self._endpoint.usage_event(usage_event, usage, self._told(usage)), Facts(usage=usage))
            yield DONE
        else:
            final = next(event for event in endings if event.facts.ended)
            yield Event(self._endpoint.usage_event(final.data, usage, self._told(usage)), final.facts)

    def _whole_body(self, event: Event, usage: Usage) -> Event:
        if event.facts.usage is not None:
            return event
        return Event(self._endpoint.with_usage(event.data, usage, {"estimated": True}), event.facts)

    def _told(self, usage: Usage) -> Mapping[str, object]:
        told: dict[str, object] = {"cost_usd": usd_from_nano(self.call.cost_nanousd)}
        if usage.estimated:
            told["estimated"] = True
        return told

    async def _whole(self, asked: Asked) -> bytes:
        async with aclosing(self._attempts(asked)) as events:
            return [event.data async for event in events][-1]

    # --- the record -------------------------------------------------------------------------------------------------

    def _end(self, error: BaseException | None) -> None:
        if self._visit is not None:
            self._visit.close()
        outcome, code = self._outcome_of(error)
        if isinstance(error, AdmissionError | RequestError):
            outcome = Outcome.REFUSED
        self.call.latency_ms = self._elapsed_ms()
        if self._ticket is not None:
            self._ticket.close(self.call.tokens_in + self.call.tokens_out)
            self._freed()
        self._books.end(status=self._status_sent(error), outcome=outcome, error=code)

    def _status_sent(self, error: BaseException | None) -> int:
        """The HTTP status that left: once a stream has begun that was 200, whatever became of it."""
        is_cancelled = isinstance(error, GeneratorExit | asyncio.CancelledError)
        if is_cancelled and self.caller_left():
            return CALLER_LEFT
        if error is None or self._is_out:
            return 200
        if is_cancelled:
            return Draining.status
        return error.status if isinstance(error, TollhouseError) else TollhouseError.status

    def _outcome_of(self, error: BaseException | None) -> tuple[Outcome, str | None]:
        """A cancelled task closes the generators on its way (GeneratorExit), whoever cancelled it."""
        if error is None:
            return Outcome.OK, None
        if isinstance(error, TollhouseError):
            return Outcome.ERROR, error.code
        if isinstance(error, GeneratorExit | asyncio.CancelledError):
            return Outcome.CANCELLED, "caller_left" if self.caller_left() else "stopped"
        return Outcome.ERROR, TollhouseError.code

    def rate_states(self) -> Mapping[str, RateState]:
        """Return what is left now of the tightest rates on this call's path, by `requests` and `tokens`."""
        return tightest(self._admitted.rates, self._tools.clock.monotonic())

    def overhead_ms(self) -> float:
        """Return what the house itself has added so far, in milliseconds."""
        return round((self._tools.clock.monotonic() - self._started - self._outside_s) * 1000, 3)

    def _elapsed_ms(self) -> int:
        return _ms(self._tools.clock.monotonic() - self._started)


class _Recording:
    """Ends a call's record once, whatever happens inside. A class, because a generator would cost each call 2 us."""

    __slots__ = ("_end",)

    def __init__(self, end: Callable[[BaseException | None], None]) -> None:
        self._end = end

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._end(error)


class _Settling:
    """Settles an attempt once, whatever happens inside. A class for the same reason."""

    __slots__ = ("_attempt", "_begun", "_outgoing", "_passage", "_seat", "_tally")

    def __init__(self, passage: Passage, attempt: Attempt, outgoing: Outgoing, seat: Seat) -> None:
        self._passage = passage
        self._attempt = attempt
        self._outgoing = outgoing
        self._seat = seat
        self._tally = Tally()
        self._begun = passage.begin()

    def __enter__(self) -> Tally:
        return self._tally

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._passage.settle(self._attempt, self._outgoing, self._seat, self._tally, self._begun, error)


def _usage_of(attempt: Attempt) -> Usage:
    return Usage(attempt.tokens_in, attempt.tokens_out, attempt.tokens_cached, estimated=attempt.estimated)


def _guarding(tools: Tools, admitted: Admitted, call: Call) -> Guarding | None:
    use_case = admitted.use_case
    if not use_case.guardrails.blocks:
        return None
    return Guarding(tools.guards.of(use_case.guardrails, use_case.privacy), call)


def is_batch(admitted: Admitted, terms: Terms) -> bool:
    """May this call come later? Nobody waits for a run's, unless its use case says so."""
    priority = admitted.use_case.priority
    return terms.run is not None if priority is None else priority == BATCH


def _goes_elsewhere(plan: Plan, step: Step) -> bool:
    """Among deployments that share the load, the next one is as good: none of them is waited for but the last."""
    return plan.has_sibling() and not step.route.sticky and is_balanced(step.route)


def _texts_of(asked: Asked, names: tuple[str, ...]) -> list[str]:
    return [asked.members[name].decode() for name in names if name in asked.members]


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
