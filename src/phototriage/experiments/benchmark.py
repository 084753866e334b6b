"""Recipes side by side on PhotoTriage: on its official validation series, and in folds over all series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from phototriage.evaluation.baselines import baselines, ranker_scorer
from phototriage.evaluation.evaluate import never_seen
from phototriage.evaluation.judging import Judgement, Scorer, judge
from phototriage.experiments.trained_baselines import Recipe
from phototriage.features import EXTRACTORS, Features
from phototriage.labels import Labels
from phototriage.ranker import MultiFeatureConfig, TrainedRanker

__all__ = ["Official", "judge_folds", "judge_official", "recipes"]


@dataclass(frozen=True)
class Official:
    """Rankers trained on the official training series.

    unseen: on official validation series; those that share a photo with what a ranker saw are left out, and
    seen_series is how many. in_sample: on the series they learned from and were stopped by.
    """

    unseen: Judgement
    in_sample: Judgement
    seen_series: int


def recipes(preset: str, features: Features, config: MultiFeatureConfig) -> list[Recipe]:
    """A preset on all features, then on CLIP alone and on IQA alone, where these are some of several blocks.

    Each is called preset: block+block.
    """
    found = [Recipe(f"{preset}: {'+'.join(block.name for block in features.blocks)}", features, config)]
    if len(features.blocks) > 1:
        for block in features.blocks:
            if block.name in EXTRACTORS and EXTRACTORS[block.name].baseline:
                alone = replace(features, matrix=features.select([block]), blocks=(block,))
                found.append(Recipe(f"{preset}: {block.name}", alone, config))
    return found


def judge_official(
    labels: Labels, entries: Sequence[Recipe], rankers: Mapping[str, TrainedRanker]
) -> Official:
    """Judges the rankers of the recipes, by name, beside scorers that learned nothing.

    The first is the reference of all differences. Raises LabelError where none of the official validation
    series is left to judge.
    """
    comparisons, official = labels.comparisons, labels.official_test_series
    validation = comparisons.in_series(official)
    learned = comparisons.select(~comparisons.table["series"].isin(list(official)))
    unseen = validation
    for entry in entries:
        # One by one, since each knows the photos of its own features only.
        unseen = never_seen([rankers[entry.name]], unseen, entry.features)
    scorers = [ranker_scorer(entry.name, rankers[entry.name], entry.features) for entry in entries]
    return Official(
        judge(unseen, [*baselines(entries[0].features), *scorers], reference=entries[0].name),
        judge(learned, scorers, reference=entries[0].name),
        len(validation.series) - len(unseen.series),
    )


def judge_folds(labels: Labels, entries: Sequence[Recipe], scorers: Sequence[Scorer]) -> Judgement:
    """Judges what `cross_validated` made of the recipes, in their order; the first is the reference."""
    everyone = [*baselines(entries[0].features), *scorers]
    return judge(labels.comparisons, everyone, reference=entries[0].name)
