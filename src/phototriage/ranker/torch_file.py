"""Files of tensors and plain values. They cannot run code, because they are read with `weights_only`."""

import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phototriage.errors import ModelError
from phototriage.extras import extra

with extra("train"):
    import torch

__all__ = ["read_torch_file", "torch_bytes"]

_DAMAGED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
"""The exceptions that torch raises for damaged files."""


def torch_bytes(content: Mapping[str, Any]) -> bytes:
    """The bytes of a `.pt` file with this content."""
    packed = io.BytesIO()
    torch.save(dict(content), packed)
    return packed.getvalue()


def read_torch_file(path: Path) -> Any:
    """Reads a `.pt` file, with no more memory than its size justifies.

    Raises OSError if it cannot be read. Raises ModelError, with only the reason, if it is not such a file, is
    damaged, contains code, or would expand in memory.
    """
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            # torch itself compares no checksum.
            if unpacked <= size and archive.testzip() is not None:
                raise ModelError("it is damaged: a checksum in it differs")
        # torch does not compress, and writes every number once.
        content = None if unpacked > size else torch.load(path, map_location="cpu", weights_only=True)
        grown = unpacked > size or _tensor_bytes(content) > size
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise ModelError("it is not a file as torch writes it, or was cut") from error
    except pickle.UnpicklingError as error:
        raise ModelError("it holds more than weights; nothing in it was run") from error
    except _DAMAGED as error:
        raise ModelError("it is damaged") from error
    if grown:
        raise ModelError("it would need more memory than its size accounts for")
    return content


def _tensor_bytes(content: Any) -> int:
    """The total size of all tensors in dicts, lists and tuples, if each has its own memory."""
    total, met, waiting = 0, set[int](), [content]
    while waiting:
        each = waiting.pop()
        if id(each) in met:
            continue
        met.add(id(each))
        if isinstance(each, torch.Tensor):
            total += each.numel() * each.element_size()
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, (list, tuple)):
            waiting += each
    return total
