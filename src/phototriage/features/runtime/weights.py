"""Pretrained weights as they lie on the disk: a file, and a folder in the format of the Hugging Face hub."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.features.cache.weights_record import remember, remembered

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["WEIGHTS_FILES", "ModelFolder", "WeightsFile"]

WEIGHTS_FILES = ("model.safetensors", "pytorch_model.bin")
"""The names of a file of weights, the preferred one first."""

_NOT_BUILT_FROM = frozenset(
    {
        "_commit_hash",
        "_name_or_path",
        "architectures",
        "dtype",
        "id2label",
        "label2id",
        "torch_dtype",
        "transformers_version",
        "use_cache",
    }
)
"""What a config.json says, here or there, that moves no number of the network."""


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

    def local(self) -> Path:
        """The file. Raises FeatureError, with what to do, where it is not there."""
        if not self.path.is_file():
            raise FeatureError(f"there is no {self.path}; {self.remedy}")
        return self.path

    @property
    def remedy(self) -> str:
        """How to get the weights."""
        return f"put {self.path.name} into a folder WEIGHTS and give --weights_dir WEIGHTS"

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


@dataclass(frozen=True)
class ModelFolder:
    """A folder with config.json and a file of weights.

    model_types: the `model_type`s of config.json that can be used; all where none is named.
    remedy: what to do where the folder cannot be used, for the messages.
    cache_dir: remembers checksums.
    Every method raises FeatureError where a file that it needs cannot be used.
    """

    path: Path
    model_types: tuple[str, ...]
    remedy: str
    cache_dir: Path

    def config(self) -> dict[str, Any]:
        """What config.json says."""
        path = self.path / "config.json"
        try:
            config = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise FeatureError(f"cannot read {path}: {error}; {self.remedy}") from error
        if not isinstance(config, dict):
            config = {}
        found = config.get("model_type")
        if found is None or (self.model_types and found not in self.model_types):
            known = repr(self.model_types[0]) if self.model_types else "one of transformers"
            raise FeatureError(
                f"{self.path} holds a model of another kind ({found!r}, not {known}); {self.remedy}"
            )
        return config

    def number(self, *keys: str) -> int:
        """A whole number over 0 of config.json, under `keys`."""
        value: Any = self.config()
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if type(value) is not int or value < 1:
            raise self.unfit_config(f"has no number {'.'.join(keys)} over 0")
        return value

    def unfit_config(self, problem: str) -> FeatureError:
        """The error that says so of config.json."""
        return FeatureError(f"{self.path}/config.json {problem}; {self.remedy}")

    def weights(self) -> WeightsFile:
        """The file of weights."""
        for name in WEIGHTS_FILES:
            if (self.path / name).is_file():
                return WeightsFile(self.path / name, self.cache_dir)
        raise FeatureError(
            f"there are no weights in {self.path} ({' or '.join(WEIGHTS_FILES)}); {self.remedy}"
        )

    def content(self) -> str:
        """A checksum of the weights and of what a network is built from in the config."""
        both = json.dumps([_built_from(self.config()), self.weights().checksum], sort_keys=True)
        return hashlib.blake2b(both.encode(), digest_size=8).hexdigest()

    def is_download_of(self, revision: str) -> bool:
        """Whether both files are a revision's, by the notes that `hf download --local-dir` leaves."""
        weights = self.weights()
        config = (self.path / "config.json").read_bytes()
        blob = hashlib.sha1(b"blob %d\0" % len(config) + config, usedforsecurity=False).hexdigest()
        for name, checksum in {weights.path.name: weights.checksum, "config.json": blob}.items():
            note = self.path / ".cache" / "huggingface" / "download" / f"{name}.metadata"
            try:
                noted = note.read_text().split()
            except (OSError, ValueError):
                return False
            if noted[:2] != [revision, checksum]:
                return False
        return True


def _built_from(config: Any) -> Any:
    """A config, or a value in one, without what moves no number."""
    if isinstance(config, dict):
        return {key: _built_from(value) for key, value in config.items() if key not in _NOT_BUILT_FROM}
    return config
