import pytest

from phototriage.evaluation import Estimate, Judgement, Verdict
from phototriage.outputs import print_judgement, print_ranking
from phototriage.series import RankedPhoto, RankedSeries


def test_a_ranking_shows_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    long = "[bold]/" + "very" * 40 + "\nlong.jpg"
    print_ranking([RankedSeries("s", (RankedPhoto(long, 1, 0.1234, 0.7), RankedPhoto("s/b", 2, -2, 0.3)))])
    shown = capsys.readouterr().out
    assert "s  (2 photos)" in shown
    assert long.replace("\n", r"\n") in shown
    assert "0.123 │     70%" in shown
    assert "│ b " in shown


def test_top_limits_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_ranking([RankedSeries("s", (RankedPhoto("a", 1, 0, 0.7), RankedPhoto("b", 2, 0, 0.3)))], top=1)
    shown = capsys.readouterr().out
    assert "│ a" in shown
    assert "│ b" not in shown


def test_a_judgement_shows_every_figure_with_its_interval(capsys: pytest.CaptureFixture[str]) -> None:
    figures = dict.fromkeys(("accuracy", "accuracy_clear", "top1"), Estimate(0.5964, 0.577, 0.616))
    verdict = Verdict("mine", {**figures, "log_likelihood": Estimate(-0.68, -0.69, -0.67), "ece": None})
    print_judgement(Judgement((verdict,), 10, 5, 3, 2, 0))
    shown = capsys.readouterr().out
    assert "59.6 (57.7–61.6)" in shown
    assert "-0.680 (-0.690…-0.670)" in shown
    assert "– │" in shown
