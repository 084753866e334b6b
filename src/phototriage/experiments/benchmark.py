"""Compares recipes on PhotoTriage: on the published splits, and in folds over all series."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from phototriage.errors import FeatureError, ModelError
from phototriage.evaluation.baselines import baselines, ranker_scorer
from phototriage.evaluation.evaluate import evaluate_scorers
from phototriage.evaluation.held_out import never_seen
from phototriage.evaluation.report import EvaluationReport
from phototriage.evaluation.scorer import Scorer
from phototriage.experiments.ablation import ablate
from phototriage.experiments.benchmark_inputs import BenchmarkPreset
from phototriage.experiments.inputs_digest import inputs_digest
from phototriage.experiments.labelled_features import OnNote
from phototriage.experiments.run_config import LAST_STATE, MODEL, recipe_sections
from phototriage.experiments.trained_baselines import Recipe
from phototriage.experiments.training_run import Watch, training_run, unwatched
from phototriage.features import EXTRACTORS, Features
from phototriage.labels import Labels
from phototriage.labels.reading import PUBLISHED_SPLITS, PublishedSplit
from phototriage.outputs.provenance import Provenance, provenance
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, load_ranker

__all__ = ["Benchmark", "Official", "evaluate_folds", "evaluate_official", "recipes", "run_benchmark"]


@dataclass(frozen=True)
class Official:
    """Rankers trained on the training series of a published split.

    unseen: on its test series (PhotoTriage's official validation, or FGAesthetics' test), without those that
    share a photo with the training of a ranker. seen_series: how many those are. in_sample: on the series
    used for training and early stopping.
    """

    unseen: EvaluationReport
    in_sample: EvaluationReport
    seen_series: int


@dataclass(frozen=True)
class Benchmark:
    """The result of a benchmark.

    entries: the trained recipes; the first is the reference of all differences. runs: name of the entry →
    the run folder of its training on the first published split, relative to the benchmark's folder.
    unmeasured: labeled photos without features, with the reason if known. official, folds, natural: None if
    not requested; natural is on FGAesthetics' split. fold_count: number of folds.
    """

    labels: Labels
    entries: Sequence[Recipe]
    runs: Mapping[str, str]
    unmeasured: Mapping[str, str]
    official: Official | None
    folds: EvaluationReport | None
    fold_count: int
    provenance: Provenance
    natural: Official | None = None


def run_benchmark(
    labels: Labels,
    presets: Sequence[BenchmarkPreset],
    read_features: Callable[[BenchmarkPreset], Features],
    folder: str | Path,
    *,
    on: Collection[str] = ("official", "folds"),
    folds: int = 5,
    allow_missing: bool = False,
    labels_section: Mapping[str, Any] | None = None,
    measured: bool = True,
    watch: Watch = unwatched,
    on_note: OnNote = lambda text: None,
) -> Benchmark:
    """Trains each preset on all its features, on CLIP alone and on image quality alone, and evaluates them.

    Finished work stays in the folder and is reused if labels, numbers, settings and version are the same.

    Args:
        labels: labels of a PhotoTriage release, see `check_labels`.
        presets: the first, on all its features, is the reference of all differences.
        read_features: reads or measures the features of a preset.
        on: official: train on the training series, evaluate on the official validation series. natural:
            the same on FGAesthetics' split. folds: cross-validate over all series.
        allow_missing: continue if labeled photos have no features.
        labels_section: the section about labels in each run's config.yaml.
        measured: whether features are measured; each run's config.yaml then names them.
        watch: see `training_run`.

    Raises FeatureError for photos without features, LabelError, ModelError and OutputError.
    """
    folder = Path(folder)
    # Results of another version must not appear as results of this one.
    runs_folder = folder / f"runs-{version('phototriage')}"
    features = [_read(labels, preset, read_features, allow_missing=allow_missing) for preset in presets]
    arms = [
        (preset, entry)
        for preset, of_preset in zip(presets, features, strict=True)
        for entry in recipes(preset.name, of_preset, preset.config)
    ]
    entries = [entry for _, entry in arms]
    runs: dict[str, Path] = {}
    released: dict[str, Official] = {}
    for which in PUBLISHED_SPLITS:
        if which not in on:
            continue
        rankers: dict[str, TrainedRanker] = {}
        for preset, entry in arms:
            names = [block.name for block in entry.features.blocks] if measured else None
            sections = recipe_sections(entry.config, names, preset.options, which, labels_section)
            rankers[entry.name], run = _trained(labels, which, entry, runs_folder, sections, watch, on_note)
            runs.setdefault(entry.name, run)
        released[which] = evaluate_official(labels, entries, rankers, which)
    in_folds = None
    if "folds" in on:
        scorers = [_in_folds(labels, entry, folds, runs_folder / "folds", on_note) for entry in entries]
        in_folds = evaluate_folds(labels, entries, scorers)
    return Benchmark(
        labels,
        entries,
        {name: str(run.relative_to(folder)) for name, run in runs.items()},
        _unmeasured(labels, features),
        released.get("official"),
        in_folds,
        folds,
        provenance(),
        released.get("natural"),
    )


def recipes(preset: str, features: Features, config: MultiFeatureConfig) -> list[Recipe]:
    """A preset on all features; also on CLIP alone and on IQA alone, if these are among several blocks.

    The name of each recipe is `preset: block+block`.
    """
    found = [Recipe(f"{preset}: {'+'.join(block.name for block in features.blocks)}", features, config)]
    if len(features.blocks) > 1:
        for block in features.blocks:
            if block.name in EXTRACTORS and EXTRACTORS[block.name].baseline:
                alone = replace(features, matrix=features.select([block]), blocks=(block,))
                found.append(Recipe(f"{preset}: {block.name}", alone, config))
    return found


def evaluate_official(
    labels: Labels,
    entries: Sequence[Recipe],
    rankers: Mapping[str, TrainedRanker],
    which: PublishedSplit = "official",
) -> Official:
    """Evaluates the rankers of the recipes, by name, together with untrained scorers on a published split.

    The first is the reference of all differences. Raises LabelError if no test series is left to evaluate.
    """
    comparisons, test = labels.comparisons, labels.test_series(which)
    validation = comparisons.in_series(test)
    learned = comparisons.select(~comparisons.table["series"].isin(list(test)))
    unseen = validation
    for entry in entries:
        # One by one, because each knows only the photos of its own features.
        unseen = never_seen([rankers[entry.name]], unseen, entry.features)
    scorers = [ranker_scorer(entry.name, rankers[entry.name], entry.features) for entry in entries]
    return Official(
        evaluate_scorers(
            unseen,
            [*baselines(entries[0].features), *scorers],
            reference=entries[0].name,
            reasons=labels.reasons,
        ),
        evaluate_scorers(learned, scorers, reference=entries[0].name),
        len(validation.series) - len(unseen.series),
    )


def evaluate_folds(labels: Labels, entries: Sequence[Recipe], scorers: Sequence[Scorer]) -> EvaluationReport:
    """Evaluates the `cross_validated` scorers of the recipes, in their order; the first is the reference."""
    everyone = [*baselines(entries[0].features), *scorers]
    return evaluate_scorers(labels.comparisons, everyone, reference=entries[0].name, reasons=labels.reasons)


def _read(
    labels: Labels,
    preset: BenchmarkPreset,
    read_features: Callable[[BenchmarkPreset], Features],
    *,
    allow_missing: bool,
) -> Features:
    features = read_features(preset)
    if not allow_missing and (lacking := _unmeasured(labels, [features])):
        raise FeatureError(
            f"{len(lacking):,} of {len(labels.comparisons.photos):,} labeled photos have no features, "
            f"the first is {next(iter(lacking))}: fix them, or continue without them with --allow_missing"
        )
    return features


def _unmeasured(labels: Labels, measured: Sequence[Features]) -> dict[str, str]:
    """Labeled photos without features, and the reason if known."""
    reasons = {each.photo: each.reason for features in measured for each in features.failures}
    return {
        photo: reasons.get(photo, "")
        for photo in labels.comparisons.photos
        if not all(photo in features for features in measured)
    }


def _trained(
    labels: Labels,
    which: PublishedSplit,
    entry: Recipe,
    runs: Path,
    sections: Mapping[str, Any],
    watch: Watch,
    on_note: OnNote,
) -> tuple[TrainedRanker, Path]:
    """The ranker trained on the training series of a published split, and its run folder."""
    comparisons = labels.comparisons.between(entry.features.photos)
    what = "official validation" if which == "official" else "test of Natural"
    if not len(comparisons.in_series(labels.test_series(which))):
        raise FeatureError(
            f"not one pair of the {what} has features: measure its photos, or do without by --on folds"
        )
    digest = inputs_digest(comparisons, entry.features, entry.config, folds=0)
    split_name = "" if which == "official" else f"{which}-"
    folder = runs / f"{entry.name.replace(': ', '-')}-{split_name}{digest[:8]}"
    interrupted = (folder / LAST_STATE).exists()
    if (folder / MODEL).exists() and not interrupted:
        on_note(f"{entry.name}: was trained before")
        return load_ranker(folder / MODEL), folder
    on_note(f"{entry.name}: training on the {which} training series")
    split = labels.released_split(which, entry.config.seed, comparisons, entry.features.content_hash_of)
    run = training_run(
        split,
        entry.features,
        entry.config,
        folder,
        sections,
        name=entry.name,
        resume=interrupted,
        watch=watch,
        on_note=on_note,
    )
    return run.training.ranker, folder


def _in_folds(labels: Labels, entry: Recipe, folds: int, finished: Path, on_note: OnNote) -> Scorer:
    on_note(f"{entry.name}: {folds} folds")
    whole = {entry.name: range(entry.features.matrix.shape[1])}
    (trial,) = ablate(labels.comparisons, entry.features, whole, entry.config, folds, finished)
    if trial.scorer is None:
        raise ModelError(f"{entry.name}: {trial.failure}")
    on_note(f"{entry.name}: {f'{trial.seconds:.0f} s' if trial.seconds else 'was finished before'}")
    return trial.scorer
