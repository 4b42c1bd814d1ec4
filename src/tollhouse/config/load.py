"""
From a file to checked settings: read, parse, lay overrides over it, fill in variables, check, and tell every problem.

Order of what wins: flag > `TOLLHOUSE_A__B` > file > default.
"""

import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import ValidationError

from tollhouse.providers.proxies import NO_PROXIES, Proxies

from .dotenv import read_dotenv
from .explain import explain
from .origins import origins
from .overrides import overridden
from .problems import InvalidConfig, Mark, Problem
from .references import check_references
from .tree import Settings
from .unbuilt import leave_out, sweep
from .values import is_loopback, listen_address
from .variables import expand
from .yaml import FILE_BYTES_MAX, Members, Node, Scalar, parse, plain

WORKFLOWS: tuple[str, ...] = ("claims",)
"""The workflows that ship. This package stands above them and does not load them."""

_NO_FLAGS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    A configuration that can be used.

    Args:
        origins: for every leaf, by its dotted path, what won: `flag …`, `env …`, `tollhouse.yaml:12` or `default`.
        path: the file it was read from.
        warnings: sentences for the operator; none of them stops a start.
        proxies: what stands before which provider, as the environment says.
    """

    settings: Settings
    origins: Mapping[str, str]
    path: Path
    warnings: tuple[str, ...] = ()
    proxies: Proxies = NO_PROXIES

    @property
    def data_path(self) -> Path:
        """Return the folder of `storage.path`; relative ones start beside the file."""
        return self.path.parent / self.settings.storage.path

    @property
    def database(self) -> str | None:
        """Return the PostgreSQL address with its password, or None for SQLite under `data_path`."""
        secret = self.settings.storage.database
        return None if secret is None else secret.reveal()

    @property
    def prompts_path(self) -> Path:
        return self.path.parent / "prompts"


def load(
    path: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, object] = _NO_FLAGS,
    workflows: Collection[str] = WORKFLOWS,
) -> Loaded:
    """
    Read and check a configuration.

    Args:
        environ: the process's environment; `.env` beside the file fills in what it does not set.
        flags: dotted path to value (`{"server.listen": "127.0.0.1:0"}`); None is not given.

    Raises ConfigError that lists every problem as `file:line: what; what to do`.
    """
    problems: list[Problem] = []
    dotenv, found = read_dotenv(path.parent / ".env")
    problems += found
    environ = {**dotenv, **environ}
    root, found = parse(_read(path), str(path))
    problems += found
    root, found = overridden(_mapping(root, path), environ, flags)
    problems += found
    expanded = expand(root, environ, path.parent)
    problems += expanded.problems
    settings, found = _checked(expanded.node, expanded.broken, workflows)
    if settings is None or problems or found:
        raise InvalidConfig(str(path), [*problems, *found])
    warnings = tuple(_warnings(settings, path, bool(dotenv)))
    return Loaded(settings, origins(settings, expanded.node), path, warnings, Proxies.read(environ))


def _read(path: Path) -> str:
    start = Mark("file", str(path))
    try:
        with path.open("rb") as file:
            body = file.read(FILE_BYTES_MAX + 1)
        text = body.decode("utf-8-sig")
    except FileNotFoundError:
        todo = f"run `tollhouse init {path.parent}`, or name your file with --config"
        raise InvalidConfig(str(path), [Problem(start, "there is no such file", todo)]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = Problem(Mark("file", str(path), line), "not UTF-8", "save the file as UTF-8")
        raise InvalidConfig(str(path), [problem]) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a file name"
        problem = Problem(start, f"cannot be read: {reason}", "name a readable file with --config")
        raise InvalidConfig(str(path), [problem]) from None
    if len(body) > FILE_BYTES_MAX:
        problem = Problem(
            start, f"larger than {FILE_BYTES_MAX} bytes", "this is not a configuration; name another file"
        )
        raise InvalidConfig(str(path), [problem])
    return text


def _mapping(root: Node, path: Path) -> Members:
    if isinstance(root, Scalar) and root.value() is None:
        return Members({}, root.mark)
    if not isinstance(root, Members):
        problem = Problem(root.mark, "not a mapping of settings", "begin with a section such as `server:`")
        raise InvalidConfig(str(path), [problem])
    return root


def _checked(
    root: Node, broken: Collection[Scalar], workflows: Collection[str]
) -> tuple[Settings | None, list[Problem]]:
    swept = sweep(root)
    raw = plain(root)
    leave_out(raw, swept.left_out)
    problems = [*swept.problems, *check_references(root, workflows)]
    try:
        return Settings.model_validate(raw), problems
    except ValidationError as error:
        return None, [*problems, *explain(error, root, broken)]


def _warnings(settings: Settings, path: Path, has_dotenv: bool) -> Iterator[str]:
    if has_dotenv and (path.parent / ".env").stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"{path.parent / '.env'} can be read by other users of this machine; run `chmod 600` on it."
    if settings.privacy.master_key is None:
        yield "No privacy.master_key is set, so nothing that needs sealing (replays, stored responses) is kept."
    server = settings.server
    if not (server.tls or server.behind_tls_proxy or is_loopback(listen_address(server.listen)[0])):
        yield (
            f"server.listen: {server.listen} can be reached from outside without TLS, so keys travel unencrypted; put a "
            "proxy in front that ends TLS, and say `server.behind_tls_proxy: true`."
        )
    for name, provider in settings.providers.items():
        url = urlsplit(provider.base_url or "")
        if provider.api_key and url.scheme == "http" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
            yield f"providers.{name}: base_url is plain http, so the key travels unencrypted."
