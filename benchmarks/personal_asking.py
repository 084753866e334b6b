"""How many choices asking well saves, beside series in random order.

python benchmarks/personal_asking.py SHARED_FOLDER [CACHE_FOLDER] [--draws 4] [--picture FILE]

Simulated people (`personal_people`) of seven tastes, with 0, 10 or 25 % wrong clicks. Each makes the same
choice of a series in whatever order it is asked. It learns after every five answers. The gate's series, one
of four, are not asked here, since they teach nothing in either order. --picture draws the learning curves of
docs/personal.md.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from personal_people import EVERY, POPULATIONS, TASTES, WRONG, Population, chosen, tastes, top_1, utility
from phototriage.personal.asking import questions

Values = NDArray[np.float64]
AT_ONCE, MOST = 5, 100
STEPS = tuple(range(0, MOST + 1, AT_ONCE))
SHOWN = (0, 10, 25, 50, 75, 100)
RESAMPLES = 2000


def gained(population: Population, picks: list[int], liked: Values, *, well: bool) -> list[float]:
    """Top-1 on series that nobody was asked about, after STEPS choices."""
    series = population.series
    left = [number for number in range(len(series)) if number % EVERY != EVERY - 1]
    photos = population.rows[np.concatenate(series)]
    group = np.repeat(np.arange(len(series)), [len(each) for each in series])
    nobody = np.zeros(len(series), bool)
    correction = population.learned(picks, [])
    asked: list[int] = []
    found = [top_1(population.base, liked, population.judged)]
    for _ in STEPS[1:]:
        if well:
            order = questions(population.ranker, correction, photos, group, left, nobody).series
            asked += order[:AT_ONCE].tolist()
        else:
            asked += left[:AT_ONCE]
        left = [number for number in left if number not in set(asked)]
        correction = population.learned(picks, asked)
        found.append(top_1(population.scores(correction), liked, population.judged))
    return found


def equal(well: Values, at_random: Values, choices: int) -> float:
    """Choices asked well that do as much, on average over people, as so many in random order.

    well, at_random: (people, steps). Both curves are made to rise, as accuracy does but for chance.
    """
    wanted = np.interp(choices, STEPS, np.maximum.accumulate(at_random.mean(axis=0)))
    curve = np.maximum.accumulate(well.mean(axis=0))
    return float(np.interp(wanted, curve + 1e-9 * np.arange(len(curve)), STEPS))


def interval(values: Values) -> str:
    low, high = np.quantile(values, (0.025, 0.975))
    return f"({low:.0f} to {high:.0f})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("cache", type=Path, nargs="?")
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    found: dict[str, Values] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, make in POPULATIONS.items():
            curves: list[tuple[list[float], list[float]]] = []
            for draw in range(arguments.draws):
                rng = np.random.default_rng(1000 + draw)
                population = make(arguments.shared, arguments.cache or Path(scratch), rng)
                of_taste = tastes(population, rng)
                for number, taste in enumerate(TASTES):
                    liked = utility(population, of_taste[taste])
                    picks = chosen(liked, population.series, WRONG[(draw + number) % len(WRONG)], rng)
                    well, at_random = (gained(population, picks, liked, well=each) for each in (True, False))
                    curves.append((well, at_random))
            found[name] = np.array(curves)
            show(name, found[name])
    if arguments.picture:
        picture(found, arguments.picture)


def show(name: str, curves: Values) -> None:
    """curves: (people, 2, steps), asked well and at random."""
    well, at_random = curves[:, 0], curves[:, 1]
    draws = np.random.default_rng(0).integers(0, len(curves), (RESAMPLES, len(curves)))
    print(
        f"\n{name}, {len(curves)} people: top-1 in %, and points gained by asking well (95 % over people)\n"
    )
    print("| choices | random order | asked well | gained |\n|---|---|---|---|")
    for step in SHOWN:
        place = STEPS.index(step)
        lead = 100 * (well - at_random)[:, place]
        print(
            f"| {step} | {100 * at_random[:, place].mean():.1f} | {100 * well[:, place].mean():.1f} | "
            f"{lead.mean():+.1f} {interval(lead[draws].mean(axis=1))} |"
        )
    print("\n| random order | as good, asked well |\n|---|---|")
    for step in SHOWN[2:]:
        found = np.array([equal(well[each], at_random[each], step) for each in draws])
        print(f"| {step} | {equal(well, at_random, step):.0f} {interval(found)} |")


def picture(found: dict[str, Values], file: Path) -> None:
    """Top-1 by choices: asked well and at random for each kind of photos, and by taste for the first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    by_taste, *by_photos = figure.subplots(1, 1 + len(found), sharey=True)
    name, curves = next(iter(found.items()))
    for number, taste in enumerate(TASTES):
        by_taste.plot(STEPS, 100 * curves[number :: len(TASTES), 0].mean(axis=0), label=taste)
    by_taste.set(title=f"{name}, asked well, by taste", ylabel="own best photo first, %")
    for axes, (name, curves) in zip(by_photos, found.items(), strict=True):
        draws = np.random.default_rng(0).integers(0, len(curves), (RESAMPLES, len(curves)))
        for order, words in enumerate(("asked well", "random order")):
            means = 100 * curves[:, order]
            low, high = np.quantile(means[draws].mean(axis=1), (0.025, 0.975), axis=0)
            axes.fill_between(STEPS, low, high, alpha=0.15)
            axes.plot(STEPS, means.mean(axis=0), label=words, linestyle=("-", "--")[order])
        axes.set_title(f"{name}, all {len(curves)} people")
    for axes in (by_taste, *by_photos):
        axes.set(xlabel="series decided", xlim=(0, MOST))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", frameon=False)
    figure.savefig(file, dpi=110, pil_kwargs={"lossless": True})


if __name__ == "__main__":
    main()
