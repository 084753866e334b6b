"""One file of weights: its checksum, which is remembered, and what it holds."""

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phototriage.atomic_write import atomic_write
from phototriage.errors import FeatureError, OutputError
from phototriage.extras import extra

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["WeightsFile", "remember", "remembered", "weights_record"]


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights, and the cache folder that remembers its checksum."""

    path: Path
    cache_dir: Path

    @property
    def checksum(self) -> str:
        """The SHA-256. Read in full only where the file is new or has changed by size or time.

        Raises FeatureError where it cannot be read.
        """
        try:
            target = self.path.resolve()
            if target.parent.name == "blobs" and re.fullmatch("[0-9a-f]{64}", target.name):
                return target.name  # the hub's cache names large files so
            stat = target.stat()
            match remembered(self.cache_dir, "checksums").get(str(target)):
                case [stat.st_size, stat.st_mtime_ns, str(checksum)]:
                    return checksum
            with target.open("rb") as file:
                checksum = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise FeatureError(f"cannot read the weights {self.path}: {error.strerror}") from error
        remember(self.cache_dir, "checksums", str(target), [stat.st_size, stat.st_mtime_ns, checksum])
        return checksum

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor of a .safetensors file, without torch. Raises FeatureError."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, "numpy") as file:
                names = file.keys()
                return {name: tuple(file.get_slice(name).get_shape()) for name in names}
        except (OSError, SafetensorError) as error:
            raise FeatureError(f"the weights {self.path} cannot be read: {error}") from error

    def tensors(self) -> "dict[str, Tensor]":
        """Every tensor of a .safetensors file, float32. Raises FeatureError."""
        from safetensors import SafetensorError

        with extra("hub"):
            from safetensors.torch import load_file

        try:
            return {name: tensor.float() for name, tensor in load_file(self.path).items()}
        except (OSError, SafetensorError) as error:
            raise FeatureError(f"the weights {self.path} cannot be read: {error}") from error


_KINDS = ("checksums", "identities")


def weights_record(cache_dir: Path) -> Path:
    """The file in which it is remembered what is known about weights."""
    return cache_dir / "weights.json"


def remembered(cache_dir: Path, kind: str) -> dict[str, Any]:
    """What the record says of a kind, "checksums" or "identities"; nothing where it is absent or damaged."""
    try:
        entries = json.loads(weights_record(cache_dir).read_text())[kind]
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return entries if isinstance(entries, dict) else {}


def remember(cache_dir: Path, kind: str, key: str, value: object) -> None:
    """Adds to the record. Where it cannot be written, the same work is done again next time."""
    entries = {each: remembered(cache_dir, each) for each in _KINDS}
    entries[kind][key] = value
    with suppress(OutputError), atomic_write(weights_record(cache_dir)) as file:
        file.write(json.dumps(entries, indent=1).encode())
