"""The providers' side of the house: one dialect a file, and the one table that names them."""

from collections.abc import Callable, Mapping

from tollhouse.domain.providers import ProviderSpec
from tollhouse.ports.provider import Provider

from . import openai
from .tools import Tools

Connect = Callable[[ProviderSpec, Tools], Provider]


def _inhouse(spec: ProviderSpec, tools: Tools) -> Provider:
    from . import inhouse  # its rules and lexicons load only where a configuration names the engine

    return inhouse.connect(spec, tools)


DIALECTS: Mapping[str, Connect] = {
    "openai": openai.connect,  # any OpenAI-compatible base URL, Azure included
    "inhouse": _inhouse,  # no network; the fallback of last resort and the no-key default
}

__all__ = ["DIALECTS", "Connect", "Tools"]
