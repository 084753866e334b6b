import struct
from pathlib import Path

import pytest

from phototriage.photos.heif_boxes import missing_bytes


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def large_box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


START = box(b"ftyp", b"heic\0\0\0\0") + box(b"meta", bytes(20))


@pytest.mark.parametrize("make", [box, large_box])
@pytest.mark.parametrize("cut", [0, 1, 50, 99])
def test_image_data_cut_off(make: type, cut: int) -> None:
    data = START + make(b"mdat", bytes(100))
    assert missing_bytes(data[: len(data) - cut]) == cut


def test_the_directory_cut_off() -> None:
    assert missing_bytes(START[:-3]) == 3


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        struct.pack(">I4s", 0, b"mdat") + bytes(10),
        box(b"free", bytes(5)),
        box(b"mpvd", bytes(500))[:100],
        b"\xff\xd8\xff\xe1 not a box at all",
        b"\0\0\0\2????",
        b"\0\0\0\1mdat",
        b"SEFT",
    ],
)
def test_whole_with_any_tail(tail: bytes) -> None:
    assert missing_bytes(START + box(b"mdat", bytes(100)) + tail) == 0


def test_real_files(shared: Path) -> None:
    for name in ["pug.heic", "cat.hif", "spatial_photo.heic"]:
        data = (shared / "awkward/formats" / name).read_bytes()
        assert missing_bytes(data) == 0
        assert missing_bytes(data[:-1000]) == 1000


def test_a_real_file_with_a_tail_of_the_camera(shared: Path) -> None:
    data = (shared / "awkward/formats/200MP.heic").read_bytes()
    assert missing_bytes(data) == 0
    assert missing_bytes(data[:-1000]) == 0
    assert missing_bytes(data[:1_000_000]) > 1_000_000
