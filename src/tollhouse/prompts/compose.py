"""From a prompt and a case's variables to the body of a chat call."""

import json
import re
from collections.abc import Mapping

from .folder import SYSTEM, TASK
from .prompt import Prompt
from .templates import render


def compose(prompt: Prompt, variables: Mapping[str, object]) -> dict[str, object]:
    """
    Return a body for `/v1/chat/completions`, without `model`.

    One system message, each example as a question and its answer, then the case. Raises OperatorError with file and
    line if a template uses a variable that is not given or exceeds a limit.
    """
    messages: list[dict[str, str]] = []
    if SYSTEM in prompt.modules:
        messages.append({"role": "system", "content": _message(prompt, SYSTEM, variables)})
    for example in prompt.examples:
        messages.append({"role": "user", "content": _message(prompt, TASK, example.input)})
        messages.append({"role": "assistant", "content": _answer(example.output)})
    messages.append({"role": "user", "content": _message(prompt, TASK, variables)})
    body: dict[str, object] = {**(prompt.parameters or {}), "messages": messages}
    if prompt.schema is not None:
        body["response_format"] = _response_format(prompt.name, prompt.schema)
    return body


def _message(prompt: Prompt, module: str, variables: Mapping[str, object]) -> str:
    return render(prompt.modules, module, variables, prompt.place).strip()


def _answer(output: object) -> str:
    return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)


def _response_format(name: str, schema: Mapping[str, object]) -> dict[str, object]:
    """The provider takes letters, digits, `_` and `-` in a schema's name, 64 at most."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]
    return {"type": "json_schema", "json_schema": {"name": plain, "strict": True, "schema": schema}}
