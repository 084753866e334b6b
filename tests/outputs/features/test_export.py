import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phototriage.errors import OutputError
from phototriage.outputs.features.export import write_feature_table

NUMBERS = np.array([[0.1, 1e-30], [1 / 3, -2]], np.float32)


@pytest.mark.parametrize("ending", ["csv", "CSV", "parquet"])
def test_numbers_and_names_survive(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"table.{ending}"
    photos = [("a, b", 'a, b/"x"\n.jpg'), ("é", os.fsdecode(b"\xff.jpg"))]
    write_feature_table(path, photos, ["one", "two"], NUMBERS)
    table = pd.read_parquet(path) if ending == "parquet" else pd.read_csv(path)
    assert list(table.columns) == ["series", "photo", "one", "two"]
    assert table["series"].tolist() == ["a, b", "é"]
    assert table["photo"].tolist() == ['a, b/"x"\n.jpg', "\\udcff.jpg"]
    assert np.array_equal(table[["one", "two"]].to_numpy(np.float32), NUMBERS)


def test_another_ending_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"written as .csv or .parquet, not as '.txt'"):
        write_feature_table(tmp_path / "t.txt", [("a", "b")], ["one"], NUMBERS[:1, :1])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["one", "photo"])
def test_a_repeated_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=f"two columns would be called '{name}'"):
        write_feature_table(tmp_path / "t.csv", [("a", "b")], ["one", name], NUMBERS[:1])
    assert not list(tmp_path.iterdir())
