"""Group providers, as a running service sees them: whom it leaves alone, and what is left for us there."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tollhouse.config.values import listen_address
from tollhouse.domain.errors import OperatorError
from tollhouse.routing.breaker import BreakerState

from .check import Check, Group
from .metrics import fetch

GROUP = Group("providers")

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what `listen` may say, and where that is asked


@dataclass(slots=True)
class Seen:
    """One deployment with one key, as one process of the service sees it."""

    breaker: int = BreakerState.CLOSED
    left: dict[str, int] = field(default_factory=dict)


async def examine_service(listen: str) -> list[Check]:
    """Ask the service at the configured address; no check if none answers there."""
    host, port = listen_address(listen)
    host = ANYWHERE.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    try:
        page = await asyncio.to_thread(fetch, f"http://{shown}:{port}")
        return list(examine(read(page)))
    except (OperatorError, ValueError):
        return []


def examine(seen: Mapping[tuple[str, str], Seen]) -> Iterator[Check]:
    """One check for every deployment that was asked, key by key."""
    for (deployment, key), each in sorted(seen.items()):
        name = deployment if key == "1" else f"{deployment} (key {key})"
        left = " and ".join(f"{count} {what}" for what, count in sorted(each.left.items()))
        told = f"{left} left there" if left else "its provider does not say what is left"
        if each.breaker == BreakerState.CLOSED:
            yield GROUP.ok(name, f"in use; {told}")
        else:
            yield GROUP.warn(name, f"left alone after failures; {told}", "Look at the provider's status page.")


def read(page: bytes) -> dict[tuple[str, str], Seen]:
    """Read a page of metrics. Of several processes on it the worst view counts. Raises ValueError."""
    from prometheus_client.parser import text_string_to_metric_families

    found: dict[tuple[str, str], Seen] = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            if sample.name not in ("tollhouse_breaker_state", "tollhouse_provider_remaining"):
                continue
            seen = found.setdefault((sample.labels["deployment"], sample.labels["key_number"]), Seen())
            if sample.name == "tollhouse_breaker_state":
                seen.breaker = max(seen.breaker, int(sample.value))
            else:
                what, left = sample.labels["what"], int(sample.value)
                seen.left[what] = min(seen.left.get(what, left), left)
    return found
