import io

import pytest
from rich.console import Console

from phototriage.evaluation import Ceiling, Estimate, Judgement, Part, Verdict
from phototriage.outputs import print_judgement, print_kinds, print_ranking, terminal
from phototriage.series import RankedPhoto, RankedSeries


def kept(*photos: str) -> tuple[RankedPhoto, ...]:
    return tuple(RankedPhoto(photo, (photo,), 1, 0, 1 / len(photos), "kept", ()) for photo in photos)


LEGEND = (
    "%: P(best), how likely people would like the photo best of its series.\n"
    "Reasons: a pick's beside the best photo left out, any other's beside the pick.\n"
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
    verdict = Verdict("mine", {**figures, "log_likelihood": Estimate(-0.68, -0.69, -0.67), "ece": None})
    print_judgement(Judgement((verdict,), 10, 5, 3, 2, 0))
    shown = capsys.readouterr().out
    assert "59.6 (57.7–61.6)" in shown
    assert "-0.680 (-0.690…-0.670)" in shown
    assert "– │" in shown


def test_a_judgement_shows_leads_thresholds_and_the_ceiling(capsys: pytest.CaptureFixture[str]) -> None:
    other = Verdict(
        "[b]other", {"accuracy_0.8": Estimate(0.7, 0.6, 0.8)}, {"accuracy": Estimate(0.021, 0.006, 0.035)}
    )
    ceiling = Ceiling(
        {"accuracy": Estimate(0.86, 0.85, 0.87)}, {"accuracy": Estimate(0.7, 0.69, 0.71)}, 1.3, 10, 5.8
    )
    print_judgement(
        Judgement((other, Verdict("mine", {})), 10, 5, 3, 2, 0, 0.4, "mine", ceiling, thresholds=(0.8,))
    )
    header, *rows = [line for line in capsys.readouterr().out.splitlines() if "┃" in line or "│" in line]
    columns = [cell.strip() for cell in header.strip("┃").split("┃")]
    cells = {
        row[0]: dict(zip(columns, row, strict=True))
        for row in ([cell.strip() for cell in line.strip("│").split("│")] for line in rows)
    }
    assert cells["[b]other"]["lead of mine, points"] == "+2.1 (+0.6…+3.5)"
    assert cells["[b]other"]["p ≥ 0.8 %"] == "70.0 (60.0–80.0)"
    assert cells["mine"]["lead of mine, points"] == "–"
    assert cells["(one more person)"]["accuracy %"] == "70.0 (69.0–71.0)"
    assert cells["(perfect knower)"]["accuracy %"] == "86.0 (85.0–87.0)"


def test_kinds_without_pairs_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    verdict = Verdict("x", {}, {}, (Part("2", 3, Estimate(0.5, 0.4, 0.6)), Part("3", 0, None)), ())
    print_kinds(Judgement((verdict,), 3, 0, 3, 0, 0, reference="x"))
    shown = capsys.readouterr().out
    assert "│ 2 " in shown
    assert "│ 3 " not in shown
    assert "50.0 (40.0–60.0)" in shown


@pytest.mark.parametrize(("columns", "tables", "lines"), [(250, 1, 1), (130, 2, 1), (95, 2, 2)])
def test_a_judgement_fits_the_terminal_whole(
    monkeypatch: pytest.MonkeyPatch, columns: int, tables: int, lines: int
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(
        terminal, "stdout_console", lambda: Console(file=stream, width=columns, force_terminal=False)
    )
    names = (
        "accuracy",
        "accuracy_clear",
        "accuracy_strong",
        "accuracy_weak",
        "top1",
        "log_likelihood",
        "ece",
    )
    figures = dict.fromkeys(names, Estimate(0.51234, 0.50111, 0.6))
    verdicts = (Verdict("fixed mix .4/.3/.2/.1", figures, figures), Verdict("mine", figures))
    print_judgement(Judgement(verdicts, 10, 5, 3, 2, 0, reference="mine"))
    shown = stream.getvalue().splitlines()
    assert max(map(len, shown)) <= columns
    assert sum(line.startswith("┏") for line in shown) == tables
    assert sum("(50.1–60.0)" in line for line in shown) == 2 * tables
    assert sum("(0.501…0.600)" in line for line in shown) == 2
    assert sum("51.2 (50.1" in line for line in shown) == (2 * tables if lines == 1 else 0)
    assert not any("…)" in line or "… " in line for line in shown)
