from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from phototriage.errors import FeatureError
from phototriage.evaluation import evaluate_ranker
from phototriage.evaluation.held_out import evaluate
from phototriage.features import Features
from phototriage.labels import Comparisons
from phototriage.ranker import TrainedRanker, load_embedded_ranker


def setting(
    make_comparisons: Callable[..., Comparisons], seen: list[str]
) -> tuple[TrainedRanker, Comparisons, Features]:
    ranker = replace(load_embedded_ranker(), seen_keys=TrainedRanker.digests(seen))
    comparisons = make_comparisons(("s", "a", "b", 0.9), ("t", "c", "d", 0.9), ("t", "c", "e", 0.9))
    numbers = np.random.default_rng(0).uniform(size=(5, 4)).astype(np.float32)
    return ranker, comparisons, Features(tuple("abcde"), numbers, ranker.blocks)


def test_series_with_a_seen_photo_are_left_out_whole(make_comparisons: Callable[..., Comparisons]) -> None:
    evaluation = evaluate_ranker("x", *setting(make_comparisons, ["e"]))
    assert (evaluation.seen_series, evaluation.in_sample) == (1, False)
    assert evaluation.report.pairs == 1


def test_where_all_was_seen_the_figures_are_called_in_sample(
    make_comparisons: Callable[..., Comparisons],
) -> None:
    evaluation = evaluate_ranker("x", *setting(make_comparisons, ["a", "d"]))
    assert (evaluation.seen_series, evaluation.in_sample) == (2, True)
    assert evaluation.report.pairs == 3


def test_a_ranker_and_anybodys_scores_are_evaluated_alike(
    make_comparisons: Callable[..., Comparisons],
) -> None:
    ranker, comparisons, features = setting(make_comparisons, ["e"])
    assert evaluate(ranker, comparisons, features, "x") == evaluate_ranker("x", ranker, comparisons, features)
    with pytest.raises(FeatureError, match="give them too"):
        evaluate(ranker, comparisons)
    scores = {"a": 2.0, "b": 1.0, "c": 0.0, "d": 1.0}
    evaluation = evaluate(scores, comparisons)
    assert (evaluation.seen_series, evaluation.in_sample) == (0, False)
    report = evaluation.report
    assert [scorer.name for scorer in report.scorers] == ["coin", "this ranker"]
    assert (report.pairs, report.uncovered_pairs) == (2, 1)
    assert report.scorer("this ranker").figures["accuracy"].value == 0.5
    beside = evaluate(scores, comparisons, features).report
    assert "sharpness" in {each.name for each in beside.scorers}
