"""What unfreezing the last stages of a backbone is worth on real opinions, and what it takes.

python benchmarks/finetuning.py WEIGHTS_FOLDER CLIVE_FOLDER [MAX_EPOCHS [SIZE [CACHE_FOLDER]]]

WEIGHTS_FOLDER holds squeezenet1_1.safetensors. CLIVE_FOLDER holds photos/ and comparisons.csv: groups of four
photos, every pair, the share of raters who prefer the first. Five folds over the groups. In each, a ranker is
trained on the frozen numbers of one network alone (preset best), then fine-tuned from there, with early
stopping on the same validation groups, which also may keep the start. Both score the held-out groups. SIZE is
the long side of what both networks see, in pixels: 224 takes a fifth of the time of the photos' own 500.
Intervals are those of a bootstrap over groups. CACHE_FOLDER keeps the frozen features.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from phototriage.evaluation import Estimate as Interval
from phototriage.evaluation import Scorer, evaluate_scorers, ranker_scorer
from phototriage.experiments.finetuning.model import FineTuned
from phototriage.experiments.finetuning.photos import photo_loader
from phototriage.experiments.finetuning.run import tuned_ranker
from phototriage.experiments.finetuning.settings import FineTuning
from phototriage.experiments.finetuning.training import Estimate as Cost
from phototriage.experiments.finetuning.training import finetune
from phototriage.features import (
    EXTRACTORS,
    ExtractorOptions,
    Features,
    MultiFeatureExtractor,
    build_extractors,
)
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.preprocessing import Whole
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.labels import Comparisons, k_folds, official_split, read_labels
from phototriage.ranker import TrainedRanker
from phototriage.ranker.presets import preset_config
from phototriage.ranker.training import train
from squeezenet import SPEC

FOLDS = 5
FIGURES = ("accuracy", "accuracy_clear")
STAGES = {"lite": "lite.s6", "squeezenet": "squeezenet.fire8"}
RATE = 1e-4
"""Learning rate of the unfrozen weights, and of the ranker while they are trained."""


def main(weights: Path, clive: Path, max_epochs: int, size: int, cache: Path) -> None:
    EXTRACTORS["squeezenet"] = SPEC
    for name in STAGES:
        EXTRACTORS[name] = replace(EXTRACTORS[name], build=partial(resized, EXTRACTORS[name], size))
    options = ExtractorOptions(weights_dir=weights, device="cpu")
    comparisons = read_labels(clive / "comparisons.csv").comparisons
    files = {photo: clive / "photos" / photo for photo in comparisons.photos}
    print(
        "| network | unfrozen | accuracy % | p ≥ 0.7 % | gain | gain, p ≥ 0.7 | epochs kept | trained | "
        "memory, MB | s an epoch |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for name in STAGES:
        features = MultiFeatureExtractor([name], options, cache)(files)
        run_network(name, comparisons, features, files, options, cache, max_epochs)


def resized(spec: ExtractorSpec, size: int, options: ExtractorOptions, cache: Path) -> NetworkExtractor:
    """The extractor of `spec`, for photos whose long side is `size`."""
    extractor = spec.build(options, cache)
    assert isinstance(extractor, NetworkExtractor)
    return replace(extractor, prepare=Whole(size))


def run_network(
    name: str,
    comparisons: Comparisons,
    features: Features,
    files: Mapping[str, Path],
    options: ExtractorOptions,
    cache: Path,
    max_epochs: int,
) -> None:
    config = replace(preset_config("best"), seed=0)
    short = replace(config, max_epochs=max_epochs, patience=max_epochs, learning_rate=RATE)
    tuning = FineTuning(unfreeze=(STAGES[name],), backbone_learning_rate=RATE, pairs_at_once=16)
    scores: dict[str, dict[str, float]] = {"frozen": {}, "fine-tuned": {}}
    kept: list[int] = []
    costs: list[Cost] = []

    def measure(ranker: TrainedRanker) -> Features:
        return MultiFeatureExtractor([name], options, cache, ranker.tuned)(files)

    began = time.process_time()
    for _, held_out in k_folds(comparisons, FOLDS, config.seed, features.content_hash_of):
        split = official_split(
            comparisons, frozenset(held_out.series), config.seed, contents=features.content_hash_of
        )
        frozen = train(split, features, config).ranker
        (extractor,) = build_extractors([name], options, cache)
        assert isinstance(extractor, NetworkExtractor)
        start, pixels = replace(frozen, config=short), photo_loader(files)
        model = FineTuned(start, {name: extractor}, tuning.stages, features, pixels, "cpu")
        result = finetune(model, frozen, split, features, short, tuning, on_estimate=costs.append)
        ranker, measured = frozen, features
        if result.best_epoch:
            ranker, measured = tuned_ranker(model, frozen, split, short, options, cache, measure)
        kept.append(result.best_epoch)
        for arm, found, of in (("frozen", frozen, features), ("fine-tuned", ranker, measured)):
            of_fold = ranker_scorer(arm, found, of).scores
            scores[arm] |= {photo: of_fold[photo] for photo in held_out.photos}
        print(f"{name}: {[(e.train_loss, e.validation_accuracy) for e in result.epochs]}", file=sys.stderr)
    scorers = [Scorer(arm, values, calibrated=True) for arm, values in scores.items()]
    report = evaluate_scorers(comparisons, scorers, reference="fine-tuned")
    cells = {arm: [shown(report.scorer(arm).figures[figure]) for figure in FIGURES] for arm in scores}
    gains = [shown(report.scorer("frozen").lead[figure], sign="+") for figure in FIGURES]
    cost = costs[0]
    print(f"| {name} | nothing | {' | '.join(cells['frozen'])} | | | | | | |")
    print(
        f"| {name} | {STAGES[name]} | {' | '.join([*cells['fine-tuned'], *gains])} | "
        f"{' '.join(map(str, kept))} | {cost.trained:,} of {cost.weights:,} | {cost.memory / 1e6:.0f} | "
        f"{cost.seconds:.0f} |"
    )
    print(f"\n{name}: {(time.process_time() - began) / 60:.1f} minutes of CPU\n", flush=True)


def shown(estimate: Interval | None, sign: str = "") -> str:
    """In percent or points, with the interval."""
    assert estimate is not None
    value, low, high = (f"{100 * each:{sign}.1f}" for each in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


if __name__ == "__main__":
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as scratch:
        main(
            Path(sys.argv[1]),
            Path(sys.argv[2]),
            int(sys.argv[3]) if len(sys.argv) > 3 else 4,
            int(sys.argv[4]) if len(sys.argv) > 4 else 224,
            Path(sys.argv[5]) if len(sys.argv) > 5 else Path(scratch),
        )
