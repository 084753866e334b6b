import io
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.ExifTags import IFD, Base

from phototriage.features import headers
from phototriage.features.headers import read_captures
from phototriage.photos import Capture, read_capture

NOON = datetime(2024, 2, 29, 12)


def photo(path: Path, model: str, behind: int = 0) -> Path:
    exif = Image.Exif()
    exif[Base.Model] = model
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2024:02:29 12:00:00"
    file = io.BytesIO()
    Image.new("RGB", (9, 6)).save(file, "JPEG", exif=exif.tobytes())
    path.write_bytes(file.getvalue() + bytes(behind))
    return path


@pytest.fixture
def times_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The size of everything that is read."""
    sizes: list[int] = []

    def spy(data: bytes) -> Capture:
        sizes.append(len(data))
        return read_capture(data)

    monkeypatch.setattr(headers, "read_capture", spy)
    return sizes


def test_captures_come_from_the_first_bytes_and_are_remembered(tmp_path: Path, times_read: list[int]) -> None:
    files = [photo(tmp_path / "a.jpg", "One", 1 << 20), photo(tmp_path / "b.jpg", "Two")]
    for _ in range(2):
        captures = read_captures(files, tmp_path / "cache")
        assert [(each.model, each.time and each.time.local) for each in captures] == [
            ("One", NOON),
            ("Two", NOON),
        ]
    assert times_read == [256 << 10, files[1].stat().st_size]
    os.utime(files[1], (1, 1))
    assert read_captures(files, tmp_path / "cache") == captures
    assert len(times_read) == 3


def test_a_file_whose_directory_is_at_its_end_is_read_whole(tmp_path: Path, times_read: list[int]) -> None:
    path = tmp_path / "a.tif"
    pixels = np.zeros((400, 400, 3), np.uint8)
    tags: Any = [(int(Base.Model), "s", 0, "Pocket 1", True), (306, "s", 0, "2024:02:29 12:00:00", True)]
    tifffile.imwrite(path, pixels, photometric="rgb", metadata=None, extratags=tags, software="1.0")
    data = path.read_bytes()
    first = int.from_bytes(data[4:8], "little")
    end = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little") + 4
    path.write_bytes(data[:4] + len(data).to_bytes(4, "little") + data[8:] + data[first:end])
    (capture,) = read_captures([path], tmp_path / "cache")
    assert capture.model == "Pocket 1"
    assert times_read == [256 << 10, path.stat().st_size]


def test_missing_and_broken_files_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no photo")
    files = [tmp_path / "gone.jpg", tmp_path / "broken.jpg"]
    assert read_captures(files, tmp_path / "cache") == [Capture(), Capture()]
