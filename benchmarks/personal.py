"""How few choices teach a person's taste, and whether the gate opens for those alone whose taste differs.

python benchmarks/personal.py SHARED_FOLDER [CACHE_FOLDER] [--people 7] [--nulls 21]

People are simulated over real features: they like what the ranker likes, mixed with a taste of their own at
60 degrees to it, choose one photo of each series with some noise, and click wrongly in 0, 10 or 25 % of
series. Null people like what the ranker likes. Photos: bursts of Kodak scenes that taught the default ranker
nothing, three of whose frames make a series; and half of the photos of the challenge, four drawn by lot to a
series, by linear rankers that the other half taught.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from default_teachers import BLOCKS, measured
from phototriage.personal.correction import corrected, learn_correction
from phototriage.personal.gate import judge
from phototriage.personal.pairs import Pairs
from phototriage.photos import load
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, load_default_ranker
from phototriage.simulation import write_bursts

Values = NDArray[np.float64]
FRESH_SCENES, SEED = range(19, 25), 9001
STEPS = (10, 25, 50, 100, 200)
LOOKS = range(20, 201, 20)
ANGLE = np.deg2rad(60)
SURENESS = 2.5
"""Standard deviation of a utility within series, where the noise of a choice has 1.28."""
WRONG = (0.0, 0.1, 0.25)
NONE = (np.zeros(0, np.uint32), np.zeros(0, np.uint32))


@dataclass(frozen=True)
class Population:
    """rows: of all photos. ranker: whose person it is. taught, judged: series, as rows of their photos."""

    rows: NDArray[np.float32]
    ranker: TrainedRanker
    taught: Sequence[NDArray[np.intp]]
    judged: Sequence[NDArray[np.intp]]


Make = Callable[[Path, Path, np.random.Generator], Population]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("cache", type=Path, nargs="?")
    parser.add_argument("--people", type=int, default=7)
    parser.add_argument("--nulls", type=int, default=21)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cache = arguments.cache or Path(scratch)
        for name, make in (("bursts", bursts), ("challenge", challenge)):
            curve(name, arguments.shared, cache, make, arguments.people)
            gates(name, arguments.shared, cache, make, arguments.people, arguments.nulls)


def bursts(shared: Path, cache: Path, rng: np.random.Generator) -> Population:
    path = cache / "personal_bursts.npz"
    if not path.exists():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "bursts"
            scenes = [load(shared / "kodak" / f"{scene:02d}.png", 800).pixels for scene in FRESH_SCENES]
            write_bursts(folder, 150, SEED, scenes, width=660, height=440)
            truth = pd.read_csv(folder / "truth.csv")
            rows = measured(load(folder / "photos" / each, 800).pixels for each in truth["photo"])
            np.savez(path, rows=rows, burst=truth["series"].factorize()[0])
    found = np.load(path)
    series = [np.flatnonzero(found["burst"] == each) for each in rng.permutation(found["burst"].max() + 1)]
    judged, taught = series[:50], [rng.permutation(each)[:3] for each in series[50:] for _ in range(3)]
    rng.shuffle(taught)
    return Population(found["rows"], load_default_ranker(), taught, judged)


def challenge(shared: Path, cache: Path, rng: np.random.Generator) -> Population:
    path = cache / "personal_challenge.npz"
    if not path.exists():
        ratings = pd.read_csv(shared / "clive" / "ratings.csv")
        photos = (load(shared / "clive" / "photos" / name, 800).pixels for name in ratings["photo"])
        np.savez(path, rows=measured(photos), mos=ratings["mos"])
    found = np.load(path)
    rows, mos = found["rows"], found["mos"].astype(float)
    held = (
        rng.permutation(len(rows)) < len(rows) // 2
    )  # the photos of the person; the others teach the ranker
    mean, std = rows[~held].mean(axis=0), np.maximum(rows[~held].std(axis=0), 1e-3)
    design = ((rows[~held] - mean) / std).astype(float)
    target = 1.5 * (mos[~held] - mos[~held].mean()) / mos.std()
    weights = np.linalg.solve(design.T @ design + 3000 * np.eye(design.shape[1]), design.T @ target)
    config = MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="standardize")
    parts = {"normalize.mean": mean, "normalize.std": std}
    parts |= {"layers.0.weight": weights[None], "layers.0.bias": np.zeros(1)}
    ranker = TrainedRanker(
        {name: np.asarray(array, np.float32) for name, array in parts.items()}, config, BLOCKS, 1.0, *NONE
    )
    own = rng.permutation(np.flatnonzero(held))
    return Population(
        rows,
        ranker,
        [rng.choice(own[80:], 4, replace=False) for _ in range(210)],
        [rng.choice(own[:80], 4, replace=False) for _ in range(150)],
    )


def tastes(population: Population, rng: np.random.Generator) -> Mapping[str, Values]:
    names = [f"{block.name}.{column}" for block in BLOCKS for column in block.columns]
    inputs = population.ranker.inputs_of(population.rows)
    column = dict(zip(names, inputs.T, strict=True))
    embedded = inputs[:, [name.startswith("lite.") for name in names]]
    parts, _, _ = np.linalg.svd(embedded - embedded.mean(axis=0), full_matrices=False)
    found = {
        "sharp": column["iqa.sharpness"],
        "bright": column["iqa_plus.brightness"],
        "low noise": -column["iqa_plus.noise"],
        "warm": column["iqa_plus.warmth"],
        "color": column["iqa.colorfulness"],
        "composition": (parts[:, :8] * np.sqrt(len(parts))) @ rng.normal(size=8),
    }
    one, other = rng.choice(list(found), 2, replace=False)
    return found | {"mixed": found[one] / found[one].std() + found[other] / found[other].std()}


def utility(population: Population, taste: Values | None) -> Values:
    def scaled(values: Values) -> Values:
        spread = [values[each] - values[each].mean() for each in population.taught]
        return np.asarray(values / np.sqrt(np.square(np.concatenate(spread)).mean()), np.float64)

    own = scaled(population.ranker.scores_of(population.rows).astype(float))
    if taste is None:
        return SURENESS * own
    return SURENESS * scaled(np.cos(ANGLE) * own + np.sin(ANGLE) * scaled(taste))


def chosen(liked: Values, population: Population, wrong: float, rng: np.random.Generator) -> list[int]:
    return [
        int(
            rng.integers(len(each))
            if rng.random() < wrong
            else (liked[each] + rng.gumbel(size=len(each))).argmax()
        )
        for each in population.taught
    ]


def pairs_of(series: Sequence[NDArray[np.intp]], picks: Sequence[int], numbers: Sequence[int]) -> Pairs:
    rows = [
        (number, each[pick], other, 1.0, 2 / len(each))
        for number, each, pick in zip(numbers, series, picks, strict=True)
        for other in np.delete(each, pick)
    ]
    table = np.array(rows).reshape(-1, 5)
    number, a, b = table[:, :3].astype(np.intp).T
    return Pairs(number, a, b, table[:, 3], table[:, 4])


def taught_by(population: Population, picks: Sequence[int], numbers: Sequence[int]) -> tuple[Values, Values]:
    """Log-odds of all photos by the personal ranker, and by the ranker with its scale refitted."""
    series = [population.taught[number] for number in numbers]
    pairs = pairs_of(series, [picks[number] for number in numbers], numbers)
    known = np.unique(np.concatenate(population.taught))
    place = np.zeros(len(population.rows), np.intp)
    place[known] = np.arange(len(known))
    group = np.zeros(len(known), np.intp)
    for number, each in enumerate(population.taught):
        group[place[each]] = number
    local = Pairs(pairs.series, place[pairs.a], place[pairs.b], pairs.preference, pairs.weight)
    correction = learn_correction(population.ranker, population.rows[known], group, local)
    personal = corrected(population.ranker, correction, NONE)
    own = personal.scores_of(population.rows).astype(float) / personal.temperature
    base = population.ranker.scores_of(population.rows).astype(float) / population.ranker.temperature
    return own, correction.scale_alone * base


def top_1(scores: Values, liked: Values, series: Sequence[NDArray[np.intp]]) -> float:
    return float(np.mean([scores[each].argmax() == liked[each].argmax() for each in series]))


def curve(name: str, shared: Path, cache: Path, make: Make, people: int) -> None:
    print(f"\n{name}, {people} people a taste: points of top-1 gained, mean (5 % of people below)\n")
    print(f"| taste | default, % | {' | '.join(f'{step} choices' for step in STEPS)} |")
    print(f"|---|---|{'---|' * len(STEPS)}")
    gained: dict[str, list[list[float]]] = {}
    for person in range(people):
        rng = np.random.default_rng(person)
        population = make(shared, cache, rng)
        for taste, values in [("none", None), *tastes(population, rng).items()]:
            liked = utility(population, values)
            picks = chosen(liked, population, WRONG[person % len(WRONG)], rng)
            base = population.ranker.scores_of(population.rows).astype(float)
            before = top_1(base, liked, population.judged)
            own = [taught_by(population, picks, range(step))[0] for step in STEPS]
            after = [top_1(each, liked, population.judged) for each in own]
            gained.setdefault(taste, []).append([before, *(each - before for each in after)])
    for taste, rows in gained.items():
        table = 100 * np.array(rows)
        cells = [f"{column.mean():+.0f} ({np.quantile(column, 0.05):+.0f})" for column in table[:, 1:].T]
        print(f"| {taste} | {table[:, 0].mean():.0f} | {' | '.join(cells)} |", flush=True)


def gates(name: str, shared: Path, cache: Path, make: Make, people: int, nulls: int) -> None:
    """Ten looks at ever more choices, a fourth of whose series is kept for the gate."""
    opened: dict[bool, list[tuple[bool, bool]]] = {False: [], True: []}
    harmed = []
    for person in range(max(people * 3, nulls)):
        rng = np.random.default_rng(1000 + person)
        population = make(shared, cache, rng)
        of_taste = tastes(population, rng)
        names = [
            *([None] if person < nulls else []),
            *([list(of_taste)[person % 7]] if person < people * 3 else []),
        ]
        for taste in names:
            liked = utility(population, None if taste is None else of_taste[taste])
            picks = chosen(liked, population, WRONG[rng.integers(len(WRONG))], rng)
            looks = []
            for step in LOOKS:
                kept = [number for number in range(step) if number % 4 == 3]
                own, base = taught_by(population, picks, [each for each in range(step) if each % 4 != 3])
                series = [population.taught[number] for number in kept]
                pairs = pairs_of(series, [picks[number] for number in kept], kept)
                looks.append(judge(base, own, pairs, step).is_open)
                if looks[-1]:
                    harmed.append(
                        top_1(own, liked, population.judged) - top_1(base, liked, population.judged)
                    )
            opened[taste is not None].append((any(looks), looks[-1]))
    for differs, found in opened.items():
        who = "whose taste differs" if differs else "without a taste of their own"
        ever, last = 100 * np.mean(found, axis=0)
        print(
            f"\n{name}, {len(found)} people {who}: the gate opens at any of {len(LOOKS)} looks for "
            f"{ever:.0f} %, at {LOOKS[-1]} choices for {last:.0f} %"
        )
    lost, mean = 100 * np.quantile(harmed, 0.05), 100 * np.mean(harmed)
    print(f"\nwhere it opened, top-1 moved by {lost:+.1f} points (5 %), {mean:+.1f} (mean)")


if __name__ == "__main__":
    main()
