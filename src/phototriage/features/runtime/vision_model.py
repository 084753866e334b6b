"""Vision models of `transformers` behind one interface: a photo's pixels to the outputs of all layers."""

import inspect
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.features.cache.weights_record import remember, remembered
from phototriage.features.runtime.pretrained import load_network
from phototriage.features.runtime.weights import ModelFolder

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

__all__ = ["Anatomy", "ImageProcessor", "anatomy", "load_vision_model"]

_RECORD = "layers"
_UNUSED = ("pooler.",)
"""Weights that no layer's output depends on: many checkpoints lack them."""
_MOST_LEADING = 16


@dataclass(frozen=True)
class ImageProcessor:
    """What preprocessor_config.json says.

    size: the side of the square that the network takes, in pixels. resize: what the short side is resized to
    before that square is cut out. mean, std: per channel of RGB in [0, 1].
    """

    size: int
    resize: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @classmethod
    def read(cls, folder: ModelFolder) -> "ImageProcessor":
        """Reads the file. Raises FeatureError where it is absent, or lacks a size or the normalization."""
        path = folder.path / "preprocessor_config.json"
        try:
            values = json.loads(path.read_text())
            shortest = _side(values.get("size"))
            cropped = _side(values.get("crop_size")) if values.get("do_center_crop", True) else None
            size = cropped or shortest
            if size is None:
                raise ValueError("it has no size")
            # ConvNeXT's processors name the share that is cut out instead.
            resize = shortest if cropped and shortest else round(size / float(values.get("crop_pct") or 1))
            mean, std = (_channels(values[name]) for name in ("image_mean", "image_std"))
            return cls(size, max(size, resize), mean, std)
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            if isinstance(error, OSError):
                reason = f"cannot read {path}: {error.strerror}"
            else:
                reason = f"cannot use {path}: " + " ".join(f"{type(error).__name__}: {error}".split())[:120]
            raise FeatureError(f"{reason}; {folder.remedy}") from error


@dataclass(frozen=True)
class Anatomy:
    """What the layers of a network put out.

    widths: numbers per place, of each layer. leading: tokens before those of the photo's places: the class
    token and registers. any_shape: whether photos need not be square.
    """

    widths: tuple[int, ...]
    leading: int
    any_shape: bool


def anatomy(folder: ModelFolder, size: int) -> Anatomy:
    """The layers of the network in a folder, for photos of `size` × `size` pixels.

    Found by a dry run, without weights; remembered in the cache, so that it takes torch only once. Raises
    FeatureError where the network is no vision model, or takes no photos of that size.
    """
    about = json.dumps([folder.config(), size], sort_keys=True)
    key = blake2b(about.encode(), digest_size=16).hexdigest()
    match remembered(folder.cache_dir, _RECORD).get(key):
        case [[*widths], int(leading), bool(any_shape)] if all(type(width) is int for width in widths):
            return Anatomy(tuple(widths), leading, any_shape)
    found = _dry_run(folder, size)
    remember(folder.cache_dir, _RECORD, key, [list(found.widths), found.leading, found.any_shape])
    return found


def load_vision_model(folder: ModelFolder) -> "nn.Module":
    """float32 (n, 3, h, w), normalized → a list with the output of each layer, which `Anatomy` describes.

    Raises what `load_network` raises.
    """
    with _quiet():
        return _with_layers(load_network(folder, _architecture(folder), unused=_UNUSED))


def _dry_run(folder: ModelFolder, size: int) -> Anatomy:
    with extra("hub"):
        import torch

    architecture = _architecture(folder)
    try:
        with _quiet(), torch.device("meta"), torch.no_grad():
            network = architecture(_vision_config(folder)).eval()
            outputs = _with_layers(network)(torch.empty(1, 3, size, size))
            shapes: list[tuple[int, ...]] = [tuple(each.shape) for each in outputs]
    except (ArithmeticError, AttributeError, LookupError, NotImplementedError) as error:
        raise _unusable(folder, size, error) from error
    except (RuntimeError, TypeError, ValueError) as error:
        raise _unusable(folder, size, error) from error
    widths = tuple(shape[1] if len(shape) == 4 else shape[-1] for shape in shapes)
    patch = folder.config().get("vision_config", folder.config()).get("patch_size")
    return Anatomy(widths, _leading(shapes[-1], size, patch), all(len(shape) == 4 for shape in shapes))


def _leading(shape: Sequence[int], size: int, patch: object) -> int:
    """How many of the last layer's tokens stand for no place of the photo."""
    if len(shape) != 3 or type(patch) is not int:
        return 0
    extra_tokens = shape[1] - (size // patch) ** 2
    # Networks that merge places have fewer tokens than patches, and no class token.
    return extra_tokens if 0 < extra_tokens <= _MOST_LEADING else 0


def _with_layers(network: Any) -> "nn.Module":
    with extra("hub"):
        from torch import nn

    takes = inspect.signature(type(network).forward).parameters
    resized = {"interpolate_pos_encoding": True} if "interpolate_pos_encoding" in takes else {}

    class Layers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, photos: "Tensor") -> "list[Tensor]":
            found = self.network(pixel_values=photos, output_hidden_states=True, **resized)
            # The first hidden state is the embedding; the last one lacks the final normalization.
            return [*found.hidden_states[1:-1], found.last_hidden_state]

    return Layers()


def _vision_config(folder: ModelFolder) -> Any:
    with extra("hub"):
        from transformers import AutoConfig

    folder.config()
    try:
        # No code of the repository is run, and nobody is asked whether it may be.
        config: Any = AutoConfig.from_pretrained(folder.path, trust_remote_code=False, local_files_only=True)
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise _unusable(folder, None, error) from error
    return getattr(config, "vision_config", config)


def _architecture(folder: ModelFolder) -> "type[PreTrainedModel]":
    with _quiet():
        config = _vision_config(folder)
        with extra("hub"):
            from transformers import MODEL_MAPPING

        found: Any = MODEL_MAPPING.get(type(config), None)
    kind = type(config).model_type
    if found is None or getattr(found, "main_input_name", None) != "pixel_values":
        raise folder.unfit_config(f"is of a {kind!r}, which is no vision model of transformers")
    if hasattr(config, "mask_ratio"):
        raise folder.unfit_config(f"is of a {kind!r}, which hides parts of a photo at random")
    return found  # type: ignore[no-any-return]


def _unusable(folder: ModelFolder, size: int | None, error: Exception) -> FeatureError:
    at = f" with photos of {size} × {size} pixels" if size else ""
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
    return FeatureError(f"the model in {folder.path} cannot be used{at} ({reason})")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps transformers from telling people about models that are not asked for."""
    log = logging.getLogger("transformers")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _side(value: Any) -> int | None:
    """A side in pixels: a number, or what processors call a shortest edge or a height."""
    if isinstance(value, dict):
        value = value.get("shortest_edge") or value.get("height")
    return value if type(value) is int and value > 0 else None


def _channels(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(each) for each in values)
    return red, green, blue
