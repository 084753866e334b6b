from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from phototriage.outputs.sidecars import SidecarOptions, plan_sidecars
from phototriage.outputs.sidecars.embedded import embedded_marks
from phototriage.outputs.sidecars.packet import Packet
from phototriage.series import RankedSeries

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


def test_a_rating_within_the_photo_is_a_persons_own(folder: Path, ranked: Ranked) -> None:
    save(folder / "IMG_1.JPG")
    series = ranked(("pick", ("IMG_1.CR2", "IMG_1.JPG")))
    (change,) = plan_sidecars(folder, series, SidecarOptions(("stars", "labels")))
    assert (change.action, dict(change.edits), change.reason) == (
        "create",
        {"xmp:Label": "Green"},
        "yours: xmp:Rating 3",
    )
    # A sidecar outvotes the photo, in what it says and in what it takes back.
    zero = Packet()
    zero.set("xmp:Rating", "0")
    (folder / "IMG_1.xmp").write_bytes(zero.to_bytes())
    (change,) = plan_sidecars(folder, series, SidecarOptions(("stars",)))
    assert dict(change.edits) == {"xmp:Rating": "5"}
