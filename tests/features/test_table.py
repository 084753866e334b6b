import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phototriage.errors import FeatureError
from phototriage.features import IQA_COLUMNS, Features, MultiFeatureExtractor
from phototriage.features.extractors.iqa import IQA
from phototriage.features.table import read_feature_table, read_score_table
from phototriage.labels.own_table import read_own_table
from phototriage.outputs.features.export import write_feature_table


def read(tmp_path: Path, text: str) -> Features:
    path = tmp_path / "table.csv"
    path.write_text(text)
    return read_feature_table(path)


def test_whole_numbers_are_phototriage_photos(tmp_path: Path) -> None:
    features = read(tmp_path, "series,photo,x,y\n12,3,0.5,1\n12,4,2,3\n")
    assert features.photos == ("000012-03.JPG", "000012-04.JPG")
    assert features.matrix.tolist() == [[0.5, 1], [2, 3]]
    assert features.columns == ("x", "y")


def test_other_keys_stay_as_they_are(tmp_path: Path) -> None:
    assert read(tmp_path, "series,photo,x\nü,ü/1.jpg,1\n7,7,2\n").photos == ("ü/1.jpg", "7")


def test_a_path_has_one_spelling_as_in_comparisons(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("photo_a,photo_b,winner\n./a//1.jpg,b/../a/2.jpg,a\n")
    labelled = read_own_table(tmp_path / "labels.csv").comparisons.photos
    features = read(tmp_path, "series,photo,x\ns,./a//1.jpg,1\ns,b/../a/2.jpg,2\n")
    assert features.photos == tuple(labelled) == ("a/1.jpg", "a/2.jpg")


def test_the_extractors_columns_are_the_extractors_numbers(tmp_path: Path) -> None:
    (iqa,) = MultiFeatureExtractor(["iqa"]).extractors
    assert read(tmp_path, f"series,photo,{','.join(IQA_COLUMNS)}\ns,a,0,.2,.3,1\n").blocks == (iqa.block,)
    turned = read(tmp_path, "series,photo,contrast,exposure,sharpness,colorfulness\ns,a,.4,.2,.1,.3\n")
    assert turned.blocks == (iqa.block,)
    assert turned.matrix.tolist() == np.array([[0.1, 0.2, 0.3, 0.4]], np.float32).tolist()
    (other,) = read(tmp_path, "series,photo,x\ns,a,1\n").blocks
    assert (other.name, other.fingerprint) == ("table", "table/x")


def test_the_extractors_columns_are_found_among_others(tmp_path: Path) -> None:
    features = read(
        tmp_path, "series,photo,x,contrast,exposure,y,sharpness,colorfulness\ns,a,9,.4,.2,8,.1,.3\n"
    )
    iqa, others = features.blocks
    assert iqa is IQA.block
    assert (others.name, others.columns) == ("table", ("x", "y"))
    assert features.matrix.tolist() == np.array([[0.1, 0.2, 0.3, 0.4, 9, 8]], np.float32).tolist()
    assert features.select([iqa]).tolist() == np.array([[0.1, 0.2, 0.3, 0.4]], np.float32).tolist()


def test_columns_that_a_model_needs_are_found_by_name(tmp_path: Path) -> None:
    needed = read(tmp_path, "series,photo,a,b,exposure,contrast\ns,p,1,2,.3,.4\n").blocks
    swapped = read(tmp_path, "series,photo,b,extra,contrast,a,exposure\ns,p,2,0,.4,1,.3\n")
    assert swapped.select(needed).tolist() == np.array([[1, 2, 0.3, 0.4]], np.float32).tolist()
    iqa_too = read(tmp_path, "series,photo,b,a,contrast,exposure,sharpness,colorfulness\ns,p,2,1,.4,.3,0,0\n")
    assert iqa_too.select(needed).tolist() == np.array([[1, 2, 0.3, 0.4]], np.float32).tolist()
    with pytest.raises(
        FeatureError, match="table with the column 'exposure', which is not here; there are b, a"
    ):
        read(tmp_path, "series,photo,b,a\ns,p,1,2\n").select(needed)


def test_rows_without_a_number_are_reported_and_the_rest_go_on(tmp_path: Path) -> None:
    features = read(tmp_path, "series,photo,x,y\ns,a,1,2\ns,b,1,nan\ns,c,inf,1\ns,d,word,1\ns,e,1,1e300\n")
    assert features.photos == ("a",)
    assert [(failure.photo, failure.reason.split(": ")[1]) for failure in features.failures] == [
        ("b", "no sound number in column 'y'"),
        ("c", "no sound number in column 'x'"),
        ("d", "no sound number in column 'x'"),
        ("e", "no sound number in column 'y'"),
    ]


def test_names_stay_names(tmp_path: Path) -> None:
    features = read(tmp_path, 'series, photo ,x\nNA, null,1\nNA,007, 2 \nNA," lead.jpg",3\nNA,trail ,4\n')
    assert features.photos == ("null", "007", " lead.jpg", "trail")
    assert features.matrix.tolist() == [[1], [2], [3], [4]]


@pytest.mark.parametrize("numbers", ["12.0,3.0", "12,3.0", "12.00, 3 "])
def test_whole_numbers_may_be_written_with_a_point(tmp_path: Path, numbers: str) -> None:
    assert read(tmp_path, f"series,photo,x\n{numbers},1\n").photos == ("000012-03.JPG",)


def test_equal_numbers_written_in_two_ways_are_equal(tmp_path: Path) -> None:
    assert read(tmp_path, "series,photo,x\ns,a,0.5\nt,a,0.50\n").matrix.tolist() == [[0.5]]


def test_a_photo_in_two_series_has_its_numbers_once(tmp_path: Path) -> None:
    assert read(tmp_path, "series,photo,x\ns,a,1\nt,a,1\n").photos == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a CSV table"),
        ("series,photo\ns,a\n", "no feature columns"),
        ("photo,series,x\na,s,1\n", "first columns must be series,photo, not photo,series"),
        ("series,photo,x\n", "no rows"),
        ("series,photo,x\n,a,1\n", "no series or no photo"),
        ("series,photo,x,y\ns,a,1,nan\n", "not one row has a sound number in column 'y'$"),
        ("series,photo,x,y\ns,a,1,nan\ns,b,nan,1\n", "not one row has a sound number in every column$"),
        ("series,photo,x,\ns,a,1,5\n", "column 4 has no name"),
        ("series,photo,x\ns,a,1,\n", "is not a CSV table: Error .* Expected 3 fields in line 2, saw 4$"),
        ("series,photo,x,x\ns,a,1,2\n", "two columns have the same name, 'x'"),
        (
            f"series,photo,{','.join(IQA_COLUMNS)},x\ns,a,99,.2,.3,1,5\n",
            "in column 'sharpness', which as one of the four of iqa lies between 0 and 1",
        ),
        ("series,photo,x\ns,a,1\ns,a,2\n", "a stands there twice, with different numbers"),
        ("series,photo,x\n7,0,1\n7,1,2\n8,1,3\n", "photos count from 1, and there is a photo 0"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        read(tmp_path, text)


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match=r"cannot read .*nothing\.csv: No such file"):
        read_feature_table(tmp_path / "nothing.csv")


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    numbers = np.array([[0.1, 2], [3, np.nan], [5, 1e-30]], np.float32)
    photos = [("s", "s/1.jpg"), ("s", "007"), ("NA", "ü.jpg")]
    for ending in ("csv", "parquet"):
        write_feature_table(tmp_path / f"t.{ending}", photos, ["x", "y"], numbers)
    features, same = (read_feature_table(tmp_path / f"t.{ending}") for ending in ("parquet", "csv"))
    assert features.photos == same.photos == ("s/1.jpg", "ü.jpg")
    assert features.matrix.tolist() == same.matrix.tolist() == numbers[[0, 2]].tolist()
    assert [each.photo for each in features.failures] == ["007"]


@pytest.mark.parametrize("kind", [int, float, "Int8"])
def test_parquet_of_whole_numbers_are_phototriage_photos(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "t.parquet"
    keys = pd.DataFrame({"series": [12, 12], "photo": [3, 4]}).astype(kind)
    keys.assign(score=[1, 2]).to_parquet(path)
    assert read_score_table(path) == ({"000012-03.JPG": 1.0, "000012-04.JPG": 2.0}, ())


def test_parquet_numbers_of_every_kind_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "series": pa.array(["s", "s"]).dictionary_encode(),
        "photo": pa.array(["a", "b"], pa.large_string()),
        "whole": pa.array([2**60, -3]),
        "half": pa.array([0.5, 2], pa.float16()),
        "yes": pa.array([True, False]),
        "exact": pa.array([Decimal("1.25"), Decimal("-2.50")]),
        "text": pa.array(["1e3", " 4 "]),
        "category": pa.array([7, 8]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), path)
    features = read_feature_table(path)
    assert features.photos == ("a", "b")
    assert features.matrix.tolist() == [[2**60, 0.5, 1, 1.25, 1000, 7], [-3, 2, 0, -2.5, 4, 8]]


def test_the_row_numbers_of_pandas_are_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pd.DataFrame({"series": ["s", "s"], "photo": ["a", "b"], "x": [1, 2]}, index=[5, 9])
    for index_name in (None, "row"):
        table.rename_axis(index_name).to_parquet(path)
        assert pq.ParquetFile(path).schema.names[3] == (index_name or "__index_level_0__")
        assert read_feature_table(path).columns == ("x",)


def test_the_index_of_pandas_may_be_the_photos(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"series": ["s"], "photo": ["a"], "x": [1.0]})
    metadata = {"pandas": json.dumps({"index_columns": ["series", "photo"], "columns": []})}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert read_feature_table(path).photos == ("a",)


def test_parquet_with_a_repeated_name(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    arrays = [pa.array(["s"]), pa.array(["a"]), pa.array([1]), pa.array([2])]
    pq.write_table(pa.Table.from_arrays(arrays, ["series", "photo", "x", "x"]), path)
    with pytest.raises(FeatureError, match=r"t\.parquet: two columns have the same name, 'x'$"):
        read_feature_table(path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"photo": ["a"], "series": ["s"], "x": [1]}, "first columns must be series,photo, not photo,series"),
        ({"series": ["s"], "photo": ["a"]}, "no feature columns"),
        ({"series": ["s"], "photo": [None], "x": [1]}, "no series or no photo"),
        ({"series": [1, 2], "photo": pd.array([1, None], "Int64"), "x": [1, 2]}, "no series or no photo"),
        ({"series": pd.Categorical(["s", None]), "photo": ["a", "b"], "x": [1, 2]}, "no series or no photo"),
        ({"series": [1], "photo": [0], "x": [1]}, "photos count from 1"),
        ({"series": ["s"], "photo": ["a"], "x": ["word"]}, "not one row has a sound number in column 'x'"),
        ({"series": ["s"], "photo": ["a"], "x": [None]}, "not one row has a sound number in column 'x'"),
        ({"series": [], "photo": [], "x": []}, "no rows"),
        ({}, "first columns must be series,photo, not none"),
        ({"series": ["s"], "photo": ["a"], "x": [[1]]}, r"column 'x' holds list<.*>, not numbers"),
        ({"series": ["s"], "photo": ["a"], "x": [{"y": 1}]}, r"column 'x' holds struct<.*>, not numbers"),
        ({"series": ["s"], "photo": ["a"], "x": [b"1"]}, "column 'x' holds binary, not numbers"),
        (
            {"series": ["s"], "photo": ["a"], "x": [pd.Timestamp("2026-06-01")]},
            r"column 'x' holds timestamp\[.*\], not numbers",
        ),
        (
            {"series": [pd.Timestamp("2026-06-01")], "photo": ["a"], "x": [1]},
            r"column 'series' holds timestamp\[.*\], not text or whole numbers",
        ),
    ],
)
def test_a_parquet_table_that_cannot_be_used_says_why(
    tmp_path: Path, table: dict[str, Any], message: str
) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame(table).to_parquet(path)
    with pytest.raises(FeatureError, match=message):
        read_feature_table(path)


def test_a_truncated_parquet_table(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_feature_table(path, [("s", "a")], ["x"], np.ones((1, 1), np.float32))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FeatureError, match=r"t\.parquet is not a Parquet table: "):
        read_feature_table(path)


def test_scores_have_one_column(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("series,photo,score\n1,2,0.25\n")
    assert read_score_table(path) == ({"000001-02.JPG": 0.25}, ())
    path.write_text("series,photo,score,other\n1,2,0.25,3\n")
    with pytest.raises(
        FeatureError, match="columns must be series,photo,score, not series,photo,score,other"
    ):
        read_score_table(path)


def test_scores_of_any_size_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("series,photo,score\ns,a,1000000001.5\ns,b,1000000001.25\ns,c,-1e300\ns,d,inf\ns,e,\n")
    scores, failures = read_score_table(path)
    assert scores == {"a": 1000000001.5, "b": 1000000001.25, "c": -1e300}
    assert [failure.photo for failure in failures] == ["d", "e"]


def test_the_real_scores(shared: Path) -> None:
    features = read_feature_table(shared / "phototriage" / "iqa_scores.csv")
    assert len(features) == 4270
    assert features.blocks[0].name == "iqa"
    assert features.photos[0] == "000002-01.JPG"
    assert np.allclose(features.matrix[0], [1.0, 0.942213, 0.620967, 0.433735])


def test_text_is_as_good_as_a_path(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("series,photo,score\ns,a.jpg,1\n")
    assert read_feature_table(str(path)).photos == read_feature_table(path).photos == ("a.jpg",)
    assert read_score_table(str(path)) == ({"a.jpg": 1.0}, ())
