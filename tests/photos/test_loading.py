import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from phototriage.errors import PhotoError
from phototriage.photos import content_hash, decode, load, read_photo


@pytest.fixture
def jpeg(tmp_path: Path, scene: np.ndarray) -> Path:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[int(Base.DateTime)] = "2024:02:29 12:00:00"
    Image.fromarray(scene).save(path, exif=exif)
    return path


def reason(path: Path) -> str:
    with pytest.raises(PhotoError) as raised:
        load(path, None)
    return str(raised.value)


def test_everything_about_a_photo(jpeg: Path) -> None:
    data = jpeg.read_bytes()
    photo, decoded = load(jpeg, 45), decode(data, 45)
    assert photo.content_hash == content_hash(data)
    np.testing.assert_array_equal(photo.pixels, decoded.pixels)
    assert photo.pixels.shape == (30, 45, 3)
    assert (photo.width, photo.height) == (90, 60)
    assert photo.warnings == ()


def test_paths_may_be_text(jpeg: Path) -> None:
    assert read_photo(str(jpeg)) == jpeg.read_bytes()
    np.testing.assert_array_equal(load(str(jpeg), 45).pixels, load(jpeg, 45).pixels)


def test_warnings_are_passed_on(tmp_path: Path, scene: np.ndarray) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(scene).save(path, icc_profile=b"broken" * 40)
    assert load(path, None).warnings == decode(path.read_bytes(), None).warnings
    assert len(load(path, None).warnings) == 1


def test_content_hash() -> None:
    # The first 16-byte digest is that of RFC 7693's algorithm over no input, as b2sum -l 128 prints it.
    assert content_hash(b"") == "cae66941d9efbd404e4d88758ea67670"
    assert content_hash(b"photo") == hashlib.blake2b(b"photo", digest_size=16).hexdigest()


@pytest.mark.parametrize("name", ["photo.heic", "photo.png", "photo", "photo.txt"])
def test_the_name_does_not_matter(jpeg: Path, name: str) -> None:
    renamed = jpeg.rename(jpeg.with_name(name))
    assert load(renamed, None).width == 90


def test_a_file_that_has_vanished(tmp_path: Path) -> None:
    assert reason(tmp_path / "gone.jpg") == "the file cannot be read: No such file or directory"


def test_a_file_that_must_not_be_read(jpeg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert reason(jpeg) == "the file cannot be read: Permission denied"


def test_a_folder_is_no_photo(tmp_path: Path) -> None:
    assert reason(tmp_path) == "the file cannot be read: Is a directory"


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    assert reason(path) == "the file is empty"


def test_a_file_larger_than_the_memory(jpeg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> bytes:
        raise MemoryError

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert reason(jpeg) == "the file is too large for the memory"


def test_the_file_is_read_once(jpeg: Path, scene: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    before = jpeg.read_bytes()
    read_bytes = Path.read_bytes

    def read_and_replace(path: Path) -> bytes:
        data = read_bytes(path)
        Image.fromarray(255 - scene).save(path)
        return data

    monkeypatch.setattr(Path, "read_bytes", read_and_replace)
    photo = load(jpeg, None)
    assert photo.content_hash == content_hash(before)
    np.testing.assert_array_equal(photo.pixels, decode(before, None).pixels)
