"""A resumable fine-tuning run that fills a run folder."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from phototriage.errors import FeatureError, OptionError
from phototriage.evaluation import evaluate_ranker
from phototriage.experiments.finetuning.model import FineTuned
from phototriage.experiments.finetuning.photos import photo_loader
from phototriage.experiments.finetuning.settings import FineTuning
from phototriage.experiments.finetuning.training import Estimate, finetune
from phototriage.experiments.labelled_features import OnNote
from phototriage.experiments.run_config import begin_run
from phototriage.experiments.run_folder import (
    read_last_state,
    write_last_state,
    write_predictions,
    write_run,
)
from phototriage.experiments.training_run import TrainingRun, Watch, unwatched
from phototriage.features import ExtractorOptions, Features, build_extractors, options_for
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.runtime.device import chosen_device
from phototriage.labels import Comparisons, Split
from phototriage.outputs.features.tables import human_size
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.ranker.calibration import fit_temperature
from phototriage.ranker.state import Training

__all__ = ["finetuning_run", "tuned_ranker"]


def finetuning_run(
    init: TrainedRanker,
    split: Split,
    features: Features,
    files: Mapping[str, Path],
    config: MultiFeatureConfig,
    settings: FineTuning,
    options: ExtractorOptions,
    cache_dir: Path,
    measure: Callable[[TrainedRanker], Features],
    folder: str | Path,
    sections: Mapping[str, Any],
    *,
    evaluated: Comparisons | None = None,
    resume: bool = False,
    watch: Watch = unwatched,
    on_note: OnNote = lambda text: None,
) -> TrainingRun:
    """Fine-tunes `init` and its networks, evaluates on the test side, and fills the run folder.

    The folder is that of `training_run`, and its best_model.pt holds the changed weights of the networks too.

    Args:
        features: of the blocks of `init`, as it was trained on them.
        files: photo → file.
        settings: what is unfrozen, and how it is trained.
        options, cache_dir: how photos are measured.
        measure: measures the labeled photos with the networks of a ranker.
        sections: the content of config.yaml.
        evaluated, resume, watch, on_note: see `training_run`.

    Raises what `training_run` raises, and OptionError for a stage that is not there.
    """
    folder = Path(folder)
    begin_run(folder, sections, resume=resume)
    state = read_last_state(folder)
    model = _model(init, features, files, config, settings, options, cache_dir)
    with watch(config.max_epochs) as (on_batches, on_epoch):
        result = finetune(
            model,
            init,
            split,
            features,
            config,
            settings,
            on_epoch=on_epoch,
            on_batches=on_batches,
            on_state=lambda state: write_last_state(folder, state),
            on_estimate=lambda estimate: on_note(_estimated(estimate, config)),
            state=state,
        )
    if not result.best_epoch:
        on_note("no epoch was better on the validation pairs than the start, whose weights are kept")
    ranker, measured = tuned_ranker(
        model, init, split, config, options, cache_dir, measure, changed=result.best_epoch > 0
    )
    training = Training(ranker, result.best_epoch, result.batches, result.epochs)
    evaluation = evaluate_ranker(
        "fine-tuned", ranker, split.test if evaluated is None else evaluated, measured
    )
    write_predictions(folder, ranker, split.test, measured)
    write_run(folder, training, evaluation, split, measured)
    return TrainingRun(training, evaluation)


def tuned_ranker(
    model: FineTuned,
    init: TrainedRanker,
    split: Split,
    config: MultiFeatureConfig,
    options: ExtractorOptions,
    cache_dir: Path,
    measure: Callable[[TrainedRanker], Features],
    *,
    changed: bool = True,
) -> tuple[TrainedRanker, Features]:
    """The ranker with the weights of a trained model, calibrated, and the features that it needs.

    changed: whether the weights of the networks differ from those of `init`.
    """
    tuned = model.tuned_weights() if changed else init.tuned
    names = [block.name for block in init.blocks]
    how = options_for(init.blocks, options)
    built = {each.block.name: each.block for each in build_extractors(names, how, cache_dir, tuned)}
    state = {name: each.cpu().numpy().copy() for name, each in model.head.state_dict().items()}
    ranker = replace(
        init,
        weights=state,
        config=config,
        blocks=tuple(built[name] for name in names),
        temperature=1.0,
        tuned=tuned,
    )
    features = measure(ranker)
    seen = [*split.train.photos, *split.validation.photos]
    pairs = split.validation.between(features.photos)
    scores = ranker.scores(features)
    a, b = (scores[features.rows(pairs.table[side])] for side in ("photo_a", "photo_b"))
    calibrated = replace(
        ranker,
        temperature=fit_temperature(a - b, pairs.table["preference"].to_numpy(np.float32)),
        seen_keys=np.union1d(init.seen_keys, TrainedRanker.digests(seen)),
        seen_contents=np.union1d(init.seen_contents, TrainedRanker.digests(features.known_hashes(seen))),
    )
    return calibrated, features


def _model(
    init: TrainedRanker,
    features: Features,
    files: Mapping[str, Path],
    config: MultiFeatureConfig,
    settings: FineTuning,
    options: ExtractorOptions,
    cache_dir: Path,
) -> FineTuned:
    names = [block.name for block in init.blocks]
    if absent := [name for name in settings.stages if name not in names]:
        raise OptionError(
            f"names '{absent[0]}', which the ranker of --init does not use; it uses {', '.join(names)}",
            "unfreeze",
        )
    how = options_for(init.blocks, options)
    extractors = {}
    for extractor in build_extractors(list(settings.stages), how, cache_dir, init.tuned):
        if not isinstance(extractor, NetworkExtractor):
            raise OptionError(f"names '{extractor.block.name}', which is no network", "unfreeze")
        if extractor.block not in init.blocks:
            raise FeatureError(
                f"the ranker of --init was trained on other '{extractor.block.name}' features than these "
                f"({extractor.block.fingerprint}): give the options that it was trained with"
            )
        extractors[extractor.block.name] = extractor
    init.check_settings(config)
    return FineTuned(
        replace(init, config=config),
        extractors,
        settings.stages,
        features,
        photo_loader(files),
        chosen_device(replace(how, runtime="torch", precision="fp32")),
        checkpoint_activations=settings.checkpoint_activations,
    )


def _estimated(estimate: Estimate, config: MultiFeatureConfig) -> str:
    total = estimate.seconds * config.max_epochs
    return (
        f"fine-tuning trains {estimate.trained:,} of {estimate.weights:,} weights; it takes about "
        f"{human_size(estimate.memory)} of memory beside the program's own, {_time(estimate.seconds)} an "
        f"epoch, at most {_time(total)}"
    )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
