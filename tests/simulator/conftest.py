"""A simulated provider on a free port, with its bill in a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tollhouse import simulator
from tollhouse.simulator import Simulator

LABELS = {"the roof is gone": "high", "a scratch": "low", "C-17": "medium"}


@pytest.fixture
async def provider(tmp_path: Path) -> AsyncIterator[Simulator]:
    running = await simulator.start(seed=7, bill=tmp_path / "bill.jsonl", labels=LABELS)
    yield running
    await running.close()
