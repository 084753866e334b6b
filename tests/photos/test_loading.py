import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from phototriage.errors import PhotoError, PhotoReadError
from phototriage.photos import content_hash, decode, load, loading, read_photo


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
    assert reason(tmp_path / "gone.jpg") == (
        "the file cannot be read: No such file or directory; it was moved or deleted, or its disk is gone"
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.EACCES, "Permission denied; ask its owner, or change its permissions"),
        (errno.EIO, "Input/output error; connect its disk or network share again, and run again"),
        (errno.ESTALE, "Stale file handle; connect its disk or network share again, and run again"),
        (errno.ELOOP, "Too many levels of symbolic links"),
    ],
)
def test_a_file_that_the_system_does_not_give(
    jpeg: Path, monkeypatch: pytest.MonkeyPatch, code: int, expected: str
) -> None:
    def refuse(path: Path, mode: str) -> None:
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert reason(jpeg) == f"the file cannot be read: {expected}"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "pipe.jpg") == "the file cannot be read: it is a pipe or a device, not a file"


@pytest.mark.parametrize(
    ("start", "gigabytes", "expected"),
    [
        (b"\xff\xd8\xff", 3.0, "JPEG of 3.0 GB, the limit is 0.5 GB"),
        (b"II*\0", 2.0, "TIFF of 2.0 GB, "),
        (b"", 2.0, "a file of 2.0 GB, "),
    ],
)
def test_a_huge_file_is_not_read(tmp_path: Path, start: bytes, gigabytes: float, expected: str) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(round(gigabytes * 1e9))  # a hole, which takes no space
    reserved: list[int] = []
    with pytest.raises(PhotoError, match=f"^too large: {expected}"):
        read_photo(path, reserve=reserved.append)
    assert reserved == []


def test_memory_is_reserved_before_a_file_is_read(jpeg: Path) -> None:
    reserved: list[int] = []
    assert len(read_photo(jpeg, reserve=reserved.append)) == reserved[0] == jpeg.stat().st_size


@pytest.mark.parametrize("change", [b"more", b""])
def test_a_file_that_changes_while_it_is_read_is_tried_later(jpeg: Path, change: bytes) -> None:
    def change_it(size: int) -> None:
        if change:
            with jpeg.open("ab") as file:
                file.write(change)
        else:
            jpeg.write_bytes(jpeg.read_bytes()[:-4])

    expected = "^the file changed while it was read: is it still being copied"
    with pytest.raises(PhotoReadError, match=expected):
        read_photo(jpeg, reserve=change_it)


def test_a_folder_is_no_photo(tmp_path: Path) -> None:
    assert reason(tmp_path) == "the file cannot be read: Is a directory"


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    assert reason(path) == "the file is empty"


def test_a_file_larger_than_the_memory(jpeg: Path) -> None:
    def fail(size: int) -> None:
        raise MemoryError

    with pytest.raises(PhotoReadError, match=r"^the file is too large for the memory$"):
        read_photo(jpeg, reserve=fail)


def test_hash_and_pixels_are_of_one_reading(
    jpeg: Path, scene: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = jpeg.read_bytes()

    def read_and_replace(path: Path) -> bytes:
        data = read_photo(path)
        Image.fromarray(255 - scene).save(path)
        return data

    monkeypatch.setattr(loading, "read_photo", read_and_replace)
    photo = load(jpeg, None)
    assert photo.content_hash == content_hash(before)
    np.testing.assert_array_equal(photo.pixels, decode(before, None).pixels)
