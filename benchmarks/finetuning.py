"""What unfreezing the last stages of a backbone is worth on real opinions, and what it takes.

python benchmarks/finetuning.py WEIGHTS_FOLDER CLIVE_FOLDER [MAX_EPOCHS [CACHE_FOLDER]]

WEIGHTS_FOLDER holds squeezenet1_1.safetensors. CLIVE_FOLDER holds photos/ and comparisons.csv: groups of four
photos, every pair, the share of raters who prefer the first. Five folds over the groups. In each, a ranker is
trained on the frozen numbers of one network alone (preset best), then fine-tuned from there, with early
stopping on the same validation groups, which also may keep the start. Both score the held-out groups.
Intervals are those of a bootstrap over groups. CACHE_FOLDER keeps the frozen features.
"""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from phototriage.evaluation import Estimate as Interval
from phototriage.evaluation import Scorer, evaluate_scorers, ranker_scorer
from phototriage.experiments.finetuning.model import FineTuned
from phototriage.experiments.finetuning.photos import photo_loader
from phototriage.experiments.finetuning.run import tuned_ranker
from phototriage.experiments.finetuning.settings import FineTuning
from phototriage.experiments.finetuning.training import Estimate, finetune
from phototriage.features import (
    EXTRACTORS,
    ExtractorOptions,
    Features,
    MultiFeatureExtractor,
    build_extractors,
)
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.labels import Comparisons, k_folds, official_split, read_labels
from phototriage.ranker import TrainedRanker
from phototriage.ranker.presets import preset_config
from phototriage.ranker.training import train
from squeezenet import SPEC

FOLDS = 5
FIGURES = ("accuracy", "accuracy_clear")
ARMS = {
    "lite": ("lite.s6", (1e-5, 1e-4)),
    "squeezenet": ("squeezenet.fire8", (1e-5, 1e-4)),
}


def main(weights: Path, clive: Path, max_epochs: int, cache: Path) -> None:
    EXTRACTORS["squeezenet"] = SPEC
    options = ExtractorOptions(weights_dir=weights, device="cpu")
    comparisons = read_labels(clive / "comparisons.csv").comparisons
    files = {photo: clive / "photos" / photo for photo in comparisons.photos}
    print(
        "| network | unfrozen | learning rate | accuracy % | p ≥ 0.7 % | gain | gain, p ≥ 0.7 | kept epochs "
        "| trained | memory, MB | s an epoch |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    for name, (stage, rates) in ARMS.items():
        features = MultiFeatureExtractor([name], options, cache)(files)
        run_network(name, stage, rates, comparisons, features, files, options, cache, max_epochs)


def run_network(
    name: str,
    stage: str,
    rates: tuple[float, ...],
    comparisons: Comparisons,
    features: Features,
    files: Mapping[str, Path],
    options: ExtractorOptions,
    cache: Path,
    max_epochs: int,
) -> None:
    config = replace(preset_config("best"), seed=0)
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    epochs: dict[str, list[int]] = defaultdict(list)
    estimates: dict[str, Estimate] = {}
    began = time.process_time()
    for _, held_out in k_folds(comparisons, FOLDS, config.seed, features.content_hash_of):
        split = official_split(
            comparisons, frozenset(held_out.series), config.seed, contents=features.content_hash_of
        )
        frozen = train(split, features, config).ranker
        of_fold = {"frozen": ranker_scorer("frozen", frozen, features).scores}
        for rate in rates:
            found: list[Estimate] = []
            tuning = FineTuning(unfreeze=(stage,), backbone_learning_rate=rate)
            (extractor,) = build_extractors([name], options, cache)
            assert isinstance(extractor, NetworkExtractor)
            short = replace(config, max_epochs=max_epochs, patience=max_epochs, learning_rate=1e-4)
            start, pixels = replace(frozen, config=short), photo_loader(files)
            model = FineTuned(start, {name: extractor}, tuning.stages, features, pixels, "cpu")
            result = finetune(model, frozen, split, features, short, tuning, on_estimate=found.append)

            def measure(ranker: TrainedRanker) -> Features:
                return MultiFeatureExtractor([name], options, cache, ranker.tuned)(files)

            if result.best_epoch:
                ranker, tuned = tuned_ranker(model, frozen, split, short, options, cache, measure)
                of_fold[f"{rate:g}"] = ranker_scorer("tuned", ranker, tuned).scores
            else:
                of_fold[f"{rate:g}"] = of_fold["frozen"]
            epochs[f"{rate:g}"].append(result.best_epoch)
            estimates[f"{rate:g}"] = found[0]
        for arm, values in of_fold.items():
            scores[arm] |= {photo: values[photo] for photo in held_out.photos}
    reference = {arm: Scorer(arm, values, calibrated=True) for arm, values in scores.items()}
    for arm in scores:
        report = evaluate_scorers(comparisons, list(reference.values()), reference=arm)
        own, base = report.scorer(arm), report.scorer("frozen")
        accuracy, clear = (shown(own.figures[figure]) for figure in FIGURES)
        if arm == "frozen":
            print(f"| {name} | nothing | | {accuracy} | {clear} | | | | | | |", flush=True)
            continue
        gains = [shown(base.lead[figure], sign="+") for figure in FIGURES]
        cost = estimates[arm]
        print(
            f"| {name} | {stage} | {arm} | {accuracy} | {clear} | {' | '.join(gains)} | "
            f"{' '.join(map(str, epochs[arm]))} | {cost.trained:,} | {cost.memory / 1e6:.0f} | "
            f"{cost.seconds:.0f} |",
            flush=True,
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
            int(sys.argv[3]) if len(sys.argv) > 3 else 5,
            Path(sys.argv[4]) if len(sys.argv) > 4 else Path(scratch),
        )
