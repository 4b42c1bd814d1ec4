"""From a folder's files to a checked prompt. What is wrong is said with file and line."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from tollhouse.domain.errors import OperatorError

from .prompt import Example, Prompt
from .strict import strict_problems
from .templates import check

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FILES_MAX = 64
FILE_BYTES_MAX = 1024 * 1024
"""A prompt of a megabyte no longer is one."""
EXAMPLES_MAX = 100
"""Each is sent with every call, and paid for."""

TASK = "task"
SYSTEM = "system"
SCHEMA_FILE = "schema.json"
EXAMPLES_FILE = "examples.jsonl"
PARAMETERS_FILES = ("parameters.yaml", "parameters.yml", "parameters.json")
NOTES = ("readme.md",)
"""For people; no part of the prompt."""

OURS = ("model", "messages", "response_format", "stream", "stream_options", "n", "tools", "tool_choice")
"""Members of the body that are not parameters of a prompt: the workflow, the route and the files decide them."""


def read_folder(name: str, folder: "Traversable") -> Prompt:
    """Read and check a prompt. Raises OperatorError."""
    files = dict(_files(folder))
    modules = {file[: -len(".md")]: text for file, text in files.items() if file.endswith(".md")}
    if TASK not in modules:
        raise OperatorError(f"{folder}: a prompt needs {TASK}.md, the message that carries the case. Add it.")
    check(modules, str(folder))
    return Prompt(
        name=name,
        place=str(folder),
        version=_version(files),
        modules=modules,
        examples=_examples(files.get(EXAMPLES_FILE, ""), f"{folder}/{EXAMPLES_FILE}"),
        schema=_schema(files.get(SCHEMA_FILE), f"{folder}/{SCHEMA_FILE}"),
        parameters=_parameters(files, folder),
    )


def _files(folder: "Traversable") -> Iterator[tuple[str, str]]:
    """Yield the files that make up the prompt, by name, in one spelling of line ends."""
    entries = sorted((entry for entry in folder.iterdir() if _counts(entry)), key=lambda entry: entry.name)
    if len(entries) > FILES_MAX:
        raise OperatorError(f"{folder}: {len(entries)} files; a prompt has at most {FILES_MAX}.")
    for entry in entries:
        raw = entry.read_bytes()
        if len(raw) > FILE_BYTES_MAX:
            raise OperatorError(f"{entry}: {len(raw)} bytes; a prompt's file has at most {FILE_BYTES_MAX}.")
        yield entry.name, _text(raw, str(entry))


def _counts(entry: "Traversable") -> bool:
    name = entry.name.lower()
    known = name.endswith(".md") or name in (SCHEMA_FILE, EXAMPLES_FILE, *PARAMETERS_FILES)
    return known and not name.startswith(".") and name not in NOTES and entry.is_file()


def _text(raw: bytes, place: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise OperatorError(f"{place}:{line}: not UTF-8. Save the file as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _version(files: Mapping[str, str]) -> str:
    """Hash names and texts; line ends and byte-order marks do not count, so a checkout on Windows is the same version."""
    return sha256(json.dumps(sorted(files.items()), ensure_ascii=True).encode()).hexdigest()


def _examples(text: str, place: str) -> tuple[Example, ...]:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) > EXAMPLES_MAX:
        raise OperatorError(
            f"{place}: {len(lines)} examples; at most {EXAMPLES_MAX}, for each call pays for all of them."
        )
    return tuple(_example(line, f"{place}:{number}") for number, line in lines)


def _example(line: str, place: str) -> Example:
    value = _json(line, place)
    if not isinstance(value, dict) or not isinstance(value.get("input"), dict) or "output" not in value:
        raise OperatorError(f'{place}: an example is {{"input": {{…variables…}}, "output": …}}, one a line.')
    return Example(input=value["input"], output=value["output"])


def _schema(text: str | None, place: str) -> Mapping[str, object] | None:
    if text is None:
        return None
    value = _json(text, place)
    if not isinstance(value, dict):
        raise OperatorError(f"{place}: a JSON schema is an object.")
    if problems := strict_problems(value):
        raise OperatorError(f"{place}: {'; '.join(problems)} (rules of strict structured output).")
    return value


def _parameters(files: Mapping[str, str], folder: "Traversable") -> Mapping[str, object] | None:
    found = [name for name in PARAMETERS_FILES if name in files]
    if not found:
        return None
    if len(found) > 1:
        raise OperatorError(f"{folder}: {' and '.join(found)}: keep one of them.")
    place = f"{folder}/{found[0]}"
    value = _json(files[found[0]], place) if found[0].endswith(".json") else _yaml(files[found[0]], place)
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise OperatorError(f"{place}: parameters are a mapping, such as `temperature: 0.2`.")
    if ours := sorted(set(value) & set(OURS)):
        raise OperatorError(f"{place}: {', '.join(ours)}: not a parameter of a prompt. Remove it.")
    return value


def _json(text: str, place: str) -> object:
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as error:
        where = place if place.rpartition(":")[2].isdigit() else f"{place}:{error.lineno}"
        raise OperatorError(f"{where}: not JSON: {error.msg}.") from error
    return value


def _yaml(text: str, place: str) -> object:
    import yaml

    try:
        value: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{place}:{mark.line + 1}" if mark else place
        raise OperatorError(f"{where}: not YAML: {getattr(error, 'problem', None) or error}.") from error
    return value
