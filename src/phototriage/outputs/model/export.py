"""A ranker for others: a folder for a model hub, or a single file."""

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
    """Writes a ranker for others, and returns what was written.

    output: `.onnx`: that file; `.safetensors`: that file, and its settings as `.json` beside it; any other
    name: a folder of README.md (see `model_card`), config.json, model.onnx and, last, model.safetensors.
    data, results: see `model_card`.

    All is made and checked before anything is written. Raises OutputError where a file is there already and
    `overwrite` is not given, or cannot be written; ModelError where the ranker cannot be exported.
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
    """What the training left in test_results.json beside (or in) its model; None where there is none.

    Raises ModelError for a file that cannot be read.
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
    """A ranker's .safetensors, and what its head says about it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_ranker(ranker, path)
        with safetensors.safe_open(path, framework="numpy") as file:
            about: dict[str, Any] = json.loads(file.metadata()["phototriage"])
        return path.read_bytes(), about
