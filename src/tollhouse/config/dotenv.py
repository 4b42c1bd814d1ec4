"""The `.env` file beside the configuration: `NAME=value` lines. What the environment says wins over it."""

import re
from collections.abc import Mapping
from pathlib import Path

from .problems import Mark, Problem

ENV_BYTES_MAX = 64 * 1024
"""Room for hundreds of secrets of the longest kind."""

_LINE = re.compile(r"(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(?P<value>.*)", re.DOTALL)
_QUOTED = re.compile(r"""(?P<quote>["'])(?P<text>.*)(?P=quote)[ \t]*(?:#.*)?""", re.DOTALL)
_COMMENT = re.compile(r"(?:^|[ \t])#.*$")


def read_dotenv(path: Path) -> tuple[Mapping[str, str], list[Problem]]:
    """Return the variables of a `.env` file, none if it is not there, and the lines that cannot be read."""
    start = Mark("file", str(path))
    try:
        with path.open("rb") as file:
            body = file.read(ENV_BYTES_MAX + 1)
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [Problem(start, f"cannot be read: {error.strerror}", "make it readable for this user")]
    if len(body) > ENV_BYTES_MAX:
        return {}, [Problem(start, f"larger than {ENV_BYTES_MAX} bytes", "keep only variables in it")]
    try:
        return parse_dotenv(body.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        return {}, [Problem(start, "not UTF-8", "save it as UTF-8")]


def parse_dotenv(text: str, name: str) -> tuple[Mapping[str, str], list[Problem]]:
    """Read the lines: comments, `export`, single and double quotes. Values are taken as they are, without `$`."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(
                Problem(Mark("file", name, number), "not of the form NAME=value", "mend or remove the line")
            )
            continue
        found[match["name"]] = _value(match["value"])
    return found, problems


def _value(written: str) -> str:
    quoted = _QUOTED.fullmatch(written)
    return quoted["text"] if quoted else _COMMENT.sub("", written).rstrip()
