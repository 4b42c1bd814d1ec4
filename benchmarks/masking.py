"""
`python -m benchmarks.masking`: what `privacy` costs a call and a chunk, off, observing and masking, in one table.

Calls go through the whole house as in `benchmarks.inside`, on this thread's CPU; the kinds of calls take turns, and of
many rounds the best counts. A prompt is 1 KB: seen before (a conversation sends its history again), new, or new with an
e-mail address in it. Where that is masked, each chunk of the answer may hold a placeholder.
"""

import argparse
import gc
import io
import itertools
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import uvloop

from .inside import CHUNKS, STREAM, WHOLE, Caller, FromMemory
from .subjects import CONFIG, KEY

if TYPE_CHECKING:
    from tollhouse.web.edge import Edge

MODES = ("off", "observe", "mask")
MARK = "Please look at"
PROMPTS = {
    "seen before": "{mark}",
    "new": "{mark} item {word}",
    "new, with an address": "{mark} {word}@example.ch, item {word}",
}
CALLS_A_ROUND, STREAMS_A_ROUND = 40, 3


class Asker(Caller):
    """Asks under one use case. Every question is new where its prompt has a word of its own."""

    def __init__(self, edge: "Edge", body: str, mode: str, prompt: str, words: Iterator[str]) -> None:
        super().__init__(edge, body)
        self._headers.append((b"x-tollhouse-use-case", mode.encode()))
        self._text, self._prompt, self._words = body, prompt, words

    async def call(self) -> None:
        said = self._prompt.format(mark=MARK, word=next(self._words))
        self._body = self._text.replace(MARK, said, 1).encode()
        await super().call()
        assert self.status == 200, self.status


def words() -> Iterator[str]:
    """Words that nobody has used before, without digits."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in itertools.count():
        yield "w" + "".join(letters[number // 26**place % 26] for place in range(5))


def configured(folder: Path) -> Path:
    config = folder / "config"
    text = CONFIG.format(port=1, folder=folder, upstream=1, key=KEY)
    one = text[text.index("  bench:\n    team") : text.index("keys:\n")]
    all_modes = "".join(
        one.replace("  bench:\n", f"  {mode}:\n", 1).replace("mode: off", f"mode: {mode}") for mode in MODES
    )
    text = text.replace(one, all_modes).replace("use_cases: [bench]", f"use_cases: [{', '.join(MODES)}]")
    config.write_text(text.replace("  off:\n", '  "off":\n').replace("[off,", '["off",'))
    return config


async def measure(folder: Path, rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return the CPU of a call and of a chunk, in microseconds, by prompt and mode."""
    from tollhouse.bootstrap import build_edge, open_house
    from tollhouse.config.govern import provider_specs
    from tollhouse.providers.openai import OpenAIProvider
    from tollhouse.web.log import Log

    log = Log("info", io.BytesIO())
    async with open_house(configured(folder), environ={}, on_posted=log.calls) as house:
        edge, fresh = build_edge(house, log), words()
        (spec,) = (spec for spec in provider_specs(house.loaded.settings) if spec.name == "bench")
        cast("dict[str, object]", house.gateway._tools.providers)["bench"] = OpenAIProvider(spec, FromMemory())
        kinds = list(itertools.product(PROMPTS, MODES))
        calls: dict[tuple[str, str], list[float]] = {}
        streams: dict[tuple[str, str], list[float]] = {}
        for _ in range(rounds):
            for prompt, mode in kinds:
                for body, count, took in ((WHOLE, CALLS_A_ROUND, calls), (STREAM, STREAMS_A_ROUND, streams)):
                    asker = Asker(edge, body, mode, PROMPTS[prompt], fresh)
                    took.setdefault((prompt, mode), []).append(await round_of(asker, count))
    return table(calls, streams)


async def round_of(asker: Asker, count: int) -> float:
    gc.collect()
    began = time.thread_time()
    for _ in range(count):
        await asker.call()
    return (time.thread_time() - began) / count * 1e6


def table(
    calls: Mapping[tuple[str, str], list[float]], streams: Mapping[tuple[str, str], list[float]]
) -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (prompt, mode), took in calls.items():
        chunk = (min(streams[prompt, mode]) - min(took)) / CHUNKS
        found.setdefault(prompt, {})[mode] = {"call": min(took), "chunk": chunk}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.masking", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tollhouse-bench-") as folder:
        figures = uvloop.run(measure(Path(folder), options.rounds))
    print(f"{'CPU us':<24}{'a call':>30}{'a chunk':>30}")
    print(f"{'prompt':<24}{''.join(f'{mode:>10}' for mode in (*MODES, *MODES))}")
    for prompt, modes in figures.items():
        cells = [modes[mode][what] for what in ("call", "chunk") for mode in MODES]
        print(f"{prompt:<24}{''.join(f'{cell:>10.1f}' for cell in cells)}")


if __name__ == "__main__":
    main()
