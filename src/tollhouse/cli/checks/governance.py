"""Group governance: what the store holds fits the file, reviews are not overdue, and nothing that is used is about to end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tollhouse.domain.governance import PROPOSED, RETIRED, Governance, UseCase
from tollhouse.governance.purposes import annex_three
from tollhouse.governance.register import Register

from .check import Check, Group, some

GROUP = Group("governance")
SHOWN = 3
SOON_MS = 14 * 86_400_000
"""Two weeks' notice: enough to rotate a key that several applications hold."""


def examine(register: Register, now_ms: int) -> list[Check]:
    governance = register.governance
    return [
        _objects(register),
        _reviews(governance, now_ms),
        _purposes(governance),
        _proposals(governance),
        _ends(governance, now_ms),
    ]


def _objects(register: Register) -> Check:
    if register.left_out:
        fix = "Change the object with `tollhouse teams|use-cases|routes|prices set`, or the file back."
        return GROUP.warn("objects", some(register.left_out, SHOWN), fix)
    return GROUP.ok("objects", "whatever is stored fits the file")


def _reviews(governance: Governance, now_ms: int) -> Check:
    today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(governance.time_zone)).date().isoformat()
    overdue = [
        f"{use_case.name} since {use_case.register.review_date}"
        for use_case in _active(governance)
        if use_case.register.review_date is not None and use_case.register.review_date[:10] < today
    ]
    if overdue:
        return GROUP.warn("reviews", some(overdue, SHOWN), "Review these use cases and set a new `review_date`.")
    return GROUP.ok("reviews", "no use case is overdue for its review")


def _purposes(governance: Governance) -> Check:
    found = [
        f"{use_case.name} looks like {', '.join(areas)}"
        for use_case in _active(governance)
        if use_case.register.purpose is not None and (areas := annex_three(use_case.register.purpose))
    ]
    if found:
        fix = "Annex III of Regulation (EU) 2024/1689 lists these as high-risk: have legal basis and risk looked at."
        return GROUP.warn("purposes", some(found, SHOWN), fix)
    return GROUP.ok("purposes", "no stated purpose looks like Annex III of Regulation (EU) 2024/1689")


def _proposals(governance: Governance) -> Check:
    waiting = [use_case.name for use_case in _active(governance) if use_case.state == PROPOSED]
    if waiting:
        fix = "A second person approves with `tollhouse use-cases move NAME approved`."
        return GROUP.warn("proposals", f"{some(waiting, SHOWN)}: proposed, not approved", fix)
    return GROUP.ok("proposals", "no use case waits for approval")


def _ends(governance: Governance, now_ms: int) -> Check:
    """Keys and access tokens that end soon, or have ended and still stand in the lists."""
    ending = [
        *(f"key {key.name} {_when(key.expires_ms)}" for key in governance.keys if _is_soon(key.expires_ms, now_ms)),
        *(
            f"token {each.name} {_when(each.expires_ms)}"
            for each in governance.tokens
            if _is_soon(each.expires_ms, now_ms)
        ),
    ]
    if ending:
        fix = "Rotate or renew what is still needed (`tollhouse keys rotate`, `tokens create`), and revoke the rest."
        return GROUP.warn("expiry", some(ending, SHOWN), fix)
    return GROUP.ok("expiry", "no key and no access token ends within two weeks")


def _active(governance: Governance) -> Iterator[UseCase]:
    return (use_case for use_case in governance.use_cases.values() if use_case.state != RETIRED)


def _is_soon(expires_ms: int | None, now_ms: int) -> bool:
    return expires_ms is not None and expires_ms < now_ms + SOON_MS


def _when(expires_ms: int | None) -> str:
    return f"ends {datetime.fromtimestamp((expires_ms or 0) / 1000, UTC):%Y-%m-%d}"
