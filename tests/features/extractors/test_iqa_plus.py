import io
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from phototriage.features import EXTRACTORS, IQA_PLUS_COLUMNS, measure_iqa_plus
from phototriage.features.extractors.iqa_plus import IQA_PLUS
from phototriage.features.extractors.local_detail import blockiness, streak
from phototriage.simulation import Take, draw_scene, photograph

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def measure(pixels: Pixels) -> dict[str, float]:
    return dict(zip(IQA_PLUS_COLUMNS, measure_iqa_plus(pixels).tolist(), strict=True))


def plain(pixels: Pixels) -> dict[str, float]:
    """The formulas in plain numpy, nothing shared with the code under test; sides are multiples of 16."""
    colour = half_of(pixels.astype(np.float64))
    red, green, blue = (pixels[..., channel].astype(np.float64) for channel in range(3))
    # ITU-R BT.601 luma in 15-bit fixed point, as OpenCV has it for 8-bit pictures.
    grey = (9798 * red + 19235 * green + 3735 * blue + 16384) // 32768
    half = half_of(grey)
    detail, detail_half = (np.log(1 + means(laplacian(level) ** 2, 8)) for level in (grey, half))
    ordered = np.sort(detail.ravel())
    tilted = tilt(half) - tilt(half_of(half))
    fine = filtered(grey, np.outer([1, -2, 1], [1, -2, 1]))
    mean_red, _, mean_blue = colour.mean(axis=(0, 1)) + 8
    return {
        "sharpest": ordered[-8:].mean(),
        "sharpest_half": np.sort(detail_half.ravel())[-8:].mean(),
        "softest": ordered[:16].mean() - detail.mean(),
        "centre": detail[2:6, 2:6].mean() - detail.mean(),
        "smoothness": likeness(grey),
        "smoothness_half": likeness(half),
        "motion": abs(tilted),
        "noise": np.log(np.sqrt(np.pi / 2) / 6 * np.abs(fine).mean() + 0.1),
        "brightness": np.log(grey.mean() + 8),
        "shadow": np.log(np.sort(means(grey, 16).ravel())[:25].mean() + 8),
        "clipped_shadows": np.log((grey <= 4).mean() + 0.001),
        "clipped_highlights": np.log((grey >= 251).mean() + 0.001),
        "warmth": np.log(mean_red / mean_blue),
        "saturation": ((colour.max(axis=2) - colour.min(axis=2)) / (colour.max(axis=2) + 8)).mean(),
        "red_green": (colour[..., 0] - colour[..., 1]).std(),
        "blockiness": (steps(grey) + steps(grey.T)) / 2,
    }


def half_of(levels: Floats) -> Floats:
    four = levels[::2, ::2] + levels[1::2, ::2] + levels[::2, 1::2] + levels[1::2, 1::2]
    return np.asarray((four + 2) // 4)


def means(values: Floats, tiles: int) -> Floats:
    height, width = values.shape
    tiles_down, tiles_across = min(tiles, height), min(tiles, width)
    split = values.reshape(tiles_down, height // tiles_down, tiles_across, width // tiles_across)
    return np.asarray(split.mean(axis=(1, 3)))


def filtered(values: Floats, kernel: Floats) -> Floats:
    reach = len(kernel) // 2
    padded = np.pad(values, reach, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.asarray((windows * kernel).sum(axis=(2, 3)))


def laplacian(grey: Floats) -> Floats:
    return filtered(grey, np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]))


def tilt(grey: Floats) -> complex:
    sobel = np.outer([1, 2, 1], [-1, 0, 1]) / 8
    dx, dy = (filtered(laplacian(grey), kernel) for kernel in (sobel, -sobel.T))
    tensor = np.array([[(dx * dx).mean(), (dx * dy).mean()], [(dx * dy).mean(), (dy * dy).mean()]])
    (low, high), vectors = np.linalg.eigh(tensor)
    across = np.arctan2(vectors[1, 1], vectors[0, 1])
    return complex(np.arctanh(min((high - low) / (high + low + 0.1), 0.999)) * np.exp(2j * across))


def likeness(grey: Floats) -> float:
    bell = np.exp(-(np.arange(-3, 4) ** 2) / (2 * (7 / 6) ** 2))
    gaussian = np.outer(bell, bell) / bell.sum() ** 2
    detail = grey - filtered(grey, gaussian)
    x = detail / (np.sqrt(filtered(detail**2, gaussian)) + 1)
    products = (x[1:, 1:] * x[:-1, :-1]).mean() + (x[1:, :-1] * x[:-1, 1:]).mean()
    return float(products / 2 / ((x**2).mean() + 0.001))


def steps(grey: Floats) -> float:
    heights = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    phases = [heights[phase::8].mean() + 0.1 for phase in range(8)]
    return float(np.log(max(phases) / np.median(phases)))


@settings(max_examples=40)
@given(
    st.tuples(st.sampled_from([16, 32, 48]), st.sampled_from([16, 32, 64])),
    st.integers(0, 2**32 - 1),
    st.integers(0, 255),
    st.integers(1, 256),
    st.sampled_from([1, 2, 5]),
)
def test_equals_the_formulas_in_plain_numpy(
    size: tuple[int, int], seed: int, lowest: int, levels: int, coarseness: int
) -> None:
    # Blurred noise between random levels: all columns take part, and not only in their extremes.
    rng = np.random.default_rng(seed)
    pixels = rng.integers(lowest, min(lowest + levels, 256), (*size, 3), np.uint8)
    pixels = np.asarray(cv2.blur(pixels, (coarseness, coarseness)), np.uint8)
    assert measure(pixels) == pytest.approx(plain(pixels), abs=2e-3, rel=1e-4)


def test_equals_the_formulas_on_real_photos(shared: Path) -> None:
    for path in sorted((shared / "kodak").glob("*.png"))[::6]:
        pixels = np.asarray(Image.open(path).convert("RGB"))[:160, :256]
        assert measure(pixels) == pytest.approx(plain(pixels), abs=1e-4, rel=1e-5)


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_any_picture_has_finite_numbers(pixels: Pixels) -> None:
    assert np.isfinite(measure_iqa_plus(pixels)).all()


@given(arrays(np.uint8, st.tuples(*[st.sampled_from([4, 16, 20, 36])] * 2, st.just(3))))
def test_mirrored_and_turned_pictures_measure_the_same(pixels: Pixels) -> None:
    upright = measure_iqa_plus(pixels)
    for other in (pixels[::-1], pixels[:, ::-1], np.rot90(pixels), pixels.transpose(1, 0, 2)):
        assert measure_iqa_plus(other) == pytest.approx(upright, abs=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (8, 8), (40, 60)])
@pytest.mark.parametrize(("level", "dark", "bright"), [(0, 1, 0), (128, 0, 0), (255, 0, 1)])
def test_flat_pictures(size: tuple[int, int], level: int, dark: int, bright: int) -> None:
    expected = dict.fromkeys(IQA_PLUS_COLUMNS, 0.0) | {
        "noise": np.log(0.1),
        "brightness": np.log(level + 8),
        "shadow": np.log(level + 8),
        "clipped_shadows": np.log(dark + 0.001),
        "clipped_highlights": np.log(bright + 0.001),
    }
    assert measure(np.full((*size, 3), level, np.uint8)) == pytest.approx(expected, abs=1e-5)


def test_known_colour() -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = 192, 92
    found = measure(pixels)
    assert found["warmth"] == pytest.approx(np.log(200 / 8))
    assert found["saturation"] == pytest.approx(192 / 200)
    assert found["red_green"] == 0  # the same everywhere
    pixels[:8, :, 1] = 192
    assert measure(pixels)["red_green"] == pytest.approx(50)  # half the pixels at 0, half at 100


@pytest.mark.parametrize("crop", range(8))
def test_blocks_are_found_wherever_they_begin(crop: int) -> None:
    # Flat blocks, 40 levels apart: a mean step of 40 on one phase, of 0 on all others.
    ramp = np.repeat(np.array([100, 140] * 5, np.uint8), 8)
    picture = np.tile(ramp, (16, 1))[:, crop : crop + 64]
    assert blockiness(picture, axis=1) == pytest.approx(np.log(40.1 / 0.1))
    assert blockiness(picture, axis=0) == pytest.approx(0)  # flat


def test_large_photos_are_measured_at_800_pixels_by_area_averaging() -> None:
    small = np.random.default_rng(0).integers(0, 256, (400, 800, 3), np.uint8)
    doubled = small.repeat(2, axis=0).repeat(2, axis=1)
    assert measure_iqa_plus(doubled).tolist() == measure_iqa_plus(small).tolist()


scene_of = cache(draw_scene)


def taken(shot: Take, scene: int) -> Pixels:
    """A photo of a drawn scene, 400 × 300, through JPEG only where the shot's quality is not the default."""
    pixels = photograph(scene_of(scene, 480, 360), shot, np.random.default_rng(0), (300, 400))
    if shot.jpeg_quality == Take().jpeg_quality:
        return pixels
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=shot.jpeg_quality)
    return np.asarray(Image.open(file))


DEFOCUS = [Take(defocus=radius) for radius in (0, 1.5, 3, 6)]
MOTION = [Take(motion_blur=length, motion_angle=30) for length in (0, 4, 8, 16)]
NOISE = [Take(noise=sigma) for sigma in (0, 0.01, 0.03, 0.09)]
BRIGHT = [Take(exposure=stops) for stops in (0, 0.7, 1.4, 2.1)]
DARK = [Take(exposure=-stops) for stops in (0, 1, 2, 4)]
BURNT = [Take(exposure=stops) for stops in (0.8, 1.6, 2.4)]
BLACK = [Take(exposure=-stops) for stops in (3.5, 5, 6.5)]
WARM = [Take(white_balance=shift) for shift in (-0.6, -0.2, 0.2, 0.6)]
JPEG = [Take(jpeg_quality=quality) for quality in (90, 50, 20, 8)]


@pytest.mark.parametrize("scene", [1, 2, 3])
@pytest.mark.parametrize(
    ("shots", "column", "sign"),
    [
        (DEFOCUS, "sharpest", -1),
        (DEFOCUS, "sharpest_half", -1),
        (DEFOCUS, "smoothness_half", 1),
        (MOTION, "sharpest", -1),
        (MOTION, "motion", 1),
        (NOISE, "noise", 1),
        (NOISE, "smoothness", -1),
        (BRIGHT, "brightness", 1),
        (BURNT, "clipped_highlights", 1),
        (DARK, "brightness", -1),
        (DARK, "shadow", -1),
        (BLACK, "clipped_shadows", 1),
        (WARM, "warmth", 1),
        (JPEG, "blockiness", 1),
    ],
)
def test_each_fault_moves_its_column(shots: list[Take], column: str, sign: int, scene: int) -> None:
    found = [measure(taken(shot, scene))[column] for shot in shots]
    assert all(np.diff(found) * sign > 0), found


@pytest.mark.parametrize("scene", [1, 2, 3])
@pytest.mark.parametrize("column", ["saturation", "red_green"])
def test_fading_colours_move_their_columns(column: str, scene: int) -> None:
    clean = taken(Take(), scene).astype(np.float64)
    grey = clean.mean(axis=2, keepdims=True)
    faded = [(clean + share * (grey - clean)).round().astype(np.uint8) for share in (0, 0.4, 0.8)]
    found = [measure(pixels)[column] for pixels in faded]
    assert all(np.diff(found) < 0), found


def test_where_the_photo_is_sharp() -> None:
    texture = np.random.default_rng(0).integers(0, 256, (320, 320, 3), np.uint8)
    soft = np.asarray(cv2.GaussianBlur(texture, (0, 0), 4), np.uint8)
    middle = np.zeros((320, 320, 1), bool)
    middle[80:240, 80:240] = True
    sharp_inside, sharp_outside = np.where(middle, texture, soft), np.where(middle, soft, texture)
    even, inside, outside = (measure(pixels) for pixels in (texture, sharp_inside, sharp_outside))
    assert even["centre"] == pytest.approx(0, abs=0.05)
    assert even["softest"] == pytest.approx(0, abs=0.1)
    assert inside["centre"] > 1 > -1 > outside["centre"]
    assert inside["softest"] < -1 > outside["softest"]
    # However much of the photo is soft, its sharpest part tells.
    assert inside["sharpest"] == pytest.approx(even["sharpest"], abs=0.1)


@pytest.mark.parametrize("angle", range(0, 180, 15))
def test_the_direction_of_a_streak_is_recovered(angle: int) -> None:
    rng = np.random.default_rng(angle)
    scene = cv2.GaussianBlur(rng.integers(0, 256, (600, 600, 1), np.uint8), (0, 0), 1.2)
    scene = cv2.normalize(scene, np.empty_like(scene), 0, 255, cv2.NORM_MINMAX)
    shot = Take(motion_blur=8, motion_angle=angle)
    photo = photograph(np.dstack([scene] * 3), shot, rng)
    across = np.degrees(np.angle(streak(photo[..., 0]))) / 2
    assert (across - 90 - angle + 90) % 180 - 90 == pytest.approx(0, abs=3)


def test_the_extractor_stacks_what_it_prepared() -> None:
    assert "iqa_plus" in EXTRACTORS
    extractor = IQA_PLUS
    photos = [taken(Take(), scene) for scene in (1, 2)]
    matrix = extractor([extractor.prepare(photo) for photo in photos])
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [measure_iqa_plus(photo).tolist() for photo in photos]
    assert extractor.block.columns == IQA_PLUS_COLUMNS
    assert extractor.block.name == "iqa_plus"
