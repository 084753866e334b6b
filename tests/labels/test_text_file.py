from pathlib import Path

import pytest

from phototriage.errors import LabelError
from phototriage.labels.text_file import csv_rows, read_text


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_text_is_read_with_and_without_its_mark(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        assert read_text(write(tmp_path, "früh\r\nspät", encoding)) == "früh\r\nspät"


@pytest.mark.parametrize(
    ("encoding", "says"),
    [
        ("cp1252", r"table.csv, line 3: this is not UTF-8: save the file as UTF-8$"),
    ],
)
def test_another_encoding_is_named_with_its_line(tmp_path: Path, encoding: str, says: str) -> None:
    with pytest.raises(LabelError, match=says):
        read_text(write(tmp_path, "a\nb\nfrüh\nspät\n", encoding))


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"absent.csv cannot be read: No such file or directory$"):
        read_text(tmp_path / "absent.csv")
    with pytest.raises(LabelError, match=r"cannot be read: Is a directory$"):
        read_text(tmp_path)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_cells_are_parted_as_in_the_header_and_empty_rows_left_out(tmp_path: Path, mark: str) -> None:
    text = '\n | \r\nphoto_a|photo_b\n"a;,\tb"|c\n"d\ne"|f\n'.replace("|", mark)
    path = write(tmp_path, text)
    assert list(csv_rows(path)) == [
        (f"{path}, line 3", ["photo_a", "photo_b"]),
        (f"{path}, line 4", ["a;,\tb", "c"]),
        (f"{path}, line 6", ["d\ne", "f"]),
    ]


@pytest.mark.parametrize("row", ['"c,d', '"c" e,d', '"c,d\n"e,f'])
def test_a_quotation_mark_without_partner_swallows_no_row(tmp_path: Path, row: str) -> None:
    rows = csv_rows(write(tmp_path, f"a,b\n{row}\ne,f\n"))
    assert next(rows)[1] == ["a", "b"]
    with pytest.raises(LabelError, match=r"table.csv, line 2: unreadable row, a quotation mark may lack"):
        next(rows)
