"""Exports a network to ONNX, and keeps it where its numbers are torch's."""

import logging
import tempfile
import warnings
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phototriage.atomic_write import TEMPORARY
from phototriage.errors import ExportError, OutputError
from phototriage.extras import extra
from phototriage.features.block import Block
from phototriage.features.cache.exported import export_folder, keep_exported
from phototriage.features.runtime.onnx_runtime import start_onnx
from phototriage.features.runtime.torch_runtime import FromPixels, start_torch

with extra("hub"):
    import torch
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

__all__ = ["export_onnx"]

_MAX_DIFFERENCE = {"fp32": 0.01, "int8": 0.5}
_OPSET = 18


def export_onnx(
    network: FromPixels,
    examples: Sequence[NDArray[np.uint8]],
    cache_dir: Path,
    block: Block,
    *,
    int8: bool = False,
) -> Path:
    """Writes the network that makes `block` as ONNX, whole or not at all; returns the file.

    examples: prepared photos, uint8 RGB (h, w, 3). Where their shapes differ, a photo may have any shape.
    int8: matrix products in 8 bits, their weights quantised per channel and their inputs as they come;
    convolutions stay in float32.
    On the examples, alone and in batches, the exported network's vectors may differ from torch's by 1 % of
    their length, so that the cosine is at least 0.9999 and the length right too; in 8 bits by half of it,
    which shows only that nothing went wrong. Raises ExportError where they differ by more or the network
    cannot be exported, OutputError where the file cannot be written.
    """
    batches = [np.stack(list(same)) for _, same in groupby(sorted(examples, key=np.shape), key=np.shape)]
    folder = export_folder(cache_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=TEMPORARY) as scratch:
            exported = Path(scratch) / "network.onnx"
            _export(network, batches[0], len(batches) > 1, exported)
            _compare(network, batches, exported, _MAX_DIFFERENCE["fp32"])
            if int8:
                exported = _quantized(exported)
                _compare(network, batches, exported, _MAX_DIFFERENCE["int8"])
            return keep_exported(cache_dir, block, exported)
    except (OSError, DecodeError) as error:
        # Quantising writes a file and reads it again, and tells a full disk only by what it then reads.
        reason = (error.strerror or error) if isinstance(error, OSError) else "No space left on device"
        raise OutputError(
            f"cannot write into {folder}: {reason}; free some space, or choose another place with --cache_dir"
        ) from error


def _compare(network: FromPixels, batches: Sequence[NDArray[np.uint8]], exported: Path, most: float) -> None:
    in_torch, in_onnx = start_torch(network, "cpu"), start_onnx(exported)
    for photos in [part for batch in batches for part in (batch, batch[:1])]:
        expected, found = in_torch(photos), in_onnx(photos)
        lengths = np.linalg.norm(expected, axis=1)
        differences = np.linalg.norm(found - expected, axis=1)
        if not (differences <= most * lengths).all():
            worst = float((differences / np.maximum(lengths, np.finfo(np.float32).tiny)).max())
            raise ExportError(
                f"the exported network's numbers differ from torch's by {worst:.1%}: use --runtime torch"
            )


def _export(network: FromPixels, photos: NDArray[np.uint8], any_shape: bool, path: Path) -> None:
    sizes = dict.fromkeys(range(3 if any_shape else 1), torch.export.Dim.DYNAMIC)
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)  # it reports every operator of a package that is not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (torch.from_numpy(photos),),
                path,
                dynamo=True,
                dynamic_shapes=(sizes,),
                external_data=False,
                opset_version=_OPSET,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        raise ExportError(
            f"the network cannot be exported to ONNX ({type(error).__name__}): use --runtime torch"
        ) from error
    finally:
        log.setLevel(level)


def _quantized(path: Path) -> Path:
    from onnxruntime.quantization import quantize_dynamic

    quantized = path.with_name("int8.onnx")
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it advises a preparing step that this export has done
    try:
        quantize_dynamic(path, quantized, op_types_to_quantize=["MatMul", "Gemm"], per_channel=True)
    finally:
        logging.root.setLevel(level)
    return quantized
