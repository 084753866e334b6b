from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

Cli = Callable[..., tuple[int, str, str]]


def test_shows_the_steps_and_the_trap_and_writes_the_table(cli: Cli, shared: Path, tmp_path: Path) -> None:
    code, out, err = cli("labels", shared / "phototriage", "--output", tmp_path / "labels.parquet")
    assert code == 0
    for text in (
        "24,186",
        "12,073",
        "9,085",
        "7,707",
        "231",
        "4,751 of 4,755 (99.9%)",
        "49.5% of 11,423",
        "99.1%",
    ):
        assert text in out
    table = pd.read_parquet(tmp_path / "labels.parquet")
    assert len(table) == 12_558
    assert list(table.columns) == [
        "series", "photo_a", "photo_b", "preference", "votes", "votes_a", "votes_b", "vote_agreement",
    ]  # fmt: skip
    assert err.endswith(f"wrote 12,558 comparisons to {tmp_path / 'labels.parquet'}\n")


def test_votes_alone_are_an_error_that_explains_itself(cli: Cli, tmp_path: Path) -> None:
    votes = tmp_path / "votes.csv"
    votes.write_text("series_id,compareID1,compareID2,LEFT,RIGHT\n000001,0,1,3,1\n")
    code, _, err = cli("labels", votes)
    assert code == 1
    assert "permutation" in err
    assert cli("labels", votes, "--assume_aligned")[0] == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("photo_a,photo_b,preference\na,b,1.5\n", "line 2"),
        ("photo_a,photo_b,preference\na,b,0.5\na,c\n", "line 3"),
        ("photo_a,photo_b\na,b\n", "preference"),
        ("photo_a,photo_b,preference\na,a,0.5\n", "itself"),
    ],
)
def test_malformed_tables_name_the_line(cli: Cli, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.csv").write_text(text)
    code, out, err = cli("labels", tmp_path / "own.csv")
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_contradictions_are_merged_and_said(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("photo_a,photo_b,preference\na,b,0.9\nb,a,0.7\n")
    code, _, err = cli("labels", tmp_path / "own.csv", "--output", tmp_path / "merged.csv")
    assert code == 0
    assert "merged" in err
    assert err.endswith(f"wrote 1 comparison to {tmp_path / 'merged.csv'}\n")
    table = pd.read_csv(tmp_path / "merged.csv")
    assert table["preference"].tolist() == pytest.approx([0.6])


def test_an_output_never_takes_the_place_of_what_was_read(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "photo_a,photo_b,winner\na,b,a\nb,a,a\n"
    (tmp_path / "own.csv").write_text(text)
    (tmp_path / "link.csv").symlink_to("own.csv")
    monkeypatch.chdir(tmp_path)
    for output in ("own.csv", tmp_path / "link.csv"):
        code, out, err = cli("labels", "own.csv", "--output", output)
        assert (code, out) == (2, "")
        assert f"{output} is one of the files that were read" in err
    votes = tmp_path / "photo_triage_pairs_embedding_labels.csv"
    votes.write_text("series_id,compareID1,compareID2,LEFT,RIGHT\n000001,0,1,3,1\n")
    assert cli("labels", tmp_path, "--assume_aligned", "--output", votes)[0] == 2
    assert (tmp_path / "own.csv").read_text() == text
    assert votes.read_text().startswith("series_id")


def test_votes_of_something_else_are_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "train_pairlist.txt").write_text("1 1 2 0.949 1 2\n")
    votes = tmp_path / "photo_triage_pairs_embedding_labels.csv"
    votes.write_text("series_id,compareID1,compareID2,LEFT,RIGHT\n000001,0,1,1,1\n")
    _, out, err = cli("labels", tmp_path)
    assert "0 of 1 (0.0%)" in out
    assert "no pairs" in out
    assert "of 1 series that have both, 0 could be matched" in err
    votes.write_text("series_id,compareID1,compareID2,LEFT,RIGHT\n000002,0,1,1,1\n")
    _, out, _ = cli("labels", tmp_path)
    assert "no series" in out
    assert "nan" not in out
