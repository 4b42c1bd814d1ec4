"""
How this process's limits stand to those of others that serve beside it.

    by itself          every limit is whole, and nobody is asked
    several processes  each has its share: limit / processes
    with shared rates  chunks of every limit in use are taken from what is shared (Redis), in one exchange for all of them

Calls are admitted from what lies here. A chunk is taken afresh before it is used up; a call that finds too little waits
for one exchange, which others share with it. Without an answer in ANSWER_S this process goes on with its share at
once, and looks every LOOK_S whether what is shared is back.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

from tollhouse.domain.errors import StoreUnavailable
from tollhouse.domain.rates import Standing
from tollhouse.ports.clock import Clock
from tollhouse.ports.presence import PRESENT_S, Presence
from tollhouse.ports.shared_rates import BucketAsk, Exchanged, PlacesAsk, SharedRates

from .buckets import Bucket
from .rates import Limiter, RatePath, Rates, Short, Ticket, enter_at_once, refusal

ANSWER_S = 0.05
"""An exchange takes under a millisecond in one data centre; whoever takes longer is as good as gone."""
CONNECT_S = 0.5
"""The first exchange on a new connection, with TLS; no call waits for it."""
LOOK_S = 0.15
"""Between two looks while something is in use, or while what is shared is gone: three within SETTLE_MS."""
IDLE_LOOK_S = 0.25
"""Between two looks while nothing is in use: two within NEAR_MS."""
PACE_S = 0.01
"""Between two exchanges, however many calls ask: 100 a second cost about 3 % of a core."""
ASK_TIMES = 3
"""A call that came later may take what was brought for one that waits; while there is more, it asks again."""
DRY_S = 0.05
"""Where a limit was found used up, it is asked about this often, and calls in between are refused at once."""
IDLE_S = 1.0
"""A limit that was not used for this long gives its chunk and its places back."""
MAX_ASKS = 500
"""Limiters in one exchange; a script that runs longer would make every other client wait."""

Asked = tuple[list[tuple[Bucket, BucketAsk]], list[tuple[Limiter, PlacesAsk]]]


class Sharing:
    """
    Lets calls in under the limits of their path.

    Args:
        process: this process's name among those that serve.
        presence: who else serves; None for a process that serves nobody (a command).
        shared: None without `storage.redis`.
    """

    def __init__(
        self,
        rates: Rates,
        clock: Clock,
        *,
        process: str = "",
        presence: Presence | None = None,
        shared: SharedRates | None = None,
    ) -> None:
        self.rates = rates
        self.problem: str | None = None
        self._clock = clock
        self._process = process
        self._presence = presence
        self._shared = shared
        self._has_asked = False
        self._heard_s = float("-inf")
        self._doubt_until_s = float("-inf")
        self._active: dict[Limiter, float] = {}
        self._dry_until: dict[Limiter, float] = {}
        self._wish = asyncio.Event()
        self._landing: asyncio.Future[None] | None = None

    # --- a call -----------------------------------------------------------------------------------------------------

    async def enter(self, path: RatePath, tokens: int) -> Ticket:
        """Take a place under every limit of the path: all or nothing, at once if it is here. Raises RateLimited."""
        now = self._clock.monotonic()
        found = enter_at_once(path, tokens, now)
        if isinstance(found, Ticket):
            return found
        if self.rates.is_shared and now >= self._dry_until.get(found.limiter, now):
            for _ in range(ASK_TIMES):
                found = await self._enter_asking(path, tokens)
                now = self._clock.monotonic()
                if isinstance(found, Ticket):
                    return found
                if not self.rates.is_shared or not found.limiter.has_elsewhere(found.what, tokens, now):
                    break
            self._dry_until[found.limiter] = now + DRY_S
        raise refusal(found, path, tokens, now)

    async def _enter_asking(self, path: RatePath, tokens: int) -> Ticket | Short:
        """Ask for what is missing anywhere on the path, and look again when the answer is there."""
        now = self._clock.monotonic()
        for limiter in path:
            self._active[limiter] = now
            self._want(limiter, tokens, 1)
        if self._landing is None:
            self._landing = asyncio.get_running_loop().create_future()
        self._wish.set()
        try:
            await asyncio.shield(self._landing)
        finally:
            for limiter in path:
                self._want(limiter, tokens, -1)
        return enter_at_once(path, tokens, self._clock.monotonic())

    def _want(self, limiter: Limiter, tokens: int, sign: int) -> None:
        limiter.waiting += sign
        for name, bucket in limiter.buckets():
            amount = 1 if name == "requests" else tokens
            bucket.waiting = max(0, bucket.waiting + sign * amount)
            bucket.least = min(bucket.least or amount, amount) if bucket.waiting else 0

    def _is_low(self, limiter: Limiter) -> None:
        if limiter not in self._active:
            self._active[limiter] = self._clock.monotonic()
        self._wish.set()

    # --- who else serves --------------------------------------------------------------------------------------------

    async def beat(self) -> None:
        """
        Say that this process serves, and take its standing; to be called every second. Raises StoreUnavailable.

        Without an answer the last standing stays. After a silence the others may not have been heard again yet, so that
        for a moment the number can only grow.
        """
        if self._presence is None:
            return
        standing = await self._presence.beat(self._process)
        now = self._clock.monotonic()
        if self._heard_s > float("-inf") and now - self._heard_s > PRESENT_S:
            self._doubt_until_s = now + PRESENT_S
        self._heard_s = now
        if standing.count >= self.rates.standing.count or now >= self._doubt_until_s:
            self.rates.stand(standing, now)
        self.rates.forget_sessions(now)

    @property
    def standing(self) -> Standing:
        return self.rates.standing

    def state(self) -> tuple[bool, str]:
        """Return whether limits stand as they are meant to, and how, in words for anybody."""
        count = self.standing.count
        alone = "this process has all of every rate" if count == 1 else f"this process has a share of 1 in {count}"
        if self._shared is None:
            return True, alone
        if self.rates.is_shared:
            return True, f"shared by {count} through Redis"
        return self.problem is None, f"{alone}; {self.problem or 'Redis was not asked yet'}"

    # --- what is shared ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep chunks filled, for as long as this process serves. Returns at once if nothing is shared."""
        while self._shared is not None:
            if self.rates.is_shared:
                await self._round()
            else:
                await self._look()
            await self._rest()

    async def close(self) -> None:
        """Give back what is held, and take leave, as far as anybody answers: what is held by the dead expires."""
        with suppress(StoreUnavailable, TimeoutError):
            if self._presence is not None and self._heard_s > float("-inf"):
                await self._presence.leave(self._process)
        if self._shared is not None:
            with suppress(StoreUnavailable, TimeoutError):
                await self._leave_shared(self._shared)
            await self._shared.close()

    async def _leave_shared(self, shared: SharedRates) -> None:
        if self.rates.is_shared:
            await self._give_all_back()
        if self._has_asked:
            async with asyncio.timeout(CONNECT_S):
                await shared.leave(self._process)

    async def _rest(self) -> None:
        await asyncio.sleep(PACE_S)
        pause_s = IDLE_LOOK_S if self.rates.is_shared and not self._active else LOOK_S
        try:
            async with asyncio.timeout(pause_s - PACE_S):
                await self._wish.wait()
        except TimeoutError:
            return

    async def _round(self) -> None:
        """Exchange everything that is due, then wake whoever waits for it."""
        landing, self._landing = self._landing, None
        self._wish.clear()
        try:
            limiters = list(self._active)
            for start in range(0, max(len(limiters), 1), MAX_ASKS):
                if not await self._exchange(limiters[start : start + MAX_ASKS], ANSWER_S):
                    break
        finally:
            if landing is not None and not landing.done():
                landing.set_result(None)

    async def _look(self) -> None:
        """See whether what is shared is back; then say what was used on trust, and share again once all had time for that."""
        self._wish.clear()
        if not await self._answers(CONNECT_S) or not await self._answers(ANSWER_S):
            return
        if not await self._pay():
            return
        exchanged = await self._try([], [], ANSWER_S)
        if exchanged is not None and exchanged.is_open:
            now = self._clock.monotonic()
            self._active = dict.fromkeys(self.rates.join(self._is_low, now), now)
            self.problem = None

    async def _answers(self, limit_s: float) -> bool:
        return await self._try([], [], limit_s) is not None

    async def _pay(self) -> bool:
        """Say what was used of what was given on trust, and how many calls run."""
        now = self._clock.monotonic()
        used = iter([limiter for limiter in self.rates.all() if limiter.was_used(now)])
        while some := list(islice(used, MAX_ASKS)):
            debts = [
                (bucket, self._debt(limiter, name, bucket, now))
                for limiter in some
                for name, bucket in limiter.buckets()
            ]
            debts = [(bucket, ask) for bucket, ask in debts if ask.change]
            places = [_places(limiter, limiter.running) for limiter in some if limiter.concurrency is not None]
            if await self._try([ask for _, ask in debts], places, ANSWER_S) is None:
                for bucket, ask in debts:
                    bucket.owe(ask.change)
                return False
        return True

    def _debt(self, limiter: Limiter, name: str, bucket: Bucket, now: float) -> BucketAsk:
        seed = int(bucket.elsewhere(now))
        window_ms = round(bucket.window_s * 1000)
        return BucketAsk(_name(limiter, name), bucket.limit, window_ms, seed, change=bucket.debt(now))

    async def _exchange(self, limiters: Sequence[Limiter], limit_s: float) -> bool:
        """Ask for these limiters. False: there was no answer, or what is shared was gone meanwhile; then we are alone."""
        buckets, places = self._asks(limiters)
        exchanged = await self._try([ask for _, ask in buckets], [ask for _, ask in places], limit_s)
        now = self._clock.monotonic()
        if exchanged is None:
            for bucket, ask in buckets:
                bucket.lost(ask)
        else:
            for (bucket, _), got in zip(buckets, exchanged.buckets, strict=True):
                bucket.got(got, now)
            for (limiter, _), got in zip(places, exchanged.places, strict=True):
                if limiter.on_low is not None:
                    limiter.places, limiter.places_elsewhere = got.granted, got.left
        if exchanged is not None and exchanged.is_open:
            self._let_go(limiters)
            return True
        if exchanged is not None:
            self.problem = "Redis was away, and counts anew in a moment"
        self._part()
        return False

    def _asks(self, limiters: Sequence[Limiter]) -> Asked:
        now = self._clock.monotonic()
        buckets: list[tuple[Bucket, BucketAsk]] = []
        places: list[tuple[Limiter, PlacesAsk]] = []
        for limiter in limiters:
            is_idle = self._is_idle(limiter, now)
            for name, bucket in limiter.buckets():
                buckets.append((bucket, bucket.ask(_name(limiter, name), now, is_idle=is_idle)))
            if limiter.concurrency is not None:
                places.append((limiter, _places(limiter, _wished(limiter, is_idle=is_idle))))
        return buckets, places

    def _is_idle(self, limiter: Limiter, now: float) -> bool:
        if limiter.calls or limiter.waiting:
            limiter.calls = 0
            self._active[limiter] = now
        return now - self._active[limiter] >= IDLE_S

    def _let_go(self, limiters: Sequence[Limiter]) -> None:
        """Ask no more about limiters that hold nothing and that nobody uses."""
        now = self._clock.monotonic()
        for limiter in limiters:
            if now - self._active[limiter] >= IDLE_S and not limiter.is_held():
                del self._active[limiter]
                self._dry_until.pop(limiter, None)

    def _part(self) -> None:
        """Nobody answers: go on with this process's share, at once."""
        self._active.clear()
        self._dry_until.clear()
        self.rates.part(self._clock.monotonic())

    async def _give_all_back(self) -> None:
        for limiter in self._active:
            self._active[limiter] = float("-inf")
            limiter.calls = limiter.running = 0
        await self._exchange(list(self._active), CONNECT_S)

    async def _try(self, buckets: Sequence[BucketAsk], places: Sequence[PlacesAsk], limit_s: float) -> Exchanged | None:
        assert self._shared is not None, "only asked where something is shared"
        self._has_asked = True
        try:
            async with asyncio.timeout(limit_s):
                return await self._shared.exchange(
                    self._process, self.standing.count, buckets, places, is_sharing=self.rates.is_shared
                )
        except StoreUnavailable as error:
            self.problem = error.message
        except TimeoutError:
            self.problem = f"Redis did not answer within {round(limit_s * 1000)} ms"
        return None


def _name(limiter: Limiter, what: str) -> str:
    return f"{limiter.scope.kind}/{limiter.scope.name}/{what}"


def _places(limiter: Limiter, most: int) -> PlacesAsk:
    assert limiter.concurrency is not None, "asked only where there is such a limit"
    needed = limiter.running + limiter.waiting
    return PlacesAsk(_name(limiter, "places"), limiter.concurrency, limiter.running, needed, max(needed, most))


def _wished(limiter: Limiter, *, is_idle: bool) -> int:
    """What runs and waits, and an eighth more for what comes next."""
    needed = limiter.running + limiter.waiting
    return needed if is_idle else needed + max(1, needed // 8)
