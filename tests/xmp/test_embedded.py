from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from phototriage.series import RankedSeries
from phototriage.xmp.embedded import embedded_marks
from phototriage.xmp.packet import Packet

Ranked = Callable[..., tuple[RankedSeries, ...]]
XMP = Packet()
XMP.set("xmp:Rating", "3")
XMP.set("digiKam:PickLabel", "0")


def save(path: Path, xmp: bytes = XMP.to_bytes()) -> None:
    options = {"tiffinfo": {700: xmp}} if path.suffix == ".tif" else {"xmp": xmp}
    Image.new("RGB", (8, 8)).save(path, **options)


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.tif", "a.avif"])
def test_marks_within_a_photo_are_read(name: str, folder: Path) -> None:
    save(folder / name)
    assert embedded_marks(folder / name) == {"xmp:Rating": "3", "digiKam:PickLabel": "0"}


def test_there_are_none_in_what_holds_none(folder: Path) -> None:
    Image.new("RGB", (8, 8)).save(folder / "plain.jpg")
    save(folder / "broken.jpg", b"<x:xmpmeta")
    (folder / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe1\x20")
    (folder / "raw.CR2").write_bytes(b"II*\0 and what Pillow does not know")
    for name in ("plain.jpg", "broken.jpg", "cut.jpg", "raw.CR2", "gone.jpg"):
        assert embedded_marks(folder / name) == {}
