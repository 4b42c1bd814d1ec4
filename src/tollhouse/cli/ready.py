"""What `serve` says when it is ready, with one process or with several."""

from collections.abc import Sequence

from .exit import say


def say_ready(url: str, warnings: Sequence[str]) -> None:
    for warning in warnings:
        say(f"warning: {warning}")
    say(
        f"tollhouse is ready at {url}  (OpenAI API: {url}/v1, health: {url}/readyz; Ctrl-C or SIGTERM drains and stops)"
    )
