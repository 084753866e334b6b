import os
import pickle
import struct
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from phototriage.errors import FeatureError
from phototriage.features.runtime.torch_pickle import read_torch_pickle

MAGIC, VERSION, MOST = 0x1950A86A20F9469CFC6C, 1001, 2**31 - 1


def saved(tensors: Any) -> bytes:
    file = BytesIO()
    torch.save(tensors, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def hand_made(tensors: bytes, keys: tuple[str, ...] = ("0",), counts: tuple[int, ...] = (6,)) -> bytes:
    """A file whose fourth pickle is `tensors`, and whose storages hold `counts` zeros."""
    parts = [pickle.dumps(each, 2) for each in (MAGIC, VERSION, {"little_endian": True})]
    parts += [tensors, pickle.dumps(list(keys), 2)]
    parts += [struct.pack("<q", count) + bytes(4 * count) for count in counts]
    return b"".join(parts)


def tensor(
    offset: int = 0,
    shape: tuple[int, ...] = (2, 3),
    strides: tuple[int, ...] = (3, 1),
    kind: str = "FloatStorage",
) -> bytes:
    """A state dict of one tensor of a storage of six, as a pickle."""
    storage = word("storage") + f"ctorch\n{kind}\n".encode() + word("0") + word("cpu") + number(6) + b"N"
    return b"".join(
        (
            b"\x80\x02}(" + word("a") + b"ctorch._utils\n_rebuild_tensor_v2\n(",
            b"(" + storage + b"tQ" + number(offset),
            *(b"(" + b"".join(map(number, each)) + b"t" for each in (shape, strides)),
            b"\x89ccollections\nOrderedDict\n)RtRu.",
        )
    )


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def word(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def test_reads_what_torch_saved() -> None:
    base = torch.arange(24, dtype=torch.float32)
    tensors = {
        "plain": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)),
        "part": base[4:16].view(3, 4),
        "transposed": base.view(4, 6).T,
        "every second": base[::2],
        "number": torch.tensor(7),
    }
    found = read_torch_pickle(saved(tensors))
    assert list(found) == list(tensors)
    for name, each in tensors.items():
        assert found[name].dtype == each.numpy().dtype
        np.testing.assert_array_equal(found[name], each.numpy())
        assert not found[name].flags.writeable


def test_reads_a_state_dict_with_its_metadata() -> None:
    first = torch.nn.Conv2d(2, 3, 1)
    network = torch.nn.Sequential(first, torch.nn.BatchNorm2d(3))
    found = read_torch_pickle(saved(network.state_dict()))
    assert found.keys() == network.state_dict().keys()
    np.testing.assert_array_equal(found["0.weight"], first.weight.detach().numpy())


def test_a_file_made_by_hand_is_read() -> None:
    assert read_torch_pickle(hand_made(tensor()))["a"].tolist() == [[0, 0, 0], [0, 0, 0]]


class Shell:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, ("touch /tmp/this-ran",)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (pickle.dumps(Shell(), 2), r"asks for (posix|nt)\.system"),
        (pickle.dumps({"a": Shell()}, 0), "asks for|instruction"),
        (pickle.dumps(Shell(), 4), "instruction"),
        (b"cbuiltins\neval\n(X\x01\x00\x00\x001tR.", r"asks for builtins\.eval"),
        (b"(X\x01\x00\x00\x001ios\nsystem\n.", "instruction INST"),
        (pickle.dumps({"a": torch.float32}, 2), r"asks for torch\.float32"),
        (tensor(kind="ByteStorage"), r"asks for torch\.ByteStorage"),
        (tensor(kind="LongStorage"), "buffer"),
        *(
            (each, "outside its storage of 6")
            for each in (
                tensor(offset=1),
                tensor(offset=-1),
                tensor(offset=MOST),
                tensor(shape=(3, 3)),
                tensor(shape=(-2, 3)),
                tensor(shape=(0, 3)),
                tensor(shape=(MOST, MOST)),
                tensor(shape=(MOST, 1), strides=(0, 1)),
                tensor(strides=(4, 1)),
                tensor(strides=(-3, 1)),
                tensor(strides=(3,)),
                tensor(shape=(1,) * 99, strides=(1,) * 99),
            )
        ),
        (pickle.dumps({"a": 1}, 2), "something in it is no tensor"),
        (pickle.dumps([1, 2], 2), "no attribute 'values'"),
        (b"\x80\x02}h\x07.", "7"),  # a memo that nothing was put in
        (b"\x80\x02u.", "empty list"),
        (b"ctorch\nFloatStorage\n)R.", "other than tensors"),
        (b"X\xff\xff\xff\xffabc", "expected 4294967295 bytes"),
        (b"(" * 10_000 + b".", "empty list"),
    ],
)
def test_refuses_everything_else(tensors: bytes, message: str) -> None:
    with pytest.raises(FeatureError, match=rf"^not a torch file of tensors: .*({message})") as caught:
        read_torch_pickle(hand_made(tensors))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "counts", "message"),
    [
        (("0",), (5,), "storage 0 has 5 numbers in place of 6"),
        (("0",), (), "buffer"),
        (("0", "1"), (6, 6), "1"),
        ((), (), "0"),
        (("0",), (6, 6), "bytes behind its last storage"),
    ],
)
def test_storages_are_what_the_tensors_say(
    keys: tuple[str, ...], counts: tuple[int, ...], message: str
) -> None:
    with pytest.raises(FeatureError, match=message):
        read_torch_pickle(hand_made(tensor(), keys, counts))


def test_a_storage_of_minus_one_numbers_is_not_all_that_follow() -> None:
    data = hand_made(tensor()).replace(b"J\x06\x00\x00\x00", b"J\xff\xff\xff\xff")
    data = data.replace(struct.pack("<q", 6), struct.pack("<q", -1))
    with pytest.raises(FeatureError, match="-1 numbers in place of -1"):
        read_torch_pickle(data)


@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # of text, which is refused anyway
@settings(max_examples=300)
@given(st.data())
def test_a_file_cut_off_or_changed_never_raises_another_error(data: st.DataObject) -> None:
    whole = hand_made(tensor())
    with pytest.raises(FeatureError):
        read_torch_pickle(whole[: data.draw(st.integers(0, len(whole) - 1))])
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + data.draw(st.binary(min_size=1, max_size=4)) + whole[place + 1 :]
    with suppress(FeatureError):
        assert sum(array.size for array in read_torch_pickle(changed).values()) <= len(changed) // 4


def test_todays_zip_format_is_another() -> None:
    file = BytesIO()
    torch.save({"a": torch.zeros(2)}, file)
    with pytest.raises(FeatureError, match="not a torch file of tensors"):
        read_torch_pickle(file.getvalue())
