"""How few choices teach a person's taste, and whether the gate opens for those alone whom it serves.

python benchmarks/personal.py SHARED_FOLDER [CACHE_FOLDER] [--draws 8] [--nulls 25]

Every draw is other photos, with people of each taste, people without one, people who like some photos for
no reason that any number holds ("whim"), and people who turned to the opposite taste after 100 choices. They
look ten times at what they taught; every fourth choice is kept for the gate.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from personal_gates import TESTS, Kept, e_value
from personal_people import (
    CHOICES,
    EVERY,
    POPULATIONS,
    TASTES,
    WRONG,
    Population,
    chosen,
    pairs_right,
    tastes,
    top_1,
    utility,
)
from phototriage.personal.gate import judge
from phototriage.personal.pairs import Pairs

Values = NDArray[np.float64]
LOOKS = (10, 25, 50, 75, 100, 125, 150, 175, 200, 400)
SHOWN = (10, 25, 50, 100, 200, 400)
UNPRIORED = (50, 200, 400)
TURN = 100
LEVELS = (0.01, 0.02, 0.03, 0.04, 0.05)
TEST = "score (the gate's)"


class Person:
    """What a person's ten looks give, each as an array over LOOKS."""

    def __init__(
        self, population: Population, picks: list[int], before: Values, after: Values, *, taste: bool
    ) -> None:
        base, judged = population.base, population.judged
        self.default = top_1(base, after, judged)
        self.gain, self.pair_gain = [], []
        self.unpriored = dict.fromkeys(UNPRIORED, np.nan)
        self.p_values: dict[str, list[float]] = defaultdict(list)
        self.lead: list[float] = []
        seen: list[Kept] = []
        for step in LOOKS:
            taught = [each for each in range(step) if each % EVERY != EVERY - 1]
            kept = [each for each in range(step) if each % EVERY == EVERY - 1]
            correction = population.learned(picks, taught)
            own = population.scores(correction)
            liked = after if step > TURN else before
            self.gain.append(top_1(own, liked, judged) - top_1(base, liked, judged))
            self.pair_gain.append(pairs_right(own, liked, judged) - pairs_right(base, liked, judged))
            refitted = correction.scale_alone * base
            gate = judge(base, own, population.pairs(picks, kept), step, refitted)
            self.lead.append(gate.lead)
            self.p_values[TEST].append(gate.p_value)
            series = [population.series[each] for each in kept]
            first = [np.roll(each, -picks[number]) for each, number in zip(series, kept, strict=True)]
            seen.append([(refitted[each], own[each]) for each in first])
            for name, test in TESTS.items():
                self.p_values[name].append(test(seen[-1]) if len(kept) >= 8 else 1.0)
            self.p_values["e-value"].append(e_value(seen))
            if taste and step in UNPRIORED:
                free = unpriored(population, population.pairs(picks, taught))
                self.unpriored[step] = top_1(free, liked, judged) - self.default
        foretold = [after[each].argmax() for each in population.series]
        self.agrees = float(np.mean(np.array(foretold) == picks))

    def opened(self, test: str, level: float) -> NDArray[np.bool_]:
        """(looks,) whether the gate is open."""
        return (np.array(self.p_values[test]) < level) & (np.array(self.lead) > 0)


def unpriored(population: Population, pairs: Pairs) -> Values:
    """Scores of all photos by the inputs' weights fitted to the pairs alone."""
    design = np.column_stack([population.base, population.inputs / population.inputs.std(axis=0)])
    differences = design[pairs.a] - design[pairs.b]

    def loss(weights: Values) -> tuple[float, Values]:
        log_odds = differences @ weights
        slope = differences.T @ (-pairs.weight * expit(-log_odds))
        ridge = 1e-4 * weights
        return float(pairs.weight @ np.logaddexp(0, -log_odds) + ridge @ weights / 2), slope + ridge

    start = np.eye(design.shape[1])[0]
    return np.asarray(design @ minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x)


def people(
    name: str, shared: Path, cache: Path, draws: int, nulls: int
) -> dict[str, list[tuple[float, Person]]]:
    found: dict[str, list[tuple[float, Person]]] = defaultdict(list)
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        population = POPULATIONS[name](shared, cache, rng)
        some = max(1, nulls // 5)
        whims = [("whim", rng.normal(size=len(population.rows))) for _ in range(some)]
        of_taste = tastes(population, rng)
        turned = [("turned", of_taste[each]) for each in TASTES]
        for number, (kind, taste) in enumerate(
            [("none", None)] * nulls + whims + turned + [*of_taste.items()]
        ):
            liked, wrong = utility(population, taste), WRONG[(draw + number) % len(WRONG)]
            later = utility(population, -taste) if kind == "turned" and taste is not None else liked
            picks = chosen(liked, population.series, wrong, rng)
            picks[TURN:] = chosen(later, population.series[TURN:], wrong, rng)
            person = Person(population, picks, liked, later, taste=kind in TASTES)
            found[kind].append((wrong, person))
    return found


def show(name: str, found: dict[str, list[tuple[float, Person]]]) -> None:
    shown = [LOOKS.index(step) for step in SHOWN]
    print(f"\n{name}: points of top-1 gained, mean (5 % of people below); pairs at {SHOWN[-1]}\n")
    steps = " | ".join(f"{step} choices" for step in SHOWN)
    free = " | ".join(f"no prior, {step}" for step in UNPRIORED)
    print(f"| taste | own clicks, % | default, % | {steps} | pairs | {free} |")
    print(f"|---|---|---|{'---|' * (len(SHOWN) + 1 + len(UNPRIORED))}")
    for kind, persons in found.items():
        gain = 100 * np.array([person.gain for _, person in persons])[:, shown]
        cells = [f"{column.mean():+.0f} ({np.quantile(column, 0.05):+.0f})" for column in gain.T]
        cells.append(f"{100 * np.mean([person.pair_gain[-1] for _, person in persons]):+.0f}")
        cells += [f"{100 * np.mean([p.unpriored[step] for _, p in persons]):+.0f}" for step in UNPRIORED]
        agrees, default = (
            100 * np.mean([getattr(person, which) for _, person in persons])
            for which in ("agrees", "default")
        )
        print(f"| {kind} | {agrees:.0f} | {default:.0f} | {' | '.join(cells)} |")

    at = LOOKS.index(200)
    groups = {kind: [person for _, person in found[kind]] for kind in ("none", "whim", "turned")}
    groups["a taste"] = [person for kind in TASTES for _, person in found[kind]]
    print(f"\n{name}, gate: {', '.join(f'{len(each)} {kind}' for kind, each in groups.items())}\n")
    print(
        "| test | level | opens at any of ten looks, none / whim / turned, % | a taste: open at 200, at 400, "
        "% | by 0, 10, 25 % wrong | worse than the default by over 1 point at the worst look, none / whim / "
        "a taste, % | turned: at 200, at 400 | points where open |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for test in (TEST, *TESTS, "e-value"):
        for level in LEVELS:
            opens = {
                kind: np.array([each.opened(test, level) for each in persons])
                for kind, persons in groups.items()
            }
            gains = {kind: np.array([each.gain for each in persons]) for kind, persons in groups.items()}
            ever = " / ".join(
                f"{100 * opens[kind].any(axis=1).mean():.1f}" for kind in ("none", "whim", "turned")
            )
            harmed = {kind: (np.where(opens[kind], gains[kind], 0) < -0.01).mean(axis=0) for kind in groups}
            hurt = " / ".join(f"{100 * harmed[kind].max():.1f}" for kind in ("none", "whim", "a taste"))
            turned = ", ".join(f"{100 * each:.0f}" for each in harmed["turned"][[at, -1]])
            wrongs = np.array([wrong for kind in TASTES for wrong, _ in found[kind]])
            late = opens["a taste"][:, at]
            by_wrong = ", ".join(f"{100 * late[wrongs == wrong].mean():.0f}" for wrong in WRONG)
            where = gains["a taste"][opens["a taste"]]
            power = f"{100 * late.mean():.0f}, {100 * opens['a taste'][:, -1].mean():.0f}"
            mean = f"{100 * where.mean() if len(where) else 0:+.0f}"
            print(f"| {test} | {level} | {ever} | {power} | {by_wrong} | {hurt} | {turned} | {mean} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("cache", type=Path, nargs="?")
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--nulls", type=int, default=25)
    arguments = parser.parse_args()
    assert LOOKS[-1] == CHOICES
    with tempfile.TemporaryDirectory() as scratch:
        for name in POPULATIONS:
            cache = arguments.cache or Path(scratch)
            show(name, people(name, arguments.shared, cache, arguments.draws, arguments.nulls))


if __name__ == "__main__":
    main()
