from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap

from phototriage.errors import FeatureError, LabelError
from phototriage.evaluation import Scorer, evaluate_scorers
from phototriage.labels import Comparisons, PairReasons, read_labels

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
    report = evaluate_scorers(comparisons, [scorer])
    figures = report.scorers[0].figures
    # a over b right, a over c right, b over c wrong, d and e without winner, d and f tied.
    assert figures["accuracy"].value == pytest.approx(2.5 / 4)
    assert figures["accuracy_clear"].value == pytest.approx(1.5 / 3)
    # s: a is best and first. t: f alone is best by preference, and one of three that tie.
    assert figures["top1"].value == pytest.approx((1 + 1 / 3) / 2)
    logs = [0.9 * lp(1) + 0.1 * lp(-1), 0.6 * lp(2) + 0.4 * lp(-2), 0.3 * lp(1) + 0.7 * lp(-1), lp(0), lp(0)]
    assert figures["log_likelihood"].value == pytest.approx(np.mean(logs))
    # In s two pairs of three are right and one is wrong; in t one of two ties has a winner.
    assert figures["kendall_tau"].value == pytest.approx(((2 - 1) / 3 + 0) / 2)
    assert figures["accuracy_strong"].value == 1
    assert figures["accuracy_weak"].value == 1
    # Blindly: one of three photos in s, one of three in t.
    assert report.top1_by_chance == pytest.approx(1 / 3)
    assert (report.pairs, report.clear_pairs, report.series) == (5, 3, 2)
    assert (report.complete_series, report.uncovered_pairs) == (2, 0)


def lp(difference: float) -> float:
    return float(-np.log1p(np.exp(-difference)))


def test_all_scorers_are_judged_on_the_pairs_that_all_cover(make_comparisons: MakeComparisons) -> None:
    comparisons = make_comparisons(("s", "a", "b", 0.9), ("s", "a", "c", 0.9), ("t", "d", "e", 0.9))
    report = evaluate_scorers(
        comparisons,
        [Scorer("some", {"a": 1, "b": 0, "d": 1, "e": 0}), Scorer("all", dict.fromkeys("abcde", 0.0))],
    )
    assert (report.pairs, report.uncovered_pairs) == (2, 1)
    # Series s lacks a score for c: it has no say in top-1.
    assert (report.series, report.complete_series) == (2, 1)


def test_scores_that_only_order_have_no_probabilities(make_comparisons: MakeComparisons) -> None:
    report = evaluate_scorers(make_comparisons(("s", "a", "b", 0.9)), [Scorer("x", {"a": 1.0, "b": 0.0})])
    figures = report.scorers[0].figures
    assert figures["log_likelihood"] is None
    assert figures["ece"] is None


def test_a_figure_without_pairs_is_none(make_comparisons: MakeComparisons) -> None:
    report = evaluate_scorers(make_comparisons(("s", "a", "b", 0.6)), [Scorer("x", {"a": 1.0, "b": 0.0})])
    assert report.scorers[0].figures["accuracy_clear"] is None


def test_accuracy_by_kind_of_pair(make_comparisons: MakeComparisons) -> None:
    comparisons = make_comparisons(
        ("s", "a", "b", 0.95), ("s", "a", "c", 0.55), ("s", "b", "c", 0.3), ("t", "d", "e", 0.85)
    )
    scores = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0, "e": 0.0}
    scorer = evaluate_scorers(comparisons, [Scorer("x", scores)], thresholds=[0.8]).scorers[0]
    shown = {
        part.kind: (part.pairs, part.accuracy.value if part.accuracy else None)
        for part in (*scorer.by_series_size, *scorer.by_preference)
    }
    assert shown == {
        "2": (1, 0.5),
        "3": (3, pytest.approx(2 / 3)),
        "4": (0, None),
        "5–8": (0, None),
        "9 or more": (0, None),
        "0.5–0.6": (1, 1),
        "0.6–0.7": (0, None),
        "0.7–0.8": (1, 0),
        "0.8–0.9": (1, 0.5),
        "0.9–1": (1, 1),
    }
    assert scorer.figures["accuracy_0.8"].value == pytest.approx(0.75)


def test_accuracy_by_the_reasons_of_people(make_comparisons: MakeComparisons) -> None:
    rows = [("s", "b", "a", 0.9), ("s", "a", "c", 0.8), ("s", "b", "c", 0.5), ("t", "d", "e", 0.2)]
    shares = {
        ("s", "a", "b"): [0.5, 0.5, 0],
        ("s", "a", "c"): [0.9, 0.1, 0],
        ("s", "b", "c"): [1.0, 0, 0],
        ("t", "d", "e"): [0.2, 0.8, 0],
    }
    reasons = PairReasons(("light", "focus", "other"), {pair: np.array(row) for pair, row in shares.items()})
    scorers = [Scorer("x", {"a": 1, "b": 2, "c": 3, "d": 4, "e": 4}), Scorer("y", dict.fromkeys("abcde", 0))]
    report = evaluate_scorers(make_comparisons(*rows), scorers, reasons=reasons)
    found = {
        scorer.name: [
            (each.kind, each.pairs, each.accuracy and each.accuracy.value) for each in scorer.by_reason
        ]
        for scorer in report.scorers
    }
    # b over a is right, a over c wrong, b and c have no winner, d and e tie.
    assert found["x"] == [("light", 2, 0.5), ("focus", 2, 0.75), ("other", 0, None)]
    assert found["y"] == [("light", 2, 0.5), ("focus", 2, 0.5), ("other", 0, None)]
    without = evaluate_scorers(make_comparisons(*rows), scorers)
    assert without.scorers[0].by_reason == ()
    assert without.scorers[0].by_preference == report.scorers[0].by_preference
    assert without.scorers[0].figures == report.scorers[0].figures


def test_leads_are_differences_on_the_same_resampled_series() -> None:
    comparisons, scores = random_pairs(np.random.default_rng(3), 80)
    # Right where "good" is right, and now and then elsewhere: the difference is surer than either figure.
    better = {photo: score + (0.3 if photo.endswith("-1") else 0) for photo, score in scores.items()}
    report = evaluate_scorers(comparisons, [Scorer("x", scores), Scorer("y", better)], reference="y")
    x, y = report.scorers
    lead = x.lead["accuracy"]
    assert lead.value == pytest.approx(y.figures["accuracy"].value - x.figures["accuracy"].value)
    assert lead.low < lead.value < lead.high
    assert lead.high - lead.low < 0.8 * (x.figures["accuracy"].high - x.figures["accuracy"].low)
    assert x.lead["ece"] is None
    assert not y.lead
    swapped = (
        evaluate_scorers(comparisons, [Scorer("x", scores), Scorer("y", better)], reference="x")
        .scorers[1]
        .lead
    )
    assert swapped["accuracy"].low == pytest.approx(-lead.high)


def test_a_scorer_has_no_lead_over_its_copy() -> None:
    comparisons, scores = random_pairs(np.random.default_rng(3), 20)
    copies = [Scorer("x", scores, calibrated=True), Scorer("y", scores, calibrated=True)]
    lead = evaluate_scorers(comparisons, copies, reference="y").scorers[0].lead
    assert {(each.value, each.low, each.high) for each in lead.values()} == {(0, 0, 0)}


def test_reliability_is_where_the_calibration_error_comes_from() -> None:
    comparisons, scores = random_pairs(np.random.default_rng(4), 200)
    scorer = evaluate_scorers(comparisons, [Scorer("x", scores, calibrated=True)]).scorers[0]
    pairs = sum(each.pairs for each in scorer.reliability)
    assert pairs == len(comparisons)
    error = sum(each.pairs * abs(each.confidence - each.share.value) for each in scorer.reliability) / pairs
    assert error == pytest.approx(scorer.figures["ece"].value)
    confidences = [each.confidence for each in scorer.reliability]
    assert confidences == sorted(confidences)
    assert all(each.share.low <= each.share.value <= each.share.high for each in scorer.reliability)
    assert evaluate_scorers(comparisons, [Scorer("x", scores)]).scorers[0].reliability == ()


def test_preferences_that_all_go_one_way_are_judged_like_any(make_comparisons: MakeComparisons) -> None:
    """Which photo of a pair is called a means nothing."""
    rows = [(str(s), f"{s}a", f"{s}b", 1.0) for s in range(30)]
    scores = {f"{s}{side}": float((s % 3 > 0) == (side == "a")) for s in range(30) for side in "ab"}
    turned = [(s, b, a, 1 - p) if int(s) % 2 else (s, a, b, p) for s, a, b, p in rows]
    one_way, both_ways = (
        evaluate_scorers(make_comparisons(*each), [Scorer("x", scores)]).scorers[0].figures
        for each in (rows, turned)
    )
    assert one_way == both_ways
    assert one_way["accuracy"].value == pytest.approx(2 / 3)


def test_where_nobody_wins_there_is_no_accuracy(make_comparisons: MakeComparisons) -> None:
    report = evaluate_scorers(
        make_comparisons(("s", "a", "b", 0.5)), [Scorer("x", {"a": 1.0, "b": 0.0}, calibrated=True)]
    )
    figures = report.scorers[0].figures
    assert figures["accuracy"] is None
    assert figures["kendall_tau"] is None
    assert figures["log_likelihood"].value == pytest.approx((lp(1) + lp(-1)) / 2)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_an_error(score: float) -> None:
    with pytest.raises(FeatureError, match="the score of b is"):
        Scorer("x", {"a": 1.0, "b": score})


def test_names_must_tell_scorers_apart(make_comparisons: MakeComparisons) -> None:
    comparisons, scorer = make_comparisons(("s", "a", "b", 0.6)), Scorer("x", {"a": 1.0, "b": 0.0})
    with pytest.raises(LabelError, match="two scorers are called x"):
        evaluate_scorers(comparisons, [scorer, scorer])
    with pytest.raises(LabelError, match="no scorer called y"):
        evaluate_scorers(comparisons, [scorer], reference="y")


def test_nothing_to_judge_is_an_error(make_comparisons: MakeComparisons) -> None:
    with pytest.raises(LabelError, match="of no pair do both photos have a score"):
        evaluate_scorers(make_comparisons(("s", "a", "b", 0.6)), [Scorer("x", {"a": 1.0})])


def random_pairs(rng: np.random.Generator, series: int) -> tuple[Comparisons, dict[str, float]]:
    rows: list[Any] = []
    scores: dict[str, float] = {}
    for number in range(series):
        photos = [f"{number}-{photo}" for photo in range(rng.integers(2, 5))]
        scores |= {photo: float(rng.normal()) for photo in photos}
        rows += [(str(number), a, b, float(rng.uniform())) for a in photos for b in photos if a < b]
    table = pd.DataFrame(rows, columns=["series", "photo_a", "photo_b", "preference"])
    return Comparisons(table.assign(votes_a=0, votes_b=0, rank_a=0, rank_b=0)), scores


def test_intervals_are_scipys_bootstrap_over_series() -> None:
    comparisons, scores = random_pairs(np.random.default_rng(0), 60)
    estimate = evaluate_scorers(comparisons, [Scorer("x", scores)]).scorers[0].figures["accuracy"]
    right = {str(series): [0.0, 0.0] for series in range(60)}
    columns = ["series", "photo_a", "photo_b", "preference"]
    for series, a, b, preference in comparisons.table[columns].itertuples(index=False):
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
    perfect: dict[str, float] = {}
    for side in "ab":
        table = labels.comparisons.table
        perfect |= dict(zip(table[f"photo_{side}"], -table[f"rank_{side}"].to_numpy(float), strict=True))
    coin = dict.fromkeys(perfect, 0.0)
    by_rank, by_chance = evaluate_scorers(
        labels.comparisons, [Scorer("rank", perfect), Scorer("coin", coin)]
    ).scorers
    assert by_rank.figures["top1"].value == 1
    assert by_rank.figures["accuracy"].value == 1
    assert by_chance.figures["top1"].value == pytest.approx(0.42, abs=0.01)
