"""
Overrides: `TOLLHOUSE_SERVER__LISTEN=…` and command-line flags, laid over the file's tree.

Only names with a double underscore are overrides; the value is read as YAML and taken as it is, without `${…}`.
`TOLLHOUSE_USE_CASES__CLAIMS_TRIAGE__OWNER` finds `use_cases.claims-triage.owner`, `…__KEYS__0__NAME` the first key.
"""

from collections.abc import Mapping, Sequence

from .problems import InvalidConfig, Mark, Problem
from .yaml import Items, Members, Node, Scalar, parse

PREFIX = "TOLLHOUSE_"


def overridden(root: Node, environ: Mapping[str, str], flags: Mapping[str, object]) -> tuple[Node, list[Problem]]:
    """Return the tree with the environment's overrides and then the flags (dotted paths; None: not given) laid over."""
    problems: list[Problem] = []
    for name in sorted(environ, key=lambda name: (name.count("__"), name)):
        if name.startswith(PREFIX) and "__" in name:
            root = _laid_over(root, name, environ[name], problems)
    for path, value in flags.items():
        if value is not None:
            root = _put(root, path.split("."), _node(value, Mark("flag", path)), Mark("flag", path), problems)
    return root, problems


def _laid_over(root: Node, name: str, value: str, problems: list[Problem]) -> Node:
    mark = Mark("env", name)
    path = name.removeprefix(PREFIX).split("__")
    if not all(path):
        problems.append(Problem(mark, "not the name of a setting", "write TOLLHOUSE_SECTION__KEY"))
        return root
    try:
        node, found = parse(value, name, "env")
    except InvalidConfig as error:
        problems.extend(error.problems)
        return root
    problems.extend(found)
    return _put(root, path, node if value.strip() else Scalar("", True, mark), mark, problems)


def _put(at: Node, path: Sequence[str], value: Node, mark: Mark, problems: list[Problem]) -> Node:
    """Return `at` with `value` at the path below it. What does not fit is a problem and changes nothing."""
    if not path:
        return value
    if isinstance(at, Items):
        return _put_item(at, path, value, mark, problems)
    if isinstance(at, Scalar) and at.value() is not None:
        problems.append(Problem(mark, f"nothing can stand below the value at {at.mark}", "check the name"))
        return at
    members = at if isinstance(at, Members) else Members({}, mark)
    key = _key(members, path[0], mark, problems)
    inner = members.members.get(key, Members({}, mark))
    changed = {**members.members, key: _put(inner, path[1:], value, mark, problems)}
    return Members(
        changed, members.mark, {**members.key_marks, key: mark if len(path) == 1 else members.key_marks.get(key, mark)}
    )


def _put_item(at: Items, path: Sequence[str], value: Node, mark: Mark, problems: list[Problem]) -> Node:
    count = len(at.items)
    index = int(path[0]) if path[0].isascii() and path[0].isdigit() and len(path[0]) < 9 else -1
    if not 0 <= index <= count:
        problems.append(Problem(mark, f"`{path[0]}` is not an entry of a list of {count}", f"write 0 to {count}"))
        return at
    inner = at.items[index] if index < count else Members({}, mark)
    return Items((*at.items[:index], _put(inner, path[1:], value, mark, problems), *at.items[index + 1 :]), at.mark)


def _key(at: Members, written: str, mark: Mark, problems: list[Problem]) -> str:
    """Return the key that is meant: environment names have neither `-` nor `.`, and are mostly upper case."""
    if written in at.members:
        return written
    alike = [key for key in at.members if _folded(key) == _folded(written)]
    if len(alike) > 1:
        problems.append(Problem(mark, f"`{written}` may mean {' or '.join(alike)}", "set it in the file"))
    return alike[0] if alike else written.lower()


def _folded(key: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in key.lower())


def _node(value: object, mark: Mark) -> Node:
    """Return a flag's value, already typed by the command line, as a node."""
    if isinstance(value, Mapping):
        return Members({str(key): _node(member, mark) for key, member in value.items()}, mark)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Items(tuple(_node(item, mark) for item in value), mark)
    if isinstance(value, bool):
        return Scalar("true" if value else "false", True, mark)
    return Scalar(str(value), isinstance(value, int | float), mark)
