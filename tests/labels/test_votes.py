from pathlib import Path

import pytest

from phototriage.errors import LabelError
from phototriage.labels.votes import is_vote_table, read_vote_table

HEADER = "series_id,compareID1,compareID2,compareFile1,LEFT,RIGHT,Agreement\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_both_orders_of_a_pair_are_merged(tmp_path: Path) -> None:
    text = HEADER + "000010,0,1,1-1.JPG,3,1,0.75\n000010,1,0,1-2.JPG,2,4,0.67\n\n000009,2,0,1-3.JPG,1,0,1\n"
    votes = read_vote_table(write(tmp_path / "votes.csv", text))
    assert votes.rows.to_numpy().tolist() == [["10", 0, 1, 3, 1], ["10", 1, 0, 2, 4], ["9", 2, 0, 1, 0]]
    assert votes.merged().to_numpy().tolist() == [["10", 0, 1, 7, 3], ["9", 0, 2, 0, 1]]
    wins = votes.wins()
    assert wins["10"][0] == (0, 1)
    assert wins["10"][1].tolist() == [[0, 7], [3, 0]]
    assert wins["9"][0] == (0, 2)
    assert wins["9"][1].tolist() == [[0, 0], [1, 0]]


@pytest.mark.parametrize(
    "line", ["000010,0,x,f,3,1,1", "000010,0,1,f,-3,1,1", "000010,1,1,f,3,1,1", "000010,0,1", "a,0,1,f,3,1,1"]
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "votes.csv", f"{HEADER}1,0,1,f,1,1,1\n{line}\n")
    with pytest.raises(LabelError, match=r"votes.csv, line 3: expected whole numbers"):
        read_vote_table(path)


def test_a_pair_twice_no_rows_and_missing_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "votes.csv", f"{HEADER}1,0,1,f,1,1,1\n000001,0,1,f,2,1,1\n")
    with pytest.raises(LabelError, match="line 3: series 1 has the pair 0, 1 above"):
        read_vote_table(path)
    with pytest.raises(LabelError, match="no rows"):
        read_vote_table(write(path, HEADER))
    with pytest.raises(LabelError, match="it lacks LEFT, RIGHT"):
        read_vote_table(write(path, "series_id,compareID1,compareID2\n"))
    with pytest.raises(LabelError, match="cannot be read"):
        read_vote_table(tmp_path / "absent.csv")


def test_reasons_are_counted_by_row(tmp_path: Path) -> None:
    header = f"label_other,{HEADER.strip()},label_field_of_view\n"
    path = write(tmp_path / "votes.csv", f"{header}2,10,0,1,f,3,1,1,2.0\n,10,1,0,f,1,0,1\n")
    votes = read_vote_table(path)
    assert votes.reasons is not None
    assert list(votes.reasons.columns) == ["other", "field of view"]
    assert votes.reasons.to_numpy().tolist() == [[2, 2], [0, 0]]
    assert read_vote_table(write(path, f"{HEADER}10,0,1,f,3,1,1\n")).reasons is None
    for cell in ("-1", "x", "0.5", "nan"):
        write(path, f"{header}0,10,0,1,f,3,1,1,{cell}\n")
        with pytest.raises(LabelError, match=f"line 2: .* ≥ 0 in label_field_of_view, found '{cell}'"):
            read_vote_table(path)


def test_a_vote_table_is_known_by_its_header(tmp_path: Path) -> None:
    assert is_vote_table(write(tmp_path / "votes.csv", HEADER))
    assert not is_vote_table(write(tmp_path / "own.csv", "photo_a,photo_b,winner\n"))
    assert is_vote_table(write(tmp_path / "votes.csv", HEADER.replace(",", ";")))
    assert not is_vote_table(tmp_path / "absent.csv")
