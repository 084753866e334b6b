"""The `squeezenet` block: pooled fire modules of SqueezeNet 1.1 (Iandola et al., arXiv:1602.07360)."""

from functools import partial
from pathlib import Path
from typing import Any

from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.preprocessing import Whole
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.features.options import ExtractorOptions
from phototriage.features.runtime.weights import WeightsFile

MEAN, STD = (123 / 255, 117 / 255, 104 / 255), (1 / 255, 1 / 255, 1 / 255)  # leaves 0–255 less the mean


def squeezenet_weights(options: ExtractorOptions, cache_dir: Path) -> WeightsFile:
    """Where SqueezeNet's weights come from."""
    return WeightsFile((options.weights_dir or Path()) / "squeezenet1_1.safetensors", cache_dir)


def squeezenet_extractor(
    options: ExtractorOptions, cache_dir: Path, layers: tuple[int, ...] = (3, 5, 7, 9), size: int = 800
) -> NetworkExtractor:
    """Means and spreads of fire modules `layers`, of 2 to 9, ascending; the photo's long side is `size`."""
    file = squeezenet_weights(options, cache_dir)
    shapes, output = file.shapes(), f"fire{'+'.join(map(str, layers))}"
    widths = [(n, kind, 2 * shapes[f"fire{n}.expand1x1.bias"][0]) for n in layers for kind in ("mean", "std")]
    columns = tuple(f"fire{n}_{kind}_{place:03d}" for n, kind, width in widths for place in range(width))
    how = (Whole(size), MEAN, STD, partial(_build, file, layers))
    return NetworkExtractor("squeezenet", 1, file.checksum, output, columns, *how, options, cache_dir)


def _build(file: WeightsFile, layers: tuple[int, ...]) -> Any:
    import torch
    import torch.nn.functional as F

    class SqueezeNet(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, tensor in file.tensors().items():
                self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(tensor))
            self.stage_starts = {f"fire{n}": f"fire{n}_" for n in range(2, layers[-1] + 1)}

        def convolve(self, name: str, photos: Any, **how: int) -> Any:
            weight, bias = self.get_parameter(f"{name}_weight"), self.get_parameter(f"{name}_bias")
            return F.relu(F.conv2d(photos, weight, bias, **how))

        def forward(self, photos: Any) -> Any:
            hidden, pooled = self.convolve("conv1", photos.flip(1), stride=2), []  # flipped to BGR
            for n in range(2, layers[-1] + 1):
                if n in (2, 4, 6):
                    hidden = F.max_pool2d(hidden, 3, 2, ceil_mode=True)
                squeezed = self.convolve(f"fire{n}_squeeze1x1", hidden)
                wide = self.convolve(f"fire{n}_expand3x3", squeezed, padding=1)
                hidden = torch.cat([self.convolve(f"fire{n}_expand1x1", squeezed), wide], dim=1)
                if n in layers:
                    pooled += [hidden.mean(dim=(2, 3)), hidden.std(dim=(2, 3), correction=0)]
            return torch.cat(pooled, dim=1)

    return SqueezeNet()


SPEC = ExtractorSpec("SqueezeNet", "fire modules of SqueezeNet 1.1", squeezenet_extractor, squeezenet_weights)
