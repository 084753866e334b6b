"""Exports a ranker as a folder for a model hub, or as a single file."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors

from phototriage.atomic_write import atomic_write
from phototriage.errors import ModelError, OutputError
from phototriage.outputs.model.card import model_card
from phototriage.outputs.model.onnx import ranker_onnx
from phototriage.ranker import TrainedRanker, save_ranker

__all__ = ["export_model", "read_test_results"]


def export_model(
    ranker: TrainedRanker,
    output: str | Path,
    data: str | None = None,
    results: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Exports a ranker and returns the paths of the written files.

    output: `.onnx` writes that file. `.safetensors` writes that file and its settings as a `.json` with the
    same name. Any other name is a folder for README.md (see `model_card`), config.json, model.onnx and,
    last, model.safetensors. data, results: see `model_card`.

    Everything is built and checked before anything is written. Raises OutputError if a file exists and
    `overwrite` is false, or if it cannot be written; ModelError if the ranker cannot be exported.
    """
    output = Path(output)
    weights, about = _packed(ranker)
    settings = (json.dumps(about, indent=2, ensure_ascii=False) + "\n").encode()
    if output.suffix == ".onnx":
        files = {output: ranker_onnx(ranker, about)}
    elif output.suffix == ".safetensors":
        files = {output.with_suffix(".json"): settings, output: weights}
    else:
        card = model_card(ranker, output.resolve().name, data, results)
        files = {
            output / "README.md": card.encode("utf-8", "backslashreplace"),
            output / "config.json": settings,
            output / "model.onnx": ranker_onnx(ranker, about),
            output / "model.safetensors": weights,
        }
    there = [path for path in files if path.exists()]
    if there and not overwrite:
        raise OutputError(f"{there[0]} exists: choose another --output, or --overwrite it")
    for path, content in files.items():
        with atomic_write(path) as file:
            file.write(content)
    return list(files)


def read_test_results(model: str | Path) -> dict[str, Any] | None:
    """The content of test_results.json in the model's folder; None if there is no such file.

    Raises ModelError if the file cannot be read.
    """
    model = Path(model)
    path = (model if model.is_dir() else model.parent) / "test_results.json"
    try:
        results = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}") from error
    if not isinstance(results, dict):
        raise ModelError(f"{path} is not of a training: move it away to export without figures")
    return results


def _packed(ranker: TrainedRanker) -> tuple[bytes, dict[str, Any]]:
    """A ranker's .safetensors, and the metadata in its header."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_ranker(ranker, path)
        with safetensors.safe_open(path, framework="numpy") as file:
            about: dict[str, Any] = json.loads(file.metadata()["phototriage"])
        return path.read_bytes(), about
