"""Plans a benchmark and estimates its duration, without running it."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from phototriage.experiments.benchmark_inputs import BenchmarkPreset
from phototriage.features import (
    EXTRACTORS,
    Block,
    Features,
    FeatureStore,
    MultiFeatureExtractor,
    default_features,
)
from phototriage.features.cache.index import known_photos
from phototriage.features.runtime.device import usable_cores
from phototriage.labels import Labels, official_split
from phototriage.labels.reading import PUBLISHED_SPLITS

__all__ = ["plan_lines", "to_measure"]


def plan_lines(
    labels: Labels,
    presets: Sequence[BenchmarkPreset],
    files: Mapping[str, Path],
    table: Features | None,
    on: Collection[str],
    folds: int,
    cache_dir: Path,
) -> list[str]:
    """A line per step. files: the labeled photos to measure; table: precomputed features instead.

    cache_dir: the feature store, which may contain some photos. One training run is timed.
    """
    from phototriage.experiments.benchmark import recipes

    tests = {"official": "the official validation", "natural": "the test of FGAesthetics' Natural"}
    published_tests = "".join(
        f", {len(series):,} of them {tests[which]}"
        for which in PUBLISHED_SPLITS
        if (series := labels.test_series(which)) or which in on
    )
    lines = [
        f"labels: {len(labels.comparisons):,} pairs of {len(labels.comparisons.series):,} series"
        f"{published_tests}"
    ]
    seconds = 0.0
    published = sum(which in on for which in PUBLISHED_SPLITS)
    trainings = published + ("folds" in on) * folds
    # Training in folds uses all folds but one.
    whole_trainings = published + ("folds" in on) * (folds - 1)
    photos = labels.comparisons.photos
    planned: set[Block] = set()
    for preset in presets:
        if table is None:
            names = preset.features or default_features(preset.options)
            extractor = MultiFeatureExtractor(names, preset.options, cache_dir)
            blocks = tuple(each.block for each in extractor.extractors)
            if new := [block for block in blocks if block not in planned]:
                left = to_measure(list(files.values()), new, cache_dir)
                cost = left * sum(EXTRACTORS[block.name].core_seconds for block in new) / usable_cores()
                seconds += cost
                planned.update(new)
                lines.append(
                    f"{preset.name}: measure {left:,} of {len(files):,} photos ({_named(new)}), {_time(cost)}"
                )
        else:
            blocks = table.blocks
        stand_in = np.random.default_rng(0).random(
            (len(photos), sum(block.dim for block in blocks)), np.float32
        )
        for entry in recipes(preset.name, Features(photos, stand_in, blocks), preset.config):
            cost = _seconds_per_epoch(labels, entry.features, preset) * preset.config.max_epochs
            seconds += cost * whole_trainings
            lines.append(
                f"{entry.name}: train {trainings} times, at most {preset.config.max_epochs} epochs each, "
                f"at most {_time(cost * whole_trainings)}"
            )
    lines.append(
        f"in all at most {_time(seconds)} on {usable_cores()} cores; what is finished is not done again, "
        "trainings stop early, a GPU measures faster"
    )
    return lines


def to_measure(files: Sequence[Path], blocks: Sequence[Block], cache_dir: Path) -> int:
    """Number of files that the store does not contain, judging by their names."""
    known = known_photos(cache_dir)
    stores = [FeatureStore(cache_dir, block, merge=False) for block in blocks]
    return sum(not all(known.get(path.absolute()) in store for store in stores) for path in files)


def _seconds_per_epoch(labels: Labels, features: Features, preset: BenchmarkPreset) -> float:
    from phototriage.ranker.training import train

    held_out = labels.official_test_series or labels.test_series("natural") or labels.comparisons.series[::10]
    split = official_split(labels.comparisons, held_out, preset.config.seed)
    ends: list[float] = []
    # The first epoch includes one-time work.
    train(split, features, replace(preset.config, max_epochs=2), lambda record: ends.append(time.monotonic()))
    return ends[1] - ends[0]


def _named(blocks: Sequence[Block]) -> str:
    return ", ".join(f"{block.name} {block.dim:,}" for block in blocks) + " numbers"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
