from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap

from phototriage.errors import LabelError
from phototriage.evaluation import Scorer, judge
from phototriage.labels import Comparisons, read_labels

MakeComparisons = Callable[..., Comparisons]


def test_figures_by_hand(make_comparisons: MakeComparisons) -> None:
    comparisons = make_comparisons(
        ("s", "a", "b", 0.9),
        ("s", "a", "c", 0.6),
        ("s", "b", "c", 0.3),
        ("t", "d", "e", 0.5),
        ("t", "d", "f", 0.2),
    )
    scorer = Scorer("x", {"a": 3, "b": 2, "c": 1, "d": 0, "e": 0, "f": 0}, calibrated=True)
    judgement = judge(comparisons, [scorer])
    figures = judgement.verdicts[0].figures
    # a over b right, a over c right, b over c wrong, d and e without winner, d and f tied.
    assert figures["accuracy"].value == pytest.approx(2.5 / 4)
    assert figures["accuracy_clear"].value == pytest.approx(1.5 / 3)
    # s: a is best and first. t: f alone is best by preference, and one of three that tie.
    assert figures["top1"].value == pytest.approx((1 + 1 / 3) / 2)
    logs = [0.9 * lp(1) + 0.1 * lp(-1), 0.6 * lp(2) + 0.4 * lp(-2), 0.3 * lp(1) + 0.7 * lp(-1), lp(0), lp(0)]
    assert figures["log_likelihood"].value == pytest.approx(np.mean(logs))
    assert (judgement.pairs, judgement.clear_pairs, judgement.series) == (5, 3, 2)
    assert (judgement.complete_series, judgement.uncovered_pairs) == (2, 0)


def lp(difference: float) -> float:
    return float(-np.log1p(np.exp(-difference)))


def test_all_scorers_are_judged_on_the_pairs_that_all_cover(make_comparisons: MakeComparisons) -> None:
    comparisons = make_comparisons(("s", "a", "b", 0.9), ("s", "a", "c", 0.9), ("t", "d", "e", 0.9))
    judgement = judge(
        comparisons,
        [Scorer("some", {"a": 1, "b": 0, "d": 1, "e": 0}), Scorer("all", dict.fromkeys("abcde", 0.0))],
    )
    assert (judgement.pairs, judgement.uncovered_pairs) == (2, 1)
    # Series s lacks a score for c: it has no say in top-1.
    assert (judgement.series, judgement.complete_series) == (2, 1)


def test_scores_that_only_order_have_no_probabilities(make_comparisons: MakeComparisons) -> None:
    judgement = judge(make_comparisons(("s", "a", "b", 0.9)), [Scorer("x", {"a": 1.0, "b": 0.0})])
    figures = judgement.verdicts[0].figures
    assert figures["log_likelihood"] is None
    assert figures["ece"] is None


def test_a_figure_without_pairs_is_none(make_comparisons: MakeComparisons) -> None:
    judgement = judge(make_comparisons(("s", "a", "b", 0.6)), [Scorer("x", {"a": 1.0, "b": 0.0})])
    assert judgement.verdicts[0].figures["accuracy_clear"] is None


def test_nothing_to_judge_is_an_error(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match="of no pair do both photos have a score"):
        judge(make_comparisons(("s", "a", "b", 0.6)), [Scorer("x", {"a": 1.0})])


def test_intervals_are_scipys_bootstrap_over_series(make_comparisons: MakeComparisons) -> None:
    rng = np.random.default_rng(0)
    rows, scores = [], {}
    for series in range(60):
        photos = [f"{series}-{photo}" for photo in range(rng.integers(2, 5))]
        scores |= {photo: float(rng.normal()) for photo in photos}
        rows += [(str(series), a, b, float(rng.uniform())) for a in photos for b in photos if a < b]
    estimate = judge(make_comparisons(*rows), [Scorer("x", scores)]).verdicts[0].figures["accuracy"]
    right = {str(series): [0.0, 0.0] for series in range(60)}
    for series, a, b, preference in rows:
        right[series][0] += (scores[a] > scores[b]) == (preference > 0.5)
        right[series][1] += 1
    sums = np.array(list(right.values()))
    reference = bootstrap(
        (sums[:, 0], sums[:, 1]),
        lambda hits, pairs, axis: hits.sum(axis) / pairs.sum(axis),
        paired=True,
        method="percentile",
        n_resamples=5000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert estimate.value == pytest.approx(sums[:, 0].sum() / sums[:, 1].sum())
    assert (estimate.low, estimate.high) == pytest.approx((reference.low, reference.high), abs=0.012)


def test_the_released_ranks_are_top1(shared: Path) -> None:
    labels = read_labels(shared / "phototriage")
    perfect = {}
    for side in "ab":
        table = labels.comparisons.table
        perfect |= dict(zip(table[f"photo_{side}"], -table[f"rank_{side}"].to_numpy(float), strict=True))
    coin = dict.fromkeys(perfect, 0.0)
    by_rank, by_chance = judge(labels.comparisons, [Scorer("rank", perfect), Scorer("coin", coin)]).verdicts
    assert by_rank.figures["top1"].value == 1
    assert by_rank.figures["accuracy"].value == 1
    assert by_chance.figures["top1"].value == pytest.approx(0.42, abs=0.01)
