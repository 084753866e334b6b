"""Simulated people with known tastes over real features, for the benchmarks of `phototriage.personal`.

People like what the ranker likes, mixed with a taste of their own at 60 degrees to it, choose one photo of
each series with some noise, and click wrongly in 0, 10 or 25 % of series. Bursts: of Kodak scenes that taught
the default ranker nothing, three of whose frames make a series. Challenge: photos drawn by lot, four to a
series, by linear rankers that a third of the photos taught; a person has the others.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from default_teachers import BLOCKS, measured
from phototriage.personal.correction import Correction, Learner
from phototriage.personal.pairs import Pairs
from phototriage.photos import load
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, load_default_ranker
from phototriage.simulation import write_bursts

Values = NDArray[np.float64]
Series = Sequence[NDArray[np.intp]]
FRESH_SCENES, SEED = range(19, 25), 9001
CHOICES, EVERY = 400, 4
ANGLE = np.deg2rad(60)
SURENESS = 2.5
"""Standard deviation of a utility within series, where the noise of a choice has 1.28."""
WRONG = (0.0, 0.1, 0.25)
TASTES = ("sharp", "bright", "low noise", "warm", "color", "composition", "mixed")


class Population:
    """Photos, and a ranker that they taught nothing.

    rows: of all photos; base: its log-odds; inputs: its inputs. series: as rows of their photos; every fourth
    is the gate's and shares no photo with the others. judged: series that share no photo with any.
    """

    def __init__(
        self, rows: NDArray[np.float32], ranker: TrainedRanker, series: Series, judged: Series
    ) -> None:
        self.rows, self.ranker, self.series, self.judged = rows, ranker, series, judged
        self.inputs = ranker.inputs_of(rows)
        self.base = ranker.scores_of(rows).astype(float) / ranker.temperature
        known = np.unique(np.concatenate(series))
        group = np.zeros(len(rows), np.intp)
        for number, each in enumerate(series):
            group[each] = number
        self._place = np.searchsorted(known, np.arange(len(rows)))
        self._learner = Learner(ranker, rows[known], group[known])

    def learned(
        self, picks: Sequence[int], numbers: Sequence[int], weight: Values | None = None
    ) -> Correction:
        """What the picks in some series teach. weight: of each of them."""
        pairs = self.pairs(picks, numbers)
        each = pairs.weight if weight is None else pairs.weight * dict_of(numbers, weight)[pairs.series]
        return self._learner.learn(
            Pairs(pairs.series, self._place[pairs.a], self._place[pairs.b], pairs.preference, each)
        )

    def pairs(self, picks: Sequence[int], numbers: Sequence[int]) -> Pairs:
        """The picks in some series, as pairs of `rows`."""
        rows = [
            (number, self.series[number][picks[number]], other, 1.0, 2 / len(self.series[number]))
            for number in numbers
            for other in np.delete(self.series[number], picks[number])
        ]
        table = np.array(rows).reshape(-1, 5)
        number, a, b = table[:, :3].astype(np.intp).T
        return Pairs(number, a, b, table[:, 3], table[:, 4])

    def scores(self, correction: Correction) -> Values:
        """Log-odds of all photos by the personal ranker."""
        return np.asarray(correction.scale * self.base + self.inputs @ correction.weights)


Make = Callable[[Path, Path, np.random.Generator], Population]


def dict_of(numbers: Sequence[int], values: Values) -> Values:
    found = np.zeros(max(numbers, default=0) + 1)
    found[list(numbers)] = values
    return found


def interleaved(taught: Series, gate: Series) -> Series:
    """Every fourth of the gate."""
    gate, taught = list(gate), list(taught)
    return [(gate if place % EVERY == EVERY - 1 else taught).pop() for place in range(CHOICES)]


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
    whole = [np.flatnonzero(found["burst"] == each) for each in rng.permutation(found["burst"].max() + 1)]

    def threes(of: Series) -> Series:
        drawn = [rng.permutation(each)[:3] for _ in range(4) for each in of]
        return [drawn[place] for place in rng.permutation(len(drawn))]

    return Population(
        found["rows"],
        load_default_ranker(),
        interleaved(threes(whole[75:]), threes(whole[50:75])),
        whole[:50],
    )


def challenge(shared: Path, cache: Path, rng: np.random.Generator) -> Population:
    path = cache / "personal_challenge.npz"
    if not path.exists():
        ratings = pd.read_csv(shared / "clive" / "ratings.csv")
        photos = (load(shared / "clive" / "photos" / name, 800).pixels for name in ratings["photo"])
        np.savez(path, rows=measured(photos), mos=ratings["mos"])
    found = np.load(path)
    rows, mos = found["rows"], found["mos"].astype(float)
    order = rng.permutation(len(rows))
    teaching, own = order[: len(rows) // 3], order[len(rows) // 3 :]
    mean, std = rows[teaching].mean(axis=0), np.maximum(rows[teaching].std(axis=0), 1e-3)
    design = ((rows[teaching] - mean) / std).astype(float)
    target = 1.5 * (mos[teaching] - mos[teaching].mean()) / mos.std()
    weights = np.linalg.solve(design.T @ design + 3000 * np.eye(design.shape[1]), design.T @ target)
    config = MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="standardize")
    parts = {"normalize.mean": mean, "normalize.std": std}
    parts |= {"layers.0.weight": weights[None], "layers.0.bias": np.zeros(1)}
    none = np.zeros(0, np.uint32)
    ranker = TrainedRanker(
        {name: np.asarray(array, np.float32) for name, array in parts.items()},
        config,
        BLOCKS,
        1.0,
        none,
        none,
    )

    def fours(of: NDArray[np.intp], count: int) -> Series:
        return [rng.choice(of, 4, replace=False) for _ in range(count)]

    series = interleaved(fours(own[140:], CHOICES), fours(own[80:140], CHOICES))
    return Population(rows, ranker, series, fours(own[:80], 150))


POPULATIONS: Mapping[str, Make] = {"bursts": bursts, "challenge": challenge}


def tastes(population: Population, rng: np.random.Generator) -> Mapping[str, Values]:
    """What people may like of each photo, by `TASTES`."""
    names = [f"{block.name}.{column}" for block in BLOCKS for column in block.columns]
    column = dict(zip(names, population.inputs.T, strict=True))
    embedded = population.inputs[:, [name.startswith("lite.") for name in names]]
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
    """How much a person likes each photo, in log-odds; None: what the ranker likes."""

    def scaled(values: Values) -> Values:
        spread = [values[each] - values[each].mean() for each in population.series]
        return np.asarray(values / np.sqrt(np.square(np.concatenate(spread)).mean()), np.float64)

    own = scaled(population.base)
    if taste is None:
        return SURENESS * own
    return SURENESS * scaled(np.cos(ANGLE) * own + np.sin(ANGLE) * scaled(taste))


def chosen(liked: Values, series: Series, wrong: float, rng: np.random.Generator) -> list[int]:
    """The place of the pick in each series."""
    return [
        int(
            rng.integers(len(each))
            if rng.random() < wrong
            else (liked[each] + rng.gumbel(size=len(each))).argmax()
        )
        for each in series
    ]


def top_1(scores: Values, liked: Values, series: Series) -> float:
    """The share of series whose best photo is the one that the person likes most."""
    return float(np.mean([scores[each].argmax() == liked[each].argmax() for each in series]))


def pairs_right(scores: Values, liked: Values, series: Series) -> float:
    """The share of pairs of photos of a series in the order in which the person likes them."""
    found = []
    for each in series:
        a, b = np.triu_indices(len(each), 1)
        found.append(np.sign(scores[each][a] - scores[each][b]) == np.sign(liked[each][a] - liked[each][b]))
    return float(np.concatenate(found).mean())
