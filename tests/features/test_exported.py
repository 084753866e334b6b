import logging
from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.features import Block, FeatureStore
from phototriage.features.exported import export_folder, exported_networks, find_exported, keep_exported

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
    (export_folder(tmp_path) / "mine.onnx").write_text("mine")
    assert exported_networks(tmp_path) == ()


def test_a_place_that_cannot_be_written(tmp_path: Path, network: Path) -> None:
    export_folder(tmp_path).write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"cannot write .*clip-.*--cache_dir"):
        keep_exported(tmp_path, BLOCK, network)
