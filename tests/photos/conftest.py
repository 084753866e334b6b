"""Photos and colour profiles that the tests of this folder make for themselves."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
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
