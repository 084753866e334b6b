import numpy as np
import torch

from phototriage.features.runtime.torch_runtime import FromPixels, start_torch


class Mean(torch.nn.Module):
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return photos.mean(dim=(2, 3))


class Steep(torch.nn.Module):
    """A matrix product whose numbers are 90,000 for a white photo: half precision ends at 65,504."""

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return photos.mean(dim=(2, 3)) @ torch.full((3, 2), 30_000.0)


def test_normalisation_is_in_the_network() -> None:
    infer = start_torch(FromPixels(Mean(), (0.5, 0.25, 0.0), (0.5, 1.0, 2.0)), "cpu")
    photos = np.full((1, 4, 4, 3), 255, np.uint8)
    np.testing.assert_allclose(infer(photos), [[1.0, 0.75, 0.5]], atol=1e-6)


def test_what_half_precision_cannot_hold_is_computed_in_full() -> None:
    network = FromPixels(Steep(), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    infer = start_torch(network, "cpu", try_half=True)
    dark, light = (np.full((1, 4, 4, 3), level, np.uint8) for level in (3, 255))
    first = infer(dark)
    np.testing.assert_allclose(first, 90_000 * 3 / 255, rtol=1e-6)
    assert not np.array_equal(infer(dark), first)  # now it runs in half precision
    np.testing.assert_allclose(infer(dark), first, rtol=1e-3)
    np.testing.assert_allclose(infer(light), 90_000, rtol=1e-6)


def test_half_precision_is_not_used_where_it_is_wrong_at_once() -> None:
    infer = start_torch(FromPixels(Steep(), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), "cpu", try_half=True)
    for level in (255, 3, 3):
        expected = 90_000 * level / 255
        np.testing.assert_allclose(infer(np.full((1, 4, 4, 3), level, np.uint8)), expected, rtol=1e-6)
