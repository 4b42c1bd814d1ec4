"""`${VAR}`, `${VAR:-default}`, `${file:/run/secrets/x}` and `$$` inside the values of the file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .problems import Problem
from .yaml import Items, Members, Node, Scalar

SECRET_FILE_BYTES_MAX = 64 * 1024
"""A mounted secret is one line; a certificate chain still fits."""

_REFERENCE = re.compile(r"\$(?:\$|\{(?P<inside>[^{}]*)\}|(?P<stray>\{))")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expanded:
    """The tree with its variables filled in. `broken`: values that could not be, now null; they need no second error."""

    node: Node
    problems: list[Problem] = field(default_factory=list)
    broken: frozenset[Scalar] = frozenset()


def expand(node: Node, environ: Mapping[str, str], folder: Path) -> Expanded:
    """
    Fill in the variables of every value that comes from the file; keys and overrides are taken as they are.

    A value with a variable is read as YAML once it is filled in, quoted or not (in `{…}` it has to be quoted), so
    that `"${WORKERS}"` is a number. A variable that is set but empty counts as missing, unless `:-` gives a default;
    a value that is empty then is null.

    Args:
        folder: where relative paths of `${file:…}` start.
    """
    expansion = _Expansion(environ, folder)
    expanded = expansion.node(node)
    return Expanded(expanded, expansion.problems, frozenset(expansion.broken))


class _Expansion:
    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.problems: list[Problem] = []
        self.broken: list[Scalar] = []
        self._environ = environ
        self._folder = folder

    def node(self, node: Node) -> Node:
        if isinstance(node, Members):
            members = {key: self.node(member) for key, member in node.members.items()}
            return Members(members, node.mark, node.key_marks)
        if isinstance(node, Items):
            return Items(tuple(self.node(item) for item in node.items), node.mark)
        return self._scalar(node) if "$" in node.text and node.mark.kind == "file" else node

    def _scalar(self, scalar: Scalar) -> Scalar:
        try:
            text = "".join(self._parts(scalar))
        except _CannotFillInError as error:
            self.problems.append(Problem(scalar.mark, error.what, error.todo))
            self.broken.append(Scalar("", True, scalar.mark))
            return self.broken[-1]
        has_variable = any(match["inside"] is not None for match in _REFERENCE.finditer(scalar.text))
        return Scalar(text, scalar.plain or has_variable, scalar.mark)

    def _parts(self, scalar: Scalar) -> Iterator[str]:
        done = 0
        for match in _REFERENCE.finditer(scalar.text):
            yield scalar.text[done : match.start()]
            done = match.end()
            if match["stray"]:
                raise _CannotFillInError("`${` is never closed", "close it with `}`, or write `$$` for a dollar sign")
            yield "$" if match["inside"] is None else self._one(match["inside"])
        yield scalar.text[done:]

    def _one(self, inside: str) -> str:
        if inside.startswith("file:"):
            return self._from_file(inside.removeprefix("file:"))
        name, has_default, default = inside.partition(":-")
        if not _NAME.fullmatch(name):
            raise _CannotFillInError(
                f"`${{{inside}}}` is not a variable",
                "write ${NAME}, ${NAME:-default} or ${file:/path}, or $$ for a dollar sign",
            )
        value = self._environ.get(name, "")
        if value or has_default:
            return value or default
        what = f"variable {name} is empty" if name in self._environ else f"variable {name} is not set"
        raise _CannotFillInError(what, f"set {name} in the environment or in .env, or write ${{{name}:-default}}")

    def _from_file(self, written: str) -> str:
        path = self._folder / written
        try:
            with path.open("rb") as file:
                body = file.read(SECRET_FILE_BYTES_MAX + 1)
            text = body.decode()
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "not a readable text file"
            raise _CannotFillInError(f"{path} cannot be read: {reason}", "create it, or correct the path") from None
        if len(body) > SECRET_FILE_BYTES_MAX:
            raise _CannotFillInError(f"{path} is larger than {SECRET_FILE_BYTES_MAX} bytes", "name the right file")
        if not (text := text.removesuffix("\n").removesuffix("\r")):
            raise _CannotFillInError(f"{path} is empty", "write the value into it")
        return text


class _CannotFillInError(Exception):
    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
