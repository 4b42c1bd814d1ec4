"""A house on a real SQLite store behind its real edge, asked without a server in between."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote, unquote

from tollhouse.bootstrap import House, Recognisers, build_edge, open_house
from tollhouse.domain.roles import Role
from tollhouse.privacy.recognisers import load as load_recognisers
from tollhouse.web.asgi import Headers, Received, Sent
from tollhouse.web.edge import Edge
from tollhouse.web.log import Log

ADMIN_TOKEN = "an-admin-token-of-some-length"
CI_KEY = "th-ci-0123456789abcdef"
MASTER_KEY = "privacy: {master_key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}"

CONFIG = f"""\
server: {{admin_token: {ADMIN_TOKEN}}}
{MASTER_KEY}
providers:
  openai: {{dialect: openai, base_url: "http://127.0.0.1:9/v1", api_key: sk-not-shown-0123456789}}
models:
  fast: {{deployments: [{{provider: openai, model: gpt-5-mini}}]}}
  "gpt-*": {{deployments: [{{provider: openai, model: "*"}}]}}
teams:
  claims: {{budget: {{limit_usd: "500", period: month}}}}
  support: {{}}
use_cases:
  claims-triage:
    team: claims
    owner: ana@example.com
    models: [fast, "gpt-*"]
    privacy: {{mode: off}}
    max_output_tokens: 500
    budget: {{limit_usd: "100", period: day, warn_at: [0.5, 0.8]}}
    rate: {{requests_per_minute: 60}}
    parameters: {{default: {{temperature: 0.2}}, max: {{n: 1}}, locked: [seed]}}
  support-chat: {{team: support, owner: bo@example.com, models: [fast], privacy: {{mode: off}}}}
keys:
  - {{name: ci, team: claims, use_cases: [claims-triage], secret: {CI_KEY}}}
"""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def members(self) -> dict[str, object]:
        read = json.loads(self.body)
        assert isinstance(read, dict)
        return read

    @property
    def code(self) -> object:
        return self.members["code"]

    @property
    def items(self) -> list[dict[str, object]]:
        found = self.members["items"]
        assert isinstance(found, list)
        return found


@dataclass
class Asker:
    """Asks the edge. Each request comes from an address of its own, so that wrong tokens do not slow each other down."""

    edge: Edge
    house: House
    addresses: Iterator[int] = field(default_factory=count)

    async def __call__(
        self,
        method: str,
        target: str,
        body: Mapping[str, object] | bytes | None = None,
        *,
        token: str | None = ADMIN_TOKEN,
        address: str | None = None,
        **headers: str,
    ) -> Answered:
        """Header names come with underscores."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent: Headers = [(b"host", b"localhost")]
        sent += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        if token is not None:
            sent.append((b"authorization", f"Bearer {token}".encode()))
        number = next(self.addresses)
        return await _ask(self.edge, method, target, raw, sent, address or f"10.{number >> 8 & 255}.{number & 255}.1")

    async def token(self, role: Role, team: str | None, name: str | None = None, **members: object) -> str:
        """Make an access token; return its secret."""
        name = name or f"{role}-{team or 'all'}"
        wish = {"name": name, "role": role, "team": team, "reason": "for a test", **members}
        made = await self("POST", "/api/v1/tokens", wish)
        assert made.status == 201, made.body
        return str(made.members["secret"])

    async def make(self, kind: str, name: str, **document: object) -> Answered:
        made = await self("PUT", f"/api/v1/{kind}/{quote(name, safe='')}", {**document, "reason": "for a test"})
        assert made.status == 200, made.body
        return made


@asynccontextmanager
async def api_house(
    folder: Path, config: str = CONFIG, *, recognisers: Recognisers = load_recognisers
) -> AsyncIterator[Asker]:
    path = folder / "tollhouse.yaml"
    path.write_text(config + f"storage: {{path: {folder}/data}}\n")
    async with open_house(path, environ={}, recognisers=recognisers) as house:
        yield Asker(build_edge(house, Log("error")), house)


async def _ask(edge: Edge, method: str, target: str, body: bytes, headers: Headers, address: str) -> Answered:
    path, _, query = target.partition("?")
    status, got, pieces = 0, {}, []

    async def receive() -> Received:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Sent) -> None:
        nonlocal status, got
        if message["type"] == "http.response.start":
            status = message["status"]
            got = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            pieces.append(message["body"])

    await edge(
        {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "client": (address, 50_000),
            "state": {},
        },
        receive,
        send,
    )
    return Answered(status, got, b"".join(pieces))
