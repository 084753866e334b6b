import os
from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.features.index import PhotoIndex


def test_an_unchanged_file_is_known_to_the_next_process(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"one")
    with PhotoIndex(tmp_path / "cache") as index:
        assert index.content_hash(photo, photo.stat()) is None
        index.remember([(photo, photo.stat(), "ab" * 16)])
    with PhotoIndex(tmp_path / "cache") as index:
        assert index.content_hash(photo, photo.stat()) == "ab" * 16


def test_a_changed_file_is_not_known(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"one")
    with PhotoIndex(tmp_path) as index:
        index.remember([(photo, photo.stat(), "ab" * 16)])
        photo.write_bytes(b"longer")
        assert index.content_hash(photo, photo.stat()) is None
        photo.write_bytes(b"two")
        os.utime(photo, ns=(1, 1))
        assert index.content_hash(photo, photo.stat()) is None


def test_a_name_that_is_no_text_is_a_name(tmp_path: Path) -> None:
    photo = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.jpg"))
    photo.write_bytes(b"one")
    with PhotoIndex(tmp_path) as index:
        index.remember([(photo, photo.stat(), "cd" * 16)])
        assert index.content_hash(photo, photo.stat()) == "cd" * 16


def test_two_processes_share_an_index(tmp_path: Path) -> None:
    photos = [tmp_path / name for name in "ab"]
    for photo in photos:
        photo.write_bytes(b"x")
    with PhotoIndex(tmp_path) as one, PhotoIndex(tmp_path) as other:
        one.remember([(photos[0], photos[0].stat(), "aa" * 16)])
        other.remember([(photos[1], photos[1].stat(), "bb" * 16)])
        assert one.content_hash(photos[1], photos[1].stat()) == "bb" * 16
        assert other.content_hash(photos[0], photos[0].stat()) == "aa" * 16


def test_a_file_that_is_no_index_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(
        b"something else entirely, and long enough to be read as a header" * 9
    )
    with pytest.raises(OutputError, match=r"cannot use the index .*--cache_dir"):
        PhotoIndex(tmp_path)
