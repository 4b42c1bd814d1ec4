"""
What one part of the configuration says about another: names that must exist, cycles, secrets that must differ.

Reads the nodes, not the checked tree, so that these problems are listed together with all the others. What has the
wrong type is passed over here; the tree tells it.
"""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from .problems import Mark, Problem
from .yaml import Items, Members, Node, Scalar

_EMPTY: Mapping[str, Node] = {}


def check_references(root: Node, workflows: Collection[str]) -> list[Problem]:
    """Return every reference that leads nowhere or in a circle."""
    return [
        *_routes(root),
        *_cycles(root),
        *_use_cases(root, workflows),
        *_keys(root),
        *_secrets(root),
    ]


def _routes(root: Node) -> Iterator[Problem]:
    providers, models = _members(root, "providers"), _members(root, "models")
    for name, route in models.items():
        seen: set[str] = set()
        for deployment in _items(route, "deployments"):
            yield from _missing(_get(deployment, "provider"), providers, "provider")
            yield from _pattern(name, _get(deployment, "model"))
            yield from _repeated(deployment, seen)
        for fallback in _items(route, "fallbacks"):
            yield from _missing(fallback, models, "model")
            if "*" in _text(fallback):
                yield Problem(fallback.mark, "a pattern cannot be a fallback", "name a route without `*`")


def _pattern(name: str, model: Node | None) -> Iterator[Problem]:
    """A pattern passes the caller's model name on, so its deployments' model is `*`; elsewhere `*` names no model."""
    if not isinstance(model, Scalar):
        return
    if "*" in name and model.text != "*":
        yield Problem(
            model.mark, f"route `{name}` is a pattern, so its deployment's model must be `*`", 'write model: "*"'
        )
    if "*" not in name and "*" in model.text:
        yield Problem(
            model.mark, f"route `{name}` is not a pattern, so `*` names no model", "name the provider's model"
        )


def _repeated(deployment: Node, seen: set[str]) -> Iterator[Problem]:
    name = f"{_text(_get(deployment, 'provider'))}/{_text(_get(deployment, 'model'))}"
    if name in seen:
        yield Problem(deployment.mark, f"deployment {name} is listed twice in one route", "remove one; see `retries`")
    seen.add(name)


def _cycles(root: Node) -> Iterator[Problem]:
    """Follow the fallbacks from every route; each circle is told once, where it closes."""
    models = _members(root, "models")
    done: set[str] = set()
    for name in models:
        yield from _walk(name, [], models, done)


def _walk(name: str, trail: list[str], models: Mapping[str, Node], done: set[str]) -> Iterator[Problem]:
    if name in done:
        return
    for fallback in _items(models[name], "fallbacks"):
        target = _text(fallback)
        if target in (*trail, name):
            circle = [*trail, name][[*trail, name].index(target) :]
            yield Problem(
                fallback.mark, f"the fallbacks go in a circle: {' -> '.join([*circle, target])}", "remove one of them"
            )
        elif target in models:
            yield from _walk(target, [*trail, name], models, done)
    done.add(name)


def _use_cases(root: Node, workflows: Collection[str]) -> Iterator[Problem]:
    teams, models = _members(root, "teams"), _members(root, "models")
    for use_case in _members(root, "use_cases").values():
        workflow = _get(use_case, "workflow")
        routes = _items(use_case, "models")
        yield from _missing(_get(use_case, "team"), teams, "team")
        yield from _missing(workflow, workflows, "workflow", known_elsewhere=True)
        for route in routes:
            yield from _missing(route, models, "model")
        if _text(workflow) and routes and "*" in _text(routes[0]):
            yield Problem(routes[0].mark, "a workflow's first model cannot be a pattern", "name a route without `*`")
        yield from _parameters(use_case)


NOT_PARAMETERS = frozenset({"model", "messages", "input", "prompt", "stream", "stream_options"})
"""What a request is about, and how its answer comes: the caller's alone."""
LIMIT_NAMES = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens"})


def _parameters(use_case: Node) -> Iterator[Problem]:
    parameters = _get(use_case, "parameters")
    defaults, ceilings = _members(parameters, "default"), _members(parameters, "max")
    locked = [(_text(name), name) for name in _items(parameters, "locked")]
    for name, value in [*defaults.items(), *ceilings.items(), *locked]:
        if name in NOT_PARAMETERS:
            yield Problem(value.mark, f"`{name}` is the caller's own and no parameter", "remove it")
    for name, value in [*defaults.items(), *ceilings.items()]:
        if name in LIMIT_NAMES and not _is_token_count(value):
            yield Problem(value.mark, f"`{name}` must be a whole number of at least 1", "correct it")
    for name, default in defaults.items():
        filled, ceiling = _number(default), _number(ceilings.get(name))
        if filled is not None and ceiling is not None and filled > ceiling:
            yield Problem(default.mark, f"the default of `{name}` is above its max", "lower one or raise the other")


def _is_token_count(node: Node) -> bool:
    count = _number(node)
    return isinstance(count, int) and count >= 1


def _keys(root: Node) -> Iterator[Problem]:
    teams, models, use_cases = (_members(root, part) for part in ("teams", "models", "use_cases"))
    names: dict[str, Mark] = {}
    for key in _items(root, "keys"):
        team, name = _get(key, "team"), _get(key, "name")
        yield from _missing(team, teams, "team")
        for use_case in _items(key, "use_cases"):
            yield from _missing(use_case, use_cases, "use case")
            if _text(team) in teams:
                yield from _foreign(use_case, use_cases, teams, _text(team))
        for route in _items(key, "models"):
            yield from _missing(route, models, "model")
        if name is not None and _text(name) in names:
            first = names[_text(name)]
            yield Problem(name.mark, f"two keys are named `{_text(name)}` (the first at {first})", "rename one of them")
        elif name is not None:
            names[_text(name)] = name.mark


def _foreign(reference: Node, use_cases: Mapping[str, Node], teams: Collection[str], team: str) -> Iterator[Problem]:
    owner = _text(_get(use_cases.get(_text(reference)), "team"))
    if owner in teams and owner != team:
        yield Problem(
            reference.mark,
            f"use case `{_text(reference)}` belongs to team `{owner}`, the key to team `{team}`",
            "name a use case of the key's own team",
        )


def _secrets(root: Node) -> Iterator[Problem]:
    """Two callers with one secret could not be told apart; a key must not be the admin token either."""
    seen: dict[str, Mark] = {}
    secrets = [_get(_get(root, "server"), "admin_token"), *(_get(key, "secret") for key in _items(root, "keys"))]
    for secret in secrets:
        if secret is None or not _text(secret):
            continue
        if _text(secret) in seen:
            yield Problem(secret.mark, f"the same secret as at {seen[_text(secret)]}", "give each its own")
        seen.setdefault(_text(secret), secret.mark)


def _missing(
    reference: Node | None, known: Collection[str], noun: str, *, known_elsewhere: bool = False
) -> Iterator[Problem]:
    if not isinstance(reference, Scalar) or reference.value() is None or reference.text in known:
        return
    close = get_close_matches(reference.text, known, n=1)
    if close:
        todo = f"did you mean `{close[0]}`?"
    elif known:
        todo = f"known: {', '.join(sorted(known)[:10])}"
    else:
        todo = "none is known" if known_elsewhere else f"define it under `{noun.replace(' ', '_')}s`"
    yield Problem(reference.mark, f"unknown {noun} `{reference.text}`", todo)


def _get(node: Node | None, key: str) -> Node | None:
    return node.members.get(key) if isinstance(node, Members) else None


def _members(node: Node | None, key: str) -> Mapping[str, Node]:
    found = _get(node, key)
    return found.members if isinstance(found, Members) else _EMPTY


def _items(node: Node | None, key: str) -> tuple[Node, ...]:
    found = _get(node, key)
    return found.items if isinstance(found, Items) else ()


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) and node.value() is not None else ""


def _number(node: Node | None) -> int | float | None:
    value = node.value() if isinstance(node, Scalar) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
