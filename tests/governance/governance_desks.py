"""Desks on any stores, over a small file, with a clock that stands still."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tollhouse.config.load import load
from tollhouse.config.overlay import compose, validate
from tollhouse.domain.roles import Actor, Role
from tollhouse.governance.desk import Desk
from tollhouse.governance.documents import Document
from tollhouse.governance.keys import KeyDesk
from tollhouse.governance.register import Register
from tollhouse.governance.tokens import TokenDesk
from tollhouse.ports.changes import Change
from tollhouse.stores import Stores
from tollhouse.testing.clock import FakeClock

FILE = """\
providers:
  local: {dialect: inhouse}
  openai: {dialect: openai, base_url: "https://api.example.com/v1", api_key: sk-1}
models:
  fast: {deployments: [{provider: openai, model: gpt-5-mini}]}
  inhouse: {deployments: [{provider: local, model: auto}]}
teams: {claims: {}, sales: {}}
use_cases:
  triage: {team: claims, owner: a@example.com, models: [fast]}
  offers: {team: sales, owner: b@example.com, models: [fast]}
keys:
  - {name: ci, team: claims, use_cases: [triage], secret: 0123456789abcdef-ci}
"""

ADMIN = Actor("admin", Role.ADMIN)
SECOND = Actor("bea", Role.ADMIN)
AUDITOR = Actor("aud", Role.AUDITOR)
OWNER = Actor("olga", Role.TEAM_OWNER, "claims")
DEVELOPER = Actor("dev", Role.DEVELOPER, "claims")
VIEWER = Actor("vic", Role.VIEWER, "claims")
OTHER_OWNER = Actor("otto", Role.TEAM_OWNER, "sales")
TEAM_ADMIN = Actor("tea", Role.ADMIN, "claims")


@dataclass(frozen=True, slots=True)
class House:
    """`file` is where the configuration stands."""

    desk: Desk
    keys: KeyDesk
    tokens: TokenDesk
    register: Register
    stores: Stores
    clock: FakeClock
    file: Path

    async def last(self, count: int = 1) -> Sequence[Change]:
        return await self.stores.changes.list(limit=count)


async def a_house(stores: Stores, folder: Path, file: str = FILE) -> House:
    path = folder / "tollhouse.yaml"
    path.write_text(file, encoding="utf-8")
    settings = load(path, {}).settings
    register = Register(
        compose=lambda objects: compose(settings, objects, file=str(path)),
        objects=stores.objects,
        keys=stores.keys,
        tokens=stores.tokens,
        changes=stores.changes,
    )
    await register.refresh()
    clock = FakeClock()
    return House(
        desk=Desk(register, stores.objects, lambda objects: validate(settings, objects), clock),
        keys=KeyDesk(register, stores.keys, clock),
        tokens=TokenDesk(register, stores.tokens, clock),
        register=register,
        stores=stores,
        clock=clock,
        file=path,
    )


def a_use_case(**members: object) -> Document:
    return {"team": "claims", "owner": "a@example.com", "models": ["fast"], **members}


def said(body: bytes | None) -> object:
    return None if body is None else json.loads(body)
