"""What each part of the block `iqa_plus` is worth, on real opinions and on simulated bursts.

python benchmarks/iqa_plus.py CLIVE_FOLDER KODAK_FOLDER [SEEDS]

CLIVE_FOLDER holds photos/ and ratings.csv; a ranker is trained on random pairs of some photos and judged on
all pairs of others. KODAK_FOLDER holds clean pictures, from which bursts are simulated; a ranker is trained
on bursts of some scenes and judged on those of others. The columns were chosen without a third of the photos
and a quarter of the scenes; the first table shows those apart, as unseen. The second leaves groups of columns
out of the block, and adds what was left out of it. Intervals: 95 %, bootstrap over photos and over scenes;
all figures are means over seeds, which decide folds, pairs and first weights.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.special import ndtr
from scipy.stats import rankdata

from embedded_model import RECIPE
from phototriage.features import (
    IQA_COLUMNS,
    IQA_PLUS_COLUMNS,
    Block,
    Features,
    measure_iqa,
    measure_iqa_plus,
)
from phototriage.labels import Comparisons, Split, official_split, read_labels
from phototriage.photos import load
from phototriage.ranker.training import train
from phototriage.simulation import write_bursts

Array = NDArray[np.float64]

GROUPS = {
    "tiles: sharpest, softest, centre": ("sharpest", "sharpest_half", "softest", "centre"),
    "centre alone": ("centre",),
    "smoothness": ("smoothness", "smoothness_half"),
    "motion": ("motion",),
    "noise": ("noise",),
    "brightness and shadow": ("brightness", "shadow"),
    "clipped shares": ("clipped_shadows", "clipped_highlights"),
    "warmth": ("warmth",),
    "saturation and red-green": ("saturation", "red_green"),
    "blockiness": ("blockiness",),
}
UNCLIPPED = ("ln Laplacian variance", "exposure", "ln colorfulness", "ln contrast")
LEFT_OUT = (
    "tint",
    "ln Laplacian variance",
    "the same at quarter size",
    "noise of the flattest tiles",
    "entropy",
    "ln contrast",
    "ln colorfulness",
    "dark channel",
    "direction of lines",
    "edge width",
    "spread of locally normalised grey",
    "centre less border, brightness",
)
# Sixteen numbers need more units than the embedded ranker's four, and dropout.
CONFIG = replace(RECIPE, mlp_hidden_dims=(64,), dropout=0.3, max_epochs=30, patience=8)
PAIRS, FOLDS, BURSTS, REPLICATES = 6000, 5, 240, 1000


def main(clive: Path, kodak: Path, seeds: int) -> None:
    ratings = pd.read_csv(clive / "ratings.csv").sort_values("photo")
    photos = measure_all({name: clive / "photos" / name for name in ratings["photo"]})
    mos, spread = ratings["mos"].to_numpy(float), ratings["std"].to_numpy(float)
    scenes = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(kodak.glob("*.png"))]
    with tempfile.TemporaryDirectory() as folder:
        labels = write_bursts(Path(folder) / "bursts", BURSTS, 7, scenes=scenes)
        bursts = read_labels(labels).comparisons
        takes = measure_all({name: labels.parent / "photos" / name for name in bursts.photos})
    scene_of = {series: int(series.removeprefix("burst-")) % len(scenes) for series in bursts.series}

    unseen = np.isin(np.arange(len(mos)), np.random.default_rng(99).permutation(len(mos))[: len(mos) // 3])
    unseen_scenes = set(range(len(scenes) * 3 // 4 + 1, len(scenes))) | {0}
    by_fold = [np.random.default_rng(seed).permutation(len(mos)) % FOLDS for seed in range(seeds)]
    scene_folds = [{scene for scene in scene_of.values() if scene % FOLDS == fold} for fold in range(FOLDS)]

    def on_clive(columns: Sequence[str], folds: Sequence[NDArray[np.int_]], held: Sequence[int]) -> Array:
        return np.array(
            [
                opinion_scores(photos, columns, mos, spread, fold, held, seed)
                for seed, fold in enumerate(folds)
            ]
        )

    def on_bursts(columns: Sequence[str], held: Sequence[set[int]]) -> Array:
        counts = [
            burst_right(takes, columns, bursts, scene_of, fold, seed) for fold in held for seed in range(2)
        ]
        return np.asarray(np.stack(counts).sum(axis=0))

    print("| features | Spearman, five-fold | pairs right %, five-fold | Spearman, unseen third |", end="")
    print(" bursts right %, five-fold | bursts right %, unseen scenes |\n|---|---|---|---|---|---|")
    splits = [np.where(unseen, 0, 1)] * seeds
    sets = {"the four": IQA_COLUMNS, "the four, unclipped": UNCLIPPED, "iqa_plus": IQA_PLUS_COLUMNS}
    figures = []
    columns: Sequence[str]
    for columns in sets.values():
        folded = standardised(on_clive(columns, by_fold, range(FOLDS)), by_fold)
        third = on_clive(columns, splits, [0])[:, unseen]
        figures.append(
            (
                resampled(len(mos), partial(spearman, folded, mos)),
                resampled(len(mos), partial(pairs_right, folded, mos, by_fold)),
                resampled(int(unseen.sum()), partial(spearman, third, mos[unseen])),
                over_scenes(on_bursts(columns, scene_folds)),
                over_scenes(on_bursts(columns, [unseen_scenes])),
            )
        )
    rows = dict(zip(sets, figures, strict=True))
    for name, row in rows.items():
        print(f"| {name} | {cells(row, (3, 1, 3, 1, 1))} |")
    for name in list(sets)[:2]:
        gains = [new - old for new, old in zip(rows["iqa_plus"], rows[name], strict=True)]
        print(f"| gain over {name} | {cells(gains, (3, 1, 3, 1, 1))} |", flush=True)

    print("\n| change | Spearman, five-fold | bursts right % |\n|---|---|---|")
    base = None
    changes: dict[str, Sequence[str]] = {"iqa_plus": IQA_PLUS_COLUMNS}
    changes |= {f"without {name}": [c for c in IQA_PLUS_COLUMNS if c not in GROUPS[name]] for name in GROUPS}
    changes |= {f"with {name}": [*IQA_PLUS_COLUMNS, name] for name in LEFT_OUT}
    for name, columns in changes.items():
        scores = standardised(on_clive(columns, by_fold, range(FOLDS)), by_fold)
        pair = (
            resampled(len(mos), partial(spearman, scores, mos)),
            over_scenes(on_bursts(columns, scene_folds)),
        )
        base = base or pair
        shown = (
            pair if name == "iqa_plus" else [value - first for value, first in zip(pair, base, strict=True)]
        )
        print(f"| {name} | {cells(shown, (3, 1))} |", flush=True)


def measure_all(files: Mapping[str, Path]) -> pd.DataFrame:
    cv2.setNumThreads(1)
    names = [*IQA_COLUMNS, *IQA_PLUS_COLUMNS, *LEFT_OUT, "exposure"]
    rows = []
    for path in files.values():
        pixels = load(path, 800).pixels
        four = measure_iqa(pixels)
        rows.append([*four, *measure_iqa_plus(pixels), *measure_left_out(pixels), four[1]])
    table = pd.DataFrame(rows, index=list(files), columns=names, dtype=np.float32)
    return table.loc[:, ~table.columns.duplicated()]


def measure_left_out(pixels: NDArray[np.uint8]) -> list[float]:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    light = grey.astype(np.float64)
    quarter = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    mask = np.abs(cv2.filter2D(grey, cv2.CV_32F, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)))
    tiles = np.sort(cv2.resize(mask, (16, 16), interpolation=cv2.INTER_AREA), axis=None)
    shares = np.bincount(grey.ravel(), minlength=256) / grey.size
    red, green, blue = np.moveaxis(pixels.astype(np.float64), 2, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    colour = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    dx, dy = (cv2.Sobel(quarter, cv2.CV_64F, *axis) / 8 for axis in ((1, 0), (0, 1)))
    xx, yy, xy = (dx * dx).mean(), (dy * dy).mean(), (dx * dy).mean()
    steep = cv2.magnitude(cv2.Sobel(light, -1, 1, 0) / 8, cv2.Sobel(light, -1, 0, 1) / 8)
    strong = steep >= np.quantile(steep, 0.95)
    blurred = cv2.GaussianBlur(light, (7, 7), 7 / 6)
    normalised = (light - blurred) / (np.sqrt(cv2.GaussianBlur((light - blurred) ** 2, (7, 7), 7 / 6)) + 1)
    parts = cv2.resize(light, (4, 4), interpolation=cv2.INTER_AREA)
    border = (parts.sum() - parts[1:3, 1:3].sum()) / 12
    return [
        np.log((green.mean() + 8) / np.sqrt((red.mean() + 8) * (blue.mean() + 8))),
        np.log1p(cv2.Laplacian(grey, cv2.CV_64F).var()),
        np.log1p(cv2.Laplacian(quarter, cv2.CV_64F).var()),
        np.log(np.sqrt(np.pi / 2) / 6 * tiles[:32].mean() + 0.1),
        -float(shares[shares > 0] @ np.log(shares[shares > 0])),
        np.log((grey.std() + 4) / (grey.mean() + 8)),
        np.log1p(colour),
        float(cv2.erode(pixels.min(axis=2), np.ones((15, 15), np.uint8)).mean()),
        float(np.hypot(xx - yy, 2 * xy) / (xx + yy + 0.1)),
        np.log((np.abs(cv2.Laplacian(light, -1))[strong].mean() + 0.1) / (steep[strong].mean() + 0.1)),
        float((normalised**2).mean()),
        np.log((parts[1:3, 1:3].mean() + 8) / (border + 8)),
    ]


def opinion_scores(
    table: pd.DataFrame,
    columns: Sequence[str],
    mos: Array,
    spread: Array,
    fold: NDArray[np.int_],
    held: Sequence[int],
    seed: int,
) -> Array:
    """Scores of the photos of the folds `held`, each from a ranker trained on all other folds; else NaN."""
    scores = np.full(len(mos), np.nan)
    for number in held:
        rng = np.random.default_rng([seed, number])
        rest = rng.permutation(np.flatnonzero(fold != number))
        sides = np.flatnonzero(fold == number), rest[: len(rest) // 8], rest[len(rest) // 8 :]
        test, validation, training = (
            random_pairs(table.index.to_numpy(), side, mos, spread, pairs, rng)
            for side, pairs in zip(sides, (50, 500, PAIRS), strict=True)
        )
        scores[fold == number] = score(Split(training, validation, test), table, columns, 10 * seed + number)[
            fold == number
        ]
    return scores


def random_pairs(
    names: NDArray[np.object_],
    side: NDArray[np.intp],
    mos: Array,
    spread: Array,
    pairs: int,
    rng: np.random.Generator,
) -> Comparisons:
    drawn = np.sort(rng.choice(side, (2 * pairs, 2)), axis=1)
    drawn = np.unique(drawn[drawn[:, 0] != drawn[:, 1]], axis=0)
    a, b = rng.permuted(rng.permutation(drawn)[:pairs], axis=1).T
    table = pd.DataFrame({"photo_a": names[a], "photo_b": names[b]})
    table["preference"] = ndtr((mos[a] - mos[b]) / np.hypot(spread[a], spread[b]))
    return Comparisons(table.assign(series=f"side {side[0]}", votes_a=0, votes_b=0, rank_a=0, rank_b=0))


def burst_right(
    table: pd.DataFrame,
    columns: Sequence[str],
    bursts: Comparisons,
    scene_of: Mapping[str, int],
    held: set[int],
    seed: int,
) -> Array:
    """(scenes, 2): pairs ordered rightly, and pairs, of the scenes in `held`, trained on all others."""
    split = official_split(bursts, [name for name, scene in scene_of.items() if scene in held], seed)
    scores = pd.Series(score(split, table, columns, seed), index=table.index)
    test = split.test.table
    difference = scores[test["photo_a"]].to_numpy() - scores[test["photo_b"]].to_numpy()
    right = (difference > 0) == (test["preference"].to_numpy() > 0.5)
    counts = np.zeros((max(scene_of.values()) + 1, 2))
    np.add.at(counts, test["series"].map(dict(scene_of)).to_numpy(), np.column_stack([right, right | True]))
    return counts


def score(split: Split, table: pd.DataFrame, columns: Sequence[str], seed: int) -> Array:
    matrix = table[list(columns)].to_numpy(np.float32)
    features = Features(tuple(table.index), matrix, (Block("columns", "columns", tuple(columns)),))
    return train(split, features, replace(CONFIG, seed=seed)).ranker.scores(features).astype(np.float64)


def standardised(scores: Array, folds: Sequence[NDArray[np.int_]]) -> Array:
    """Every fold to mean 0 and spread 1, because each is scored by a ranker of its own."""
    for row, fold in zip(scores, folds, strict=True):
        for number in range(FOLDS):
            here = fold == number
            row[here] = (row[here] - row[here].mean()) / row[here].std()
    return scores


def spearman(scores: Array, mos: Array, rows: NDArray[np.intp]) -> float:
    """The mean over seeds."""
    truth = rankdata(mos[rows])
    return float(np.mean([np.corrcoef(rankdata(row[rows]), truth)[0, 1] for row in scores]))


def pairs_right(
    scores: Array, mos: Array, folds: Sequence[NDArray[np.int_]], rows: NDArray[np.intp]
) -> float:
    """Per cent of the pairs within folds in the order of the opinions; the mean over seeds."""
    weight = np.bincount(rows, minlength=len(mos)).astype(np.float64)
    shares = []
    for row, fold in zip(scores, folds, strict=True):
        right = total = 0.0
        for number in range(FOLDS):
            m, s, w = (values[fold == number] for values in (mos, row, weight))
            above = np.subtract.outer(m, m) > 0
            right += w @ (above & (np.subtract.outer(s, s) > 0)) @ w
            total += w @ above @ w
        shares.append(100 * right / total)
    return float(np.mean(shares))


def resampled(count: int, figure: Callable[[NDArray[np.intp]], float]) -> Array:
    """The figure of all rows, then of bootstrap samples of them, the same samples every time."""
    rng = np.random.default_rng(0)
    samples = [np.arange(count), *rng.integers(0, count, (REPLICATES, count))]
    return np.array([figure(rows) for rows in samples])


def over_scenes(counts: Array) -> Array:
    counts = counts[counts[:, 1] > 0]

    def share(rows: NDArray[np.intp]) -> float:
        right, pairs = counts[rows].sum(axis=0)
        return float(100 * right / pairs)

    return resampled(len(counts), share)


def cells(figures: Sequence[Array], digits: Sequence[int]) -> str:
    """A table's cells: each figure with its interval."""
    shown = []
    for values, places in zip(figures, digits, strict=True):
        low, high = np.percentile(values[1:], [2.5, 97.5])
        shown.append(f"{values[0]:.{places}f} ({low:.{places}f} to {high:.{places}f})")
    return " | ".join(shown)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 3)
