"""Networks exported to ONNX, kept so that neither torch nor weights are needed again.

<cache_dir>/onnx/<folder name of the block>.<way of exporting>.<checksum>.onnx

The checksum is the file's own, so that one rename puts both in place and a damaged file is known as such.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path

from phototriage.atomic_write import atomic_write
from phototriage.errors import FeatureError, OutputError
from phototriage.features.block import Block
from phototriage.features.cache.part import listed
from phototriage.features.cache.store import FeatureStore, set_aside

__all__ = [
    "ExportedNetwork",
    "damaged_networks",
    "export_folder",
    "exported_networks",
    "find_exported",
    "keep_exported",
]

_EXPORT = 1  # counts the ways in which networks were exported, so that no file of an older one is used
# A block's name may have dots too.
_FILE = re.compile(r"(?P<block_folder>.+)\.\d+\.(?P<checksum>[0-9a-f]{32})\.(?P<state>onnx|broken)")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportedNetwork:
    """A file of the export folder. `block_folder`: the name of the store's folder of the block it makes."""

    path: Path
    block_folder: str
    checksum: str

    @property
    def sound(self) -> bool:
        """Whether the file is what was written.

        Raises FileNotFoundError where it is gone by now, FeatureError where it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                return _shortened(hashlib.file_digest(file, "sha256").hexdigest()) == self.checksum
        except FileNotFoundError:
            raise
        except OSError as error:
            raise FeatureError(
                f"cannot read the network {self.path}: {error.strerror}; "
                "choose another place with --cache_dir"
            ) from error


def export_folder(cache_dir: Path) -> Path:
    """Where exported networks lie, and are written."""
    return cache_dir / "onnx"


def exported_networks(cache_dir: Path) -> tuple[ExportedNetwork, ...]:
    """All exported networks, unread. Raises FeatureError where their folder cannot be read."""
    return _networks(cache_dir, "onnx")


def damaged_networks(cache_dir: Path) -> tuple[ExportedNetwork, ...]:
    """Those that were set aside. Raises FeatureError where their folder cannot be read."""
    return _networks(cache_dir, "broken")


def find_exported(cache_dir: Path, block: Block) -> Path | None:
    """The network that makes `block`, if it was exported. A damaged file is set aside, with a warning.

    Raises FeatureError where it cannot be read.
    """
    for each in exported_networks(cache_dir):
        if not each.path.name.startswith(f"{_name(cache_dir, block)}."):
            continue
        try:
            if each.sound:
                return each.path
        except FileNotFoundError:
            continue
        done = "set aside" if set_aside(each.path) else "left out"
        _log.warning("%s a damaged network, it is exported again: %s", done, each.path)
    return None


def keep_exported(cache_dir: Path, block: Block, network: Path) -> Path:
    """Puts a copy of an exported file where it is found again. Raises OutputError."""
    data = network.read_bytes()
    checksum = _shortened(hashlib.sha256(data).hexdigest())
    path = export_folder(cache_dir) / f"{_name(cache_dir, block)}.{checksum}.onnx"
    try:
        with atomic_write(path) as file:
            file.write(data)
    except OutputError as error:
        raise OutputError(f"{error}; free some space, or choose another place with --cache_dir") from error
    return path


def _networks(cache_dir: Path, state: str) -> tuple[ExportedNetwork, ...]:
    found = [(path, _FILE.fullmatch(path.name)) for path in listed(export_folder(cache_dir), "*")]
    return tuple(
        ExportedNetwork(path, name["block_folder"], name["checksum"])
        for path, name in found
        if name and name["state"] == state
    )


def _name(cache_dir: Path, block: Block) -> str:
    return f"{FeatureStore.folder_of(cache_dir, block).name}.{_EXPORT}"


def _shortened(digest: str) -> str:
    return digest[:32]
