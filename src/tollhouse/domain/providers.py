"""How a provider is reached, as configured."""

from dataclasses import dataclass


class Secret:
    """A value that must never be shown: it prints as `***`, and only `reveal` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """
    One entry of `providers`. `api_version` is Azure's; `base_url` is None for the in-house engine only.

    `more_keys`: of the same account, used in turn with `api_key`.
    """

    name: str
    dialect: str
    base_url: str | None = None
    api_key: Secret | None = None
    region: str | None = None
    api_version: str | None = None
    more_keys: tuple[Secret, ...] = ()

    @property
    def keys(self) -> tuple[Secret | None, ...]:
        """Every key, at least one: None where the provider wants none."""
        return (self.api_key, *self.more_keys)
