"""Photos and colour profiles that the tests of this folder make for themselves."""

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms


@pytest.fixture
def scene() -> np.ndarray:
    """A smooth colourful picture with no symmetry, uint8 (60, 90, 3)."""
    y, x = np.mgrid[0:60, 0:90]
    return np.stack([x * 2 + 20, y * 4, 255 - x - y], axis=-1).astype(np.uint8)


@pytest.fixture
def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def swapped_profile(srgb_profile: bytes) -> bytes:
    """sRGB whose first channel is green and whose second is red."""
    return (
        srgb_profile.replace(b"rXYZ", b"####", 1)
        .replace(b"gXYZ", b"rXYZ", 1)
        .replace(b"####", b"gXYZ", 1)
        .replace(b"sRGB", b"own!")
    )


@pytest.fixture
def gamma_profile(srgb_profile: bytes) -> Callable[[float], bytes]:
    """Makes a profile with the primaries of sRGB where light is the value to the power of gamma."""

    def make(gamma: float) -> bytes:
        at = srgb_profile.index(b"para\0\0\0\0")
        curve = b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, round(gamma * 65536))
        return srgb_profile[:at] + curve + srgb_profile[at + len(curve) :]

    return make


@pytest.fixture
def animated_webp() -> bytes:
    """Two lossless frames of 8 × 8: the first red, the second blue."""
    file = io.BytesIO()
    red, blue = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    red.save(file, "WEBP", lossless=True, save_all=True, append_images=[blue], duration=100)
    return file.getvalue()


@pytest.fixture
def make_dng() -> Callable[..., bytes]:
    """Makes a DNG of 96 × 64 grey sensor pixels around a picture file of the given size, or around none."""

    def make(preview: bytes = b"", size: tuple[int, int] = (0, 0), orientation: int = 1) -> bytes:
        identity = (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)  # nine fractions
        camera: list[Any] = [
            ("DNGVersion", "B", 4, (1, 4, 0, 0)),
            ("UniqueCameraModel", "s", 0, "Model 1"),
            ("Make", "s", 0, "Maker"),
            ("Model", "s", 0, "Model 1"),
            ("Orientation", "H", 1, orientation),
            ("ColorMatrix1", "2i", 9, identity),
            ("CalibrationIlluminant1", "H", 1, 21),
            ("DateTimeOriginal", "s", 0, "2024:05:06 07:08:09"),
            ("ExposureTime", "2I", 1, (1, 250)),
        ]
        sensor: dict[str, Any] = {
            "data": np.full((64, 96), 1000, np.uint16),
            "photometric": "cfa",
            "subfiletype": 0,
            "metadata": None,
        }
        pattern: list[Any] = [("CFARepeatPatternDim", "H", 2, (2, 2)), ("CFAPattern", "B", 4, (0, 1, 1, 2))]
        file = io.BytesIO()
        with tifffile.TiffWriter(file, byteorder="<") as tiff:
            if preview:
                first = np.frombuffer(preview, np.uint8)[None]
                tiff.write(first, subfiletype=1, subifds=1, extratags=camera, metadata=None)
            tiff.write(**sensor, extratags=pattern if preview else [*camera, *pattern])
        if preview:
            # Written as a picture one pixel high; now it says what it is.
            truth = {"ImageWidth": size[0], "ImageLength": size[1], "RowsPerStrip": size[1]}
            truth |= {"Compression": 7, "PhotometricInterpretation": 6}
            file.seek(0)
            with tifffile.TiffFile(file, mode="r+") as written:
                for name, value in truth.items():
                    written.pages[0].tags[name].overwrite(value)
        return file.getvalue()

    return make
