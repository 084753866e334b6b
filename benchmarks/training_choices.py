"""What losses, labels, normalisation, network sizes and ensembles are worth over one recipe, on real data.

python benchmarks/training_choices.py PHOTOTRIAGE_FOLDER CLIVE_FOLDER KODAK_FOLDER [SEEDS [CACHE_FOLDER]]

Every arm changes one thing of the recipe of the embedded ranker (16 hidden units, each number standardised,
soft Bradley-Terry, all pairs, learning rate 3e-3) and is trained on the same folds. Three sources:
PhotoTriage's released preferences and four image-quality numbers of its photos, five-fold over series; the
mean opinions of clive's photos, `iqa` and `iqa_plus`, five-fold over photos, trained on random groups of
four; bursts simulated from kodak's clean pictures, the same twenty numbers, five-fold over scenes. Figures
are means over seeds (folds, groups, first weights); gains are paired, with 95 % intervals of a bootstrap over
series, photos or scenes, in bold where they leave 0 out, which one in twenty does by chance.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.special import expit, ndtr
from scipy.stats import rankdata

from embedded_model import RECIPE
from phototriage.evaluation import CLEAR, metrics, ranker_scorer
from phototriage.evaluation.resampling import REPLICATES, resampled_sums
from phototriage.features import Block, Features, MultiFeatureExtractor
from phototriage.features.table import read_feature_table
from phototriage.labels import Comparisons, Split, k_folds, official_split, read_labels
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, correctness
from phototriage.ranker.presets import preset_config
from phototriage.ranker.training import train
from phototriage.simulation import write_bursts

Array = NDArray[np.float64]

FOLDS, BURSTS, GROUPS, VALIDATION_GROUPS = 5, 240, 500, 150
CLEAR_PAIRS: dict[str, Any] = {"min_agreement": 0.7, "min_reviewers": 2}
ARMS: dict[str, MultiFeatureConfig] = {
    "margin": replace(RECIPE, loss="margin"),
    "margin, clear pairs": replace(RECIPE, loss="margin", **CLEAR_PAIRS),
    "listwise": replace(RECIPE, loss="listwise"),
    "hard labels": replace(RECIPE, labels="hard"),
    "labels weighted by votes": replace(RECIPE, labels="votes"),
    "clear pairs": replace(RECIPE, **CLEAR_PAIRS),
    "layernorm": replace(RECIPE, input_normalization="layernorm"),
    "no normalisation": replace(RECIPE, input_normalization="none"),
    "linear": replace(RECIPE, mlp_hidden_dims=()),
    "64 hidden": replace(RECIPE, mlp_hidden_dims=(64,)),
    "64 hidden, dropout .3": replace(RECIPE, mlp_hidden_dims=(64,), dropout=0.3),
    "32+16 hidden": replace(RECIPE, mlp_hidden_dims=(32, 16)),
    "dropout .3": replace(RECIPE, dropout=0.3),
    "weight decay 0": replace(RECIPE, weight_decay=0.0),
    "weight decay 1": replace(RECIPE, weight_decay=1.0),
    "learning rate 1e-3": replace(RECIPE, learning_rate=1e-3),
    "learning rate 1e-2": replace(RECIPE, learning_rate=1e-2),
    "preset best": preset_config("best"),
    "preset full": preset_config("full"),
    "preset full, all pairs": replace(preset_config("full"), min_agreement=0.5, min_reviewers=0),
}
Figures = dict[str, Array]
"""By name: the figure of everything, then of each bootstrap sample."""


@dataclass(frozen=True)
class Pairs:
    """Preferences in series: how many pairs a recipe orders rightly in folds that it never saw.

    unit_of: series → what is held out and resampled as a whole.
    """

    comparisons: Comparisons
    features: Features
    unit_of: Mapping[str, str]

    def scores(self, config: MultiFeatureConfig, seed: int) -> Array:
        """(photos,) held-out scores of the features' photos, in log-odds within a series."""
        by_unit = self._by_unit()
        scores = np.zeros(len(self.features))
        for _, held_out in k_folds(by_unit, FOLDS, seed):
            held = [series for series, unit in self.unit_of.items() if unit in set(held_out.series)]
            split = official_split(self.comparisons, held, seed)
            ranker = train(split, self.features, replace(config, seed=seed)).ranker
            found = ranker_scorer("", ranker, self.features).scores
            rows = self.features.rows(held_out.photos)
            scores[rows] = [found[photo] for photo in held_out.photos]
        return scores

    def figures(self, scores: Array) -> Figures:
        """Of (seeds, photos) scores: the mean over seeds."""
        table = self.comparisons.table
        rows = [self.features.rows(table[f"photo_{side}"]) for side in "ab"]
        preference = table["preference"].to_numpy(float)
        difference = scores[:, rows[0]] - scores[:, rows[1]]
        right = np.nan_to_num([correctness(row, preference) for row in difference]).mean(axis=0)
        likely = np.mean([metrics.log_likelihood(expit(row), preference) for row in difference], axis=0)
        decided = preference != 0.5
        clear = np.maximum(preference, 1 - preference) >= CLEAR
        columns = np.column_stack(
            [right, decided, right * clear, decided & clear, likely, np.ones(len(right))]
        )
        unit = np.unique(table["series"].map(dict(self.unit_of)).to_numpy(str), return_inverse=True)[1]
        sums = np.zeros((unit.max() + 1, columns.shape[1]))
        np.add.at(sums, unit, columns)
        sampled = np.vstack([sums.sum(axis=0), resampled_sums(sums, 0)])
        return {
            "all pairs %": 100 * sampled[:, 0] / sampled[:, 1],
            "p ≥ 0.7 %": 100 * sampled[:, 2] / sampled[:, 3],
            "log-likelihood": sampled[:, 4] / sampled[:, 5],
        }

    def centred(self) -> "Pairs":
        """Every photo's numbers less their mean over its series."""
        features = self.features
        matrix = features.matrix.copy()
        for photos in self.comparisons.photos_by_series().values():
            rows = features.rows(photos)
            matrix[rows] -= matrix[rows].mean(axis=0)
        block = Block("centred", "centred", features.columns)
        return replace(self, features=Features(features.photos, matrix, (block,)))

    def _by_unit(self) -> Comparisons:
        table = self.comparisons.table
        return Comparisons(table.assign(series=table["series"].map(dict(self.unit_of))))


@dataclass(frozen=True)
class Opinions:
    """Photos with mean opinions: how a recipe orders folds that it never saw. mos, spread: (photos,)."""

    features: Features
    mos: Array
    spread: Array

    def scores(self, config: MultiFeatureConfig, seed: int) -> Array:
        """(photos,) held-out scores, at mean 0 and spread 1 within each fold."""
        fold = np.random.default_rng(seed).permutation(len(self.mos)) % FOLDS
        scores = np.empty(len(self.mos))
        for number in range(FOLDS):
            held = fold == number
            found = self.trained(np.flatnonzero(~held), config, [seed, number]).scores(self.features)[held]
            scores[held] = (found - found.mean()) / found.std()
        return scores

    def trained(
        self, rows: NDArray[np.intp], config: MultiFeatureConfig, seed: Sequence[int]
    ) -> TrainedRanker:
        """A ranker trained on groups of the photos `rows`, stopped by an eighth of them."""
        rng = np.random.default_rng(seed)
        rows = rng.permutation(rows)
        few = rows[: len(rows) // 8]
        split = Split(
            self.groups(rows[len(few) :], GROUPS, "train", rng),
            self.groups(few, VALIDATION_GROUPS, "validation", rng),
            UNUSED,
        )
        return train(split, self.features, replace(config, seed=seed[0])).ranker

    def groups(self, rows: NDArray[np.intp], count: int, name: str, rng: np.random.Generator) -> Comparisons:
        """Random groups of four different photos, and how many raters would put a over b."""
        drawn = np.array([rng.choice(rows, 4, replace=False) for _ in range(count)])
        first, second = np.triu_indices(4, 1)
        a, b = drawn[:, first].ravel(), drawn[:, second].ravel()
        names = np.array(self.features.photos, object)
        table = pd.DataFrame({"photo_a": names[a], "photo_b": names[b]})
        table["preference"] = ndtr((self.mos[a] - self.mos[b]) / np.hypot(self.spread[a], self.spread[b]))
        table["series"] = [f"{name} {group}" for group in np.repeat(np.arange(count), len(first))]
        return Comparisons(table.assign(votes_a=0, votes_b=0, rank_a=0, rank_b=0))

    def figures(self, scores: Array) -> Figures:
        """Of (seeds, photos) scores: the mean over seeds."""
        return {"Spearman": spearman_samples(scores, self.mos)}


UNUSED = Comparisons(
    pd.DataFrame(
        {"series": ["none"], "photo_a": ["none a"], "photo_b": ["none b"], "preference": [1.0]}
    ).assign(votes_a=0, votes_b=0, rank_a=0, rank_b=0)
)
"""A test side that nobody asks, since a split needs one."""


def main(phototriage: Path, clive: Path, kodak: Path, seeds: int, cache: Path) -> None:
    released = phototriage_pairs(phototriage)
    compare("PhotoTriage, four numbers", released, seeds, {"series-centred": released.centred()})
    compare("clive, twenty numbers", clive_opinions(clive, cache), seeds, {})
    simulated = simulated_pairs(kodak, cache)
    compare("simulated bursts, twenty numbers", simulated, seeds, {"series-centred": simulated.centred()})


def phototriage_pairs(folder: Path) -> Pairs:
    features = read_feature_table(folder / "iqa_scores.csv")
    comparisons = read_labels(folder).comparisons.between(features.photos)
    return Pairs(comparisons, features, {series: series for series in comparisons.series})


def clive_opinions(folder: Path, cache: Path) -> Opinions:
    ratings = pd.read_csv(folder / "ratings.csv").sort_values("photo")
    files = {name: folder / "photos" / name for name in ratings["photo"]}
    features = MultiFeatureExtractor(["iqa", "iqa_plus"], cache_dir=cache)(files)
    return Opinions(features, ratings["mos"].to_numpy(float), ratings["std"].to_numpy(float))


def simulated_pairs(kodak: Path, cache: Path) -> Pairs:
    scenes = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(kodak.glob("*.png"))]
    with tempfile.TemporaryDirectory() as folder:
        labels = write_bursts(Path(folder) / "bursts", BURSTS, 7, scenes=scenes)
        comparisons = read_labels(labels).comparisons
        files = {name: labels.parent / "photos" / name for name in comparisons.photos}
        features = MultiFeatureExtractor(["iqa", "iqa_plus"], cache_dir=cache)(files)
    number = {series: int(series.removeprefix("burst-")) % len(scenes) for series in comparisons.series}
    return Pairs(comparisons, features, {series: f"scene {scene}" for series, scene in number.items()})


def compare(title: str, source: Pairs | Opinions, seeds: int, others: Mapping[str, Pairs]) -> None:
    """Prints a table: the recipe, what each arm gains over it, and the mean of all seeds' scores."""
    votes = isinstance(source, Pairs) and source.comparisons.votes.nunique() > 1
    runs = np.array([source.scores(RECIPE, seed) for seed in range(seeds)])
    base = source.figures(runs)
    print(f"\n### {title}\n\n| arm | {' | '.join(base)} |\n|---|{'---|' * len(base)}")
    print(f"| the recipe | {' | '.join(interval(samples, name) for name, samples in base.items())} |")

    def show(arm: str, figures: Figures) -> None:
        cells = [interval(samples - base[name], name, "+") for name, samples in figures.items()]
        print(f"| {arm} | {' | '.join(cells)} |", flush=True)

    show(f"mean of {seeds} seeds", source.figures(runs.mean(axis=0, keepdims=True)))
    for arm, config in ARMS.items():
        if config.labels != "votes" or votes:
            show(arm, source.figures(np.array([source.scores(config, seed) for seed in range(seeds)])))
    for arm, other in others.items():
        show(arm, other.figures(np.array([other.scores(RECIPE, seed) for seed in range(seeds)])))


def spearman_samples(scores: Array, mos: Array) -> Array:
    """The mean over seeds, of all photos and then of each bootstrap sample of them."""
    rng = np.random.default_rng(0)
    drawn = [np.arange(len(mos)), *rng.integers(0, len(mos), (REPLICATES, len(mos)))]
    return np.array([_spearman(scores[:, rows], mos[rows]) for rows in drawn])


def _spearman(scores: Array, mos: Array) -> float:
    truth, ranks = rankdata(mos), rankdata(scores, axis=1)
    truth, ranks = truth - truth.mean(), ranks - ranks.mean(axis=1, keepdims=True)
    return float(np.mean(ranks @ truth / np.sqrt((ranks**2).sum(axis=1) * (truth**2).sum())))


def interval(samples: Array, name: str, sign: str = "") -> str:
    """The figure with its interval, in bold where it is a gain or a loss that leaves 0 out."""
    digits = 1 if "%" in name else 3
    low, high = np.percentile(samples[1:], [2.5, 97.5])
    value, low_text, high_text = (f"{number:{sign}.{digits}f}" for number in (samples[0], low, high))
    bold = "**" if sign and (low > 0 or high < 0) else ""
    return f"{bold}{value} ({low_text} to {high_text}){bold}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        phototriage, clive, kodak, *more = sys.argv[1:]
        seeds, cache = int(more[0]) if more else 3, Path(more[1] if more[1:] else scratch)
        main(Path(phototriage), Path(clive), Path(kodak), seeds, cache)
