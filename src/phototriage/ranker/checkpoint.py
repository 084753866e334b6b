"""Rankers on disk: `.pt` as training writes it, `.safetensors` for use without torch.

Neither can run code: a `.pt` is always loaded with `weights_only=True`.
"""

import json
import zipfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from phototriage.atomic_write import atomic_write
from phototriage.errors import MissingExtraError, ModelError, OutputError
from phototriage.extras import extra
from phototriage.features import Block, TunedWeights
from phototriage.plain_values import plain_values
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.trained import CLOSE_BELOW, TrainedRanker

__all__ = [
    "load_default_ranker",
    "load_embedded_ranker",
    "load_ranker",
    "load_ranker_and_notes",
    "save_ranker",
]

_FORMAT = "phototriage-ranker-1"
_TUNED = "tuned."
"""How the names of tuned weights begin; the name of the block follows."""
_MOST_BYTES = 2**30
_IN_FOLDER = ("model.safetensors", "best_model.pt")
_NO_RANKER = (
    ArithmeticError,
    AttributeError,
    LookupError,
    ModelError,
    RuntimeError,
    TypeError,
    ValueError,
    safetensors.SafetensorError,
)
"""The exceptions that files with other content raise."""


def save_ranker(
    ranker: TrainedRanker, path: str | Path, notes: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Writes a ranker, whole or not at all, as `.pt` or `.safetensors` depending on the suffix of `path`.

    notes: plain values that go with it, for `load_ranker_and_notes`.

    Raises OutputError if the suffix is another one or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in _PACK:
        raise OutputError(f"{path}: a ranker is saved as {' or '.join(_PACK)}")
    tensors = {**ranker.weights, "seen_keys": ranker.seen_keys, "seen_contents": ranker.seen_contents}
    for tuned in ranker.tuned:
        tensors |= {f"{_TUNED}{tuned.block}.{name}": array for name, array in tuned.tensors.items()}
    about = {
        "format": _FORMAT,
        "config": plain_values(ranker.config),
        "blocks": [plain_values(block) for block in ranker.blocks],
        "temperature": ranker.temperature,
        "close_below": ranker.close_below,
        **({"notes": dict(notes)} if notes else {}),
    }
    with atomic_write(path) as file:
        file.write(_PACK[path.suffix](tensors, about))


def load_ranker(path: str | Path) -> TrainedRanker:
    """Reads a ranker that `save_ranker` wrote, or the one in the folder of an export or a run.

    Raises ModelError for any other file, MissingExtraError for a `.pt` if torch is not installed.
    """
    return load_ranker_and_notes(path)[0]


def load_ranker_and_notes(path: str | Path) -> tuple[TrainedRanker, dict[str, Any]]:
    """A ranker as of `load_ranker`, and what `save_ranker` was given to go with it."""
    path = Path(path)
    if path.is_dir():
        found = [path / name for name in _IN_FOLDER if (path / name).exists()]
        if not found:
            raise ModelError(f"{path} holds no ranker: neither {' nor '.join(_IN_FOLDER)} is there")
        path = found[0]
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ModelError("it is larger than rankers are")
        tensors, about = _load_safetensors(path) if path.suffix == ".safetensors" else _load_torch(path)
        return _unpacked(tensors, about), dict(about.get("notes", {}))
    except OSError as error:
        raise ModelError(f"cannot read the model {path}: {error.strerror or error}") from error
    except _NO_RANKER as error:
        reason = (
            str(error) if isinstance(error, ModelError) else f"something else is in it ({repr(error)[:200]})"
        )
        raise ModelError(
            f"{path} is no ranker: {reason}; give a .pt or .safetensors that phototriage wrote, or its folder"
        ) from error


def load_default_ranker() -> TrainedRanker:
    """The ranker that ranks photos where no other is named, on `lite`, `iqa` and `iqa_plus`.

    Its card and terms stand beside it in `presets/`.
    """
    return _load_preset("default")


def load_embedded_ranker() -> TrainedRanker:
    """The ranker on the four numbers of `iqa` alone: for tables of scores, and where `lite` cannot be had.

    Its card stands beside it in `presets/`.
    """
    return _load_preset("embedded")


def _load_preset(name: str) -> TrainedRanker:
    with as_file(files("phototriage") / "presets" / f"{name}.safetensors") as path:
        return load_ranker(path)


def _pack_safetensors(tensors: Mapping[str, NDArray[Any]], about: dict[str, Any]) -> bytes:
    return safetensors.numpy.save(dict(tensors), {"phototriage": json.dumps(about)})


def _pack_torch(tensors: Mapping[str, NDArray[Any]], about: dict[str, Any]) -> bytes:
    with extra("train"):
        import torch

    from phototriage.ranker.torch_file import torch_bytes

    state = {name: torch.from_numpy(np.array(array)) for name, array in tensors.items()}
    return torch_bytes({**about, "state": state})


_PACK = {".pt": _pack_torch, ".safetensors": _pack_safetensors}


def _load_safetensors(path: Path) -> tuple[dict[str, NDArray[Any]], Any]:
    with safetensors.safe_open(path, framework="numpy") as file:
        about = json.loads((file.metadata() or {}).get("phototriage", "{}"))
        return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118


def _load_torch(path: Path) -> tuple[dict[str, NDArray[Any]], Any]:
    try:
        from phototriage.ranker.torch_file import read_torch_file
    except MissingExtraError as error:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise ModelError("torch did not write it") from error
        raise MissingExtraError(f"cannot read {path}: {error}; a .safetensors needs no torch") from error

    about = read_torch_file(path)
    return {name: tensor.detach().numpy() for name, tensor in about.pop("state").items()}, about


def _unpacked(tensors: Mapping[str, NDArray[Any]], about: Any) -> TrainedRanker:
    if about["format"] != _FORMAT:
        raise ModelError(f"its format is {about['format']!r}, not {_FORMAT!r}")
    return TrainedRanker(
        weights={name: array for name, array in tensors.items() if not name.startswith(("seen_", _TUNED))},
        config=MultiFeatureConfig.from_dict(about["config"]),
        blocks=tuple(
            Block(block["name"], block["fingerprint"], tuple(block["columns"])) for block in about["blocks"]
        ),
        temperature=float(about["temperature"]),
        seen_keys=tensors["seen_keys"],
        seen_contents=tensors["seen_contents"],
        close_below=float(about.get("close_below", CLOSE_BELOW)),
        tuned=tuple(TunedWeights(block, weights) for block, weights in _tuned(tensors).items()),
    )


def _tuned(tensors: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, NDArray[Any]]]:
    """Tuned weights by block and name."""
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for key, array in tensors.items():
        if key.startswith(_TUNED):
            block, _, name = key.removeprefix(_TUNED).partition(".")
            found.setdefault(block, {})[name] = array
    return found
