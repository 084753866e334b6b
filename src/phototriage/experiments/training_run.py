"""A resumable training run that writes a run folder."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phototriage.evaluation import Evaluation, evaluate_ranker
from phototriage.experiments.labelled_features import OnNote
from phototriage.experiments.run_config import begin_run
from phototriage.experiments.run_folder import (
    read_last_state,
    write_last_state,
    write_predictions,
    write_run,
)
from phototriage.features import Features
from phototriage.labels import Comparisons, Split
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.ranker.state import BatchRecord, EpochRecord, Training, TrainingState, is_finished
from phototriage.ranker.training import train

__all__ = ["TrainingRun", "Watch", "training_run", "unwatched"]

Watch = Callable[
    [int], AbstractContextManager[tuple[Callable[[BatchRecord], None], Callable[[EpochRecord], None]]]
]
"""Takes the largest number of epochs; yields the callbacks for each record of a training run."""


def unwatched(
    max_epochs: int,
) -> AbstractContextManager[tuple[Callable[[BatchRecord], None], Callable[[EpochRecord], None]]]:
    """Ignores the progress of training."""
    del max_epochs
    return nullcontext((lambda record: None, lambda record: None))


@dataclass(frozen=True)
class TrainingRun:
    """A finished training run, and its evaluation on series that it never saw."""

    training: Training
    evaluation: Evaluation


def training_run(
    split: Split,
    features: Features,
    config: MultiFeatureConfig,
    folder: str | Path,
    settings: Mapping[str, Any],
    *,
    name: str = "this ranker",
    evaluated: Comparisons | None = None,
    init: TrainedRanker | None = None,
    resume: bool = False,
    watch: Watch = unwatched,
    on_note: OnNote = lambda text: None,
) -> TrainingRun:
    """Trains, evaluates on the test side, and fills the run folder; its best_model.pt comes last.

    Args:
        settings: the content of config.yaml, see `recipe_sections`.
        name: the ranker's name in the results.
        evaluated: the pairs to evaluate on, if not only those of the split's test.
        init: start from the weights of this ranker.
        resume: continue the interrupted run in the folder, if there is one, or a finished one with more
            epochs or patience.

    Existing results in the folder are replaced. Raises what `train` raises, OutputError if the folder is not
    writable, and ModelError for a state that is damaged or belongs to another training run.
    """
    folder = Path(folder)
    begin_run(folder, settings, resume=resume)
    state = read_last_state(folder)
    if resume:
        on_note(_resumed(state, config, folder))
    with watch(config.max_epochs) as (on_batches, on_epoch):
        training = train(
            split,
            features,
            config,
            on_epoch=on_epoch,
            on_batches=on_batches,
            on_state=lambda state: write_last_state(folder, state),
            state=state,
            init=init,
        )
    pairs = split.test if evaluated is None else evaluated
    evaluation = evaluate_ranker(name, training.ranker, pairs, features)
    write_predictions(folder, training.ranker, split.test, features)
    write_run(folder, training, evaluation, split, features)
    return TrainingRun(training, evaluation)


def _resumed(state: TrainingState | None, config: MultiFeatureConfig, folder: Path) -> str:
    """Where a resumed run goes on."""
    if state is None:
        return f"no epoch of the run in {folder} was finished: it starts with the first"
    done = len(state.epochs)
    if is_finished(config, done, state.best_epoch):
        return (
            f"nothing is left to train: the run stopped after epoch {done}, its best is {state.best_epoch}; "
            f"--max_epochs {config.max_epochs} and --patience {config.patience} allow no more"
        )
    return f"going on after epoch {done}"
