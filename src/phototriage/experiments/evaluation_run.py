"""An evaluation run from files: rankers, score tables and baselines, on labels that the rankers never saw."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from phototriage.errors import FeatureError, LabelError, MissingExtraError, PhototriageError
from phototriage.evaluation import (
    EvaluationReport,
    Scorer,
    baselines,
    evaluate_scorers,
    never_seen,
    ranker_scorer,
)
from phototriage.evaluation.baselines import CHANCE
from phototriage.experiments.labelled_features import OnNote, ReadFeatures, check_covered
from phototriage.features import Block, ExtractorOptions, Failure, Features, check_weights_dir
from phototriage.features.table import read_score_table
from phototriage.labels import Comparisons, Labels
from phototriage.ranker import TrainedRanker, load_embedded_ranker, load_ranker

if TYPE_CHECKING:
    from phototriage.experiments.trained_baselines import Recipe

__all__ = ["EvaluationRun", "block_names", "evaluation_run"]


@dataclass(frozen=True)
class EvaluationRun:
    """The result of an evaluation run.

    names: the names of the model and of the model it is compared with, if any. comparisons: the evaluated
    pairs. scorer: the model's scores, which are the report's reference. about: the description of the figures
    for the results JSON. notes: lines for people. failures: labeled photos that could not be measured or have
    no valid score.
    """

    report: EvaluationReport
    names: tuple[str, ...]
    comparisons: Comparisons
    scorer: Scorer
    about: Mapping[str, str | int | bool]
    notes: tuple[str, ...]
    failures: tuple[Failure, ...]


def evaluation_run(
    labels: Labels,
    models: Sequence[str | Path | None],
    read_features: ReadFeatures,
    *,
    score_tables: Collection[str | Path] = (),
    folds: int | None = None,
    with_baselines: bool = True,
    thresholds: Sequence[float] = (),
    strict: bool = False,
    measured: ExtractorOptions | None = None,
    on_note: OnNote = lambda text: None,
) -> EvaluationRun:
    """Evaluates one or two models, together with the baselines, on series that they never saw.

    Args:
        models: ranker files, or None for the embedded ranker; those among `score_tables` are tables of
            scores. The second is compared with the first.
        read_features: called once with the rankers among the models; once per ranker, if they need blocks of
            one name that were made differently.
        folds: cross-validates each ranker's recipe with this many folds.
        with_baselines: also train networks for comparison, with the first ranker's config.
        thresholds: see `evaluate_scorers`.
        strict: a labeled photo without a score is an error.
        measured: how `read_features` measures photos, if it does.
        on_note: called with a line about each slow step. Remarks on the figures are in `notes`.

    Raises FeatureError, LabelError or ModelError for unusable files and labels.
    """
    paths = [None if path is None else Path(path) for path in models]
    tables = {Path(path) for path in score_tables}
    run = _Run(labels, paths, tables, folds, with_baselines=with_baselines, strict=strict, on_note=on_note)
    if measured is not None:
        check_weights_dir(run.blocks, measured.weights_dir)
    comparisons, scorers, about = run.scorers(read_features)
    return EvaluationRun(
        report=evaluate_scorers(
            comparisons, scorers, reference=run.names[0], thresholds=thresholds, reasons=labels.reasons
        ),
        names=tuple(run.names),
        comparisons=comparisons,
        scorer=next(scorer for scorer in scorers if scorer.name == run.names[0]),
        about=about,
        notes=tuple(run.notes),
        failures=tuple(run.failures),
    )


class _Run:
    """Reads models and scores, and trains networks if requested."""

    def __init__(
        self,
        labels: Labels,
        paths: Sequence[Path | None],
        score_tables: Collection[Path],
        folds: int | None,
        *,
        with_baselines: bool,
        strict: bool,
        on_note: OnNote,
    ) -> None:
        self._labels, self._folds, self._on_note = labels, folds, on_note
        self._with_baselines, self._strict = with_baselines, strict
        self.names = _names(paths)
        self.notes: list[str] = []
        self.failures: list[Failure] = []
        self._rankers: dict[str, TrainedRanker] = {}
        self._scores: dict[str, dict[str, float]] = {}
        if folds:
            self.names = [
                name if path in score_tables else f"{name}, trained anew"
                for name, path in zip(self.names, paths, strict=True)
            ]
        for name, path in zip(self.names, paths, strict=True):
            if path is None:
                self._rankers[name] = load_embedded_ranker()
                if folds:
                    self.notes.append(
                        f"{name}: one network of the embedded ranker's size; its own recipe, the mean of "
                        "eight networks, is evaluated in its card and by benchmarks/embedded_model.py"
                    )
            elif path in score_tables:
                self._scores[name] = self._read_scores(path)
            else:
                self._rankers[name] = load_ranker(path)

    @property
    def blocks(self) -> list[Block]:
        """What the rankers need."""
        return [block for ranker in self._rankers.values() for block in ranker.blocks]

    def scorers(
        self, read_features: ReadFeatures
    ) -> tuple[Comparisons, list[Scorer], dict[str, str | int | bool]]:
        """The comparisons, the scorers (the model last), and the description of the figures."""
        comparisons, folds = self._labels.comparisons, self._folds
        models = {name: Scorer(name, scores) for name, scores in self._scores.items()}
        if not self._rankers:
            chance = Scorer(CHANCE, dict.fromkeys(comparisons.photos, 0.0), calibrated=True)
            about: dict[str, str | int | bool] = {"judged": f"scores of {' and '.join(self.names)}"}
            return comparisons, self._beside([chance], models), about
        features_of = self._read(read_features)
        features = next(iter(features_of.values()))  # of the model, if it is a ranker
        unseen = comparisons
        for name, ranker in self._rankers.items():
            # One by one, because each knows only the photos of its own features.
            unseen = never_seen([ranker], unseen, features_of[name])
        self._note_names(comparisons, features_of)
        for name, ranker in self._rankers.items():
            dim = sum(block.dim for block in ranker.blocks)
            self.notes += [f"{name}: {text}" for text in ranker.config.cautions(dim)]
        if not (folds or len(unseen)) and any(
            len(never_seen([ranker], comparisons, features_of[name]))
            for name, ranker in self._rankers.items()
        ):
            raise LabelError(
                f"there is no series that neither {' nor '.join(self._rankers)} has seen: "
                "train both with the same --split and --seed, or compare recipes by --folds 5"
            )
        for name, ranker in self._rankers.items():
            if folds:
                # Imported here so that evaluating a finished ranker does not wait for torch.
                from phototriage.experiments.trained_baselines import own_recipe

                models[name] = self._cross_validated(own_recipe(name, ranker, features_of[name]))
            else:
                models[name] = ranker_scorer(name, ranker, features_of[name])
        everyone = self._beside([*baselines(features), *self._trained(features, unseen)], models)
        if folds:
            return comparisons, everyone, {"judged": f"{folds}-fold over series", "folds": folds}
        return unseen if len(unseen) else comparisons, everyone, self._about(unseen)

    def _beside(self, others: Sequence[Scorer], models: Mapping[str, Scorer]) -> list[Scorer]:
        """All scorers, the model last; others with the same name as a model are renamed."""
        apart = [
            replace(each, name=f"{each.name} (baseline)") if each.name in self.names else each
            for each in others
        ]
        return apart + [models[name] for name in reversed(self.names)]

    def _about(self, unseen: Comparisons) -> dict[str, str | int | bool]:
        rankers = " and ".join(self._rankers)
        seen = len(self._labels.comparisons.series) - len(unseen.series)
        alone = len(self._rankers) == 1
        judged = f"{rankers} on series {'it never' if alone else 'neither'} saw"
        if not len(unseen):
            judged = f"IN-SAMPLE: {rankers} trained on all these series, which says little about others"
        elif seen:
            judged += f" ({seen} that {'it' if alone else 'one'} was trained on are left out)"
        return {"judged": judged, "in_sample": not len(unseen), "seen_series": seen}

    def _read(self, read_features: ReadFeatures) -> dict[str, Features]:
        """The features of each ranker, by its name; the same for all where they need no different ones."""
        blocks = {block for ranker in self._rankers.values() for block in ranker.blocks}
        together = len(blocks) == len(block_names(list(self._rankers.values())))
        groups = [list(self._rankers)] if together else [[name] for name in self._rankers]
        found: dict[str, Features] = {}
        for names in groups:
            features = read_features([self._rankers[name] for name in names])
            self._note_failures([each for each in features.failures if each not in self.failures])
            found |= dict.fromkeys(names, features)
        return found

    def _note_names(self, comparisons: Comparisons, features_of: Mapping[str, Features]) -> None:
        """Notes the photos that count as seen only because of their names."""
        for name, ranker in self._rankers.items():
            features = features_of[name]
            photos = [photo for photo in comparisons.photos if photo in features]
            named = int(ranker.has_seen_name_of(photos, features).sum())
            if named and not self._folds:
                self.notes.append(
                    f"{named} photos bear names that {name} was trained on but have other contents; "
                    "written to since or other photos, their series count as seen"
                )

    def _trained(self, features: Features, unseen: Comparisons) -> list[Scorer]:
        """The networks to compare with the first ranker; adds a note for each unavailable one."""
        if not self._with_baselines:
            return []
        main = next(iter(self._rankers.values()))
        comparisons = self._labels.comparisons
        if not self._folds and (not len(unseen) or len(unseen.series) == len(comparisons.series)):
            seen = "no series" if len(unseen) else "every series"
            self.notes.append(
                f"no networks trained to compare with: the ranker has seen {seen} of these labels; "
                "--folds 5 trains all anew"
            )
            return []
        try:
            from phototriage.experiments.trained_baselines import baseline_recipes, trained_on_seen
        except MissingExtraError as error:
            self.notes.append(f"no networks trained to compare with: {error}")
            return []

        recipes, notes = baseline_recipes(main, features)
        self.notes += notes
        trained = []
        for recipe in recipes:
            try:
                if self._folds:
                    trained.append(self._cross_validated(recipe))
                else:
                    self._on_note(f"training {recipe.name} on the series that the ranker has seen")
                    trained.append(trained_on_seen(recipe, main, comparisons, unseen))
            except PhototriageError as error:
                self.notes.append(f"{recipe.name}: not trained, {error}")
        return trained

    def _cross_validated(self, recipe: "Recipe") -> Scorer:
        from phototriage.experiments.cross_validation import cross_validated

        # The same seed for all, so that all use the same folds.
        config = replace(recipe.config, seed=next(iter(self._rankers.values())).config.seed)
        return cross_validated(
            recipe.name,
            self._labels.comparisons,
            recipe.features,
            config,
            self._folds or 0,
            on_fold=lambda fold: self._on_note(f"{recipe.name}: fold {fold} of {self._folds} done"),
        )

    def _note_failures(self, failures: Sequence[Failure]) -> None:
        labeled = set(self._labels.comparisons.photos)
        self.failures += [failure for failure in failures if failure.photo in labeled]

    def _read_scores(self, path: Path) -> dict[str, float]:
        scores, failures = read_score_table(path)
        labeled = self._labels.comparisons.photos
        self._note_failures(failures)
        if not any(photo in scores for photo in labeled):
            raise FeatureError(
                f"{path} has scores for none of the {len(labeled)} labeled photos: its first is "
                f"{next(iter(scores))}, that of the labels {labeled[0]}"
            )
        check_covered(
            self._labels,
            scores,
            failures,
            f"score in {path}",
            strict=self._strict,
            on_note=self._on_note,
        )
        return scores


def block_names(rankers: Sequence[TrainedRanker]) -> list[str]:
    """The names of all blocks that the rankers need, each once."""
    return list(dict.fromkeys(block.name for ranker in rankers for block in ranker.blocks))


def _names(paths: Sequence[Path | None]) -> list[str]:
    """Names for models and tables: the file name, or the path if the file names are equal."""
    stems = ["embedded ranker" if path is None else path.stem for path in paths]
    return [
        str(path) if path and stems.count(stem) > 1 else stem for path, stem in zip(paths, stems, strict=True)
    ]
