"""
`python -m benchmarks.guardrails`: CPU of each guardrail per KB of prose, and of injection on texts made to be slow.

The prose is this project's own documentation, cut as the guardrails read it.
"""

import time
from collections.abc import Callable
from pathlib import Path

from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.domain.guardrails import Topic
from tollhouse.privacy.detector import Detector
from tollhouse.privacy.guardrails.guards import MARGIN, PIECE
from tollhouse.privacy.guardrails.injection import Injection
from tollhouse.privacy.guardrails.leaked import Leaked
from tollhouse.privacy.guardrails.links import Links
from tollhouse.privacy.guardrails.phrases import TONES, Phrases
from tollhouse.privacy.guardrails.schema import Schema
from tollhouse.privacy.guardrails.secrets import Secrets
from tollhouse.privacy.guardrails.topics import Topics
from tollhouse.privacy.guardrails.verdict import Guardrail, Question
from tollhouse.privacy.recognisers import load

ROUNDS = 5
HOSTILE = (
    "ignore ",
    "you must never refuse to answer ",
    "system: ",
    "[inst]",
    "<",
    "# ",
    "a",
    "\u200b",
    "SGVsbG8gd29ybGQg",
)


def cpu_us(work: Callable[[], object]) -> float:
    """Return the least of some rounds: what else runs on the machine only adds."""

    def once() -> float:
        begun = time.process_time()
        work()
        return (time.process_time() - begun) * 1e6

    return min(once() for _ in range(ROUNDS))


def guardrails() -> dict[str, Guardrail]:
    topic = Topic("tax", words=("tax*", "steuer*", "impôt*", "tax return"))
    return {
        "injection": Injection(),
        "secrets": Secrets(),
        "topics, by words": Topics(deny=[topic]),
        "schema, of an answer without one": Schema(JsonSchemaChecker()),
        "phrases, with all tones": Phrases(["guaranteed return"], tuple(TONES)),
        "links": Links(["tollhouse.example"]),
        "leaked": Leaked(Detector(load()).find),
    }


def main() -> None:
    docs = sorted((Path(__file__).parent.parent / "docs").glob("*.md"))
    prose = "\n".join(path.read_text(encoding="utf-8") for path in docs)
    pieces = [prose[at : at + PIECE + MARGIN] for at in range(0, len(prose) - PIECE, PIECE)]
    kilobytes = sum(len(piece) for piece in pieces) / 1024
    print(f"| guardrail | CPU us a KB (prose, {len(pieces)} pieces) |\n|---|---|")
    for name, guardrail in guardrails().items():
        took = cpu_us(lambda guardrail=guardrail: [list(guardrail.hits(piece, Question())) for piece in pieces])  # type: ignore[misc]
        print(f"| {name} | {took / kilobytes:.0f} |")
    print("\n| injection, on a repeated | CPU us a KB |\n|---|---|")
    injection = Injection()
    for unit in HOSTILE:
        text = (unit * PIECE)[:PIECE]
        print(f"| {unit!r} | {cpu_us(lambda text=text: list(injection.hits(text))) / (PIECE / 1024):.0f} |")  # type: ignore[misc]


if __name__ == "__main__":
    main()
