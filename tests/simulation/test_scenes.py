import cv2
import numpy as np
import pytest

from phototriage.simulation.scenes import SCENES, draw_scene

SIZE = (300, 200)


@pytest.mark.parametrize("seed", range(2 * len(SCENES)))
def test_a_scene_has_the_content_of_a_photo(seed: int) -> None:
    scene = draw_scene(seed, 800, 533)
    assert scene.shape == (533, 800, 3)
    assert scene.dtype == np.uint8
    grey = cv2.cvtColor(scene, cv2.COLOR_RGB2GRAY)
    share = np.bincount(grey.ravel(), minlength=256) / grey.size
    share = share[share > 0]
    assert -(share * np.log2(share)).sum() > 6.0  # bits of 8
    # As with real photos of this size: far above a blurred picture, far below white noise.
    assert 60 < cv2.Laplacian(grey, cv2.CV_64F).var() < 6000
    assert (grey <= 2).mean() < 0.12
    assert (grey >= 253).mean() < 0.12
    assert np.ptp(scene.astype(int), axis=2).mean() > 12  # colours, not greys


@pytest.mark.parametrize("seed", range(len(SCENES)))
def test_a_scene_is_its_seed(seed: int) -> None:
    scene = draw_scene(seed, *SIZE)
    np.testing.assert_array_equal(scene, draw_scene(seed, *SIZE))
    for other in (seed + 1, seed + len(SCENES)):  # another kind, and another of the same kind
        assert np.abs(scene.astype(int) - draw_scene(other, *SIZE)).mean() > 4


@pytest.mark.parametrize("seed", range(len(SCENES)))
@pytest.mark.parametrize(("width", "height"), [(64, 64), (200, 420), (420, 100)])
def test_a_scene_has_the_size_asked(seed: int, width: int, height: int) -> None:
    assert draw_scene(seed, width, height).shape == (height, width, 3)


@pytest.mark.parametrize("arguments", [(-1, 800, 533), (0, 63, 533), (0, 800, 63)])
def test_an_impossible_scene_is_refused(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="seed"):
        draw_scene(*arguments)
