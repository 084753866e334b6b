from pathlib import Path

import pytest

from phototriage.errors import FeatureError
from phototriage.features import Block, FeatureStore
from phototriage.features.cache.exported import exported_networks
from phototriage.features.cache.index import known_photos
from phototriage.features.cache.maintenance import survey
from phototriage.features.cache.part import listed


def test_what_matches_is_sorted(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.bin", ".d.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in listed(tmp_path, "*.txt")] == [".d.txt", "a.txt", "b.txt"]


def test_where_there_is_no_folder_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert listed(tmp_path / "nowhere", "*") == listed(tmp_path / "file", "*") == []


def test_a_folder_that_cannot_be_read_is_one_clear_error_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", forbidden)
    for look in (
        lambda: FeatureStore(tmp_path, Block("iqa", "iqa/1", ("a",))),
        lambda: exported_networks(tmp_path),
        lambda: known_photos(tmp_path),
        lambda: survey(tmp_path),
    ):
        with pytest.raises(
            FeatureError, match=r"^cannot read the folder .*: Permission denied; .*--cache_dir$"
        ):
            look()
