"""Who the providers are now: each configured one, connected once and kept for as long as it is reached in the same way."""

from collections.abc import Callable, Collection, Iterable, Mapping

from tollhouse.domain.providers import ProviderSpec
from tollhouse.ports.provider import Provider


class Roster:
    """
    `providers` is a new mapping after each `renew`: whoever works with an older one goes on with the providers in it.

    Args:
        connect: makes the provider of a spec; it may raise ConfigError, and sends nothing.
    """

    def __init__(self, connect: Callable[[ProviderSpec], Provider], specs: Iterable[ProviderSpec]) -> None:
        self._connect = connect
        self._specs: dict[str, ProviderSpec] = {}
        self._leaving: list[tuple[Provider, frozenset[str]]] = []
        self.providers: Mapping[str, Provider] = {}
        self.renew(specs)

    def renew(self, specs: Iterable[ProviderSpec], under_way: Collection[str] = ()) -> frozenset[str]:
        """
        From now on these are the providers. Return who of the former ones is gone, or is reached in another way.

        Raises ConfigError before anything has changed.

        Args:
            under_way: the calls that may still be sent to the former ones.
        """
        wanted = {spec.name: spec for spec in specs}
        kept = {name for name, spec in wanted.items() if self._specs.get(name) == spec}
        connected = {
            name: self.providers[name] if name in kept else self._connect(spec) for name, spec in wanted.items()
        }
        gone = frozenset(self.providers.keys() - kept)
        self._leaving += [(self.providers[name], frozenset(under_way)) for name in gone]
        self._specs, self.providers = wanted, connected
        return gone

    @property
    def leaving(self) -> int:
        """How many have left and are not closed yet."""
        return len(self._leaving)

    async def let_go(self, under_way: Collection[str]) -> None:
        """Close those who have left and whose last call is not under way any more."""
        done = [provider for provider, calls in self._leaving if calls.isdisjoint(under_way)]
        self._leaving = [(provider, calls) for provider, calls in self._leaving if not calls.isdisjoint(under_way)]
        for provider in done:
            await provider.close()

    async def close(self) -> None:
        """Close every provider."""
        await self.let_go(())
        for provider in self.providers.values():
            await provider.close()
