"""Who is judged by `phototriage evaluate`, and on what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from phototriage.cli.feature_source import FeatureSource
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note
from phototriage.errors import FeatureError, LabelError, MissingExtraError, PhototriageError
from phototriage.evaluation import Scorer, baselines, never_seen, ranker_scorer
from phototriage.features import Failure, Features
from phototriage.features.table import read_score_table
from phototriage.labels import Comparisons, Labels
from phototriage.ranker import TrainedRanker, load_embedded_ranker, load_ranker

if TYPE_CHECKING:
    from phototriage.experiments.trained_baselines import Recipe

__all__ = ["Contest"]


class Contest:
    """Reads models, scores and features, and trains what is to be trained.

    names: of the main contestant and, where there is one, the other. notes: single lines for people.
    failures: labelled photos that could not be measured, or have no sound score.
    """

    def __init__(
        self,
        labels: Labels,
        label_source: LabelSource,
        feature_source: FeatureSource,
        paths: Sequence[Path | None],
        score_tables: Collection[Path],
        folds: int | None,
        *,
        with_baselines: bool,
    ) -> None:
        """paths: one or two rankers, None for the embedded one; those among `score_tables` are tables."""
        self._labels, self._label_source, self._feature_source = labels, label_source, feature_source
        self._folds, self._with_baselines = folds, with_baselines
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
                        "eight networks, is judged in its card and by benchmarks/embedded_model.py"
                    )
            elif path in score_tables:
                self._scores[name] = self._read_scores(path)
            else:
                self._rankers[name] = load_ranker(path)

    def scorers(self) -> tuple[Comparisons, list[Scorer], dict[str, str | int | bool]]:
        """What to judge, by which scorers, the main one last; and how the figures are to be called."""
        comparisons, folds = self._labels.comparisons, self._folds
        contestants = {name: Scorer(name, scores) for name, scores in self._scores.items()}
        if not self._rankers:
            coin = Scorer("coin", dict.fromkeys(comparisons.photos, 0.0), calibrated=True)
            about: dict[str, str | int | bool] = {"judged": f"scores of {' and '.join(self.names)}"}
            return comparisons, self._beside([coin], contestants), about
        blocks = dict.fromkeys(block.name for ranker in self._rankers.values() for block in ranker.blocks)
        features = self._label_source.read_features(self._labels, self._feature_source, list(blocks))
        self._note_failures(features.failures)
        unseen = never_seen(list(self._rankers.values()), comparisons, features)
        self._note_names(comparisons, features)
        if not (folds or len(unseen)) and any(
            len(never_seen([ranker], comparisons, features)) for ranker in self._rankers.values()
        ):
            raise LabelError(
                f"there is no series that neither {' nor '.join(self._rankers)} has seen: "
                "train both with the same --split and --seed, or compare recipes by --folds 5"
            )
        for name, ranker in self._rankers.items():
            if folds:
                # Here, so that judging a finished ranker does not wait for torch.
                from phototriage.experiments.trained_baselines import own_recipe

                contestants[name] = self._cross_validated(own_recipe(name, ranker, features))
            else:
                contestants[name] = ranker_scorer(name, ranker, features)
        everyone = self._beside([*baselines(features), *self._trained(features, unseen)], contestants)
        if folds:
            return comparisons, everyone, {"judged": f"{folds}-fold over series", "folds": folds}
        return unseen if len(unseen) else comparisons, everyone, self._about(unseen)

    def _beside(self, others: Sequence[Scorer], contestants: Mapping[str, Scorer]) -> list[Scorer]:
        """Everyone, the main contestant last; others that are called as one get another name."""
        apart = [
            replace(each, name=f"{each.name} (baseline)") if each.name in self.names else each
            for each in others
        ]
        return apart + [contestants[name] for name in reversed(self.names)]

    def _about(self, unseen: Comparisons) -> dict[str, str | int | bool]:
        rankers = " and ".join(self._rankers)
        seen = len(self._labels.comparisons.series) - len(unseen.series)
        alone = len(self._rankers) == 1
        judged = f"{rankers} on series {'it never' if alone else 'neither'} saw"
        if not len(unseen):
            judged = f"IN-SAMPLE: {rankers} learned from all these series, which says little about others"
        elif seen:
            judged += f" ({seen} that {'it' if alone else 'one'} was trained on are left out)"
        return {"judged": judged, "in_sample": not len(unseen), "seen_series": seen}

    def _note_names(self, comparisons: Comparisons, features: Features) -> None:
        """Says what counts as seen by its name alone."""
        photos = [photo for photo in comparisons.photos if photo in features]
        for name, ranker in self._rankers.items():
            named = int(ranker.has_seen_name_of(photos, features).sum())
            if named and not self._folds:
                self.notes.append(
                    f"{named} photos bear names that {name} was trained on but have other contents; "
                    "written to since or other photos, their series count as seen"
                )

    def _trained(self, features: Features, unseen: Comparisons) -> list[Scorer]:
        """The networks to compare the first ranker with; a note for each that cannot be had."""
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
                    note(f"training {recipe.name} on the series that the ranker has seen")
                    trained.append(trained_on_seen(recipe, main, comparisons, unseen))
            except PhototriageError as error:
                self.notes.append(f"{recipe.name}: not trained, {error}")
        return trained

    def _cross_validated(self, recipe: "Recipe") -> Scorer:
        from phototriage.experiments.cross_validation import cross_validated

        # One seed for all, so that all are trained on the same folds.
        config = replace(recipe.config, seed=next(iter(self._rankers.values())).config.seed)
        return cross_validated(
            recipe.name,
            self._labels.comparisons,
            recipe.features,
            config,
            self._folds or 0,
            on_fold=lambda fold: note(f"{recipe.name}: fold {fold} of {self._folds} done"),
        )

    def _note_failures(self, failures: Sequence[Failure]) -> None:
        labelled = set(self._labels.comparisons.photos)
        self.failures += [failure for failure in failures if failure.photo in labelled]

    def _read_scores(self, path: Path) -> dict[str, float]:
        scores, failures = read_score_table(path)
        labelled = self._labels.comparisons.photos
        self._note_failures(failures)
        if not any(photo in scores for photo in labelled):
            raise FeatureError(
                f"{path} has scores for none of the {len(labelled)} labelled photos: its first is "
                f"{next(iter(scores))}, that of the labels {labelled[0]}"
            )
        self._label_source.check_covered(self._labels, scores, failures, f"score in {path}")
        return scores


def _names(paths: Sequence[Path | None]) -> list[str]:
    """What to call models and tables: by their file's name, or path where that would not tell them apart."""
    stems = ["embedded ranker" if path is None else path.stem for path in paths]
    return [
        str(path) if path and stems.count(stem) > 1 else stem for path, stem in zip(paths, stems, strict=True)
    ]
