"""A plugin: tests of what stands behind the client seam run on our own client and aiohttp's, on asyncio's loop and on uvloop."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest
import uvloop

from provider_scripts import CLIENTS, behind_the_seam


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every transport that this test makes is of this kind."""
    with behind_the_seam(request.param):
        yield request.param


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("every_loop") is None:
        return {"asyncio": asyncio.new_event_loop}  # as without this hook
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
