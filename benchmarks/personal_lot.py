"""Whether the gate opens for people who pick by lot, and what a second test, of the lead, would change.

python benchmarks/personal_lot.py SHARED_FOLDER [CACHE_FOLDER] [--draws 8] [--people 15]

Every draw is other photos, with people who pick by lot, people whose taste is the ranker's, and one of each
taste. They look ten times at what they taught; every fourth choice is kept for the gate.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personal_gates import TESTS
from personal_people import EVERY, POPULATIONS, TASTES, WRONG, Population, chosen, tastes, utility
from phototriage.personal.gate import LEAST_SERIES, judge

Values = NDArray[np.float64]
LOOKS = (20, 40, 60, 80, 100, 120, 140, 160, 180, 200)
LEVELS = (1.0, 0.4, 0.25, 0.15, 0.05)


def looks_of(population: Population, picks: list[int]) -> Values:
    """(looks, 4) of each look whether the gate is open, the p-value of the lead, and its bounds."""
    found = []
    for step in LOOKS:
        taught = [each for each in range(step) if each % EVERY != EVERY - 1]
        kept = [each for each in range(step) if each % EVERY == EVERY - 1]
        correction = population.learned(picks, taught)
        own = population.scores(correction)
        scaled = correction.scale_alone * population.base
        gate = judge(population.base, own, population.pairs(picks, kept), step, scaled)
        first = [np.roll(population.series[each], -picks[each]) for each in kept]
        seen = [(population.base[each], own[each]) for each in first]
        of_lead = TESTS["agreement"](seen) if len(kept) >= LEAST_SERIES else 1.0
        found.append([gate.is_open, of_lead, gate.lead, gate.low])
    return np.array(found, np.float64)


def people(name: str, shared: Path, cache: Path, draws: int, count: int) -> dict[str, Values]:
    """Kind → (people, looks, 4) what `looks_of` finds."""
    found: dict[str, list[Values]] = defaultdict(list)
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        population = POPULATIONS[name](shared, cache, rng)
        default = utility(population, None)
        of_taste = tastes(population, rng)
        for number in range(count):
            wrong = WRONG[(draw + number) % len(WRONG)]
            found["by lot"].append(looks_of(population, chosen(default, population.series, 1.0, rng)))
            found["the ranker's taste"].append(
                looks_of(population, chosen(default, population.series, wrong, rng))
            )
        for number, kind in enumerate(TASTES):
            liked, wrong = utility(population, of_taste[kind]), WRONG[(draw + number) % len(WRONG)]
            found["a taste"].append(looks_of(population, chosen(liked, population.series, wrong, rng)))
    return {kind: np.array(each) for kind, each in found.items()}


def show(name: str, found: dict[str, Values]) -> None:
    counts = ", ".join(f"{len(each)} {kind}" for kind, each in found.items())
    print(f"\n{name}: {counts}\n")
    print("| the lead's test at | by lot: open at any look, % | the ranker's taste, % | a taste: at 200, % |")
    print("|---|---|---|---|")
    for level in LEVELS:
        opens = {kind: (each[..., 0] > 0) & (each[..., 1] <= level) for kind, each in found.items()}
        ever = [100 * opens[kind].any(axis=1).mean() for kind in ("by lot", "the ranker's taste")]
        late = 100 * opens["a taste"][:, -1].mean()
        print(f"| {'none' if level == 1 else level} | {ever[0]:.1f} | {ever[1]:.1f} | {late:.0f} |")
    by_lot = found["by lot"]
    opened = by_lot[by_lot[..., 0] > 0]
    if len(opened):
        print(
            f"\nby lot, where open: lead {100 * opened[:, 2].mean():.1f} points on average, the lower bound "
            f"at or below 0 in {np.count_nonzero(opened[:, 3] <= 0)} of {len(opened)} looks"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("cache", type=Path, nargs="?")
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--people", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for name in POPULATIONS:
            cache = arguments.cache or Path(scratch)
            show(name, people(name, arguments.shared, cache, arguments.draws, arguments.people))


if __name__ == "__main__":
    main()
