import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from phototriage.photos import companion_fault

RAW = b"II*\0\x10\0\0\0CR" + bytes(200_000)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.cr2", RAW, None),
        ("a.raf", b"FUJIFILMCCD-RAW 0201" + bytes(200_000), None),
        ("a.CR3", b"\0\0\0\x18ftypcrx " + bytes(200_000), None),
        ("a.tif", b"II*\0" + bytes(500), None),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(500), None),
        ("a.nef", RAW[:5000], "a RAW file of 5,000 bytes is incomplete: copy it again"),
        ("a.nef", b"", "the file is empty"),
        (
            "a.arw",
            bytes(300_000),
            "the file begins with nothing but zeros: it was not copied whole, copy it again",
        ),
        ("a.dng", b"<html>" * 50_000, "it is not a RAW file, whatever its name says: copy it again"),
        ("a.heic", b"<html>", "it is not a photo, whatever its name says: copy it again"),
    ],
)
def test_fault(tmp_path: Path, name: str, content: bytes, expected: str | None) -> None:
    (tmp_path / name).write_bytes(content)
    assert companion_fault(tmp_path / name) == expected


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert companion_fault(tmp_path / "a.nef") == "the file cannot be read: No such file or directory"


def test_a_small_raw_that_is_whole(tmp_path: Path, make_dng: Callable[..., bytes]) -> None:
    file = io.BytesIO()
    Image.effect_noise((1200, 800), 5).convert("RGB").save(file, "JPEG", quality=5)
    whole = make_dng(file.getvalue(), (1200, 800))
    assert len(whole) < 100_000
    (tmp_path / "a.dng").write_bytes(whole)
    assert companion_fault(tmp_path / "a.dng") is None
    (tmp_path / "a.dng").write_bytes(whole[:3000])
    assert companion_fault(tmp_path / "a.dng") == "a RAW file of 3,000 bytes is incomplete: copy it again"
