from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phototriage.errors import FeatureError
from phototriage.features import IQA_COLUMNS, Features, MultiFeatureExtractor
from phototriage.features.table import read_feature_table, read_score_table
from phototriage.outputs.feature_export import write_feature_table


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


def test_the_extractors_columns_are_the_extractors_numbers(tmp_path: Path) -> None:
    (iqa,) = MultiFeatureExtractor(["iqa"]).extractors
    assert read(tmp_path, f"series,photo,{','.join(IQA_COLUMNS)}\ns,a,0,.2,.3,1\n").blocks == (iqa.block,)
    turned = read(tmp_path, "series,photo,contrast,exposure,sharpness,colorfulness\ns,a,.4,.2,.1,.3\n")
    assert turned.blocks == (iqa.block,)
    assert turned.matrix.tolist() == np.array([[0.1, 0.2, 0.3, 0.4]], np.float32).tolist()
    (other,) = read(tmp_path, "series,photo,x\ns,a,1\n").blocks
    assert (other.name, other.fingerprint) == ("table", "table/x")


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
    assert read(tmp_path, "series,photo,x\nNA, null ,1\nNA,007,2\n").photos == ("null", "007")


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
        ("series,photo,x\ns,a,nan\n", "not one row has a sound number"),
        ("series,photo,x,x\ns,a,1,2\n", "two columns have the same name"),
        (f"series,photo,{','.join(IQA_COLUMNS)}\ns,a,99,.2,.3,1\n", "not one row has a sound number"),
        ("series,photo,x\ns,a,1\ns,a,2\n", "a stands there twice, with different numbers"),
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


def test_parquet_of_whole_numbers_are_phototriage_photos(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"series": [12, 12], "photo": [3, 4], "score": [1, 2]}).to_parquet(path)
    features = read_score_table(path)
    assert features.photos == ("000012-03.JPG", "000012-04.JPG")
    assert features.matrix.tolist() == [[1], [2]]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"photo": ["a"], "series": ["s"], "x": [1]}, "first columns must be series,photo, not photo,series"),
        ({"series": ["s"], "photo": ["a"]}, "no feature columns"),
        ({"series": ["s"], "photo": [None], "x": [1]}, "no series or no photo"),
        ({"series": ["s"], "photo": ["a"], "x": ["word"]}, "not one row has a sound number"),
        ({"series": [], "photo": [], "x": []}, "no rows"),
    ],
)
def test_a_parquet_table_that_cannot_be_used_says_why(
    tmp_path: Path, table: dict[str, list[object]], message: str
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
    assert read_score_table(path).matrix.tolist() == [[0.25]]
    path.write_text("series,photo,score,other\n1,2,0.25,3\n")
    with pytest.raises(
        FeatureError, match="columns must be series,photo,score, not series,photo,score,other"
    ):
        read_score_table(path)


def test_the_real_scores(shared: Path) -> None:
    features = read_feature_table(shared / "phototriage" / "iqa_scores.csv")
    assert len(features) == 4270
    assert features.blocks[0].name == "iqa"
    assert features.photos[0] == "000002-01.JPG"
    assert np.allclose(features.matrix[0], [1.0, 0.942213, 0.620967, 0.433735])
