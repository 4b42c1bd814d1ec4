"""
Liquid templates with limits. No code runs in a template, and what is not given is an error, never an empty place.

python-liquid takes 25 ms to load, so it loads with the first prompt.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from tollhouse.domain.errors import OperatorError

if TYPE_CHECKING:
    from liquid import Environment
    from liquid.exceptions import LiquidError

RENDERED_BYTES_MAX = 4 * 1024 * 1024
"""Of one message. More than any model reads, less than a template in a loop can make."""
LOOPS_MAX = 10_000
"""Turns of all loops of one rendering: lists in prompts have tens of entries."""
LOCAL_BYTES_MAX = 1024 * 1024
"""What `assign` and `capture` may hold."""
DEPTH_MAX = 10
"""Of modules that render modules."""


def render(modules: Mapping[str, str], name: str, variables: Mapping[str, object], place: str) -> str:
    """Render one module. Raises OperatorError with file and line."""
    from liquid.exceptions import LiquidError

    try:
        return _environment(modules).get_template(name).render(**variables)
    except LiquidError as error:
        raise OperatorError(_told(error, name, place)) from error


def check(modules: Mapping[str, str], place: str) -> None:
    """Read every module's syntax. Raises OperatorError with file and line."""
    from liquid.exceptions import LiquidError

    environment = _environment(modules)
    for name in modules:
        try:
            environment.get_template(name)
        except LiquidError as error:
            raise OperatorError(_told(error, name, place)) from error


def _environment(modules: Mapping[str, str]) -> "Environment":
    from liquid import DictLoader

    return _limited()(loader=DictLoader(dict(modules)))


@cache
def _limited() -> "type[Environment]":
    """Make the class of environments with our limits, once: liquid must be loaded to name it."""
    from liquid import DictLoader, Environment, Mode, StrictUndefined

    class Limited(Environment):
        context_depth_limit = DEPTH_MAX
        loop_iteration_limit = LOOPS_MAX
        local_namespace_limit = LOCAL_BYTES_MAX
        output_stream_limit = RENDERED_BYTES_MAX

        def __init__(self, *, loader: DictLoader) -> None:
            super().__init__(tolerance=Mode.STRICT, undefined=StrictUndefined, strict_filters=True, loader=loader)

    return Limited


def _told(error: "LiquidError", name: str, place: str) -> str:
    where = error.context()
    file = f"{place}/{error.template_name or name}.md" + (f":{where[0]}" if where else "")
    return f"{file}: {error.message}. Correct the template; `{{{{ name }}}}` stands for a variable that the workflow gives."
