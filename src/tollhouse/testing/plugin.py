"""
The pytest plugin that ships: an application's own tests run offline against a real gateway.

    def test_the_summary_is_shown(tollhouse, app):
        tollhouse.answer("gpt-5-mini", "A short summary.")
        app.openai_base_url, app.openai_key = tollhouse.base_url, tollhouse.api_key
        ...
        assert len(tollhouse.calls()) == 1
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .house import TestHouse


@pytest.fixture
def tollhouse() -> "Iterator[TestHouse]":
    """A gateway, a simulator, its bill and scripted answers; nothing leaves the machine."""
    from .house import TestHouse

    house = TestHouse().start()
    yield house
    house.close()
