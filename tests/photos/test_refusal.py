"""Every reason says what is wrong in words that a photographer knows, and mostly what to do."""

import base64
import io
import re
import struct
from collections.abc import Callable

import numpy as np
import pytest
import tifffile
from PIL import Image

from phototriage.errors import PhotoError
from phototriage.photos import decode
from phototriage.photos.refusal import DAMAGED, INCOMPLETE, explain

ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAoHBwgHBgoICAgLCgoLDhgQDg0NDh0VFhEYIx8lJCIfIiEmKzcvJik0KSEiMEExNDk7"
    "Pj4+JS5ESUM8SDc9Pjv/yQALCAAYACABAREA/8wABgAQEAX/2gAIAQEAAD8A/wClhRAcB9Xim+o+nFUnSe+ao6XIrXDUmQX+KChY"
    "/9k="
)
"""A gray gradient of 32 × 24 pixels, coded by libjpeg-turbo's `cjpeg -arithmetic`."""

JARGON = re.compile(
    r"error -|decoder|code not yet|pixel mode|layers|driver|marker|chunk|strip|IFD|box\b|buffer|scanline"
    r"|struct|Errno|Error|0x|^\W*\d+\W*$|b'"
)


def saved(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)


def tiff(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    tifffile.imwrite(file, pixels, photometric=photometric, metadata=None)
    return file.getvalue()


def with_frame(data: bytes, marker: int = 0xC0, precision: int = 8) -> bytes:
    """A JPEG that claims to be coded otherwise."""
    at = data.index(b"\xff\xc0")
    return data[: at + 1] + bytes([marker]) + data[at + 2 : at + 4] + bytes([precision]) + data[at + 5 :]


def without_tag(data: bytes, tag: int) -> bytes:
    """A little-endian TIFF with another, private tag in the place of one."""
    entry = data.index(struct.pack("<H", tag), struct.unpack_from("<I", data, 4)[0])
    return data[:entry] + struct.pack("<H", 65000) + data[entry + 2 :]


def spoilt(data: bytes) -> bytes:
    return data[:500] + b"\xff" * 900 + data[1400:]


NO_PHOTO = "not a photo in a format that can be read: JPEG, PNG, TIFF, WEBP, HEIF, AVIF, BMP"
ODD_TIFF = "a TIFF of a kind that cannot be read, or its header is damaged: save it as an ordinary 8-bit TIFF"
ODD_JPEG = "a JPEG of a kind that cannot be read, or its header is damaged: save it as an ordinary JPEG"
DEEP_JPEG = (
    "a JPEG with more than 8 bits per color, of a kind that cannot be read, or its header is damaged: save "
    "it as an ordinary JPEG"
)

CASES: dict[str, tuple[Callable[[np.ndarray], bytes], str]] = {
    "a cut JPEG": (lambda noise: saved(noise, "JPEG")[:2000], INCOMPLETE),
    "a cut progressive JPEG": (lambda noise: saved(noise, "JPEG", progressive=True)[:2000], INCOMPLETE),
    "a cut arithmetic JPEG": (lambda noise: ARITHMETIC[:-12], INCOMPLETE),
    "a JPEG of 12 bits": (lambda noise: with_frame(saved(noise, "JPEG"), precision=12), DEEP_JPEG),
    "a lossless JPEG": (lambda noise: with_frame(saved(noise, "JPEG"), marker=0xC3), ODD_JPEG),
    "a hierarchical JPEG": (lambda noise: with_frame(saved(noise, "JPEG"), marker=0xC5), ODD_JPEG),
    "a JPEG without content": (lambda noise: b"\xff\xd8\xff" + bytes(64), DAMAGED),
    "a cut PNG": (lambda noise: saved(noise, "PNG")[:3000], INCOMPLETE),
    "a PNG with a wrong sum": (
        lambda noise: saved(noise, "PNG")[:20] + b"\1" + saved(noise, "PNG")[21:],
        DAMAGED,
    ),
    "a cut TIFF": (lambda noise: saved(noise, "TIFF", compression="tiff_lzw")[:-60], INCOMPLETE),
    "a TIFF with wrong codes": (
        lambda noise: (
            (data := saved(noise, "TIFF", compression="tiff_lzw"))[:500] + b"\xff" * 900 + data[1400:]
        ),
        DAMAGED,
    ),
    "a TIFF without a picture": (lambda noise: without_tag(saved(noise, "TIFF"), 273), ODD_TIFF),
    "a TIFF of 64-bit numbers": (lambda noise: tiff(noise[..., 0].astype(np.int64)), ODD_TIFF),
    "a TIFF of complex numbers": (lambda noise: tiff(noise[..., 0].astype(np.complex64)), ODD_TIFF),
    "a TIFF of 32-bit colors": (
        lambda noise: tiff(noise.astype(np.uint32)),
        ODD_TIFF,
    ),
    "a cut WebP": (lambda noise: saved(noise, "WEBP")[:2000], INCOMPLETE),
    "a cut AVIF": (lambda noise: saved(noise, "AVIF")[:600], INCOMPLETE),
    "a short BMP": (lambda noise: saved(noise, "BMP")[:400], INCOMPLETE),
    "a HEIF without content": (lambda noise: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", DAMAGED),
    "zeros": (
        lambda noise: bytes(5000),
        "the file holds nothing but zeros: it was not copied whole, copy it again",
    ),
    "a GIF": (lambda noise: saved(noise[..., 0], "GIF"), f"a GIF, {NO_PHOTO}"),
    "a page": (lambda noise: b"<!DOCTYPE html><p>Log in", f"a web page, {NO_PHOTO}"),
    "an archive": (lambda noise: b"PK\3\4" + bytes(50), f"an archive, {NO_PHOTO}"),
    "a video": (lambda noise: b"\0\0\0\x14ftypqt  " + bytes(50), f"a video, {NO_PHOTO}"),
    "text": (lambda noise: b"Dear diary", NO_PHOTO),
    "an empty file": (lambda noise: b"", "the file is empty"),
    "an Olympus RAW": (
        lambda noise: b"IIRO\x08\0\0\0" + bytes(5000),
        "a RAW file that is damaged, or of a kind that cannot be read: copy it again, or put its JPEG "
        "next to it",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reason(noise: np.ndarray, name: str) -> None:
    make, expected = CASES[name]
    with pytest.raises(PhotoError) as raised:
        decode(make(noise), 800)
    assert str(raised.value) == expected
    assert not JARGON.search(str(raised.value))


def test_an_arithmetic_jpeg_is_read() -> None:
    pixels = decode(ARITHMETIC, None).pixels
    assert pixels.shape == (24, 32, 3)
    assert np.ptp(pixels) > 30


def test_damaged_files_never_give_jargon(noise: np.ndarray) -> None:
    chance = np.random.default_rng(7)
    reasons = set()
    for kind, options in [
        ("JPEG", {}),
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_deflate"}),
        ("TIFF", {"compression": "jpeg"}),
        ("WEBP", {}),
        ("AVIF", {}),
        ("BMP", {}),
    ]:
        data = saved(noise, kind, **options)
        for _ in range(60):
            damaged = bytearray(data)
            for place in chance.integers(0, chance.choice([64, len(data)]), 4):
                damaged[place] = chance.integers(256)
            try:
                decode(bytes(damaged), 100)
            except PhotoError as error:
                reasons.add(str(error))
    assert len(reasons) > 5
    assert [reason for reason in reasons if JARGON.search(reason) or len(reason) > 200] == []


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["273"], DAMAGED),
        ([""], DAMAGED),
        (["decoder error -2", "a.tif: Using code not yet in table."], DAMAGED),
        (["decoder error -2", "TIFFFillStrip: Read error on strip 0; got 3 bytes, expected 9."], INCOMPLETE),
        (["unknown pixel mode"], ODD_TIFF),
        (["unknown pixel mode", "Truncated File Read"], INCOMPLETE),
    ],
)
def test_messages_of_libraries_are_put_into_words(messages: list[str], expected: str) -> None:
    assert explain(b"II*\0", messages) == expected
