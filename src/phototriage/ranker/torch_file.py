"""Files of tensors and plain values. They cannot carry code: they are only ever read with `weights_only`."""

import io
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from phototriage.errors import ModelError

__all__ = ["read_torch_file", "torch_bytes"]


def torch_bytes(content: Mapping[str, Any]) -> bytes:
    """What a `.pt` file of this content holds."""
    packed = io.BytesIO()
    torch.save(dict(content), packed)
    return packed.getvalue()


def read_torch_file(path: Path) -> Any:
    """Reads a `.pt` file. Raises ModelError, in one line, where it cannot be read, is cut, or holds code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch thinks of a bare pickle; it is refused anyway
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"cannot read the model {path}: {error.strerror or error}") from error
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} is refused: it holds more than weights, or is no model at all; "
            "nothing in it was run. Ask for a phototriage ranker (.pt or .safetensors)"
        ) from error
    except (RuntimeError, EOFError, LookupError, ValueError) as error:
        reason = str(error).partition("\n")[0] or "it ends too early"
        raise ModelError(f"{path} is not a model file, or is damaged: {reason}") from error
