"""`tollhouse cache purge`: kept answers that must not be given again."""

from pathlib import Path
from typing import Annotated

import typer

from .exit import reporting, say
from .house import run_async
from .objects import REASON, AsJson, Config, Key, Reason, Url
from .office import ask, path_of
from .service import Place
from .table import print_json


@reporting()
def purge(
    use_case: Annotated[str, typer.Argument(metavar="USE_CASE", help="Whose answers.")],
    *,
    reason: Reason = REASON,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Forget every answer that is kept for a use case. Running servers know within a second."""
    path = f"use-cases/{path_of(use_case)}/cache"
    answer = run_async(ask(Place(config, url, key), "DELETE", path, query={"reason": reason}))
    if as_json:
        print_json(answer)
        return
    deleted = answer["deleted"]
    if deleted is None:
        say(
            f"No kept answer of {use_case} is given any more. Their store did not delete them: they end with their time."
        )
    else:
        say(f"No kept answer of {use_case} is given any more; {deleted} were deleted from the store.")
