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
    assert err.endswith(f"wrote 12558 comparisons to {tmp_path / 'labels.parquet'}\n")


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
    table = pd.read_csv(tmp_path / "merged.csv")
    assert table["preference"].tolist() == pytest.approx([0.6])
