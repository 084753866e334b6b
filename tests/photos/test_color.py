import io
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from phototriage.errors import PhotoError
from phototriage.photos.color import to_8_bit, to_srgb


def srgb_encoded(light: np.ndarray) -> np.ndarray:
    """Levels 0 to 255 for light 0 to 1 (IEC 61966-2-1)."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def test_plain_modes_are_left_alone() -> None:
    random = np.random.default_rng(0)
    for mode, shape in [("L", (5, 7)), ("RGB", (5, 7, 3)), ("CMYK", (5, 7, 4))]:
        pixels = random.integers(0, 256, shape, np.uint8)
        image = Image.frombytes(mode, (7, 5), pixels.tobytes())
        result, warnings = to_8_bit(image)
        np.testing.assert_array_equal(result, pixels)
        assert warnings == ()


def test_black_and_white() -> None:
    image = Image.fromarray(np.array([[True, False]]))
    assert image.mode == "1"
    np.testing.assert_array_equal(to_8_bit(image)[0], [[255, 0]])


def test_palette() -> None:
    image = Image.frombytes("P", (3, 1), bytes([0, 2, 1]))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    np.testing.assert_array_equal(to_8_bit(image)[0], [[[10, 20, 30], [70, 80, 90], [40, 50, 60]]])


def test_palette_with_a_transparent_colour() -> None:
    image = Image.frombytes("P", (2, 1), bytes([0, 1]))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.info["transparency"] = 0
    np.testing.assert_array_equal(to_8_bit(image)[0], [[[255, 255, 255], [40, 50, 60]]])


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_laid_over_white(channels: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, channels), np.uint8)
    alpha = pixels[..., -1:] / 255
    expected = np.squeeze(pixels[..., :-1] * alpha + 255 * (1 - alpha))
    result, _ = to_8_bit(Image.fromarray(pixels))
    assert result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=0, atol=0.51)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_every_level_at_every_opacity(mode: str) -> None:
    opacity, level = np.mgrid[0:256, 0:256]
    channels = {"LA": [level], "RGBA": [level, level[:, ::-1], 0 * level]}[mode]
    pixels = np.stack([*channels, opacity], axis=-1).astype(np.uint8)
    result, warnings = to_8_bit(Image.fromarray(pixels))
    # 255 times the exact value, which never lies half way between two levels.
    exact = np.stack([channel * opacity + 255 * (255 - opacity) for channel in channels], axis=-1)
    np.testing.assert_array_equal(result, np.squeeze((exact + 127) // 255))
    assert warnings == ()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell otherwise what memory was used")
def test_transparency_takes_one_copy_of_the_picture() -> None:
    code = """
import re
from pathlib import Path
from PIL import Image
from phototriage.photos.color import to_8_bit
def highest():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
image = Image.new("RGBA", (3000, 3000), (1, 2, 3, 4))
before = highest()
to_8_bit(image)
print((highest() - before) / 3000**2)
"""
    run = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    # Bytes per pixel: 4 of the picture laid over white, and 3 of the array.
    assert 6 < float(run.stdout) < 8.5


def test_16_bit_grey_is_scaled() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    result, warnings = to_8_bit(Image.fromarray(values))
    np.testing.assert_array_equal(result, np.rint(values / 257))
    assert warnings == ()


@pytest.mark.parametrize("clear", [0, 30_000, 65_535])
def test_the_clear_level_of_16_bit_grey_is_laid_over_white(clear: int) -> None:
    values = np.array([[0, 29_999, 30_000, 30_001, 65_535]], np.uint16)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG", transparency=clear)
    image = Image.open(file)
    assert (image.mode, image.info["transparency"]) == ("I;16", clear)
    result, warnings = to_8_bit(image)
    np.testing.assert_array_equal(result, np.where(values == clear, 255, np.rint(values / 257)))
    assert warnings == ()


def reopened(pixels: np.ndarray) -> Image.Image:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "TIFF")
    return Image.open(file)


def test_floats_from_0_to_1() -> None:
    values = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    result, warnings = to_8_bit(reopened(values))
    np.testing.assert_array_equal(result.ravel(), np.arange(256))
    assert warnings == ()


def test_32_bit_integers_within_16_bits() -> None:
    result, warnings = to_8_bit(reopened(np.array([[0, 257, 65535]], np.int32)))
    np.testing.assert_array_equal(result, [[0, 1, 255]])
    assert warnings == ()


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_32_bit_integers_without_a_sign(compression: str | None) -> None:
    file = io.BytesIO()
    values = np.array([[2**31 - 2**24, 2**31, 2**32 - 2**24]], np.uint32)
    tifffile.imwrite(file, values, photometric="minisblack", compression=compression, metadata=None)
    result, warnings = to_8_bit(Image.open(file))
    np.testing.assert_array_equal(result, np.rint(255.0 * (values - values.min()) / np.ptp(values)))
    assert warnings == ("pixel values from 2.13071e+09 to 4.27819e+09 were stretched to 8 bits",)


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_16_bit_integers_with_a_sign(byteorder: Literal["<", ">"]) -> None:
    def result(values: list[int]) -> tuple[np.ndarray, tuple[str, ...]]:
        file = io.BytesIO()
        pixels = np.array([values], np.int16)
        tifffile.imwrite(file, pixels, photometric="minisblack", byteorder=byteorder, metadata=None)
        return to_8_bit(Image.open(file))

    pixels, warnings = result([0, 12_850, 32_767])
    np.testing.assert_array_equal(pixels, [[0, 100, 255]])
    assert warnings == ()
    pixels, warnings = result([-100, 0, 155])
    np.testing.assert_array_equal(pixels, [[0, 100, 255]])
    assert warnings == ("pixel values from -100 to 155 were stretched to 8 bits",)


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_values_beyond_their_range_are_stretched(kind: type) -> None:
    result, warnings = to_8_bit(reopened(np.array([[-51, 0, 204]], kind)))
    np.testing.assert_array_equal(result, [[0, 51, 255]])
    assert warnings == ("pixel values from -51 to 204 were stretched to 8 bits",)


def test_one_value_beyond_its_range() -> None:
    result, _ = to_8_bit(reopened(np.full((2, 2), 7, np.float32)))
    np.testing.assert_array_equal(result, np.zeros((2, 2)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers(value: float) -> None:
    with pytest.raises(PhotoError, match=r"^some pixels are infinite or no numbers"):
        to_8_bit(reopened(np.array([[0.5, value]], np.float32)))


def grey_tiff(bits: int, photometric: int, pixels: bytes) -> Image.Image:
    """A TIFF of two grey pixels, in the little-endian layout of TIFF 6.0."""
    tags = [
        (256, 2),
        (257, 1),
        (258, bits),
        (259, 1),
        (262, photometric),
        (273, 110),
        (278, 1),
        (279, len(pixels)),
    ]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    header = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4)
    assert len(header) == 110
    return Image.open(io.BytesIO(header + pixels))


@pytest.mark.parametrize(
    ("bits", "photometric", "pixels", "expected"),
    [
        (16, 1, struct.pack("<HH", 0, 51 * 257), [0, 51]),
        (16, 0, struct.pack("<HH", 0, 51 * 257), [255, 204]),
        (12, 1, bytes([0x00, 0x0F, 0xFF]), [0, 255]),
        (8, 1, bytes([0, 51]), [0, 51]),
        (8, 0, bytes([0, 51]), [255, 204]),
    ],
)
def test_grey_tiffs(bits: int, photometric: int, pixels: bytes, expected: list[int]) -> None:
    result, _ = to_8_bit(grey_tiff(bits, photometric, pixels))
    np.testing.assert_array_equal(result, [expected])


def test_grey_without_a_profile() -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    result, _ = to_srgb(grey, None)
    np.testing.assert_array_equal(result, np.stack([grey] * 3, axis=-1))


def test_cmyk_without_a_profile() -> None:
    inks = np.random.default_rng(2).integers(0, 256, (32, 32, 4), np.uint8)
    light = 1 - inks / 255
    result, warnings = to_srgb(inks, None)
    np.testing.assert_allclose(result, 255 * light[..., :3] * light[..., 3:], rtol=0, atol=1)
    assert warnings == ()


def test_an_srgb_profile_changes_nothing(scene: np.ndarray, srgb_profile: bytes) -> None:
    result, warnings = to_srgb(scene, srgb_profile)
    np.testing.assert_array_equal(result, scene)
    assert warnings == ()


def test_a_profile_is_not_taken_by_its_name(scene: np.ndarray, swapped_profile: bytes) -> None:
    renamed = swapped_profile.replace(b"own!", b"sRGB")
    np.testing.assert_allclose(to_srgb(scene, renamed)[0], scene[..., [1, 0, 2]], rtol=0, atol=1)


def test_a_profile_of_swapped_primaries(scene: np.ndarray, swapped_profile: bytes) -> None:
    result, warnings = to_srgb(scene, swapped_profile)
    np.testing.assert_allclose(result, scene[..., [1, 0, 2]], rtol=0, atol=1)
    assert warnings == ()


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.6])
def test_a_profile_of_another_gamma(
    scene: np.ndarray, gamma_profile: Callable[[float], bytes], gamma: float
) -> None:
    result, _ = to_srgb(scene, gamma_profile(gamma))
    np.testing.assert_allclose(result, srgb_encoded((scene / 255) ** gamma), rtol=0, atol=1)


def test_a_grey_profile(gamma_profile: Callable[[float], bytes]) -> None:
    profile = gamma_profile(1.8).replace(b"RGB XYZ ", b"GRAYXYZ ", 1).replace(b"rTRC", b"kTRC", 1)
    grey = np.arange(16, 256, dtype=np.uint8).reshape(1, 240)
    result, warnings = to_srgb(grey, profile)
    assert warnings == ()
    expected = srgb_encoded((grey / 255) ** 1.8)[..., np.newaxis]
    np.testing.assert_allclose(result, np.repeat(expected, 3, axis=2), rtol=0, atol=1)


def test_grey_pixels_with_a_profile_for_colours(gamma_profile: Callable[[float], bytes]) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    result, warnings = to_srgb(grey, gamma_profile(1.8))
    assert warnings == ()
    expected = srgb_encoded((grey / 255) ** 1.8)[..., np.newaxis]
    np.testing.assert_allclose(result, np.repeat(expected, 3, axis=2), rtol=0, atol=1)


def cmyk_profile() -> bytes:
    """An ICC profile (version 2) of grey inks: lightness 100 without the black one, 0 with all of it."""
    corners = b"".join(bytes([0 if corner & 1 else 255, 128, 128]) for corner in range(16))
    identity = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if k % 4 == 0 else 0 for k in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + identity * 4 + corners + identity * 3
    size = 128 + 4 + 12 + len(table)
    header = (
        struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ") + bytes(12) + b"acsp"
    )
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table


def test_cmyk_with_a_profile() -> None:
    inks = np.zeros((1, 256, 4), np.uint8)
    inks[0, :, 3] = np.arange(256)
    lightness = 100 * (1 - np.arange(256) / 255)
    # CIE 15: L* to relative luminance.
    light = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / 903.3)
    result, warnings = to_srgb(inks, cmyk_profile())
    assert warnings == ()
    np.testing.assert_allclose(
        result[0], srgb_encoded(light)[:, np.newaxis].repeat(3, axis=1), rtol=0, atol=2
    )


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200])
def test_a_broken_profile_is_ignored(scene: np.ndarray, profile: bytes) -> None:
    result, warnings = to_srgb(scene, profile)
    np.testing.assert_array_equal(result, scene)
    assert len(warnings) == 1
    assert warnings[0].startswith("the ICC profile is ignored: ")


def test_a_profile_cut_short_is_ignored(scene: np.ndarray, swapped_profile: bytes) -> None:
    result, warnings = to_srgb(scene, swapped_profile[:300])
    np.testing.assert_array_equal(result, scene)
    assert len(warnings) == 1


def test_a_profile_for_other_pixels_is_ignored(scene: np.ndarray) -> None:
    result, warnings = to_srgb(scene, cmyk_profile())
    np.testing.assert_array_equal(result, scene)
    assert warnings == ("the ICC profile is ignored: it is for CMYK, the pixels are RGB",)


def test_a_profile_of_a_space_that_photos_do_not_have(scene: np.ndarray) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert to_srgb(scene, profile)[1] == ("the ICC profile is ignored: its colour space is 'Lab'",)
