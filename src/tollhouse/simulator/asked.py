"""What a request asks for, whatever its endpoint: read once at the edge, trusted afterwards."""

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

from . import tokens
from .failures import Failure, invalid

MAX_CHOICES = 128
"""`n` as the real API bounds it."""

MAX_SCHEMA_BYTES = 1_000_000

Body = TypeVar("Body", bound=msgspec.Struct)


class Tool(msgspec.Struct, frozen=True):
    """A function the model may call; `parameters` is its JSON schema as sent, empty if it has none."""

    name: str
    parameters: bytes


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """
    One request to a model.

    `text` is what the simulated model answers to: the last user message or the prompt. `prompts` are all single inputs
    where an endpoint takes several. `n` is 0 for endpoints without output. `schema` is the JSON schema of the answer;
    None if none is asked for. `prefilled`: the last message is the assistant's own, to be continued. `mirror` holds the
    members that a Responses object repeats.
    """

    endpoint: str
    model: str
    tokens_in: int
    text: str
    prompts: tuple[str, ...]
    stream: bool = False
    include_usage: bool = False
    limit: int | None = None
    n: int = 1
    best_of: int = 1
    tool: Tool | None = None
    schema: bytes | None = None
    dimensions: int = 0
    base64: bool = False
    echo: bool = False
    previous: str | None = None
    store: bool = False
    background: bool = False
    prefilled: bool = False
    mirror: Mapping[str, object] = {}


class Refused(Exception):
    """The request cannot be taken as it is; `failure` says how that is answered."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Reader(Generic[Body]):
    """Decodes one endpoint's body; what is wrong becomes the error body of the real API."""

    def __init__(self, shape: type[Body]) -> None:
        self._decoder = msgspec.json.Decoder(shape)

    def read(self, body: bytes) -> Body:
        """Raises Refused."""
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise Refused(invalid(str(error), param=_param(str(error)), code="invalid_type")) from error
        except (ValueError, RecursionError) as error:
            raise Refused(invalid(f"We could not parse the JSON body of your request: {error}", code=None)) from error


def _param(message: str) -> str | None:
    found = re.search(r"`\$\.?([^`]*)`$", message) or re.search(r"field `([^`]+)`", message)
    return (found[1] or None) if found else None


class Part(msgspec.Struct):
    """One part of a message; only text has text."""

    text: str | None = None


Content = str | list[msgspec.Raw] | None

_PARTS = Reader(Part)


def text_and_tokens(content: Content) -> tuple[str, int]:
    """Return a message's text parts joined, and the tokens of all its parts."""
    if content is None:
        return "", 0
    if isinstance(content, str):
        return content, tokens.count(content)
    texts: list[str] = []
    total = 0
    for raw in content:
        text = _PARTS.read(bytes(raw)).text
        texts.append(text or "")
        total += tokens.count(text) if text is not None else of_raw(raw)
    return "".join(texts), total


def of_raw(*parts: msgspec.Raw) -> int:
    """Return the tokens of JSON that is not text, by its bytes as sent. `null` and what was left out are none."""
    return sum(tokens.of_bytes(len(bytes(part))) for part in parts if bytes(part) not in (b"", b"null"))


def at_least(param: str, value: int | None, least: int, most: int | None = None) -> int | None:
    """Return the value. Raises Refused if it is out of bounds."""
    if value is not None and (value < least or (most is not None and value > most)):
        side = f"at least {least}" if value < least else f"at most {most}"
        message = f"Invalid '{param}': integer out of range. Expected a value {side}, but got {value} instead."
        raise Refused(invalid(message, param=param, code="integer_out_of_range"))
    return value


class FunctionTool(msgspec.Struct):
    """A tool as Chat Completions nests it (`function`) or as Responses has it, flat."""

    type: str = "function"
    name: str | None = None
    parameters: msgspec.Raw = msgspec.Raw()
    function: "FunctionTool | None" = None


class ToolChoice(msgspec.Struct):
    name: str | None = None
    function: "ToolChoice | None" = None


_TOOLS = Reader(FunctionTool)
_CHOICES: msgspec.json.Decoder[str | ToolChoice | None] = msgspec.json.Decoder(str | ToolChoice | None)


def tool_to_call(offered: list[msgspec.Raw] | None, choice: msgspec.Raw) -> Tool | None:
    """Return the function that `tool_choice` names, else the first one offered; None if it says `none`."""
    chosen = _CHOICES.decode(choice) if bytes(choice) else None
    if not offered or chosen == "none":
        return None
    name = (chosen.name or (chosen.function and chosen.function.name)) if isinstance(chosen, ToolChoice) else None
    tools = (_tool(raw) for raw in offered)
    return next((tool for tool in tools if tool is not None and name in (None, tool.name)), None)


def _tool(raw: msgspec.Raw) -> Tool | None:
    entry = _TOOLS.read(bytes(raw))
    function = entry.function or entry
    if entry.type != "function" or function.name is None:
        return None
    return Tool(function.name, bytes(function.parameters))


def bounded_schema(schema: msgspec.Raw) -> bytes:
    if len(bytes(schema)) > MAX_SCHEMA_BYTES:
        raise Refused(invalid(f"The schema is larger than {MAX_SCHEMA_BYTES} bytes."))
    return bytes(schema) or b"{}"
