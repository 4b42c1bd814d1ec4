"""Bodies of `/api`, read strictly: what is not understood is refused with a suggestion, never ignored."""

import json
import math
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, NoReturn, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tollhouse.domain.errors import InvalidJson, InvalidRequest

from .query import meant

MAX_BODY_BYTES = 262_144
"""The largest use case in use takes 4 KiB; four of the largest documents that are stored fit in."""
MAX_REASON_CHARS = 500

Step = str | int


class Body(BaseModel):
    """What every body shares: frozen, nothing unknown, no type guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Reasoned(Body):
    """A change: it says why."""

    reason: Annotated[
        str, Field(min_length=1, max_length=MAX_REASON_CHARS, description="Why; it stands in the record of changes.")
    ]


class Document(Reasoned):
    """
    An object's members as in the configuration file, beside the reason.

    What reading it answered may be sent back: `name` must then be the address's, `managed` and `warnings` change nothing.
    """

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    version: Annotated[int, Field(ge=0, description="Change only this version; like `If-Match`.")] | None = None

    @property
    def members(self) -> dict[str, object]:
        return dict(self.model_extra or {})


B = TypeVar("B", bound=Body)


def parse_body(raw: bytes, model: type[B]) -> B:
    """Raises InvalidJson, or InvalidRequest that names the member by its dotted path."""
    members = strict_json(raw)
    try:
        return model.model_validate(members)
    except ValidationError as error:
        raise _refusal(error, model) from None


def strict_json(raw: bytes) -> dict[str, object]:
    """Read one JSON object in UTF-8, without repeated names, half characters or numbers that are none. Raises InvalidJson."""
    if not raw.strip():
        raise InvalidJson("The body is empty; send a JSON object.")
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_distinct, parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise InvalidJson(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    except UnicodeEncodeError:
        raise InvalidJson("A text in the body holds half a character (an unpaired surrogate).") from None
    except RecursionError:
        raise InvalidJson("The body is nested too deeply.") from None
    except ValueError as error:
        raise InvalidJson(f"The body is not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise InvalidJson("The body must be a JSON object.")
    return value


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice[:80]!r} stands twice")
    return members


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _refusal(error: ValidationError, model: type[BaseModel]) -> InvalidRequest:
    """One problem at a time; a name that is not known first, because it often is the one that another is missing for."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    path: Sequence[Step] = problem["loc"]
    param = ".".join(str(step) for step in path)
    if problem["type"] == "extra_forbidden":
        known = list(_model_at(model, path[:-1]).model_fields)
        name = str(path[-1])
        hint = meant(name, known) or f"; there are {', '.join(known)}."
        return InvalidRequest(f"There is no member {name[:80]!r} here{hint}", param=param[:500])
    if problem["type"] == "missing":
        return InvalidRequest(f"`{param}` is missing.", param=param)
    return InvalidRequest(f"`{param}`: {problem['msg']}.", param=param[:500])


def _model_at(model: type[BaseModel], path: Sequence[Step]) -> type[BaseModel]:
    """Follow a path of members down to the model it leads to."""
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_of(model.model_fields[step].annotation) or model
    return model


def _model_of(annotation: object) -> type[BaseModel] | None:
    options = get_args(annotation) if get_origin(annotation) is UnionType else (annotation,)
    return next((each for each in options if isinstance(each, type) and issubclass(each, BaseModel)), None)


def named(members: Mapping[str, object], name: str | None) -> dict[str, object]:
    """
    Return a document's own members: without those that only answers carry.

    `name` is the address's, None if the document has a name of its own. Raises InvalidRequest if the two differ.
    """
    own = {member: value for member, value in members.items() if member not in ("managed", "warnings")}
    if name is not None and own.pop("name", name) != name:
        raise InvalidRequest(f"`name`: the address says {name[:80]!r}; one of the two is wrong.", param="name")
    return own
