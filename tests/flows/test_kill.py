"""`kill -9` of a serving process, at moments that nobody chose: what reached the provider is in the ledger."""

import random
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from flow_process import Service, serving, simulating, write_config
from kill_words import compare, load_on, settings

LATEST_KILL_S = 0.6


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_on_sqlite(tmp_path: Path, kills: int) -> None:
    kill_again_and_again(tmp_path, None, kills)


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_on_postgresql(tmp_path: Path, new_postgres: Callable[[], str], kills: int) -> None:
    kill_again_and_again(tmp_path, new_postgres(), kills)


def kill_again_and_again(folder: Path, database: str | None, kills: int) -> None:
    make = random.Random(kills)
    with simulating() as simulator:
        config = write_config(folder, simulator, settings(database))
        numbers = count()
        for _ in range(kills):
            with serving(config) as service:
                kill_under_load(service, make, numbers)
        with serving(config) as service:
            assert service.url  # by then the dead ones' journals have been adopted
            compare(simulator, folder, database)
            assert service.stop() == 0
        compare(simulator, folder, database)
        assert len(simulator.requests()) > kills * 5
    assert not list((folder / "data" / "journal").iterdir())


def kill_under_load(service: Service, make: random.Random, numbers: "count[int]") -> None:
    with load_on(service.url, make, numbers):
        time.sleep(make.random() * LATEST_KILL_S)
        service.kill()
