"""The desk where teams, use cases, routes, prices and budgets are changed, each change with its author and reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tollhouse.domain.errors import Conflict, InvalidRequest, ManagedByFile, NotFound, NotPermitted
from tollhouse.domain.governance import (
    APPROVED,
    FILE,
    LIVE,
    PROPOSED,
    RETIRED,
    STATES,
    STORE,
    BudgetScope,
)
from tollhouse.domain.roles import Actor, Role
from tollhouse.ports.changes import Change
from tollhouse.ports.clock import Clock
from tollhouse.ports.objects import KINDS, ObjectStore, StoredObject

from .documents import Document, decode, encode, merged
from .fields import STATED_AT_BIRTH, writable
from .purposes import annex_three
from .register import Misfit, Place, Register, Validate
from .roles import Action, require, sees

REASON_CHARACTERS_MAX = 500
NAME_CHARACTERS_MAX = 64
OBJECTS_MAX = 10_000
"""All of them are read and checked whenever one changes."""

READING: Mapping[str, Action] = {
    "organisation": Action.BUDGETS_READ,
    "team": Action.TEAMS_READ,
    "use_case": Action.USE_CASES_READ,
    "route": Action.ROUTES_READ,
    "price": Action.PRICES_READ,
}
WRITING: Mapping[str, Action] = {
    "organisation": Action.BUDGETS_WRITE,
    "team": Action.TEAMS_WRITE,
    "use_case": Action.USE_CASES_WRITE,
    "route": Action.ROUTES_WRITE,
    "price": Action.PRICES_WRITE,
}
ORGANISATION: Place = ("organisation", "")
FOR_ALL_TO_SEE = ("route", "price")
"""What belongs to no team and is no secret among them: they name it in their use cases."""


@dataclass(frozen=True, slots=True)
class Governed:
    """
    One object as people see it.

    `document` is in the shape of the configuration file. `version` is 0 for what the file manages, and for an
    organisation whose budget nobody has set.
    """

    kind: str
    name: str
    document: Document
    managed: str
    version: int
    warnings: tuple[str, ...] = ()


class Desk:
    """
    Every write is checked against role, field policy and the file, recorded, and in force here when it returns.

    Args:
        validate: says what would not fit, by the same rules as the file.
    """

    def __init__(self, register: Register, objects: ObjectStore, validate: Validate, clock: Clock) -> None:
        self._register = register
        self._objects = objects
        self._validate = validate
        self._clock = clock

    async def list(self, actor: Actor, kind: str) -> list[Governed]:
        """Return what the actor sees of a kind, by name. Raises NotPermitted."""
        require(actor, READING[_known(kind)])
        found = {place: self._in_file(place) for place in self._register.composed.in_file if place[0] == kind}
        stored = await self._stored()
        found |= {place: self._in_store(stored[place]) for place in stored if place[0] == kind and place not in found}
        if kind == ORGANISATION[0]:
            found.setdefault(ORGANISATION, Governed(*ORGANISATION, {}, STORE, 0))
        return [found[place] for place in sorted(found) if _shown(actor, found[place])]

    async def show(self, actor: Actor, kind: str, name: str) -> Governed:
        """Raises NotPermitted, or NotFound: in the same words for what does not exist and for another team's."""
        require(actor, READING[_known(kind)])
        found = self._find((kind, name), await self._stored())
        if found is None or not _shown(actor, found):
            raise _not_found(kind, name)
        return found

    async def put(
        self, actor: Actor, kind: str, name: str, document: Document, *, reason: str, version: int | None
    ) -> Governed:
        """
        Create an object, or replace its document. A use case keeps its state, and a new one is proposed.

        Args:
            version: the one that must stand there now, 0 if none may; None takes whatever there is.

        Raises NotPermitted, InvalidRequest (`param`: the member's dotted path), Conflict or ManagedByFile.
        """
        return await self._write(actor, (kind, name), lambda before: document, reason, version)

    async def patch(
        self, actor: Actor, kind: str, name: str, merge: Document, *, reason: str, version: int | None
    ) -> Governed:
        """Change an object by a merge patch (RFC 7396). Raises as `put`, and NotFound."""

        def change(before: Document | None) -> Document:
            if before is None and (kind, name) != ORGANISATION:
                raise _not_found(kind, name)
            after = merged(before or {}, merge)
            assert isinstance(after, dict)  # `merge` is a mapping
            return after

        return await self._write(actor, (kind, name), change, reason, version)

    async def delete(self, actor: Actor, kind: str, name: str, *, reason: str, version: int | None) -> None:
        """Raises NotPermitted, NotFound, ManagedByFile, or Conflict if something still uses it."""
        place = (kind, name)
        require(actor, WRITING[_known(kind)])
        stored = await self._stored()
        there = self._changeable(actor, place, stored)
        _expect(there, version)
        self._may_delete(actor, there)
        self._refuse_if_used(place, stored)
        before = stored[place].document
        change = self._change(actor, place, reason, before=before, after=None)
        await self._objects.delete(change, expected_version=there.version)
        await self._register.refresh()

    async def move(self, actor: Actor, use_case: str, state: str, *, reason: str) -> Governed:
        """
        Move a use case along: proposed -> approved (by another person than who wrote it last) -> live; any -> retired.

        Raises NotPermitted, NotFound, ManagedByFile, InvalidRequest for a state that does not exist, or Conflict for a
        step that does not.
        """
        place = ("use_case", use_case)
        require(actor, Action.USE_CASES_MOVE)
        if state not in STATES:
            raise InvalidRequest(f"`state`: write one of {', '.join(STATES)}.", param="state")
        stored = await self._stored()
        there = self._changeable(actor, place, stored)
        now = _state(there.document)
        if state == now or (now, state) not in {(PROPOSED, APPROVED), (APPROVED, LIVE), (now, RETIRED)}:
            raise Conflict(f"The use case {use_case!r} is {now}, and from there it cannot become {state}.")
        if state == APPROVED:
            await self._second_person(actor, use_case)
        return await self._put(actor, place, {**there.document, "state": state}, reason, stored)

    async def set_budget(self, actor: Actor, scope: BudgetScope, document: Document | None, *, reason: str) -> None:
        """
        Set the budget of the organisation (if the file gives it none), a team or a use case; None takes it away.

        Raises as `put`, and NotFound. A key's budget is changed with the key.
        """
        require(actor, Action.BUDGETS_WRITE)
        place = (scope.kind, scope.name)
        if scope.kind not in ("organisation", "team", "use_case"):
            raise InvalidRequest(f"No budget of a {scope.kind} is set here.", param="scope")

        def change(before: Document | None) -> Document:
            if before is None and place != ORGANISATION:
                raise _not_found(*place)
            rest = {name: value for name, value in (before or {}).items() if name != "budget"}
            return rest if document is None else {**rest, "budget": document}

        await self._write(actor, place, change, reason, None, action=Action.BUDGETS_WRITE)

    # --- writing ----------------------------------------------------------------------------------------------------

    async def _write(
        self,
        actor: Actor,
        place: Place,
        change: Callable[[Document | None], Document],
        reason: str,
        version: int | None,
        *,
        action: Action | None = None,
    ) -> Governed:
        require(actor, action or WRITING[_known(place[0])])
        checked_reason(reason)
        stored = await self._stored()
        there = self._find(place, stored)
        seen = there if there is not None and _shown(actor, there) else None
        before = seen.document if seen else None
        after = _checked(actor, place, before, change(before))
        if there is not None and seen is None:
            raise Conflict(f"The name {place[1]!r} is taken.")
        if seen is not None and seen.managed == FILE:
            raise self._managed_by_file(place)
        _expect(seen, version)
        return await self._put(actor, place, after, reason, stored)

    async def _put(
        self, actor: Actor, place: Place, document: Document, reason: str, stored: Mapping[Place, StoredObject]
    ) -> Governed:
        there = stored.get(place)
        version = there.version if there else 0
        if there is None and len(stored) >= OBJECTS_MAX:
            raise Conflict(f"The store holds {OBJECTS_MAX} objects, and takes no more.")
        change = self._change(actor, place, reason, before=there.document if there else None, after=encode(document))
        assert change.after is not None
        wanted = StoredObject(*place, change.after, version + 1)
        self._refuse_misfits(wanted, stored)
        written = await self._objects.put(change, expected_version=version)
        await self._register.refresh()
        return self._in_store(written)

    def _refuse_misfits(self, wanted: StoredObject, stored: Mapping[Place, StoredObject]) -> None:
        """Refuse a document that is wrong in itself, and one that would push another object out."""
        place = (wanted.kind, wanted.name)
        found = self._validate([*(each for key, each in stored.items() if key != place), wanted])
        own = next((each for each in found if each.place == place), None)
        if own is not None:
            raise InvalidRequest(f"{own.message}.", param=own.path or None)
        pushed_out = self._new(found)
        if pushed_out:
            raise Conflict(f"With it, {_named(pushed_out[0])} would no longer fit: {pushed_out[0].message}.")

    def _refuse_if_used(self, place: Place, stored: Mapping[Place, StoredObject]) -> None:
        kind, name = place
        if place in self._register.composed.in_file:
            return  # the file's counts; this one only stood in its shadow
        users = [_named(each) for each in self._new(self._validate([stored[key] for key in stored if key != place]))]
        for key in self._register.governance.keys:
            named = {"team": (key.team,), "use_case": key.use_cases, "route": key.models or ()}.get(kind, ())
            if name in named:
                users.append(f"the key {key.name!r}")
        if users:
            raise Conflict(f"The {_word(kind)} {name!r} is still used by {', '.join(dict.fromkeys(users))}.")

    def _new(self, found: Sequence[Misfit]) -> Sequence[Misfit]:
        return [each for each in found if each.place not in self._register.composed.misfits]

    def _change(self, actor: Actor, place: Place, reason: str, *, before: bytes | None, after: bytes | None) -> Change:
        return Change(
            kind=place[0],
            name=place[1],
            author=actor.name,
            reason=checked_reason(reason),
            at_ms=self._clock.now_ms(),
            team=_team(place, decode(after or before or b"")),
            before=before,
            after=after,
        )

    def _may_delete(self, actor: Actor, there: Governed) -> None:
        if actor.role is Role.DEVELOPER and _state(there.document) != PROPOSED:
            raise NotPermitted("A developer deletes a use case only while it is proposed.")
        if actor.role is Role.ADMIN and actor.team is not None and there.kind != "use_case":
            raise NotPermitted(f"An admin of one team may not delete a {_word(there.kind)}.")

    async def _second_person(self, actor: Actor, use_case: str) -> None:
        last = await self._register.last_change("use_case", use_case)
        if last is not None and last.author == actor.name:
            raise NotPermitted(f"{actor.name!r} wrote this use case last; a second person has to approve it.")

    # --- finding ----------------------------------------------------------------------------------------------------

    async def _stored(self) -> dict[Place, StoredObject]:
        """Read the store itself, not what is in force here: another server may have written a moment ago."""
        return {(each.kind, each.name): each for each in await self._objects.all()}

    def _find(self, place: Place, stored: Mapping[Place, StoredObject]) -> Governed | None:
        if place in self._register.composed.in_file:
            return self._in_file(place)
        if place in stored:
            return self._in_store(stored[place])
        return Governed(*ORGANISATION, {}, STORE, 0) if place == ORGANISATION else None

    def _changeable(self, actor: Actor, place: Place, stored: Mapping[Place, StoredObject]) -> Governed:
        found = self._find(place, stored)
        if found is None or not _shown(actor, found) or (found.managed == STORE and place not in stored):
            raise _not_found(*place)
        if found.managed == FILE and place not in stored:
            raise self._managed_by_file(place)
        return self._in_store(stored[place])

    def _in_file(self, place: Place) -> Governed:
        document = self._register.composed.in_file[place]
        return Governed(*place, document, FILE, 0, self._warnings(place, document))

    def _in_store(self, stored: StoredObject) -> Governed:
        place, document = (stored.kind, stored.name), decode(stored.document)
        return Governed(*place, document, STORE, stored.version, self._warnings(place, document))

    def _warnings(self, place: Place, document: Document) -> tuple[str, ...]:
        left_out = self._register.composed.misfits.get(place)
        purpose = document.get("purpose")
        areas = annex_three(purpose) if isinstance(purpose, str) else []
        annexed = [
            f"The purpose looks like {area}, which Annex III of Regulation (EU) 2024/1689 lists as high-risk; "
            "have its legal basis and risk looked at."
            for area in areas
        ]
        return (*([left_out] if left_out else []), *annexed)

    def _managed_by_file(self, place: Place) -> ManagedByFile:
        what = "budget of the organisation" if place == ORGANISATION else f"{_word(place[0])} {place[1]!r}"
        return ManagedByFile(f"The {what} is defined in {self._register.composed.file}; change it there.")


def checked_name(name: str) -> str:
    """Return the name of a key or an access token, as keys in the configuration may have. Raises InvalidRequest."""
    if not name.strip() or name != name.strip() or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidRequest(
            f"`name`: write 1 to {NAME_CHARACTERS_MAX} printable characters, no spaces at the ends.", param="name"
        )
    return name


def checked_reason(reason: str) -> str:
    """Return the reason of a change. Raises InvalidRequest unless it is 1 to 500 printable characters."""
    if not reason.strip() or len(reason) > REASON_CHARACTERS_MAX or not reason.isprintable():
        raise InvalidRequest(
            f"`reason`: say why, in 1 to {REASON_CHARACTERS_MAX} printable characters.", param="reason"
        )
    return reason


def _checked(actor: Actor, place: Place, before: Document | None, after: Document) -> Document:
    """Return the document to be written, its state filled in. Raises NotPermitted or InvalidRequest."""
    kind = place[0]
    _refuse_foreign_team(actor, kind, after)
    if kind == "use_case":
        _keep_proposals_apart(actor, before)
        after = _with_state(before, after)
        if before is not None and before.get("team") != after.get("team"):
            raise InvalidRequest("`team`: a use case stays with its team; make another one.", param="team")
    for field in sorted(_changed(before or {}, after)):
        if kind == "use_case" and (field == "state" or (before is None and field in STATED_AT_BIRTH)):
            continue
        if not writable(actor.role, kind, field, own_team=True):
            raise NotPermitted(f"The role {actor.role} may not write `{field}` of a {_word(kind)}.")
    return after


def _keep_proposals_apart(actor: Actor, before: Document | None) -> None:
    if actor.role is Role.DEVELOPER and before is not None and _state(before) != PROPOSED:
        raise NotPermitted(f"A developer changes a use case only while it is proposed; this one is {_state(before)}.")


def _with_state(before: Document | None, after: Document) -> Document:
    """A new use case is proposed. What was approved is what was read: an approved one that is changed is proposed again."""
    now = PROPOSED if before is None else _state(before)
    if after.get("state", now) != now:
        raise InvalidRequest(
            f"`state`: {'a new use case is proposed' if before is None else f'it is {now}'}; "
            "it moves by approval, start and retirement only.",
            param="state",
        )
    return {**after, "state": PROPOSED if now == APPROVED else now}


def _refuse_foreign_team(actor: Actor, kind: str, document: Document) -> None:
    """Before it is said what exists, so that the answer tells nothing of other teams. A team itself is the organisation's."""
    if actor.team is not None and (kind != "use_case" or document.get("team") != actor.team):
        raise NotPermitted(f"A {actor.role} of team {actor.team} writes use cases of that team, and nothing else here.")


def _changed(before: Document, after: Document) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _expect(there: Governed | None, version: int | None) -> None:
    if version is not None and version != (there.version if there else 0):
        raise Conflict(
            f"It stands at version {there.version if there else 0}, not {version}; read it again, and decide again."
        )


def _shown(actor: Actor, governed: Governed) -> bool:
    team = _team((governed.kind, governed.name), governed.document)
    return governed.kind in FOR_ALL_TO_SEE or sees(actor, team)


def _team(place: Place, document: Document) -> str | None:
    if place[0] == "team":
        return place[1]
    team = document.get("team") if place[0] == "use_case" else None
    return team if isinstance(team, str) else None


def _state(document: Document) -> str:
    return str(document.get("state", LIVE))


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise InvalidRequest(f"There is no kind {kind!r}; there are {', '.join(KINDS)}.", param="kind")
    return kind


def _word(kind: str) -> str:
    return kind.replace("_", " ")


def _named(misfit: Misfit) -> str:
    return f"the {_word(misfit.kind)} {misfit.name!r}"


def _not_found(kind: str, name: str) -> NotFound:
    return NotFound(f"There is no {_word(kind)} {name[:80]!r}.")
