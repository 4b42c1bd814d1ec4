"""Desks over memory, and over every kind of store."""

from pathlib import Path

import pytest

from governance_desks import House, a_house
from tollhouse.stores import Stores
from tollhouse.stores.memory import memory_stores


@pytest.fixture
async def house(tmp_path: Path) -> House:
    """On memory: for rules that no store knows of."""
    return await a_house(memory_stores(), tmp_path)


@pytest.fixture
async def every_house(stores: Stores, tmp_path: Path) -> House:
    """On each kind of store in turn."""
    return await a_house(stores, tmp_path)
