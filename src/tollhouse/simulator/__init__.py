"""
A simulated provider: OpenAI's API over HTTP, whose model names choose what happens, with a bill of its own.

It imports nothing of the rest of the house and computes money by its own code, so that a bill that agrees with the
ledger proves something. docs/simulator.md lists the models.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from .behaviours import Cast
from .bill import Bill, BillLine
from .labels import Labels
from .prices import DEFAULT_PRICES, PriceLine, Prices
from .requests import Request, RequestLog
from .simulator import Reply, Simulator

__all__ = ["DEFAULT_PRICES", "Bill", "BillLine", "PriceLine", "Reply", "Request", "RequestLog", "Simulator", "start"]


async def start(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 0,
    bill: Path | None = None,
    bill_fsync: bool = False,
    prices: Path | Mapping[str, PriceLine] | None = None,
    labels: Path | Mapping[str, str] | None = None,
    api_keys: Collection[str] | None = None,
) -> Simulator:
    """
    Start a simulated provider in the running loop; `await simulator.close()` ends it.

    Args:
        port: 0 takes a free one; `Simulator.base_url` tells.
        seed: of everything that is drawn. The same seed and request give the same answer, ids and times excepted.
        bill: file to append the bill to; it is kept in memory too.
        bill_fsync: let each line reach the disk before the answer ends.
        prices: lines over `DEFAULT_PRICES`, or the file that has them.
        labels: label by text or id, or a CSV file with `label` and `text` or `id`.
        api_keys: the keys that are let in; None lets everybody in.

    Raises OSError for an address that is taken or a file that cannot be read, ValueError for one that is not right.
    """
    simulator = Simulator(Cast(seed, Labels(labels)), Bill(bill, fsync=bill_fsync), Prices(prices), api_keys)
    try:
        await simulator.listen(host, port)
    except OSError:
        simulator.bill.close()
        raise
    return simulator
