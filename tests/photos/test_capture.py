import io
import json
import math
import struct
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from PIL.ExifTags import IFD, Base
from PIL.TiffImagePlugin import IFDRational

from phototriage.photos import Capture, CaptureTime, decode, read_capture
from phototriage.photos.capture_time import read_capture_time
from phototriage.photos.raw import is_raw

approx: Any = pytest.approx  # stands where a number is expected

Tags = dict[Base, object]

FIRST: Tags = {Base.Make: "Canon \0\0", Base.Model: "EOS  R5", Base.Software: "Firmware 1.8"}
SECOND: Tags = {
    Base.DateTimeOriginal: "2024:02:29 12:00:00",
    Base.SubsecTimeOriginal: "25",
    Base.OffsetTimeOriginal: "+01:00",
    Base.BodySerialNumber: "0123",
    Base.LensModel: "RF50mm F1.2 L USM",
    Base.ExposureTime: IFDRational(1, 200),
    Base.FNumber: IFDRational(56, 10),
    Base.ISOSpeedRatings: 400,
    Base.ExposureBiasValue: IFDRational(-2, 3),
    Base.FocalLength: IFDRational(50),
    Base.SubjectDistance: IFDRational(25, 10),
    Base.ExposureMode: 2,
    Base.CustomRendered: 3,
}
FULL = Capture(
    time=CaptureTime(datetime(2024, 2, 29, 12, 0, 0, 250_000), timedelta(hours=1)),
    make="Canon",
    model="EOS R5",
    serial="0123",
    lens="RF50mm F1.2 L USM",
    exposure_time=1 / 200,
    f_number=5.6,
    iso=400.0,
    exposure_bias=approx(-2 / 3),
    focal_length=50.0,
    focus_distance=2.5,
    bracketed=True,
    rendered=3,
    software="Firmware 1.8",
    width=9,
    height=6,
)


def exif_of(first: Tags, second: Tags) -> Image.Exif:
    exif = Image.Exif()
    exif.update({int(tag): value for tag, value in first.items()})
    exif.get_ifd(IFD.Exif).update({int(tag): value for tag, value in second.items()})
    return exif


def photo(kind: str = "JPEG", first: Tags = FIRST, second: Tags = SECOND) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (9, 6), "orange").save(file, kind, exif=exif_of(first, second).tobytes())
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_everything_in_every_format(kind: str) -> None:
    assert read_capture(photo(kind)) == FULL


def test_heic_and_mpo(shared: Path) -> None:
    formats = shared / "awkward" / "formats"
    pug = read_capture((formats / "pug.heic").read_bytes())
    assert pug.time == CaptureTime(datetime(2023, 2, 21, 14, 33, 8, 302_000), timedelta(hours=3))
    assert (pug.make, pug.model, pug.iso, pug.focal_length) == ("Apple", "iPhone 13 Pro", 125.0, 5.7)
    assert (pug.width, pug.height) == (4032, 3024)
    assert read_capture((formats / "sugarshack.mpo").read_bytes()).model == "Nintendo 3DS"


def test_broken_files_raise_nothing(shared: Path) -> None:
    files = list((shared / "awkward" / "corrupt").iterdir())
    assert len(files) > 15
    for file in files:
        assert isinstance(read_capture(file.read_bytes()), Capture)


@given(st.binary(max_size=200))
def test_noise_raises_nothing(noise: bytes) -> None:
    starts = (
        b"",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"FUJIFILMCCD-RAW ",
        b"\0\0\0\x18ftypcrx ",
        b"\x89PNG\r\n\x1a\n",
    )
    for start in starts:
        assert isinstance(read_capture(start + noise), Capture)


@given(st.data())
def test_damaged_exif_raises_nothing(data: st.DataObject) -> None:
    whole = bytearray(photo())
    at = data.draw(st.integers(20, whole.index(b"\xff\xdb") - 1))
    whole[at] = data.draw(st.integers(0, 255))
    assert isinstance(read_capture(bytes(whole)), Capture)


def test_a_photo_without_exif() -> None:
    assert read_capture(photo(first={}, second={})) == Capture(width=9, height=6)
    assert read_capture(b"") == Capture()


def test_a_png_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise AssertionError("decoded")

    data = photo("PNG", {}, {})
    late = moved_behind_the_picture(photo("PNG"))
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", fail)
    assert read_capture(data) == Capture(width=9, height=6)
    assert read_capture(late) == FULL


def moved_behind_the_picture(png: bytes) -> bytes:
    """The PNG with its eXIf chunk where the standard allows it too, before the last one (section 5.6)."""
    start = png.index(b"eXIf") - 4
    (size,) = struct.unpack_from(">I", png, start)
    chunk = png[start : start + 12 + size]
    return png.replace(chunk, b"")[:-12] + chunk + png[-12:]


def test_exif_behind_the_picture_of_a_png_is_what_decoding_finds() -> None:
    late = moved_behind_the_picture(photo("PNG", {**FIRST, Base.Orientation: 6}))
    assert late.index(b"IDAT") < late.index(b"eXIf")
    with Image.open(io.BytesIO(late)) as image:
        assert dict(image.getexif())[Base.Model] == FIRST[Base.Model]
    assert read_capture(late) == FULL


def test_nothing_is_printed() -> None:
    # Of so many samples per pixel Pillow's logger speaks, which pytest would take for itself in this process.
    tags = ((256, 2), (257, 2), (258, 8), (259, 1), (262, 1), (273, 110), (277, 60_000), (278, 1), (279, 4))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(20)
    code = f"from phototriage.photos import read_capture; read_capture({data!r})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (run.stdout, run.stderr) == (b"", b"")


@pytest.mark.parametrize(
    ("tags", "field", "expected"),
    [
        ({Base.ISOSpeedRatings: 65535, Base.RecommendedExposureIndex: 102400}, "iso", 102400.0),
        ({Base.ISOSpeedRatings: 65535, Base.ISOSpeed: 204800}, "iso", 204800.0),
        ({Base.ISOSpeedRatings: (100, 200)}, "iso", 100.0),
        ({Base.ISOSpeedRatings: 0}, "iso", None),
        ({Base.ExposureTime: IFDRational(0, 1)}, "exposure_time", None),
        ({Base.FNumber: "4"}, "f_number", 4.0),
        ({Base.FNumber: "f/4"}, "f_number", None),
        ({Base.ExposureBiasValue: IFDRational(0, 1)}, "exposure_bias", 0.0),
        ({Base.SubjectDistance: IFDRational(0, 1)}, "focus_distance", None),
        ({Base.SubjectDistance: IFDRational(0xFFFFFFFF, 1)}, "focus_distance", math.inf),
        ({Base.ExposureMode: 1}, "manual", True),
        ({Base.ExposureMode: 0}, "bracketed", False),
        ({Base.LensModel: "  \0"}, "lens", None),
        ({Base.LensModel: " EF  50mm\0of another"}, "lens", "EF 50mm"),
        ({Base.LensModel: 50}, "lens", None),
        ({Base.CameraSerialNumber: "77"}, "serial", "77"),
    ],
)
def test_values(tags: dict[Base, object], field: str, expected: object) -> None:
    assert getattr(read_capture(photo(first={}, second=tags)), field) == expected


def test_json_and_back() -> None:
    capture = read_capture(photo())
    assert Capture.from_json(capture.to_json()) == capture == FULL
    assert "\n" not in capture.to_json()
    assert len(capture.to_json()) < 250
    assert Capture.from_json(Capture().to_json()) == Capture()
    far = Capture(focus_distance=math.inf, time=CaptureTime(datetime(2024, 1, 2), None))
    assert Capture.from_json(far.to_json()) == far


@pytest.mark.parametrize("text", ["", "null", "3", "[]", "{}", "[1]", "[1,3]", '[1,["x",null]]', "[9,null]"])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a capture of format|not the capture"):
        Capture.from_json(text)


def test_another_format_is_refused() -> None:
    version, *rest = json.loads(read_capture(photo()).to_json())
    with pytest.raises(ValueError, match=f"format {version + 1}, not {version}"):
        Capture.from_json(json.dumps([version + 1, *rest]))


def tiff(first: Tags = FIRST, second: Tags = SECOND) -> bytes:
    """The bare EXIF, in the byte order of most cameras."""
    exif = exif_of(first, second)
    exif.endian = "<"
    return exif.tobytes().removeprefix(b"Exif\0\0")


def expected_of_raw() -> Capture:
    return FULL._replace(width=None, height=None)


@pytest.mark.parametrize("magic", [b"IIRO", b"IIRS", b"IIU\0"])
def test_raw_files_that_are_nearly_tiff(magic: bytes) -> None:
    data = tiff()
    assert data.startswith(b"II*\0")
    assert is_raw(magic + data[4:])
    assert read_capture(magic + data[4:]) == expected_of_raw()


def test_a_fujifilm_raw_file_has_the_exif_of_its_preview() -> None:
    preview = photo()
    data = (b"FUJIFILMCCD-RAW " + bytes(68) + struct.pack(">II", 200, len(preview))).ljust(
        200, b"\0"
    ) + preview
    assert is_raw(data)
    assert read_capture(data) == expected_of_raw()


def test_a_canon_cr3_has_two_directories_in_boxes() -> None:
    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + name + content

    # The second directory is that of the exposure, standing alone.
    boxes = box(b"CMT1", tiff(second={})) + box(b"CMT2", tiff(SECOND, {}))
    data = box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", box(b"uuid", bytes(16) + boxes))
    assert is_raw(data)
    assert read_capture(data) == expected_of_raw()


def test_what_is_raw(make_dng: Callable[..., bytes]) -> None:
    assert is_raw(make_dng())
    assert is_raw(b"II*\0\x10\0\0\0CR\2\0" + bytes(20))
    # Pixels may stand at once behind the header of a TIFF, and be the letters by which a CR2 is known.
    letters = np.array([[[ord("!"), ord("R"), ord("C")]]], np.uint8)
    plain = cv2.imencode(".tif", letters, [cv2.IMWRITE_TIFF_COMPRESSION, 1])[1].tobytes()
    assert plain[8:10] == b"CR"
    assert not is_raw(plain)
    assert decode(plain, None).pixels.tolist() == [[[ord("C"), ord("R"), ord("!")]]]
    assert not any(is_raw(photo(kind)) for kind in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF"))
    assert not is_raw(b"II*\0")


@pytest.mark.parametrize(("tag", "expected"), [("DNGVersion", True), ("DNGPrivateData", False)])
def test_a_dng_says_so_whatever_its_pixels_are(tag: str, expected: bool) -> None:
    file = io.BytesIO()
    extra: Any = [(tag, "B", 4, (1, 4, 0, 0))]
    tifffile.imwrite(file, np.zeros((8, 8, 3), np.uint8), photometric="rgb", metadata=None, extratags=extra)
    assert is_raw(file.getvalue()) is expected


def test_the_time_is_read_capture_times() -> None:
    assert read_capture(photo()).time == read_capture_time(Image.open(io.BytesIO(photo())).getexif())


@pytest.mark.parametrize("keyword", ["Raw profile type APP1", "Raw profile type app1"])
@pytest.mark.parametrize("packed", [True, False])
def test_exif_in_a_text_of_a_png(keyword: str, packed: bool) -> None:
    """As ImageMagick writes the APP1 segment of a JPEG; another one there holds XMP."""
    exif = exif_of(FIRST, SECOND).tobytes()
    assert read_capture(png_with_text(keyword, exif, packed)) == FULL
    assert read_capture(png_with_text(keyword, b"http://ns.adobe.com/xap/1.0/\0<x/>", packed)).time is None


def test_a_broken_text_of_a_png_says_nothing() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Raw profile type APP1", "\nexif\n 4\nxyz")
    file = io.BytesIO()
    Image.new("RGB", (9, 6)).save(file, "PNG", pnginfo=texts)
    assert read_capture(file.getvalue()) == Capture(width=9, height=6)


def png_with_text(keyword: str, content: bytes, packed: bool) -> bytes:
    digits = content.hex()
    lines = [digits[start : start + 72] for start in range(0, len(digits), 72)]
    texts = PngImagePlugin.PngInfo()
    texts.add_text(keyword, "\n".join(["", "generic profile", f"{len(content):8}", *lines, ""]), zip=packed)
    file = io.BytesIO()
    Image.new("RGB", (9, 6)).save(file, "PNG", pnginfo=texts)
    return file.getvalue()
