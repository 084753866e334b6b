import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from phototriage.features.extractors.preprocessing import PAD_COLOUR, Crop, Pad, Whole

SIZES = [(533, 800), (800, 533), (224, 224), (300, 301), (100, 700), (37, 25)]


def photo(height: int, width: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(height * width).integers(0, 256, (9, 11, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def normalised(pixels: NDArray[np.uint8], mean: list[float], std: list[float]) -> NDArray[np.float64]:
    return ((pixels / 255 - mean) / std).transpose(2, 0, 1)


@pytest.mark.parametrize("size", SIZES)
def test_clips_crop_equals_the_reference_processor(size: tuple[int, int]) -> None:
    from transformers import CLIPImageProcessorPil

    reference = CLIPImageProcessorPil(size={"shortest_edge": 224}, crop_size=224)
    expected = np.asarray(reference(Image.fromarray(photo(*size)), return_tensors="np")["pixel_values"][0])
    found = normalised(Crop(224, 224)(photo(*size)), reference.image_mean, reference.image_std)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
def test_resnets_crop_equals_the_reference_processor(size: tuple[int, int]) -> None:
    from transformers import ConvNextImageProcessorPil

    reference = ConvNextImageProcessorPil(
        size={"shortest_edge": 224}, crop_pct=0.875, resample=Image.Resampling.BICUBIC,
        image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225],
    )  # fmt: skip
    expected = np.asarray(reference(Image.fromarray(photo(*size)), return_tensors="np")["pixel_values"][0])
    found = normalised(Crop(224, 256)(photo(*size)), reference.image_mean, reference.image_std)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_pad_by_a_plain_reference() -> None:
    pixels = photo(533, 800)
    expected = np.empty((224, 224, 3))
    expected[:] = PAD_COLOUR
    # 533 · 224 / 800 = 149.24, and (224 − 149) // 2 = 37.
    scaled = Image.fromarray(pixels).resize((224, 149), Image.Resampling.BICUBIC)
    expected[37 : 37 + 149] = np.asarray(scaled) / 255
    np.testing.assert_allclose(Pad(224)(pixels) / 255, expected, atol=0.5 / 255)


@given(arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3))))
def test_squares_are_square_whatever_comes(pixels: NDArray[np.uint8]) -> None:
    assert Pad(48)(pixels).shape == Crop(48, 54)(pixels).shape == (48, 48, 3)


def test_whole_keeps_the_shape_and_never_enlarges() -> None:
    assert Whole(800)(photo(533, 800)).shape == (533, 800, 3)
    assert np.array_equal(Whole(800)(photo(533, 800)), photo(533, 800))
    assert Whole(400)(photo(533, 800)).shape == (266, 400, 3)
    assert Whole(400)(photo(5, 200)).shape == (32, 200, 3)


def test_the_middle_of_a_strip_is_that_of_the_whole() -> None:
    strip = photo(40, 900)
    whole = np.asarray(Image.fromarray(strip).resize((64 * 900 // 40, 64), Image.Resampling.BICUBIC))
    left = (whole.shape[1] - 56) // 2
    # Less than two pixels aside: where the kept part begins is a whole pixel of the photo.
    expected = whole[4:60, left - 2 : left + 58].astype(int)
    found = Crop(56, 64)(strip).astype(int)
    assert min(np.abs(found - expected[:, x : x + 56]).mean() for x in range(5)) < 2


@pytest.mark.parametrize("shape", [(2, 4000), (4000, 2)])
def test_a_strip_is_never_resized_whole(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def resized(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
        sizes.append((height, width))
        return np.zeros((height, width, 3), np.uint8)

    monkeypatch.setattr("phototriage.features.extractors.preprocessing._resized", resized)
    assert Crop(56, 64)(np.zeros((*shape, 3), np.uint8)).shape == (56, 56, 3)
    # Eight times as long as it is wide.
    assert [tuple(sorted(size)) for size in sizes] == [(64, 512)]
