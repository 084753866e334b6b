from collections.abc import Callable
from dataclasses import replace

import numpy as np

from phototriage.evaluation import evaluate_ranker
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
