from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.labels.conftest import MakeComparisons

from phototriage.errors import LabelError
from phototriage.labels.own_table import OwnTable, read_own_table

COLUMNS = ["series", "photo_a", "photo_b", "preference", "votes_a", "votes_b"]


def read(tmp_path: Path, text: str, name: str = "own.csv") -> OwnTable:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_own_table(path)


def rows(own: OwnTable) -> list[Any]:
    return own.comparisons.table[COLUMNS].to_numpy().tolist()


def test_the_three_kinds_of_labels(tmp_path: Path) -> None:
    own = read(tmp_path, "series,photo_a,photo_b,preference\n1,a,b,0.25\n")
    assert rows(own) == [["1", "a", "b", 0.25, 0, 0]]
    own = read(tmp_path, "series,photo_a,photo_b,winner\n1,a,b,a\n1,a,c,B\n")
    assert rows(own) == [["1", "a", "b", 1.0, 0, 0], ["1", "a", "c", 0.0, 0, 0]]
    own = read(tmp_path, "series,photo_a,photo_b,votes_a,votes_b\n1,a,b,3,1\n")
    assert rows(own) == [["1", "a", "b", 0.75, 3, 1]]
    own = read(tmp_path, "series,photo_a,photo_b,preference,votes_a,votes_b\n1,a,b,0.6,3,1\n1,a,c,0.5,,\n")
    assert rows(own) == [["1", "a", "b", 0.6, 3, 1], ["1", "a", "c", 0.5, 0, 0]]


def test_names_are_text_and_the_file_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    text = '\ufeff Photo_A , photo_b,WINNER,series\r\n 007 ,"Ölberg, früh.jpg",a , 01\r\n'
    text += "\r\n,,,\r\n008,NA,b,01\r\n"
    assert rows(read(tmp_path, text)) == [
        ["01", "007", "Ölberg, früh.jpg", 1.0, 0, 0],
        ["01", "008", "NA", 0.0, 0, 0],
    ]


def test_connected_photos_are_a_series_named_by_the_smallest(tmp_path: Path) -> None:
    text = "photo_a,photo_b,winner\nd,c,a\nx,w,b\nb,c,a\n"
    assert [row[0] for row in rows(read(tmp_path, text))] == ["b", "w", "b"]


def test_repeated_pairs_are_merged_and_reported(tmp_path: Path) -> None:
    text = "series,photo_a,photo_b,winner\n1,a,b,a\n1,b,a,a\n1,a,b,a\n1,a,c,b\n1,c,a,a\n"
    own = read(tmp_path, text)
    assert rows(own) == [["1", "a", "b", pytest.approx(2 / 3), 0, 0], ["1", "a", "c", 0.0, 0, 0]]
    assert (own.rows, own.merged, own.contradictions) == (5, 3, 1)


def test_a_photo_has_one_name_however_its_path_is_spelled(tmp_path: Path) -> None:
    pairs = ["./2024/x.jpg,2024//y.jpg,a", "2024/y.jpg,2024/x.jpg,a", "0/z.jpg,2024/./x.jpg,a"]
    own = read(tmp_path, "\n".join(["photo_a,photo_b,winner", *pairs]))
    assert rows(own) == [
        ["0/z.jpg", "2024/x.jpg", "2024/y.jpg", 0.5, 0, 0],
        ["0/z.jpg", "0/z.jpg", "2024/x.jpg", 1.0, 0, 0],
    ]
    assert (own.merged, own.contradictions) == (1, 1)


def test_a_tie_contradicts_nobody(tmp_path: Path) -> None:
    own = read(tmp_path, "photo_a,photo_b,preference\na,b,0.5\na,b,0.9\nb,a,0.5\n")
    assert (own.merged, own.contradictions) == (2, 0)


def test_a_table_of_a_spreadsheet_that_parts_by_semicolons(tmp_path: Path) -> None:
    text = "series;photo_a;photo_b;preference\n1;a;b;0.25\n"
    assert rows(read(tmp_path, text)) == [["1", "a", "b", 0.25, 0, 0]]
    assert rows(read(tmp_path, text.replace(".", ","))) == [["1", "a", "b", 0.25, 0, 0]]


def test_merged_votes_add_and_weigh(tmp_path: Path) -> None:
    own = read(tmp_path, "photo_a,photo_b,votes_a,votes_b\na,b,3,1\nb,a,4,0\n")
    assert rows(own) == [["a", "a", "b", 0.375, 3, 5]]
    own = read(tmp_path, "photo_a,photo_b,preference,votes_a,votes_b\na,b,0.8,3,1\nb,a,0.7,0,0\n")
    assert rows(own) == [["a", "a", "b", pytest.approx((4 * 0.8 + 0.3) / 5), 3, 1]]


def test_one_pair_in_two_series_is_two_comparisons(tmp_path: Path) -> None:
    assert len(read(tmp_path, "series,photo_a,photo_b,winner\n1,a,b,a\n2,a,b,b\n").comparisons) == 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1,a,b,1.5", r"preference must be a number in \[0, 1\], not '1.5'"),
        ("1,a,b,nan", "not 'nan'"),
        ("1,a,b,", "not ''"),
        ("1,a,a,0.5", "a is compared with itself"),
        ("1,,b,0.5", "photo_a is empty"),
        (",a,b,0.5", "series is empty"),
        ("1,a,b", "3 cells, and the header names 4 columns"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(LabelError, match=f"own.csv, line 3: .*{says}"):
        read(tmp_path, f"series,photo_a,photo_b,preference\n1,x,y,0.5\n{line}\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("photo_a,photo_b,winner\na,b,c\n", "line 2: winner must be a or b, not 'c'"),
        ("photo_a,photo_b,votes_a,votes_b\na,b,0,0\n", "line 2: there is no vote"),
        ("photo_a,photo_b,votes_a,votes_b\na,b,1.5,0\n", "line 2: votes_a must be a whole number"),
        ("photo_a,photo_b,votes_a,votes_b\na,b,many,0\n", "line 2: votes_a must be a whole number"),
        ("photo_a,photo_b,votes_a,votes_b\na,b,1e99,0\n", "line 2: votes_a must be a whole number"),
        ("photo_a,photo_b,votes_a,votes_b\na,b,1,-1\n", "line 2: votes_b must be a whole number"),
        ('photo_a,photo_b,winner\n"a\nx",b,a\n', r"line 3: photo_a holds a control character, 'a\\nx'"),
        ("photo_a,photo_b,winner,series\na,b,a,1\x1b2\n", r"line 2: series holds a control character"),
        (
            "photo_a,photo_b,winner\n2024\\a.jpg,b,a\n",
            r"line 2: photo paths are written with /, not as '2024\\a",
        ),
        ("photo_a,photo_b,winner\na,./a,a\n", "line 2: a is compared with itself"),
        ("# by hand\nphoto_a,photo_b,winner\n", "own.csv: the header has the unknown columns '# by hand'"),
    ],
)
def test_a_bad_label_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(LabelError, match=says):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("photo1,photo2,winner", "unknown columns 'photo1', 'photo2', lacks photo_a, photo_b"),
        ("photo_a,photo_b", "has no preference, winner or votes"),
        ("photo_a,photo_b,winner,preference", "more than one kind of label"),
        ("photo_a,photo_b,winner,votes_a,votes_b", "more than one kind of label"),
        ("photo_a,photo_b,votes_a", "not both votes_a and votes_b"),
        ("photo_a,photo_b,preference,votes", "not both votes_a and votes_b"),
        ("photo_a,photo_b,winner,photo_a", "names a column twice"),
        ("", "lacks photo_a, photo_b"),
    ],
)
def test_wrong_columns_list_the_accepted(tmp_path: Path, header: str, says: str) -> None:
    with pytest.raises(LabelError, match=f"{says}.*; a table of comparisons has photo_a, photo_b and one of"):
        read(tmp_path, header + "\n")


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="there are no comparisons in it"):
        read(tmp_path, "photo_a,photo_b,winner\n")
    for name, says in (
        ("own.csv", "own.csv: the header has"),
        ("own.parquet", "cannot be read as Parquet"),
    ):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00\x80")
        with pytest.raises(LabelError, match=says) as caught:
            read_own_table(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(LabelError, match=r"absent.csv cannot be read"):
        read_own_table(tmp_path / "absent.csv")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_what_comparisons_write_reads_back(
    make_comparisons: MakeComparisons, tmp_path: Path, ending: str
) -> None:
    random = np.random.default_rng(0)
    written = make_comparisons(
        [
            ("01", "007", "é.jpg", float(random.random()), 3, 1),
            ("01", "007", "x y.jpg", 1 / 3),
            ("b", "1", "2", 0.1),
        ]
    )
    written.write(tmp_path / f"labels{ending}")
    own = read_own_table(tmp_path / f"labels{ending}")
    pd.testing.assert_frame_equal(own.comparisons.table, written.table)
    assert own.merged == 0


def test_parquet_of_numbers_and_gaps(tmp_path: Path) -> None:
    path = tmp_path / "own.parquet"
    frame = pd.DataFrame({"photo_a": [1, 2], "photo_b": [2, 3], "preference": [0.5, None]})
    frame.head(1).to_parquet(path)
    assert rows(read_own_table(path)) == [["1", "1", "2", 0.5, 0, 0]]
    frame.to_parquet(path)
    with pytest.raises(LabelError, match=r"own.parquet, row 2: preference must be a number"):
        read_own_table(path)


@pytest.mark.parametrize(
    ("column", "values", "shown"),
    [
        ("photo_a", [b"a.jpg"], r"b'a\.jpg'"),
        ("photo_b", [["b.jpg"]], r"\['b\.jpg'\]"),
        ("series", [1.0], r"1\.0"),
        ("photo_a", [True], "True"),
    ],
)
def test_names_in_parquet_are_text_or_whole_numbers(
    tmp_path: Path, column: str, values: list[Any], shown: str
) -> None:
    path = tmp_path / "own.parquet"
    sound = pd.DataFrame({"series": [1], "photo_a": ["a.jpg"], "photo_b": ["b.jpg"], "preference": [0.5]})
    sound.astype({"photo_a": "category"}).to_parquet(path)
    assert rows(read_own_table(path)) == [["1", "a.jpg", "b.jpg", 0.5, 0, 0]]
    sound.assign(**{column: values}).to_parquet(path)
    with pytest.raises(LabelError, match=f"row 1: {column} must be text or a whole number, not {shown}$"):
        read_own_table(path)


@pytest.mark.parametrize(
    "photo",
    ["../x.jpg", "a/../../x.jpg", "/etc/passwd", "//host/share/x.jpg", "C:/x.jpg", "c:x.jpg", ".", ".."],
)
def test_a_photo_outside_of_the_folder_is_an_error_of_its_row(tmp_path: Path, photo: str) -> None:
    with pytest.raises(LabelError, match=r"own.csv, line 3: '.*' leads out of the photo folder"):
        read(tmp_path, f"photo_a,photo_b,winner\na,b,a\na,{photo},b\n")


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nphoto_a;photo_b;preference\r\na;b;0,25\r\n",
        '"sep=|"\nphoto_a|photo_b|preference\na|b|0.25\n',
        "\ufeff\ufeffphoto_a,photo_b,preference\na,b,.25\n",
        "photo_a,photo_b,preference,,\na,b,.25,,\n",
        "photo_a,photo_b,preference,,\na,b,.25\n",
        "photo_a,photo_b,preference\na,b,.25,,\n",
        ",photo_a,photo_b,preference\n0,a,b,.25\n",
        "Unnamed: 0\tphoto_a\tphoto_b\tpreference\n1\ta\tb\t.25\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_put_around_a_table_is_none_of_it(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "own.tsv").write_text(text, encoding, newline="")
    assert rows(read_own_table(tmp_path / "own.tsv")) == [["a", "a", "b", 0.25, 0, 0]]


def test_a_column_without_a_name_that_holds_something_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="column 1 has no name, and holds more than row numbers"):
        read(tmp_path, ",photo_a,photo_b,winner\n7,a,b,a\n7,a,c,a\n")


def test_the_index_of_pandas_in_parquet_is_no_column(tmp_path: Path) -> None:
    table = pd.DataFrame({"photo_a": ["a"], "photo_b": ["b"], "winner": ["a"]}, index=[5])
    table.to_parquet(tmp_path / "t.parquet")
    assert rows(read_own_table(tmp_path / "t.parquet")) == [["a", "a", "b", 1.0, 0, 0]]


def test_names_are_composed_and_formulas_read_back(tmp_path: Path) -> None:
    own = read(tmp_path, "photo_a,photo_b,winner\nCafe\u0301.jpg,'=cmd.jpg,a\n")
    assert own.comparisons.photos == ("Caf\u00e9.jpg", "=cmd.jpg")
    own.comparisons.write(tmp_path / "again.csv")
    assert "'=cmd.jpg" in (tmp_path / "again.csv").read_text("utf-8")
    assert read_own_table(tmp_path / "again.csv").comparisons.photos == own.comparisons.photos
