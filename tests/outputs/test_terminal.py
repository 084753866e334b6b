import re

import pytest

from phototriage.evaluation import Ceiling, Estimate, EvaluationReport, KindAccuracy, ScorerReport
from phototriage.outputs import print_evaluation, print_kinds, print_ranking
from phototriage.series import RankedPhoto, RankedSeries


def kept(*photos: str) -> tuple[RankedPhoto, ...]:
    return tuple(RankedPhoto(photo, (photo,), 1, 0, 1 / len(photos), "kept", ()) for photo in photos)


LEGEND = (
    "%: P(best), how likely people would like the photo best of its series.\n"
    "2nd: an alternative, the best of those too close to call.\n"
    "Reasons: a pick's beside all that are left out, any other's beside the pick.\n"
)


def test_a_ranking_lists_series_and_counts_single_photos(capsys: pytest.CaptureFixture[str]) -> None:
    photos = (
        RankedPhoto("s/a", ("s/a",), 1, 0, 0.7, "pick", ()),
        RankedPhoto("s/b", ("s/b",), 2, 0, 0.3, "rest", ()),
    )
    ranked = [
        RankedSeries("s", "series", None, photos),
        *(RankedSeries(f"{number}", "single", None, kept("x")) for number in range(1200)),
        RankedSeries("sweep", "panorama", None, kept("c", "d", "e")),
    ]
    print_ranking(ranked)
    assert capsys.readouterr().out == (
        "s  (2 photos)\n"
        "   1  a   70%  pick\n"
        "   2  b   30%\n"
        "\n"
        "sweep  (panorama, 3 photos, all kept)\n"
        "\n"
        "1,200 single photos: nothing to choose\n" + LEGEND
    )
    print_ranking(ranked[:2], top=1)
    assert capsys.readouterr().out == (
        "s  (2 photos)\n   1  a   70%  pick\n\n1 single photo: nothing to choose\n" + LEGEND
    )
    print_ranking(ranked[-1:])
    assert capsys.readouterr().out == "sweep  (panorama, 3 photos, all kept)\n\n"


def test_a_judgement_shows_every_figure_with_its_interval(capsys: pytest.CaptureFixture[str]) -> None:
    figures = dict.fromkeys(("accuracy", "accuracy_clear", "top1"), Estimate(0.5964, 0.577, 0.616))
    scorer = ScorerReport("mine", {**figures, "log_likelihood": Estimate(-0.68, -0.69, -0.67), "ece": None})
    print_evaluation(EvaluationReport((scorer,), 10, 5, 3, 2, 0))
    shown = capsys.readouterr().out
    assert "59.6 (57.7–61.6)" in shown
    assert "-0.680 (-0.690…-0.670)" in shown
    assert re.search(r"-0\.670\) +–$", shown, re.MULTILINE)


def test_a_judgement_shows_leads_thresholds_and_the_ceiling(capsys: pytest.CaptureFixture[str]) -> None:
    other = ScorerReport(
        "[b]other", {"accuracy_0.8": Estimate(0.7, 0.6, 0.8)}, {"accuracy": Estimate(0.021, 0.006, 0.035)}
    )
    ceiling = Ceiling(
        {"accuracy": Estimate(0.86, 0.85, 0.87)}, {"accuracy": Estimate(0.7, 0.69, 0.71)}, 1.3, 10, 5.8
    )
    print_evaluation(
        EvaluationReport(
            (other, ScorerReport("mine", {})), 10, 5, 3, 2, 0, 0.4, "mine", ceiling, thresholds=(0.8,)
        )
    )
    table, legend = capsys.readouterr().out.split("\n\n")
    header, _, *rows = [re.split(r" {2,}", line) for line in table.splitlines()]
    cells = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert header[:5] == ["scorer", "accuracy %", "p ≥ 0.7 %", "lead of mine, points", "p ≥ 0.8 %"]
    assert cells["[b]other"]["lead of mine, points"] == "+2.1 (+0.6…+3.5)"
    assert cells["[b]other"]["p ≥ 0.8 %"] == "70.0 (60.0–80.0)"
    assert cells["mine"]["lead of mine, points"] == "–"
    assert cells["(single rater)"]["accuracy %"] == "70.0 (69.0–71.0)"
    assert cells["(oracle)"]["accuracy %"] == "86.0 (85.0–87.0)"
    assert "strong: 90 %; weak: under 70 %." in " ".join(legend.split())
    assert max(map(len, legend.splitlines())) <= 100


def test_kinds_without_pairs_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    scorer = ScorerReport(
        "x", {}, {}, (KindAccuracy("2", 3, Estimate(0.5, 0.4, 0.6)), KindAccuracy("3", 0, None)), ()
    )
    print_kinds(EvaluationReport((scorer,), 3, 0, 3, 0, 0, reference="x"))
    shown = capsys.readouterr().out
    assert re.search(r"^2 +50\.0 \(40\.0–60\.0\) +3$", shown, re.MULTILINE)
    assert not re.search(r"^3 ", shown, re.MULTILINE)
