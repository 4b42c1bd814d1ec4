"""
A process of its own for tests: it lets calls in under one rate that it shares, as fast as it may; a script with JSON arguments.

It answers one line of JSON to each line it reads: what it is to do, and for how long.
"""

import asyncio
import json
import sys
from time import monotonic

from tollhouse.adapters.clock import SystemClock
from tollhouse.admission.rates import Rates, Ticket, tightest
from tollhouse.admission.sharing import Sharing
from tollhouse.domain.errors import RateLimited
from tollhouse.domain.governance import BudgetScope, Rate
from tollhouse.domain.rates import Standing
from tollhouse.stores.redis import open_shared_rates

SCOPE = BudgetScope("use_case", "crowd")
Told = dict[str, object]


class Rater:
    """One replica. `rank` of `count` stands in for the presence of the others."""

    def __init__(self, url: str, name: str, rank: int, count: int, window_s: float, limits: dict[str, int]) -> None:
        self.rates = Rates(window_s=window_s)
        self.rates.stand(Standing(rank, count), monotonic())
        rate = Rate(**limits)
        self.rates.put_in_force({SCOPE: rate}, monotonic())
        self.path = (self.rates.limiter(SCOPE, rate, monotonic()),)
        self.shared = open_shared_rates(url)
        self.sharing = Sharing(self.rates, SystemClock(), process=name, shared=self.shared)
        self.running: list[Ticket] = []

    async def crowd(self, seconds: float) -> Told:
        """Call as fast as possible. The tokens asked for are ten times those used."""
        admitted, ends_s = 0, monotonic() + seconds
        while monotonic() < ends_s:
            try:
                (await self.sharing.enter(self.path, 10)).close(1)
                admitted += 1
            except RateLimited:
                await asyncio.sleep(0.001)
        return {"admitted": admitted}

    async def burst(self, calls: int) -> Told:
        """So many calls at once."""
        entered = await asyncio.gather(*(self._try() for _ in range(calls)))
        return {"admitted": sum(entered)}

    async def hold(self, calls: int) -> Told:
        """So many calls that do not end."""
        for _ in range(calls):
            try:
                self.running.append(await self.sharing.enter(self.path, 0))
            except RateLimited:
                break
        return {"running": len(self.running)}

    async def release(self) -> Told:
        for ticket in self.running:
            ticket.close(0)
        self.running.clear()
        return {"running": 0}

    async def state(self) -> Told:
        told = {name: [s.limit, s.remaining, s.reset_ms] for name, s in tightest(self.path, monotonic()).items()}
        return {"shared": self.rates.is_shared, "state": self.sharing.state()[1], "told": told}

    async def _try(self) -> bool:
        try:
            (await self.sharing.enter(self.path, 1)).close(1)
        except RateLimited:
            return False
        return True

    async def do(self, what: str, *arguments: float) -> Told:
        tasks = {"crowd": self.crowd, "burst": self.burst, "hold": self.hold, "release": self.release}
        return await (self.state() if what == "state" else tasks[what](*arguments))  # type: ignore[operator]


async def _main(arguments: list[object]) -> None:
    rater = Rater(*arguments)  # type: ignore[arg-type]
    keeping = asyncio.create_task(rater.sharing.run())
    while line := await asyncio.to_thread(sys.stdin.readline):
        told = await rater.do(*json.loads(line))
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    keeping.cancel()
    await asyncio.wait([keeping])
    await rater.sharing.close()


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.argv[1])))
