"""Whether a ranker that learns from its own accepted suggestions runs away.

python benchmarks/personal_drift.py SHARED_FOLDER [CACHE_FOLDER] [--draws 6]

People decide 40 series themselves. Then, in ten rounds of 30 series, their ranker suggests, they accept all
of it without looking, and the ranker learns from everything so far, starting from the default.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from personal_people import POPULATIONS, WRONG, chosen, tastes, top_1, utility
from phototriage.personal.drift import ACCEPTED

OWN, ROUND, ROUNDS = 40, 30, 10
SHOWN = (0, 1, 3, 10)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("cache", type=Path, nargs="?")
    parser.add_argument("--draws", type=int, default=6)
    arguments = parser.parse_args()
    weights = {"1": 1.0, "0.25": 0.25, "as now": ACCEPTED}
    with tempfile.TemporaryDirectory() as scratch:
        rounds = " | ".join(f"round {each}" for each in SHOWN)
        print(f"| photos | people | accepted count as | {rounds} |")
        print(f"|---|---|---|{'---|' * len(SHOWN)}")
        for name, make in POPULATIONS.items():
            found: dict[tuple[str, str], list[list[tuple[float, float, float]]]] = {}
            for draw in range(arguments.draws):
                rng = np.random.default_rng(500 + draw)
                population = make(arguments.shared, arguments.cache or Path(scratch), rng)
                of_taste = tastes(population, rng)
                people = [("no taste", None), *(("a taste", of_taste[each]) for each in ("bright", "mixed"))]
                for kind, taste in people:
                    liked = utility(population, taste)
                    own = chosen(liked, population.series[:OWN], WRONG[draw % len(WRONG)], rng)
                    base = top_1(population.base, liked, population.judged)
                    for how, weight in weights.items():
                        picks, course = list(own), []
                        for _ in range(ROUNDS + 1):
                            counts = np.where(np.arange(len(picks)) < OWN, 1.0, weight)
                            correction = population.learned(picks, range(len(picks)), counts)
                            scores = population.scores(correction)
                            norm = float(np.linalg.norm(correction.weights * correction.spread))
                            gained = top_1(scores, liked, population.judged) - base
                            course.append((gained, norm, correction.scale))
                            new = population.series[len(picks) : len(picks) + ROUND]
                            picks += [int(scores[each].argmax()) for each in new]
                        found.setdefault((kind, how), []).append(course)
            for (kind, how), courses in found.items():
                mean = np.mean(courses, axis=0)
                cells = [f"{100 * mean[at][0]:+.0f}, {mean[at][1]:.2f}, {mean[at][2]:.1f}" for at in SHOWN]
                print(f"| {name} | {kind} | {how} | {' | '.join(cells)} |", flush=True)
        print("\neach: points of top-1 gained, norm of the correction in log-odds, scale of the default")


if __name__ == "__main__":
    main()
