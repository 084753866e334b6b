"""The `squeezenet` block: pooled fire modules of SqueezeNet 1.1 (Iandola et al., arXiv:1602.07360)."""

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from safetensors import SafetensorError, safe_open

from phototriage.errors import FeatureError
from phototriage.features.block import Block
from phototriage.features.network import NetworkExtractor
from phototriage.features.options import ExtractorOptions
from phototriage.features.preprocessing import Whole
from phototriage.photos import DECODING_VERSION

if TYPE_CHECKING:
    from torch import Tensor, nn

_MEAN, _STD = (123 / 255, 117 / 255, 104 / 255), (1 / 255, 1 / 255, 1 / 255)  # leaves 0–255 less the mean


def squeezenet_extractor(
    options: ExtractorOptions,
    cache_dir: Path,
    layers: tuple[int, ...] = (3, 5, 7, 9),
    pooling: Literal["mean", "mean_std"] = "mean_std",
    size: int = 800,
) -> NetworkExtractor:
    """Fire modules `layers`, of 2 to 9, pooled over the photo. Raises FeatureError for unusable weights."""
    path = (options.weights_dir or Path()) / "squeezenet1_1.safetensors"
    try:
        digest = hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
        with safe_open(path, "numpy") as file:
            dims = {n: 2 * file.get_slice(f"fire{n}.expand1x1.bias").get_shape()[0] for n in sorted(layers)}
    except (OSError, SafetensorError) as error:
        raise FeatureError(f"no SqueezeNet weights in {path}: {error}") from error
    kinds, prepare = pooling.split("_"), Whole(size)
    made = f"fire{'+'.join(map(str, dims))}/{pooling}/{prepare}/decoding-{DECODING_VERSION}"
    columns = tuple(f"fire{n}_{kind}_{i:03d}" for n in dims for kind in kinds for i in range(dims[n]))
    block = Block("squeezenet", f"squeezenet-1/{digest}/{made}", columns)
    build = partial(_build, path, tuple(dims), "std" in kinds)
    return NetworkExtractor(block, prepare, _MEAN, _STD, build, options, cache_dir)


def _build(path: Path, layers: tuple[int, ...], with_spread: bool) -> "nn.Module":
    import torch
    import torch.nn.functional as F
    from safetensors.torch import load_file
    from torch import nn

    class SqueezeNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, tensor in load_file(path).items():
                self.register_buffer(name.replace(".", "_"), tensor.float())

        def convolve(self, name: str, photos: "Tensor", stride: int = 1, padding: int = 0) -> "Tensor":
            weight, bias = self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias")
            return F.relu(F.conv2d(photos, weight, bias, stride, padding))

        def forward(self, photos: "Tensor") -> "Tensor":
            hidden = self.convolve("conv1", photos.flip(1), stride=2)  # flipped to BGR
            pooled = []
            for fire in range(2, layers[-1] + 1):
                if fire in (2, 4, 6):
                    hidden = F.max_pool2d(hidden, 3, 2, ceil_mode=True)
                squeezed = self.convolve(f"fire{fire}_squeeze1x1", hidden)
                wide = self.convolve(f"fire{fire}_expand3x3", squeezed, padding=1)
                hidden = torch.cat([self.convolve(f"fire{fire}_expand1x1", squeezed), wide], dim=1)
                if fire in layers:
                    pooled.append(hidden.mean(dim=(2, 3)))
                    if with_spread:
                        pooled.append(hidden.std(dim=(2, 3), correction=0))
            return torch.cat(pooled, dim=1)

    return SqueezeNet()
