"""What runs a network: torch, or onnxruntime from an ONNX file exported once."""

import hashlib
import logging
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from phototriage.atomic_write import atomic_write
from phototriage.errors import FeatureError
from phototriage.features.block import Block
from phototriage.features.options import ExtractorOptions

__all__ = ["FromPixels", "Infer", "export_onnx", "start_onnx", "start_runtime", "start_torch"]

Infer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""uint8 RGB (n, h, w, 3) → float32 (n, dim)."""

_MIN_COSINE = 0.9999
_OPSET = 18
_EXPORT = 1  # counts the ways in which networks were exported, so that no file of an older one is used


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

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.network(((photos.float() - self.mean) / self.std).permute(0, 3, 1, 2)))


def start_runtime(
    network: nn.Module,
    example: NDArray[np.uint8],
    any_shape: bool,
    block: Block,
    options: ExtractorOptions,
    cache_dir: Path,
) -> Infer:
    """Starts the runtime that `options` ask for.

    example, any_shape: a prepared photo, uint8 RGB (h, w, 3), and whether others may have another shape.

    Raises FeatureError for a device that is not there, a combination that does not exist, or an exported
    network whose numbers differ from torch's.
    """
    network = network.eval()
    device = _device(options)
    runtime = options.runtime if options.runtime != "auto" else ("onnx" if device == "cpu" else "torch")
    if runtime == "onnx" and device != "cpu":
        raise FeatureError(f"--runtime onnx runs on the CPU: leave it out for --device {device}")
    if options.precision == "int8" and runtime != "onnx":
        raise FeatureError("--precision int8 needs --runtime onnx and the CPU")
    if runtime == "torch":
        return start_torch(network, device)
    digest = hashlib.sha256(block.fingerprint.encode()).hexdigest()[:16]
    path = cache_dir / "onnx" / f"{block.name}-{_EXPORT}-{digest}.onnx"
    if not path.exists():
        export_onnx(network, example, any_shape, path, int8=options.precision == "int8")
    return start_onnx(path, one_by_one=options.precision == "int8")


def start_torch(network: nn.Module, device: str) -> Infer:
    """Eager torch; on a CUDA device in half precision where that keeps every cosine at 0.9999 or more.

    Whether it does is decided on the first photos.
    """
    network = network.to(device)
    half: bool | None = None if device == "cuda" else False

    def forward(pixels: torch.Tensor, in_half: bool) -> torch.Tensor:
        with torch.inference_mode(), torch.autocast(device, torch.float16, enabled=in_half):
            return torch.as_tensor(network(pixels)).float()

    def infer(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal half
        on_device = torch.from_numpy(pixels).to(device)
        if half is None:
            whole, halved = forward(on_device, False), forward(on_device, True)
            half = bool(torch.cosine_similarity(whole, halved).min() >= _MIN_COSINE)
            return np.asarray(whole.cpu().numpy())
        return np.asarray(forward(on_device, half).cpu().numpy())

    return infer


def start_onnx(path: Path, *, one_by_one: bool = False) -> Infer:
    """An onnxruntime session on the CPU.

    one_by_one: for 8 bits, whose inputs are scaled over all that goes through at once: a photo's numbers must
    not depend on its neighbours.
    Raises FeatureError for a file that is no network; inference raises RuntimeError, as torch does.
    """
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
        NoSuchFile,
        RuntimeException,
    )

    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile, RuntimeException) as error:
        raise FeatureError(f"{path} is damaged: remove it, it will be exported again") from error
    name = session.get_inputs()[0].name

    def infer(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = np.split(pixels, len(pixels)) if one_by_one else [pixels]
        try:
            return np.concatenate([session.run(None, {name: part})[0] for part in parts]).astype(np.float32)
        except (Fail, RuntimeException) as error:
            raise RuntimeError(str(error)) from error

    return infer


def export_onnx(
    network: nn.Module, example: NDArray[np.uint8], any_shape: bool, path: Path, *, int8: bool = False
) -> None:
    """Writes a network as ONNX, whole or not at all, after its numbers were compared with torch's.

    int8: matrix products in 8 bits, their weights quantised per channel and their inputs as they come;
    convolutions stay in float32. Its cosine with torch is not held to 0.9999.
    Raises FeatureError where a cosine falls below 0.9999, OutputError where the file cannot be written.
    """
    photos = np.stack([example, np.flip(example, axis=(0, 1))])
    with tempfile.TemporaryDirectory() as scratch:
        exported = Path(scratch) / "network.onnx"
        _export(network, torch.from_numpy(photos), any_shape, exported)
        expected = start_torch(network, "cpu")(photos)
        found = start_onnx(exported)(photos)
        norms = np.linalg.norm(expected, axis=1) * np.linalg.norm(found, axis=1)
        cosine = float(((expected * found).sum(axis=1) / norms).min())
        if not cosine >= _MIN_COSINE:
            raise FeatureError(
                f"the exported network differs from torch (cosine {cosine:.5f}): use --runtime torch"
            )
        if int8:
            exported = _quantized(exported)
        with atomic_write(path) as file:
            file.write(exported.read_bytes())


def _export(network: nn.Module, photos: torch.Tensor, any_shape: bool, path: Path) -> None:
    sizes = dict.fromkeys(range(3 if any_shape else 1), torch.export.Dim.DYNAMIC)
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)  # it reports every operator of a package that is not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (photos,),
                path,
                dynamo=True,
                dynamic_shapes=(sizes,),
                external_data=False,
                opset_version=_OPSET,
                verbose=False,
            )
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


def _device(options: ExtractorOptions) -> str:
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if options.device == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[options.device]:
        raise FeatureError(
            f"there is no {options.device} device here: choose from auto, "
            + ", ".join(name for name, found in there.items() if found)
        )
    return options.device
