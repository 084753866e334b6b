import io
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

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


def jpeg(**options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", **options)
    return file.getvalue()


def exif(tags: dict[int, int]) -> Image.Exif:
    made = Image.Exif()
    made.update(tags)
    return made


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "avif"])
def test_what_exiftool_writes_is_read(suffix: str, folder: Path, exiftool: Path) -> None:
    photo = folder / f"a.{suffix}"
    Image.new("RGB", (8, 8)).save(photo)
    marks = {
        "EXIF:Rating=2": ("EXIF:Rating", "2"),
        "EXIF:RatingPercent=25": ("EXIF:RatingPercent", "25"),
        "XMP-microsoft:RatingPercent=50": ("MicrosoftPhoto:Rating", "50"),
        "XMP-xmp:Rating=-1": ("xmp:Rating", "-1"),
        "XMP-xmp:Label=Red": ("xmp:Label", "Red"),
        "XMP-acdsee:Rating=3": ("acdsee:rating", "3"),
        "XMP-digiKam:PickLabel=1": ("digiKam:PickLabel", "1"),
        "XMP-photomech:ColorClass=2": ("photomechanic:ColorClass", "2"),
        "XMP-photomech:Tagged=True": ("photomechanic:Tagged", "True"),
    }
    command: list[str | Path] = [
        exiftool,
        "-q",
        "-n",
        "-overwrite_original",
        *(f"-{mark}" for mark in marks),
        photo,
    ]
    subprocess.run(command, check=True)
    assert embedded_marks(photo) == dict(marks.values())


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.tif", "a.avif"])
@pytest.mark.parametrize("tail", [bytes(1), b" \n" * 500 + bytes(7), b"<?xpacket end='w'?>\0"])
def test_what_stands_behind_a_packet_hides_nothing(name: str, tail: bytes, folder: Path) -> None:
    save(folder / name, XMP.to_bytes() + tail)
    assert embedded_marks(folder / name)["xmp:Rating"] == "3"


def test_a_packet_with_an_undeclared_prefix_is_read(folder: Path) -> None:
    save(folder / "a.jpg", XMP.to_bytes().replace(b"rdf:about", b'aas:Crop="1" rdf:about'))
    assert embedded_marks(folder / "a.jpg")["xmp:Rating"] == "3"


def test_windows_namespace_with_and_without_its_slash_is_read(folder: Path) -> None:
    for uri in ("http://ns.microsoft.com/photo/1.0", "http://ns.microsoft.com/photo/1.0/"):
        said = f'xmlns:MicrosoftPhoto="{uri}" MicrosoftPhoto:Rating="25" rdf:about'.encode()
        save(folder / "a.jpg", Packet().to_bytes().replace(b"rdf:about", said))
        assert embedded_marks(folder / "a.jpg") == {"MicrosoftPhoto:Rating": "25"}


def test_a_second_packet_of_a_jpeg_is_read_too(folder: Path) -> None:
    def segment(xmp: bytes) -> bytes:
        body = b"http://ns.adobe.com/xap/1.0/\0" + xmp
        return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body

    for packets in ((XMP.to_bytes(), Packet().to_bytes()), (Packet().to_bytes(), XMP.to_bytes())):
        photo = jpeg()
        (folder / "a.jpg").write_bytes(photo[:2] + b"".join(map(segment, packets)) + photo[2:])
        assert embedded_marks(folder / "a.jpg")["xmp:Rating"] == "3"


@pytest.mark.parametrize(
    ("value", "expected"), [(1, "1"), (5, "5"), (0, "0"), (65535, "-1"), ((4, 0), "4"), ("3\0", "3")]
)
def test_exif_ratings_of_any_type_are_read(value: object, expected: str, folder: Path) -> None:
    (folder / "a.jpg").write_bytes(jpeg(exif=exif({0x4746: value})))  # type: ignore[dict-item]
    assert embedded_marks(folder / "a.jpg") == {"EXIF:Rating": expected}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


RAW_EXIF = exif({0x4746: 4}).tobytes().removeprefix(b"Exif\0\0")
PNG_CHUNKS = {
    "plain": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP.to_bytes()),
    "compressed": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP.to_bytes())),
    "ImageMagick": chunk(
        b"zTXt",
        b"Raw profile type xmp\0\0"
        + zlib.compress(f"\nxmp\n{len(XMP.to_bytes()):8}\n{XMP.to_bytes().hex()}\n".encode()),
    ),
    "APP1": chunk(
        b"tEXt",
        b"Raw profile type APP1\0\nexif\n  99\n"
        + (b"http://ns.adobe.com/xap/1.0/\0" + XMP.to_bytes()).hex().encode(),
    ),
}


@pytest.mark.parametrize("kind", PNG_CHUNKS)
@pytest.mark.parametrize("is_behind", [True, False])
def test_the_xmp_of_a_png_is_read_wherever_it_stands(kind: str, is_behind: bool, folder: Path) -> None:
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    data = (folder / "a.png").read_bytes()
    at = data.index(b"IEND" if is_behind else b"IDAT") - 4
    (folder / "a.png").write_bytes(data[:at] + PNG_CHUNKS[kind] + data[at:])
    assert embedded_marks(folder / "a.png") == {"xmp:Rating": "3", "digiKam:PickLabel": "0"}


@pytest.mark.parametrize(
    "data",
    [
        chunk(b"eXIf", RAW_EXIF),
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n  99\n" + (b"Exif\0\0" + RAW_EXIF).hex().encode()),
    ],
)
def test_the_exif_of_a_png_is_read_behind_the_pixels(data: bytes, folder: Path) -> None:
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    photo = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(photo[:-12] + data + photo[-12:])
    assert embedded_marks(folder / "a.png") == {"EXIF:Rating": "4"}


@pytest.mark.parametrize(
    "data",
    [
        b"Raw profile type xmp\0\nxmp\n  9\nabc",
        b"Raw profile type xmp\0",
        b"XML:com.adobe.xmp",
        b"XML:com.adobe.xmp\0\1\0\0\0no zlib",
    ],
)
@pytest.mark.parametrize("name", [b"iTXt", b"zTXt", b"tEXt"])
def test_broken_texts_of_a_png_are_passed_over(name: bytes, data: bytes, folder: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.to_bytes().decode())
    Image.new("RGB", (8, 8)).save(folder / "a.png", pnginfo=info)
    photo = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(photo[:33] + photo[33:-12] + chunk(name, data) + photo[-12:])
    assert embedded_marks(folder / "a.png")["xmp:Rating"] == "3"


def test_ratings_in_raw_files_are_read(folder: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "TIFF", tiffinfo={700: XMP.to_bytes(), 0x4746: 4})
    tiff = file.getvalue()
    box = b"be7acfcb97a942e89c71" + XMP.to_bytes()
    preview = jpeg(xmp=XMP.to_bytes(), exif=exif({0x4746: 4}))
    both = {"xmp:Rating": "3", "digiKam:PickLabel": "0", "EXIF:Rating": "4"}
    cases = {
        "a.dng": (tiff, both),
        "a.orf": (b"IIRO" + tiff[4:], both),
        "a.rw2": (b"IIU\0" + tiff[4:], both),
        "a.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + box, {"xmp:Rating": "3", "digiKam:PickLabel": "0"}),
        "a.raf": (
            b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 92, len(preview)) + preview,
            both,
        ),
    }
    for name, (data, expected) in cases.items():
        (folder / name).write_bytes(data)
        assert embedded_marks(folder / name) == expected, name
