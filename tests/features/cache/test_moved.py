"""Photos under another path."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.cli import main
from phototriage.features import MultiFeatureExtractor
from phototriage.features.cache.index import PhotoIndex
from phototriage.features.cache.moved import take_over


@pytest.fixture
def photos(make_photo: Callable[..., Path], tmp_path: Path) -> Path:
    for number in range(3):
        make_photo(f"old/sub/{number}.jpg", number)
    (tmp_path / "old" / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    make_photo("older/0.jpg", 9)
    files = {path.as_posix(): path for path in tmp_path.rglob("*.jpg")}
    MultiFeatureExtractor(("look",), cache_dir=tmp_path / "store")(files, workers=1)
    return tmp_path / "old"


def test_a_renamed_folder_is_not_read_again(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = photos.rename(tmp_path / "new")
    monkeypatch.setattr("phototriage.features.extraction.Measuring", None)  # whoever measures fails
    command = ["features", "extract", str(new), "--features", "look", "--cache_dir", str(tmp_path / "store")]
    assert main([*command, "--map", f"{photos}={new}"]) == 3
    said = capsys.readouterr().err
    assert f"known below {photos}: 4 photos; unchanged below {new}: 4" in said
    assert "photos with features: 3; 1 left out" in said


def test_copies_edits_and_what_is_gone_are_not_taken_over(photos: Path, tmp_path: Path) -> None:
    new = photos.rename(tmp_path / "new")
    (new / "sub" / "0.jpg").write_bytes((new / "sub" / "1.jpg").read_bytes())
    shutil.copy2(new / "sub" / "1.jpg", new / "copy.jpg")
    (new / "copy.jpg").replace(new / "sub" / "1.jpg")
    (new / "broken.jpg").unlink()
    assert take_over(photos, new, tmp_path / "store") == (4, 1)
    with PhotoIndex(tmp_path / "store") as index:
        assert [path for path in index.photos() if new in path.parents] == [new / "sub" / "2.jpg"]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("old", "takes OLD=NEW"),
        ("=new", "takes OLD=NEW"),
        ("old=", "takes OLD=NEW"),
        ("/none=/", "no photo is known below /none"),
        ("/=/none", "there is none at /none"),
    ],
)
def test_mappings_that_are_none(
    mapping: str, said: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["features", "extract", str(photos), "--cache_dir", str(tmp_path / "store"), "--map", mapping]
    assert main(command) == 2
    assert said in capsys.readouterr().err
    assert main([*command, "--shard", "1/2"]) == 2
    assert "once without --shard" in capsys.readouterr().err
