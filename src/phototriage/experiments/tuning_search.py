"""A search for the best training settings (Optuna: Akiba et al., KDD 2019)."""

import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from phototriage.errors import FeatureError, LabelError, ModelError, OutputError
from phototriage.experiments.inputs_digest import inputs_digest
from phototriage.extras import extra
from phototriage.features import Features
from phototriage.labels import Comparisons, Split, k_folds, official_split
from phototriage.ranker import MultiFeatureConfig, compute_pairwise_accuracy
from phototriage.ranker.training import train

with extra("tune"):
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.trial import TrialState
    from sqlalchemy.engine import URL
    from sqlalchemy.exc import SQLAlchemyError

__all__ = ["Search", "SearchTrial", "search"]

_DEEPEST = 3
_WIDTHS = (3, 10)  # powers of 2
_BATCH_SIZES = (4, 9)
_DROPOUT = (0.0, 0.6)
_MARGIN = (0.1, 3.0)
_LEARNING_RATE = (1e-5, 3e-2)
_WEIGHT_DECAY = (1e-4, 1.0)
_MIN_AGREEMENT = (0.5, 0.6, 0.7, 0.8)

_RANDOM_TRIALS = 10  # before the sampler uses earlier results
_PRUNE_AFTER = 5  # trials that set the baseline
_FEWEST_FOR_IMPORTANCES = 8

_Folds = Sequence[Split]


@dataclass(frozen=True)
class SearchTrial:
    """The settings of a trial, by their names in the search.

    accuracy: None if the trial was given up; `given_up` is the reason.
    """

    number: int
    settings: Mapping[str, float | str]
    accuracy: float | None
    given_up: str = ""


@dataclass(frozen=True)
class Search:
    """A search. The accuracies are shares of pairs in the right order, over all folds.

    best: the most accurate settings, or the default settings if no trial was better. importances: how much
    each setting separates the better half of the trials from the others, as shares, largest first; empty with
    too few trials.
    """

    default: MultiFeatureConfig
    default_accuracy: float
    trials: tuple[SearchTrial, ...]
    best: MultiFeatureConfig
    best_accuracy: float
    importances: dict[str, float]


def search(
    comparisons: Comparisons,
    features: Features,
    default: MultiFeatureConfig,
    folds: int,
    trials: int,
    storage: str | Path,
    on_trial: Callable[[SearchTrial, float], None] = lambda trial, seconds: None,
) -> Search:
    """Searches for the settings with the highest cross-validated accuracy over series.

    A trial is pruned (given up) if it falls behind the median of earlier trials after some folds, or if
    training fails. A tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011) draws each trial from
    the default's seed, the trial's number and the previous trials, so that an interrupted search continues
    with the same results.

    Args:
        comparisons: the pairs to search on; evaluate the result on other series.
        default: supplies the settings that are not searched (epochs, patience, min_reviewers, seed), and is
            evaluated on the same folds.
        trials: total number of trials, including those in `storage`.
        storage: a SQLite file, created if it does not exist.
        on_trial: called with each new trial and its duration in seconds; first with the default, as trial 0.

    Raises LabelError for fewer series than folds, ModelError if the default cannot be trained, OutputError if
    `storage` contains another search or cannot be used.
    """
    comparisons = comparisons.between(features.photos)
    splits = [
        official_split(
            comparisons, frozenset(held_out.series), default.seed, contents=features.content_hash_of
        )
        for _, held_out in k_folds(comparisons, folds, default.seed, features.content_hash_of)
    ]
    study = _study(Path(storage), inputs_digest(comparisons, features, default, folds))
    default_accuracy = study.user_attrs.get("default_accuracy")
    if default_accuracy is None:
        started = time.monotonic()
        default_accuracy = _accuracy(splits, features, default)
        study.set_user_attr("default_accuracy", default_accuracy)
        on_trial(SearchTrial(0, {}, default_accuracy), time.monotonic() - started)
    has_votes = bool((comparisons.votes > 0).any())
    while len(finished := _finished(study)) < trials:
        started = time.monotonic()
        study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=_RANDOM_TRIALS,
            constant_liar=False,  # a killed run leaves a trial that looks as if it were running
            seed=int(np.random.default_rng([default.seed, len(finished)]).integers(2**31)),
        )
        _run(study, splits, features, default, has_votes)
        on_trial(_finished(study)[-1], time.monotonic() - started)
    best, best_accuracy = default, default_accuracy
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        if trial.value is not None and trial.value > best_accuracy:
            best, best_accuracy = MultiFeatureConfig.from_dict(trial.user_attrs["config"]), trial.value
    return Search(default, default_accuracy, tuple(finished), best, best_accuracy, _importances(study))


def _study(storage: Path, inputs: str) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage.parent.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            study_name="phototriage",
            # A plain path may contain characters with a meaning in a URL.
            storage=URL.create("sqlite", database=str(storage)).render_as_string(),
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_PRUNE_AFTER, n_warmup_steps=2),
            load_if_exists=True,
        )
    except (OSError, SQLAlchemyError) as error:
        raise OutputError(
            f"cannot keep the search in {storage}: {str(error).partition(chr(10))[0]}"
        ) from error
    if study.user_attrs.get("inputs", inputs) != inputs:
        raise OutputError(
            f"{storage} holds a search with other labels, features, folds or settings: "
            "choose another --output_dir"
        )
    study.set_user_attr("inputs", inputs)
    return study


def _run(
    study: optuna.Study, splits: _Folds, features: Features, default: MultiFeatureConfig, has_votes: bool
) -> None:
    """One trial."""
    trial = study.ask()
    try:
        config = _suggested(trial, default, has_votes)
        trial.set_user_attr("config", asdict(config))
        accuracy = _accuracy(splits, features, config, trial)
    except optuna.TrialPruned:
        trial.set_user_attr("given_up", "behind the median of the trials before it")
        study.tell(trial, state=TrialState.PRUNED)
    except (FeatureError, LabelError, ModelError) as error:
        trial.set_user_attr("given_up", str(error))
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, accuracy)


def _suggested(trial: optuna.Trial, default: MultiFeatureConfig, has_votes: bool) -> MultiFeatureConfig:
    """Settings to try. Each hidden layer is half as wide as the one before it."""
    depth = trial.suggest_int("depth", 0, _DEEPEST)
    width = 2 ** trial.suggest_int("log2_width", *_WIDTHS)
    choices: dict[str, Any] = {
        name: trial.suggest_categorical(
            name, [each for each in get_args(kind) if each != "votes" or has_votes]
        )
        for name, kind in get_type_hints(MultiFeatureConfig).items()
        if get_origin(kind) is Literal
    }
    return replace(
        default,
        mlp_hidden_dims=tuple(width >> layer for layer in range(depth)),
        dropout=trial.suggest_float("dropout", *_DROPOUT),
        margin=trial.suggest_float("margin", *_MARGIN, log=True),
        learning_rate=trial.suggest_float("learning_rate", *_LEARNING_RATE, log=True),
        weight_decay=trial.suggest_float("weight_decay", *_WEIGHT_DECAY, log=True),
        batch_size=2 ** trial.suggest_int("log2_batch_size", *_BATCH_SIZES),
        min_agreement=trial.suggest_categorical("min_agreement", _MIN_AGREEMENT),
        **choices,
    )


def _accuracy(
    splits: _Folds, features: Features, config: MultiFeatureConfig, trial: optuna.Trial | None = None
) -> float:
    """The share of pairs in the right order, over all folds. Raises TrialPruned if `trial` is pruned."""
    leads, preferences = [], []
    accuracy = math.nan
    for fold, split in enumerate(splits, start=1):
        scores = train(split, features, config).ranker.scores(features)
        table = split.test.table
        leads.append(scores[features.rows(table["photo_a"])] - scores[features.rows(table["photo_b"])])
        preferences.append(table["preference"].to_numpy(np.float64))
        accuracy = compute_pairwise_accuracy(np.concatenate(leads), np.concatenate(preferences))
        if trial is not None and not math.isnan(accuracy):
            trial.report(accuracy, fold)
            if fold < len(splits) and trial.should_prune():
                raise optuna.TrialPruned
    if math.isnan(accuracy):
        raise LabelError("nothing to search by: of no pair does anybody prefer a photo")
    return accuracy


def _finished(study: optuna.Study) -> list[SearchTrial]:
    states = (TrialState.COMPLETE, TrialState.PRUNED)
    return [
        SearchTrial(
            number,
            trial.params,
            trial.value if trial.state == TrialState.COMPLETE else None,
            trial.user_attrs.get("given_up", ""),
        )
        for number, trial in enumerate(study.get_trials(deepcopy=False, states=states), start=1)
    ]


def _importances(study: optuna.Study) -> dict[str, float]:
    if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) < _FEWEST_FOR_IMPORTANCES:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            return dict(get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()))
        except UserWarning:  # too many trials are equally good to single out the better ones
            return {}
