"""Reads the tensors of a file that `torch.save` wrote before torch 1.6, without torch.

Such a file is five pickles (a magic number, the format's version, the machine that wrote it, the tensors, the
keys of their storages), followed by the storages in the order of their keys: a count, int64, and that many
numbers. A pickle is a program that may call any function; the interpreter below knows the few instructions
that tensors need and makes nothing but numbers, strings, tuples, lists and dictionaries of them.
"""

import math
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pickletools import genops
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from phototriage.errors import FeatureError

__all__ = ["read_torch_pickle"]

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_MOST_DIMENSIONS = 8


class _Global(Enum):
    """All that a pickle may name."""

    ORDERED_DICT = "collections OrderedDict"
    REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"
    FLOAT_STORAGE = "torch FloatStorage"
    LONG_STORAGE = "torch LongStorage"


_DTYPES: dict[_Global, np.dtype[Any]] = {
    _Global.FLOAT_STORAGE: np.dtype("<f4"),
    _Global.LONG_STORAGE: np.dtype("<i8"),
}


@dataclass(frozen=True)
class _Storage:
    dtype: np.dtype[Any]
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor's numbers lie in a storage; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_pickle(data: bytes) -> dict[str, NDArray[Any]]:
    """The tensors of a file in torch's older format, by name.

    Args:
        data: the whole file: a state dict of float32 and int64 tensors, saved on the CPU.

    Returns:
        float32 and int64 arrays of any shape and strides, read-only views of `data`.

    Raises FeatureError where the file holds anything else or is damaged.
    """
    try:
        return _tensors(data)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise FeatureError(f"not a torch file of tensors: {reason[:200]}") from error


def _tensors(data: bytes) -> dict[str, NDArray[Any]]:
    file = BytesIO(data)
    magic, version, machine, tensors, keys = (_unpickled(file) for _ in range(5))
    if (magic, version, machine["little_endian"]) != (_MAGIC, _VERSION, True):
        raise ValueError("another format")
    if not all(isinstance(tensor, _Tensor) for tensor in tensors.values()):
        raise ValueError("something in it is no tensor")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    numbers = {}
    place = file.tell()
    for key in keys:
        storage = storages[key]
        (count,) = np.frombuffer(data, "<i8", 1, place)
        if count != storage.count or count < 0:
            raise ValueError(f"storage {key} has {count} numbers in place of {storage.count}")
        numbers[key] = np.frombuffer(data, storage.dtype, storage.count, place + 8)
        place += 8 + numbers[key].nbytes
    if place != len(data):
        raise ValueError("there are bytes behind its last storage")
    return {str(name): _array(tensor, numbers[tensor.storage.key]) for name, tensor in tensors.items()}


def _array(tensor: _Tensor, numbers: NDArray[Any]) -> NDArray[Any]:
    """A view of a storage's numbers, of which no element lies outside and no more than there are numbers."""
    offset, shape, strides = tensor.offset, tensor.shape, tensor.strides
    if not (
        len(shape) == len(strides) <= _MOST_DIMENSIONS
        and min(shape, default=1) > 0
        and min((offset, *strides)) >= 0
        and math.prod(shape) <= numbers.size
        and offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True)) < numbers.size
        and numbers.dtype == tensor.storage.dtype
    ):
        raise ValueError(f"a tensor reaches outside its storage of {numbers.size} numbers")
    steps = [step * numbers.itemsize for step in strides]
    return as_strided(numbers[offset:], shape, steps, writeable=False)


def _unpickled(file: BytesIO) -> Any:
    """Runs the next pickle of `file`. Raises ValueError for an instruction that tensors do not need."""
    stack: list[Any] = []
    below: list[list[Any]] = []  # the stacks under the open marks
    memo: dict[int, Any] = {}
    argument: Any
    for opcode, argument, _ in genops(file):
        match opcode.name:
            case "PROTO":
                pass
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                stack.append(argument)
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(opcode.name == "NEWTRUE")
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_TUPLE":
                stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(opcode.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "MARK":
                below.append(stack)
                stack = []
            case "TUPLE":
                items, stack = stack, below.pop()
                stack.append(tuple(items))
            case "APPEND":
                item = stack.pop()
                stack[-1].append(item)
            case "APPENDS":
                items, stack = stack, below.pop()
                stack[-1].extend(items)
            case "SETITEMS":
                items, stack = stack, below.pop()
                stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                stack[-1][key] = value
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "GLOBAL":
                if argument not in {each.value for each in _Global}:
                    raise ValueError(f"it asks for {argument.replace(' ', '.')}")
                stack.append(_Global(argument))
            case "BINPERSID":
                stack.append(_storage(stack.pop()))
            case "REDUCE":
                given, called = stack.pop(), stack.pop()
                stack.append(_called(called, given))
            case "BUILD":
                stack.pop()  # attributes of the dictionary: the versions of the network's modules
            case "STOP":
                return stack.pop()
            case name:
                raise ValueError(f"it has the instruction {name}")
    raise ValueError("a pickle without its end")


def _storage(given: Any) -> _Storage:
    match given:
        case ("storage", _Global() as kind, str(key), "cpu", int(count), None):
            return _Storage(_DTYPES[kind], key, count)
    raise ValueError("a storage of another kind")


def _called(called: Any, given: Any) -> Any:
    match called, given:
        case _Global.ORDERED_DICT, ():
            return {}
        case _Global.REBUILD_TENSOR, (_Storage() as storage, int(offset), tuple(shape), tuple(strides), *_):
            if all(type(number) is int for number in (*shape, *strides)):
                return _Tensor(storage, offset, shape, strides)
    raise ValueError("it makes something other than tensors")
