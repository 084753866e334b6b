import logging
from pathlib import Path

import pytest

from phototriage.errors import FeatureError, OutputError
from phototriage.features import Block, FeatureStore
from phototriage.features.cache.exported import export_folder, exported_networks, find_exported, keep_exported

BLOCK, OTHER = (Block("clip", f"clip/{number}", ("a", "b")) for number in (1, 2))


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.onnx"
    path.write_bytes(b"a network" * 100)
    return path


def test_what_is_kept_is_found_by_its_block(tmp_path: Path, network: Path) -> None:
    assert find_exported(tmp_path, BLOCK) is None
    kept = keep_exported(tmp_path, BLOCK, network)
    assert kept.read_bytes() == network.read_bytes()
    assert find_exported(tmp_path, BLOCK) == kept
    assert find_exported(tmp_path, OTHER) is None
    (listed,) = exported_networks(tmp_path)
    assert (listed.path, listed.sound) == (kept, True)
    assert listed.block_folder == FeatureStore.folder_of(tmp_path, BLOCK).name


def test_a_damaged_file_is_set_aside_and_said(
    tmp_path: Path, network: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = keep_exported(tmp_path, BLOCK, network)
    data = bytearray(kept.read_bytes())
    data[50] ^= 1
    kept.write_bytes(data)
    assert not exported_networks(tmp_path)[0].sound
    with caplog.at_level(logging.WARNING):
        assert find_exported(tmp_path, BLOCK) is None
    assert caplog.messages == [f"set aside a damaged network, it is exported again: {kept}"]
    assert kept.with_suffix(".broken").read_bytes() == data
    assert exported_networks(tmp_path) == ()
    assert find_exported(tmp_path, BLOCK) is None
    assert keep_exported(tmp_path, BLOCK, network) == kept == find_exported(tmp_path, BLOCK)


def test_files_of_others_are_no_networks(tmp_path: Path) -> None:
    export_folder(tmp_path).mkdir()
    for name in ("mine.onnx", "my.own.network.onnx"):
        (export_folder(tmp_path) / name).write_text("mine")
    assert exported_networks(tmp_path) == ()


def test_a_place_that_cannot_be_written(tmp_path: Path, network: Path) -> None:
    export_folder(tmp_path).write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"cannot write .*clip-.*--cache_dir"):
        keep_exported(tmp_path, BLOCK, network)


def test_a_name_with_dots_is_found_again(tmp_path: Path, network: Path) -> None:
    block = Block("squeezenet1.1", "squeezenet/1", ("a",))
    kept = keep_exported(tmp_path, block, network)
    assert find_exported(tmp_path, block) == kept
    assert exported_networks(tmp_path)[0].block_folder == FeatureStore.folder_of(tmp_path, block).name


def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path: Path, network: Path) -> None:
    kept = keep_exported(tmp_path, BLOCK, network)
    kept.unlink()
    kept.mkdir()
    with pytest.raises(FeatureError, match=r"cannot read the network .*: Is a directory; .*--cache_dir"):
        find_exported(tmp_path, BLOCK)


def test_a_damaged_file_that_has_to_stay_is_not_called_set_aside(
    tmp_path: Path, network: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep_exported(tmp_path, BLOCK, network)
    kept.write_bytes(b"damaged")

    def forbidden(path: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", forbidden)
    assert find_exported(tmp_path, BLOCK) is None
    assert caplog.messages == [f"left out a damaged network, it is exported again: {kept}"]
    assert kept.read_bytes() == b"damaged"
