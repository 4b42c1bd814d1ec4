"""One thing looked at: what was found, and what to do about it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """It could not be looked at; the detail says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """`fix` is one sentence; empty if there is nothing to do. Neither text ever holds a secret."""

    group: str
    name: str
    status: Status
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Makes the checks of one group."""

    name: str

    def ok(self, name: str, detail: str) -> Check:
        return Check(self.name, name, Status.OK, detail)

    def warn(self, name: str, detail: str, fix: str) -> Check:
        return Check(self.name, name, Status.WARN, detail, fix)

    def fail(self, name: str, detail: str, fix: str) -> Check:
        return Check(self.name, name, Status.FAIL, detail, fix)

    def skip(self, name: str, why: str) -> Check:
        return Check(self.name, name, Status.SKIP, why)

    def error(self, name: str, message: str) -> Check:
        """Fail with one of our own messages, which say in the first sentence what, and then what to do."""
        detail, _, fix = message.partition(". ")
        return self.fail(name, detail.rstrip("."), fix or "Mend that, then run `tollhouse doctor` again.")


def failed(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if check.status is Status.FAIL]


def as_json(checks: Iterable[Check]) -> list[dict[str, str]]:
    return [asdict(check) for check in checks]


def some(items: Iterable[str], most: int) -> str:
    """Join the first of these, and say how many more there are."""
    listed = list(items)
    left = len(listed) - most
    return "; ".join(listed[:most]) + (f"; and {left} more" if left > 0 else "")
