"""Runs a network by torch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phototriage.extras import extra
from phototriage.features.runtime.onnx_runtime import Infer

with extra("hub"):
    import torch
    from torch import nn

__all__ = ["FromPixels", "start_torch"]

_MIN_COSINE = 0.9999


class FromPixels(nn.Module):
    """Puts a network behind its input normalisation: uint8 RGB (n, h, w, 3) → float32 (n, dim).

    In one graph with the network, so that photos reach the device as bytes.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean) * 255)
        self.register_buffer("std", torch.tensor(std) * 255)
        self.eval()

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.network(((photos.float() - self.mean) / self.std).permute(0, 3, 1, 2)))


def start_torch(network: nn.Module, device: str, *, try_half: bool = False) -> Infer:
    """Eager torch.

    try_half: half precision from the second call on, where on the first photos every cosine with full
    precision is at least 0.9999. What half precision cannot hold, because a number grows over 65,504, is
    computed again in full.
    """
    network = network.to(device)
    half: bool | None = None if try_half else False

    def forward(pixels: torch.Tensor, in_half: bool) -> torch.Tensor:
        with torch.inference_mode(), torch.autocast(device, torch.float16, enabled=in_half):
            return torch.as_tensor(network(pixels)).float()

    def infer(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal half
        on_device = torch.from_numpy(pixels).to(device)
        found = forward(on_device, bool(half))
        if half is None:
            halved = forward(on_device, True)
            half = bool(torch.cosine_similarity(found, halved).min() >= _MIN_COSINE)
        elif half and not found.isfinite().all():
            found = forward(on_device, False)
        return np.asarray(found.cpu().numpy())

    return infer
