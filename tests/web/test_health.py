import asyncio
import json

import pytest

from tollhouse.web.health import Check, healthz, readyz


async def test_alive_is_alive() -> None:
    reply = await healthz()

    assert (reply.status, json.loads(reply.body)) == (200, {"status": "alive"})


async def test_ready_when_every_needed_check_holds() -> None:
    async def checks() -> list[Check]:
        return [Check("database", ok=True), Check("provider openai", ok=False, detail="3 failures", needed=False)]

    reply = await readyz(checks)()

    told = json.loads(reply.body)
    assert (reply.status, told["status"]) == (200, "ready")
    assert told["checks"][1] == {"name": "provider openai", "ok": False, "needed": False, "detail": "3 failures"}


async def test_one_needed_check_that_fails_makes_the_process_unready() -> None:
    async def checks() -> list[Check]:
        return [Check("database", ok=True), Check("journal", ok=False, detail="the disk is full")]

    reply = await readyz(checks)()

    assert (reply.status, json.loads(reply.body)["status"]) == (503, "unready")


async def test_a_check_that_hangs_is_not_waited_for() -> None:
    async def checks() -> list[Check]:
        await asyncio.sleep(3_600)
        return []

    reply = await readyz(checks, limit_ms=20)()

    assert reply.status == 503
    assert json.loads(reply.body)["checks"][0]["name"] == "checks"


@pytest.mark.parametrize("ok", [True, False])
async def test_the_answer_is_never_cached(ok: bool) -> None:
    async def checks() -> list[Check]:
        return [Check("database", ok=ok)]

    reply = await readyz(checks)()

    assert (b"cache-control", b"no-store") in reply.headers
