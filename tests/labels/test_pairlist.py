import re
from pathlib import Path

import pytest

from phototriage.errors import LabelError
from phototriage.labels.pairlist import read_pairlists


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_a_line_becomes_a_comparison(tmp_path: Path) -> None:
    train = write(tmp_path / "train.txt", "\ufeff7 1 2 0.949 1 2\r\n\r\n")
    val = write(tmp_path / "val.txt", "12 1 10 0.3 2 1")
    assert read_pairlists([train, val]).table.to_numpy().tolist() == [
        ["7", "000007-01.JPG", "000007-02.JPG", 0.949, 0, 0, 1, 2],
        ["12", "000012-01.JPG", "000012-10.JPG", 0.3, 0, 0, 2, 1],
    ]


@pytest.mark.parametrize(
    "line",
    [
        "1 1 2 0.9 1",
        "1 1 2 0.9 1 2 3",
        "1 1 2 1.01 1 2",
        "1 1 2 nan 1 2",
        "1 2 2 0.5 1 2",
        "1 0 2 0.5 1 2",
        "1 1 2 0.5 0 2",
        "one 1 2 0.5 1 2",
        "-1 1 2 0.5 1 2",
        "1 1 2 0.5 1.5 2",
        "1,1,2,0.5,1,2",
    ],
)
def test_a_malformed_line_is_named_with_what_is_expected(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "train.txt", f"5 1 2 0.9 1 2\n\n{line}\n")
    expected = f"{path}, line 3: expected 'series photo1 photo2 preference rank1 rank2'"
    with pytest.raises(LabelError, match=re.escape(expected)) as caught:
        read_pairlists([path])
    assert f"found '{line}'" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("5 2 1 0.1 2 1", "photos 2 and 1 of series 5 were compared before"),
        ("5 1 3 0.6 2 3", "photo 1 of series 5 has rank 2 here and 1 above"),
        ("6 1 2 0.9 2 1", "preference 0.9 for photo 1 contradicts its rank 2, 1 for photo 2"),
        ("6 1 2 0.1 1 2", "preference 0.1 for photo 1 contradicts its rank 1, 2 for photo 2"),
    ],
)
def test_a_line_that_contradicts_another_is_refused(tmp_path: Path, line: str, says: str) -> None:
    path = write(tmp_path / "train.txt", f"5 1 2 0.9 1 2\n{line}\n")
    with pytest.raises(LabelError, match=f"line 2: {says}"):
        read_pairlists([path])


def test_a_series_in_both_files_would_leak(tmp_path: Path) -> None:
    train = write(tmp_path / "train.txt", "5 1 2 0.9 1 2")
    val = write(tmp_path / "val.txt", "5 1 3 0.9 1 3")
    with pytest.raises(LabelError, match=r"val.txt, line 1: series 5 is also in train.txt"):
        read_pairlists([train, val])


def test_files_without_lines_text_or_existence(tmp_path: Path) -> None:
    val = write(tmp_path / "val.txt", "7 1 2 0.5 2 1\n")
    with pytest.raises(LabelError, match=r"empty.txt has no line; expected 'series photo1"):
        read_pairlists([write(tmp_path / "empty.txt", " \n"), val])
    (tmp_path / "binary.txt").write_bytes(b"7 1 2 0.5 2 1\n\xff")
    for name, says in (("binary.txt", ", line 2: this is not UTF-8"), ("absent.txt", " cannot be read")):
        with pytest.raises(LabelError, match=f"{name}{says}"):
            read_pairlists([tmp_path / name])
