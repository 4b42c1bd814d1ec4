"""
`python -m benchmarks.faults`: play everything, and print it as Markdown (docs/faults.md is such a print).

Exit code 1 if anything is not as it must be.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from . import sixteen
from .cases import CASES, WAYS, Case, Way
from .judge import Seen, problems, verdict
from .play import AT_ONCE, play
from .stage import MAX_ANSWER_BYTES, places, routes, staged


async def run(turns: int, client: str) -> int:
    models, providers = {**routes(turns), **sixteen.routes()}, {**places(), **sixteen.places()}
    async with staged(models, providers, client=client) as stage:
        await stage.warm_up()
        before, _ = stage.memory_kib()
        stage.forget_peak()
        seen, held = [], []
        for turn in range(turns):
            seen += await play(stage, turn)
            held.append(stage.memory_kib()[0] - before)
        grown = stage.memory_kib()[1] - before
        outcomes = await sixteen.play(stage)
    wrong = [f"{each.case.name}, {each.way.name}: {told}" for each in seen for told in problems(each, client)]
    scores = {
        scenario.id: {way: sixteen.score(scenario, outcome)[0] for way, outcome in outcomes[scenario.id].items()}
        for scenario in sixteen.SCENARIOS
    }
    print(_opening(client, len(seen), len(wrong), grown, held))
    print(_table_of_cases(seen))
    print(_table_of_scenarios(outcomes))
    for line in wrong:
        print(line, file=sys.stderr)
    return bool(wrong) or any("fail" in ways.values() for ways in scores.values())


def _opening(client: str, calls: int, wrong: int, grown_kib: int, held_kib: Sequence[int]) -> str:
    bound = f" (with 0 of {calls:,} the 95 % upper bound is {300 / calls:.2f} %)" if not wrong else ""
    return (
        f"Measured {datetime.now(UTC):%-d %B %Y} with the client `{client}`: {len(CASES)} misbehaviours in {len(WAYS)} ways, "
        f"{len(held_kib)} times each, {calls:,} calls, up to {AT_ONCE} and all silent ones at once. **{wrong} calls were not as "
        f"they must be**{bound}. With `max_answer_bytes` {MAX_ANSWER_BYTES:,} the gateway's memory grew by {grown_kib / 1024:.1f} MiB "
        f"at most; after the first round it held {held_kib[0] / 1024:.1f} MiB more than before, after the last "
        f"{held_kib[-1] / 1024:.1f} MiB.\n"
    )


def _table_of_cases(seen: Sequence[Seen]) -> str:
    heads = [
        "the provider", "alone, whole", "alone, streamed", "covered, whole or `complete`", "covered, `first_chunk`",
        "requests there", "between them, ms", "waits, ms", "booked",
    ]  # fmt: skip
    rows = [_row(case, [each for each in seen if each.case is case]) for case in CASES]
    return _markdown(heads, rows)


def _row(case: Case, seen: Sequence[Seen]) -> list[str]:
    covered = [each for each in seen if each.way.has_fallback and each.way.release == "complete"]
    return [
        f"{case.does}",
        _told(seen, Way(False, "complete", False)),
        _told(seen, Way(True, "complete", False)),
        " / ".join(dict.fromkeys(_told(seen, Way(streamed, "complete", True)) for streamed in (False, True))),
        _told(seen, Way(True, "first_chunk", True)),
        _span([len(each.lines) for each in covered]),
        _span([gap for each in covered for gap in each.gaps_ms]),
        _span([round(each.answer.took_s * 1000) for each in covered]),
        ", ".join(sorted({str(attempt["state"]) for each in covered for attempt in each.here})),
    ]


def _told(seen: Sequence[Seen], way: Way) -> str:
    return ", ".join(sorted({verdict(each.answer) for each in seen if each.way == way}))


def _table_of_scenarios(outcomes: dict[str, dict[str, sixteen.Outcome]]) -> str:
    heads = [
        "",
        "the provider",
        "whole",
        "`complete`",
        "`first_chunk`",
        "requests there",
        "between them, ms",
        "waits, ms",
    ]
    rows = []
    for scenario in sixteen.SCENARIOS:
        ways = outcomes[scenario.id]
        scored = {way: sixteen.score(scenario, outcome) for way, outcome in ways.items()}
        held = ways["complete"]
        first = scored["first_chunk"]
        rows.append(
            [
                scenario.id,
                scenario.title,
                scored["whole"][0],
                scored["complete"][0],
                f"{first[0]}: {first[1]}" if first[0] == "safe" else first[0],
                str(len(held.first)),
                _span([round(gap * 1000) for gap in held.gaps_s]),
                _span([round(answer.took_s * 1000) for answer in held.answers]),
            ]
        )
    return _markdown(heads, rows)


def _span(figures: Sequence[int]) -> str:
    """Return the median, and the largest where it differs."""
    if not figures:
        return "–"
    middle, most = round(statistics.median(figures)), max(figures)
    return f"{middle}" if middle == most else f"{middle} (≤ {most})"


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--turns", type=int, default=1, help="how often each call is made")
    parser.add_argument("--client", choices=("own", "aiohttp"), default="own")
    options = parser.parse_args()
    sys.exit(asyncio.run(run(options.turns, options.client)))


if __name__ == "__main__":
    main()
