"""
The composition root: from a configuration file to a house that works, and to a server in front of it.

It and the one table in a package's `__init__` are the only places that name concrete stores, dialects and adapters.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tollhouse.accounting.adoption import Adoption
from tollhouse.accounting.books import Accounting
from tollhouse.accounting.prices import PriceBook
from tollhouse.accounting.thresholds import Thresholds
from tollhouse.adapters.clock import SystemClock
from tollhouse.adapters.embedder import open_embedder
from tollhouse.adapters.price_seed import GenaiPrices
from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.adapters.sealer import open_sealer, prove_master_key
from tollhouse.adapters.tokens import TokTok
from tollhouse.admission.admission import Admission
from tollhouse.admission.rates import Rates
from tollhouse.admission.sessions import open_session_secret
from tollhouse.admission.sharing import Sharing
from tollhouse.cache.answers import Answers
from tollhouse.cache.question import Keys
from tollhouse.cache.shelf import Shelf
from tollhouse.config.file import ConfigFile
from tollhouse.config.govern import govern, provider_specs
from tollhouse.config.load import Loaded
from tollhouse.config.overlay import compose, validate
from tollhouse.config.renewal import renewed
from tollhouse.config.values import is_loopback, listen_address
from tollhouse.domain.calls import Call
from tollhouse.domain.errors import ConfigError, OperatorError, StartError, StoreUnavailable
from tollhouse.domain.governance import PPM, Deployment, Governance, budgets_of
from tollhouse.domain.ids import new_id
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.privacy import OFF
from tollhouse.domain.providers import ProviderSpec
from tollhouse.domain.roles import Actor
from tollhouse.gateway.gateway import Gateway
from tollhouse.gateway.passage import Tools as PassageTools
from tollhouse.gateway.stored import ResponseShelf
from tollhouse.governance.answers import AnswerDesk
from tollhouse.governance.desk import Desk
from tollhouse.governance.keys import KeyDesk
from tollhouse.governance.register import Register
from tollhouse.governance.tokens import CLI, Badges, TokenDesk
from tollhouse.ports.budget_warnings import BudgetWarning
from tollhouse.ports.clock import Clock
from tollhouse.ports.provider import Provider
from tollhouse.ports.schema import SchemaChecker
from tollhouse.ports.sealer import Sealer
from tollhouse.privacy.guardrails.room import GuardRoom
from tollhouse.privacy.privacy import Privacy
from tollhouse.privacy.recogniser import Recogniser
from tollhouse.privacy.recognisers import load as load_recognisers
from tollhouse.prompts.library import PromptLibrary
from tollhouse.providers import DIALECTS, UPSTREAM_CLIENTS, Roster, Transport
from tollhouse.providers.tools import Tools as ProviderTools
from tollhouse.routing.upstreams import Upstreams
from tollhouse.stores import Stores, open_stores
from tollhouse.stores.redis import open_cache, open_shared_rates
from tollhouse.web.health import Check
from tollhouse.web.log import Log, stdlib_into
from tollhouse.web.reloads import Reloads, Taken
from tollhouse.workflows import WORKFLOWS, Bench, Case, RunResult, Workflow
from tollhouse.workflows.governed import GovernedAsk

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from socket import socket

    from tollhouse.web.api.app import Api
    from tollhouse.web.api.rooms import Rooms
    from tollhouse.web.edge import Edge, Page
    from tollhouse.web.front import Front
    from tollhouse.web.limits import Limits

JOURNALS = "journal"
"""The folder under `storage.path` where each process has its journal."""
GOVERNANCE_EVERY_S = 0.4
"""A revocation, a role or a limit that was changed elsewhere must count within 1 s: two looks fit in it."""
SHELF_EVERY_S = 0.25
PURGES_EVERY_S = 0.4
"""A purge is for answers that must not be given any more: it counts elsewhere as soon as a revocation."""
EXPIRE_EVERY_S = 60.0
BEAT_EVERY_S = 1.0
"""Who serves says so three times within PRESENT_S."""
USED_EVERY_S = 5.0
"""When keys and access tokens were last used is for people, who look in days."""
WARNINGS_EVERY_S = 1.0
ROLL_UP_EVERY_S = 30.0
"""Until then a report reads the calls of the last five minutes one by one, of a busy house some thousand."""
FORGET_EVERY_S = 3600.0
LEAVE_EVERY_S = 0.5
"""Nobody waits for a provider that has left the configuration."""
SESSIONS_KEPT_MS = 24 * 3_600_000

NO_FLAGS: Mapping[str, object] = {}

Chore = Callable[[], Coroutine[None, None, object]]
Recognisers = Callable[[], Sequence[Recogniser]]


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is wired together, open until its context ends."""

    file: ConfigFile
    roster: Roster
    prices: PriceBook
    register: Register
    badges: Badges
    stores: Stores
    accounting: Accounting
    gateway: Gateway
    shelf: ResponseShelf
    answers: Answers
    privacy: Privacy
    prompts: PromptLibrary
    schema: SchemaChecker
    transport: Transport
    sealer: Sealer | None
    clock: Clock
    warnings: tuple[str, ...]

    @property
    def loaded(self) -> Loaded:
        """What was read of the configuration, as far as it is in force."""
        return self.file.loaded

    @property
    def governance(self) -> Governance:
        """What is in force now."""
        return self.register.governance

    def workflow_of(self, use_case: str) -> tuple[Workflow, str]:
        """Return a use case's workflow and its prompt's name. Raises ConfigError if it has none."""
        found = self.governance.use_cases.get(use_case)
        if found is None or found.workflow is None:
            runnable = [name for name, each in self.governance.use_cases.items() if each.workflow]
            raise ConfigError(
                f"use case {use_case!r} {'does not exist' if found is None else 'has no workflow'}; "
                f"these can be run: {', '.join(runnable) or 'none'}. Set `workflow` in {self.loaded.path}."
            )
        workflow = WORKFLOWS[found.workflow]
        return workflow, found.prompt or workflow.prompt

    async def run(self, use_case: str, text: str, facts: Mapping[str, str], run: str) -> RunResult:
        """Run a use case's workflow on one text. `facts` are what else the caller gives away."""
        workflow, prompt = self.workflow_of(use_case)
        bench = Bench(GovernedAsk(self.gateway, use_case), self.prompts, self.schema)
        return await workflow.run(bench, Case(text, facts, run, prompt))


@asynccontextmanager
async def open_house(
    config: Path,
    *,
    flags: Mapping[str, object] = NO_FLAGS,
    environ: Mapping[str, str] | None = None,
    on_posted: Callable[[Sequence[Call]], None] = lambda calls: None,
    on_adopted: Callable[[Adoption], None] = lambda adoption: None,
    recognisers: Recognisers = load_recognisers,
) -> AsyncGenerator[House, None]:
    """
    Open a house, for a server or for one command beside it.

    Args:
        recognisers: makes what looks for personal data.

    Raises OperatorErrors: ConfigError, StartError, SchemaMismatch, WrongMasterKey.
    """
    environ = os.environ if environ is None else environ
    file = ConfigFile.open(config, environ, flags)
    async with open_loaded(file, on_posted=on_posted, on_adopted=on_adopted, recognisers=recognisers) as house:
        yield house


@asynccontextmanager
async def open_loaded(
    file: ConfigFile,
    *,
    on_posted: Callable[[Sequence[Call]], None],
    on_adopted: Callable[[Adoption], None],
    process: str | None = None,
    recognisers: Recognisers = load_recognisers,
) -> AsyncGenerator[House, None]:
    """As `open_house`, for a configuration that is read already. `process` is the process's id; None makes one."""
    clock, loaded = SystemClock(), file.loaded
    async with AsyncExitStack() as exits:
        stores = await _open_stores(loaded)
        exits.push_async_callback(stores.close)
        register = await _open_register(lambda: file.loaded, stores)
        governance = register.governance
        sealer = await _open_sealer(loaded, stores)
        transport = UPSTREAM_CLIENTS[loaded.settings.server.upstream_client](loaded.proxies)
        exits.push_async_callback(transport.close)
        schema = JsonSchemaChecker()
        specs = provider_specs(loaded.settings)
        roster = Roster(partial(_connect, ProviderTools(transport, cache(open_embedder), schema)), specs)
        exits.push_async_callback(roster.close)
        tokens = TokTok()
        prices = price_book(loaded, clock)
        accounting = Accounting(
            ledger=stores.ledger,
            prices=prices,
            clock=clock,
            folder=loaded.data_path / JOURNALS,
            process=process or new_id("proc"),
            zone=ZoneInfo(governance.time_zone),
            counter=tokens,
            fsync_group=loaded.settings.storage.journal_fsync == "group",
            on_posted=on_posted,
            on_adopted=on_adopted,
            on_dead=stores.replays.free,
        )
        await accounting.start()
        exits.push_async_callback(accounting.close)
        shelf = ResponseShelf(stores.stored_responses, sealer, clock)
        exits.push_async_callback(shelf.flush)
        answers = Answers(_open_shelf(loaded, stores, sealer, clock), Keys(_addresses(specs)), schema, clock)
        exits.push_async_callback(answers.shelf.close)
        await answers.shelf.refresh()
        sharing = _open_sharing(loaded, stores, clock, accounting.process)
        exits.push_async_callback(sharing.close)
        privacy = _open_privacy(governance, recognisers)
        upstreams = Upstreams(clock, _key_counts(specs), lambda: sharing.standing)
        guards = GuardRoom(privacy.detector, schema, cache(open_embedder))
        tools = PassageTools(roster.providers, upstreams, tokens, shelf, clock, random.random, answers, privacy, guards)
        admission = Admission(governance, clock, await open_session_secret(stores.marks, sealer), sharing)
        gateway = Gateway(governance, admission, accounting, tools)
        accounting.put_in_force(budgets_of(governance))
        register.on_change = lambda changed: _put_in_force(changed, gateway, accounting)
        yield House(
            file=file,
            roster=roster,
            prices=prices,
            register=register,
            badges=Badges(register, loaded.settings.server.admin_token),
            stores=stores,
            accounting=accounting,
            gateway=gateway,
            shelf=shelf,
            answers=answers,
            privacy=privacy,
            prompts=PromptLibrary(loaded.prompts_path, _shipped_prompts()),
            schema=schema,
            transport=transport,
            sealer=sealer,
            clock=clock,
            warnings=(
                *loaded.warnings,
                *register.left_out,
                *_unpriced_warnings(governance, prices),
                *_cache_warnings(governance, sealer),
            ),
        )


@dataclass(frozen=True, slots=True)
class Post:
    """
    Where a server stands.

    Args:
        sock: listens already.
        process: the id of this process.
        lifeline: a pipe that ends with the parent; None: there is none.
    """

    sock: "socket"
    process: str
    lifeline: int | None = None


def take_post(loaded: Loaded) -> Post:
    """Listen. To be done first: if the port is taken, nothing else is touched. Raises StartError."""
    from tollhouse.web.serve import bind

    return Post(bind(*listen_address(loaded.settings.server.listen)), new_id("proc"))


async def set_up(loaded: Loaded) -> None:
    """Set up an empty store, or see that it fits, before several processes open it at once. Raises OperatorErrors."""
    stores = await _open_stores(loaded)
    try:
        await open_session_secret(stores.marks, await _open_sealer(loaded, stores))
    finally:
        await stores.close()


async def serve_house(
    file: ConfigFile, post: Post, *, log_level: str = "info", on_ready: Callable[[str, Sequence[str]], None]
) -> int:
    """Serve until told to stop; return the exit code. `on_ready` is given the URL and warnings."""
    log = Log(log_level, worker=post.process)
    with stdlib_into(log), post.sock:
        async with open_loaded(
            file,
            on_posted=log.calls,
            on_adopted=lambda found: _log_adoption(log, found),
            process=post.process,
        ) as house:
            return await _serve(house, post, log, on_ready)


async def _serve(house: House, post: Post, log: Log, on_ready: Callable[[str, Sequence[str]], None]) -> int:
    from tollhouse.web.serve import serve

    settings, reloads = house.loaded.settings, Reloads(partial(renew, house), log)
    edge = build_edge(house, log, reloads)
    host = settings.server.listen.rpartition(":")[0]
    if any(provider.base_url for provider in settings.providers.values()):
        await house.transport.open()
    async with asyncio.TaskGroup() as group:
        endless = (keep_up(house, log), _see_posting(house), reloads.run())
        chores = [group.create_task(_loudly(chore, log)) for chore in endless]
        code = await serve(
            edge,
            post.sock,
            drain_ms=settings.server.drain_ms,
            on_ready=lambda port: on_ready(f"http://{host}:{port}", house.warnings),
            on_stop=edge.drain,
            on_reload=reloads.ask,
            limits=limits_of(house),
            on_refused=edge.refused,
            lifeline=post.lifeline,
        )
        for chore in chores:
            chore.cancel()
    return code


async def _loudly(chore: Coroutine[None, None, None], log: Log) -> None:
    """Do what goes on as long as the server. Whatever else ends it is a fault of ours: it is logged and ends the process."""
    try:
        await chore
    except Exception as error:
        log.fault(error)
        raise


async def _see_posting(house: House) -> None:
    """Wait for the end of posting to the ledger, and raise what ended it."""
    posting = house.accounting.flusher
    if posting is not None:
        await asyncio.shield(posting)


async def renew(house: House) -> Taken:
    """
    Read the configuration again and put it in force, for calls that enter from now on. Raises OperatorError.

    Everything that may fail or wait comes first; then nothing comes between the old and the new.
    """
    renewal = renewed(house.loaded, await asyncio.to_thread(house.file.read))
    loaded, specs = renewal.loaded, provider_specs(renewal.loaded.settings)
    warnings = await asyncio.to_thread(_new_warnings, loaded, house.clock, house.sealer)
    if any(spec.base_url for spec in specs):
        await house.transport.open()
    gone = house.roster.renew(specs, house.accounting.open_calls())
    house.gateway.connect(
        house.roster.providers,
        house.gateway.upstreams.renewed(_key_counts(specs), gone),
        house.answers.renewed(Keys(_addresses(specs))),
    )
    house.prices.put_in_force(_base_urls(specs))
    house.badges.put_in_force(loaded.settings.server.admin_token)
    house.file.loaded = loaded
    house.register.lay_again()
    return Taken(renewal.changed, renewal.waits, (*warnings, *house.register.left_out))


def _new_warnings(loaded: Loaded, clock: Clock, sealer: Sealer | None) -> list[str]:
    """Say what stands in a file that can be used and yet will not work: models without a price, prompts with a fault."""
    governance, prompts = govern(loaded.settings), PromptLibrary(loaded.prompts_path, _shipped_prompts())
    told = [*loaded.warnings, *_unpriced_warnings(governance, price_book(loaded, clock))]
    told += _cache_warnings(governance, sealer)
    for use_case in governance.use_cases.values():
        if use_case.workflow is None:
            continue
        try:
            prompts.load(use_case.prompt or WORKFLOWS[use_case.workflow].prompt)
        except OperatorError as error:
            told += [f"use case {use_case.name!r}: {line}" for line in str(error).splitlines()]
    return told


async def let_go(house: House) -> None:
    """Close the providers that have left, as soon as every call has ended that was let in before."""
    if house.roster.leaving:
        await house.roster.let_go(house.accounting.open_calls())


def build_edge(house: House, log: Log, reloads: Reloads | None = None) -> "Edge":
    """Put the applications behind the edge: OpenAI's wire, our own API, health and metrics. `reloads` None: nobody asks for any."""
    from tollhouse.web.api.app import Api
    from tollhouse.web.edge import Edge
    from tollhouse.web.health import healthz, readyz
    from tollhouse.web.metrics import Metrics
    from tollhouse.web.openai.app import V1
    from tollhouse.web.replay import ReplayDesk

    server = house.loaded.settings.server
    reloads = reloads or Reloads(partial(renew, house), log)
    gauges: dict[str, Callable[[], int]] = {
        "unposted_calls": lambda: house.accounting.state().unposted_calls,
        "config_loaded_seconds": lambda: reloads.loaded_s,
        "config_refused": lambda: int(reloads.is_refused),
        "cache_bytes": lambda: house.answers.shelf.near_bytes,
        "cache_up": lambda: int(house.answers.shelf.state()[0]),
    }
    metrics = Metrics(
        worker=house.accounting.process,
        routes=lambda: house.governance.routes,
        ledger=house.stores.usage,
        clock=house.clock,
        gauges=gauges,
        upstreams=lambda: house.gateway.upstreams,
    )
    replays = ReplayDesk(house.stores.replays, house.sealer, house.clock, process=house.accounting.process)
    v1 = V1(
        house.gateway,
        replays,
        max_body_bytes=server.max_body_bytes,
        started=int(time.time()),
        observe=metrics.observe_call,
    )
    pages: dict[str, Page] = {"/healthz": healthz, "/metrics": metrics.page}
    edge = Edge(
        v1=v1,
        api=Api(api_rooms(house), replays),
        pages=pages,
        watch=_Watch(metrics.refused, log),
        origins=house.gateway.admission.names,
    )
    pages["/readyz"] = readyz(partial(_checks, house, edge, reloads))
    edge.stand_behind(_front(house.loaded))
    reloads.on_taken = lambda: edge.stand_behind(_front(house.loaded))
    sharing = house.gateway.admission.sharing
    gauges["replicas"] = lambda: sharing.standing.count
    gauges["rates_shared"] = lambda: int(sharing.rates.is_shared)
    gauges["in_flight"] = lambda: edge.active
    gauges["streams"] = lambda: edge.streams
    return edge


def limits_of(house: House) -> "Limits":
    """Return what a caller's connection may cost."""
    from tollhouse.web.limits import Limits

    return Limits(**house.loaded.settings.server.limits.model_dump())


def _front(loaded: Loaded) -> "Front":
    """Without `hosts` a server that only this machine can reach answers to this machine's names only."""
    from tollhouse.web.front import Front

    server = loaded.settings.server
    is_local = is_loopback(listen_address(server.listen)[0]) and not server.behind_tls_proxy and not server.hosts
    return Front(server.hosts, is_local=is_local, trusted_proxies=server.trusted_proxies)


def api_rooms(house: House) -> "Rooms":
    """Give our own API what its handlers work with."""
    return _rooms(
        lambda: house.loaded,
        house.stores,
        house.register,
        house.gateway.admission,
        house.badges,
        house.answers.shelf,
        house.clock,
        house.privacy,
    )


@asynccontextmanager
async def open_desks(loaded: Loaded) -> AsyncGenerator["Api", None]:
    """Our own API without a server and without calls, for the commands of whoever may read this configuration."""
    from tollhouse.web.api.app import Api
    from tollhouse.web.replay import ReplayDesk

    clock = SystemClock()
    stores = await _open_stores(loaded)
    try:
        register = await open_register(loaded, stores)
        admission = Admission(register.governance, clock)
        register.on_change = admission.put_in_force
        shelf = _open_shelf(loaded, stores, None, clock)
        try:
            rooms = _rooms(
                lambda: loaded,
                stores,
                register,
                admission,
                _Inside(register, None),
                shelf,
                clock,
                Privacy(load_recognisers),
            )
            yield Api(rooms, ReplayDesk(stores.replays, None, clock))
        finally:
            await shelf.close()
    finally:
        await stores.close()


class _Inside(Badges):
    """Whoever runs a command on this machine's own configuration is the command line."""

    def identify(self, authorization: str | None, now_ms: int) -> Actor:
        return CLI


def _rooms(
    loaded: Callable[[], Loaded],
    stores: Stores,
    register: Register,
    admission: Admission,
    badges: Badges,
    shelf: Shelf,
    clock: Clock,
    privacy: Privacy,
) -> "Rooms":
    from tollhouse.web.api.rooms import Rooms

    return Rooms(
        register=register,
        desk=Desk(register, stores.objects, lambda objects: validate(loaded().settings, objects), clock),
        keys=KeyDesk(register, stores.keys, clock),
        tokens=TokenDesk(register, stores.tokens, clock),
        answers=AnswerDesk(register, shelf.purge, clock),
        badges=badges,
        admission=admission,
        ledger=stores.ledger,
        usage=stores.usage,
        history=stores.history,
        warnings=stores.budget_warnings,
        changes=stores.changes,
        rates=admission.rate_states,
        clock=clock,
        privacy=privacy,
    )


async def keep_up(house: House, log: Log) -> None:
    """Do what a serving process has to do all the time: share rates with others, and what is to be done now and then."""
    from tollhouse.web.replay import ReplayDesk

    desk = ReplayDesk(house.stores.replays, house.sealer, house.clock)
    thresholds = Thresholds(
        house.stores.ledger, house.stores.budget_warnings, house.clock, lambda warning: _log_warning(log, warning)
    )
    chores: Mapping[Chore, float] = {
        house.gateway.admission.sharing.beat: BEAT_EVERY_S,
        house.register.refresh: GOVERNANCE_EVERY_S,
        house.shelf.flush: SHELF_EVERY_S,
        house.answers.shelf.flush: SHELF_EVERY_S,
        house.answers.shelf.refresh: PURGES_EVERY_S,
        house.answers.shelf.expire: EXPIRE_EVERY_S,
        lambda: thresholds.look(budgets_of(house.governance)): WARNINGS_EVERY_S,
        lambda: _note_used(house): USED_EVERY_S,
        lambda: _roll_up(house): ROLL_UP_EVERY_S,
        desk.expire: FORGET_EVERY_S,
        house.shelf.expire: FORGET_EVERY_S,
        lambda: _forget_sessions(house): FORGET_EVERY_S,
        lambda: let_go(house): LEAVE_EVERY_S,
    }
    async with asyncio.TaskGroup() as group:
        group.create_task(house.gateway.admission.sharing.run())
        for chore, every_s in chores.items():
            group.create_task(regularly(chore, every_s, log))


async def regularly(chore: Chore, every_s: float, log: Log) -> None:
    """
    Do it again and again until cancelled. Each chore has a task of its own: a slow one never keeps a revocation waiting.

    A transaction that was committing when it was cancelled returns what it did, so the task itself says whether to go on.
    """
    task = asyncio.current_task()
    assert task is not None
    while not task.cancelling():
        try:
            await chore()
        except StoreUnavailable as error:
            log.warn("store_unavailable", detail=error.message)
        if not task.cancelling():
            await asyncio.sleep(every_s)


async def _roll_up(house: House) -> None:
    """Sum what is over. Whichever process comes first does it; what it leaves is the next turn's."""
    await house.stores.rollups.roll_up(house.clock.now_ms())


async def _forget_sessions(house: House) -> None:
    """A day after their end, when whatever they called has long been booked."""
    await house.stores.ledger.forget_sessions(house.clock.now_ms() - SESSIONS_KEPT_MS)


async def _note_used(house: House) -> None:
    """What is lost with a database that does not answer is noted again with the next use."""
    await house.stores.keys.used(house.gateway.admission.drain_used())
    await house.stores.tokens.used(house.badges.drain_used())


async def _open_stores(loaded: Loaded) -> Stores:
    try:
        loaded.data_path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"the data folder {loaded.data_path} cannot be made: {error.strerror}. "
            "Set `storage.path` to a folder that this user may write."
        ) from None
    return await open_stores(loaded.database, loaded.data_path)


async def open_register(loaded: Loaded, stores: Stores) -> Register:
    """Return what the file and the store say together, and keep saying when it is refreshed."""
    return await _open_register(lambda: loaded, stores)


async def _open_register(loaded: Callable[[], Loaded], stores: Stores) -> Register:
    register = Register(
        compose=lambda objects: compose(loaded().settings, objects, file=str(loaded().path)),
        objects=stores.objects,
        keys=stores.keys,
        tokens=stores.tokens,
        changes=stores.changes,
    )
    await register.refresh()
    return register


def _put_in_force(governance: Governance, gateway: Gateway, accounting: Accounting) -> None:
    gateway.put_in_force(governance)
    accounting.put_in_force(budgets_of(governance))


def _open_sharing(loaded: Loaded, stores: Stores, clock: Clock, process: str) -> Sharing:
    url = loaded.settings.storage.redis
    shared = None if url is None else open_shared_rates(url.reveal())
    return Sharing(Rates(), clock, process=process, presence=stores.presence, shared=shared)


def _open_shelf(loaded: Loaded, stores: Stores, sealer: Sealer | None, clock: Clock) -> Shelf:
    """Where answers are kept: in Redis if there is one, else in the database."""
    url = loaded.settings.storage.redis
    return Shelf(stores.cache if url is None else open_cache(url.reveal()), stores.cache_epochs, sealer, clock)


def _open_privacy(governance: Governance, recognisers: Recognisers) -> Privacy:
    """Make what looks for personal data before the first call needs it: its tables take a moment to load."""
    privacy = Privacy(recognisers)
    for use_case in governance.use_cases.values():
        if use_case.privacy.mode != OFF:
            privacy.detector(use_case.privacy).warm()
    return privacy


def _addresses(specs: Iterable[ProviderSpec]) -> dict[str, str]:
    """Where each provider is reached: at another address the same name is another provider."""
    return {spec.name: f"{spec.base_url} {spec.api_version}" for spec in specs}


def _cache_warnings(governance: Governance, sealer: Sealer | None) -> list[str]:
    cached = [name for name, use_case in governance.use_cases.items() if use_case.cache.is_set]
    if sealer is not None or not cached:
        return []
    return [
        f"Answers of {', '.join(cached)} are kept in each process's memory only, and lost with it, because "
        "`privacy.master_key` is not set."
    ]


async def _open_sealer(loaded: Loaded, stores: Stores) -> Sealer | None:
    key = loaded.settings.privacy.master_key
    if key is None:
        return None
    sealer = open_sealer(key.reveal())
    await prove_master_key(sealer, stores.marks)
    return sealer


def _connect(tools: ProviderTools, spec: ProviderSpec) -> Provider:
    return DIALECTS[spec.dialect](spec, tools)


def _key_counts(specs: Iterable[ProviderSpec]) -> dict[str, int]:
    return {spec.name: len(spec.keys) for spec in specs}


def _base_urls(specs: Iterable[ProviderSpec]) -> dict[str, str | None]:
    return {spec.name: spec.base_url for spec in specs}


def _shipped_prompts() -> dict[str, "Traversable"]:
    return {name: folder for workflow in WORKFLOWS.values() for name, folder in workflow.shipped().items()}


def price_book(loaded: Loaded, clock: Clock) -> PriceBook:
    return PriceBook(GenaiPrices(), _base_urls(provider_specs(loaded.settings)), clock)


def unpriced(governance: Governance, prices: PriceBook) -> list[Deployment]:
    """Return the deployments without a price. It loads the price table: half a second."""
    return [deployment for deployment in _own_models(governance) if prices.line(deployment) is None]


def _unpriced_warnings(governance: Governance, prices: PriceBook) -> list[str]:
    """Look prices up at start, where the table's half second does not hurt a call, and name what has none."""
    return [
        f"{deployment.name} has no price: its calls are refused unless the use case says `unpriced: allow`."
        for deployment in unpriced(governance, prices)
    ]


def _own_models(governance: Governance) -> list[Deployment]:
    deployments = [deployment for route in governance.routes.values() for deployment in route.deployments]
    return list({deployment.name: deployment for deployment in deployments if deployment.model != "*"}.values())


async def _checks(house: House, edge: "Edge", reloads: Reloads) -> list[Check]:
    from tollhouse.web.upstreams import checks as providers_seen

    state = house.accounting.state()
    rates_stand, how = house.gateway.admission.sharing.state()
    cache_stands, where = house.answers.shelf.state()
    try:
        await house.stores.changes.revision()
        database = Check("database", ok=True, detail=house.stores.kind)
    except StoreUnavailable as error:
        database = Check("database", ok=False, detail=error.message)
    return [
        reloads.check(),
        database,
        Check("journal", ok=state.journal_error is None, detail=state.journal_error or ""),
        _posting_check(house, state.posting_error),
        Check(
            "adoption", ok=not state.adoption.unreadable, detail=f"{len(state.adoption.adopted)} adopted", needed=False
        ),
        Check("rates", ok=rates_stand, detail=how, needed=False),
        Check("cache", ok=cache_stands, detail=where, needed=False),
        Check("draining", ok=not edge.draining),
        *providers_seen(house.gateway.upstreams),
    ]


def _posting_check(house: House, error: str | None) -> Check:
    posting = house.accounting.flusher
    if posting is None or posting.done():
        return Check(
            "posting", ok=False, detail="Posting to the ledger has stopped; this process must be started afresh."
        )
    return Check("posting", ok=error is None, detail=error or "")


class _Watch:
    """What the edge tells: refusals are counted, faults are logged."""

    def __init__(self, refused: Callable[[str], None], log: Log) -> None:
        self.refused = refused
        self._log = log

    def fault(self, error: BaseException, *, request_id: str) -> None:
        self._log.fault(error, request_id=request_id)


def _log_warning(log: Log, warning: BudgetWarning) -> None:
    log.warn(
        "budget_warning",
        budget=str(warning.scope),
        period=warning.period.kind.value,
        at=f"{Decimal(warning.at_ppm) / PPM:f}",
        spent_usd=usd_from_nano(warning.spent_nanousd),
        limit_usd=usd_from_nano(warning.limit_nanousd),
    )


def _log_adoption(log: Log, found: Adoption) -> None:
    log.event("adoption", adopted=list(found.adopted), unreadable=list(found.unreadable), homeless=list(found.homeless))
