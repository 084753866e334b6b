import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from phototriage.errors import FeatureError
from phototriage.features.cache.weights_record import remembered, weights_record
from phototriage.features.runtime.weights import WeightsFile


@pytest.fixture
def file(tmp_path: Path) -> WeightsFile:
    path = tmp_path / "model.safetensors"
    save_file({"a": np.ones((2, 3), np.float16), "b": np.zeros(4, np.float32)}, path)
    return WeightsFile(path, tmp_path / "cache")


def test_the_checksum_is_read_once_and_again_after_a_change(file: WeightsFile) -> None:
    expected = hashlib.sha256(file.path.read_bytes()).hexdigest()
    assert file.checksum == expected
    times = file.path.stat()
    data = bytearray(file.path.read_bytes())
    data[-1] ^= 1
    file.path.write_bytes(data)
    os.utime(file.path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file.checksum == expected  # not read: nothing tells that it changed
    os.utime(file.path, ns=(0, 0))
    assert file.checksum == hashlib.sha256(data).hexdigest()


def test_the_hubs_cache_tells_the_checksum_by_a_name(tmp_path: Path) -> None:
    blob = tmp_path / "blobs" / ("0123456789abcdef" * 4)
    blob.parent.mkdir()
    blob.touch()
    (tmp_path / "model.safetensors").symlink_to(blob)
    file = WeightsFile(tmp_path / "model.safetensors", tmp_path)
    assert file.checksum == blob.name
    assert not weights_record(tmp_path).exists()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"checksums": 3}', b"\xff\xfe", b'{"checksums": {"x": 1}}']
)
def test_a_damaged_record_is_made_anew(file: WeightsFile, content: bytes) -> None:
    weights_record(file.cache_dir).parent.mkdir()
    weights_record(file.cache_dir).write_bytes(content)
    expected = hashlib.sha256(file.path.read_bytes()).hexdigest()
    assert file.checksum == file.checksum == expected
    assert str(file.path) in remembered(file.cache_dir, "checksums")


def test_a_cache_that_cannot_be_written_is_no_error(file: WeightsFile) -> None:
    file.cache_dir.write_text("a file where the folder should be")
    assert file.checksum == hashlib.sha256(file.path.read_bytes()).hexdigest()


def test_what_a_file_holds(file: WeightsFile) -> None:
    assert file.shapes() == {"a": (2, 3), "b": (4,)}
    tensors = file.tensors()
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {"a": [[1] * 3] * 2, "b": [0] * 4}
    assert {str(tensor.dtype) for tensor in tensors.values()} == {"torch.float32"}


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 100])
def test_an_unusable_file(tmp_path: Path, content: bytes | None) -> None:
    file = WeightsFile(tmp_path / "model.safetensors", tmp_path)
    if content is not None:
        file.path.write_bytes(content)
    for read in (file.shapes, file.tensors):
        with pytest.raises(FeatureError, match=r"the weights .*model\.safetensors cannot be read"):
            read()
    if content is None:
        with pytest.raises(FeatureError, match="cannot read the weights"):
            _ = file.checksum
