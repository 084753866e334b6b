"""Rankers that might be embedded, each scoring a photo by a model that never saw it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from embedded_model import RECIPE
from phototriage.evaluation import FIXED_MIX
from phototriage.features import Block, Features, MultiFeatureExtractor
from phototriage.labels import Comparisons, Split, read_labels, split_by_series
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, load_embedded_ranker
from phototriage.ranker.training import train
from phototriage.simulation import write_bursts
from training_choices import FOLDS, GROUPS, UNUSED, VALIDATION_GROUPS, Array, Opinions

DRAWN_BURSTS = 160
# Twenty numbers need more units than the embedded ranker's four, and dropout.
WIDER = replace(RECIPE, mlp_hidden_dims=(64,), dropout=0.3, max_epochs=30, patience=8)


@dataclass(frozen=True)
class Candidate:
    """Rankers of one kind. fold_of: photo → the one that never saw it; no ranker saw any other photo."""

    name: str
    rankers: tuple[TrainedRanker, ...]
    fold_of: Mapping[str, int] = field(default_factory=dict)

    def scores(self, features: Features, fold: int) -> Array:
        """(n,) log-odds of the features' photos, by the ranker of `fold`."""
        ranker = self.rankers[fold if len(self.rankers) > 1 else 0]
        return np.asarray(ranker.scores(features) / ranker.temperature, np.float64)

    def held_out(self, features: Features) -> Array:
        """(n,) log-odds, of each photo by the ranker that never saw it."""
        fold = np.array([self.fold_of.get(photo, 0) for photo in features.photos])
        by_ranker = [self.scores(features, number) for number in range(FOLDS)]
        # Where a ranker's scores have their zero is chance.
        return np.choose(fold, [scores - scores.mean() for scores in by_ranker])


@dataclass(frozen=True)
class Sum:
    """Rankers of which each says its log-odds, added up."""

    name: str
    parts: tuple[Candidate, ...]

    @property
    def fold_of(self) -> dict[str, int]:
        return {photo: fold for part in self.parts for photo, fold in part.fold_of.items()}

    def scores(self, features: Features, fold: int) -> Array:
        return np.asarray(np.stack([part.scores(features, fold) for part in self.parts]).sum(axis=0))

    def held_out(self, features: Features) -> Array:
        return np.asarray(np.stack([part.held_out(features) for part in self.parts]).sum(axis=0))


@dataclass(frozen=True)
class Fixed:
    """A weighted sum of the numbers themselves; nothing is learned."""

    name: str
    weights: Mapping[str, float]
    fold_of: Mapping[str, int] = field(default_factory=dict)

    def scores(self, features: Features, fold: int) -> Array:
        del fold
        table = pd.DataFrame(features.matrix, columns=list(features.columns))
        weighted = [weight * table[name].to_numpy(float) for name, weight in self.weights.items()]
        return np.asarray(np.stack(weighted).sum(axis=0))

    def held_out(self, features: Features) -> Array:
        return self.scores(features, 0)


def candidates(opinions: Opinions, bursts: tuple[Comparisons, Features]) -> list[Candidate | Sum | Fixed]:
    """The embedded ranker first, what learned nothing, and rankers taught by opinions and by bursts."""
    present = Candidate("embedded: four numbers, PhotoTriage", (load_embedded_ranker(),))
    four, sixteen = (
        replace(opinions, features=only(opinions.features, name)) for name in ("iqa", "iqa_plus")
    )
    by_clive = learned("twenty numbers, clive", opinions, None, WIDER)
    by_both = learned("twenty numbers, clive and drawn bursts", opinions, bursts, WIDER)
    return [
        present,
        *(Fixed(name, {name: 1.0}) for name in FIXED_MIX),
        Fixed("fixed mix .4/.3/.2/.1", FIXED_MIX),
        learned("four numbers, clive", four, None, RECIPE),
        learned("sixteen numbers, clive", sixteen, None, WIDER),
        by_clive,
        by_both,
        Sum("embedded + twenty numbers, clive", (present, by_clive)),
        Sum("embedded + twenty numbers, clive and drawn bursts", (present, by_both)),
    ]


def learned(
    name: str,
    opinions: Opinions,
    bursts: tuple[Comparisons, Features] | None,
    config: MultiFeatureConfig,
    seed: int = 0,
) -> Candidate:
    """Five rankers trained on the opinions of four fifths of the photos each, and on all `bursts` if any."""
    photos = opinions.features.photos
    fold = np.random.default_rng(seed).permutation(len(photos)) % FOLDS
    rankers = []
    for number in range(FOLDS):
        rng = np.random.default_rng([seed, number])
        rows = rng.permutation(np.flatnonzero(fold != number))
        few = rows[: len(rows) // 8]
        taught = opinions.groups(rows[len(few) :], GROUPS, "train", rng)
        checked = opinions.groups(few, VALIDATION_GROUPS, "validation", rng)
        features = opinions.features
        if bursts is not None:
            split = split_of_bursts(bursts[0])
            taught, checked = joined(taught, split.train), joined(checked, split.validation)
            features = Features(
                photos + bursts[1].photos,
                np.vstack([features.matrix, bursts[1].select(features.blocks)]),
                features.blocks,
            )
        rankers.append(train(Split(taught, checked, UNUSED), features, replace(config, seed=seed)).ranker)
    return Candidate(name, tuple(rankers), dict(zip(photos, fold.tolist(), strict=True)))


def split_of_bursts(bursts: Comparisons) -> Split:
    return split_by_series(bursts, 0, (0.8, 0.1, 0.1))


def joined(first: Comparisons, second: Comparisons) -> Comparisons:
    return Comparisons(pd.concat([first.table, second.table], ignore_index=True))


def only(features: Features, *names: str) -> Features:
    """The features of some blocks."""
    blocks: tuple[Block, ...] = tuple(block for block in features.blocks if block.name in names)
    return replace(features, matrix=features.select(blocks), blocks=blocks)


def drawn_bursts(cache: Path) -> tuple[Comparisons, Features]:
    """Bursts of drawn scenes, of kodak's size; no photograph is in them."""
    with tempfile.TemporaryDirectory() as folder:
        labels = write_bursts(Path(folder) / "bursts", DRAWN_BURSTS, 3, width=660, height=440)
        comparisons = read_labels(labels).comparisons
        files = {name: labels.parent / "photos" / name for name in comparisons.photos}
        return comparisons, MultiFeatureExtractor(["iqa", "iqa_plus"], cache_dir=cache)(files)
