"""A file of a network at its maker's public place: where it is on this machine, and how it gets there."""

import hashlib
import os
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from phototriage.atomic_write import atomic_write
from phototriage.errors import FeatureError, OutputError
from phototriage.features.cache.model_folder import model_folder
from phototriage.features.runtime.weights import WeightsFile

__all__ = ["ModelFile", "PublishedFile"]

_SECONDS = 20.0

_OFFLINE = "HF_HUB_OFFLINE"
"""The variable by which people forbid every download of weights; other files than the hub's heed it, too."""
_YES = ("1", "ON", "YES", "TRUE")


@dataclass(frozen=True)
class PublishedFile:
    """A file as its maker published it. size: in bytes."""

    url: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class ModelFile:
    """One published file, wherever it is.

    weights_dir: a folder that may hold it. cache_dir: where else it is looked for, and kept once downloaded.
    Every method raises FeatureError, with what to do, where there is no file or another one.
    """

    published: PublishedFile
    weights_dir: Path | None
    cache_dir: Path

    @property
    def path(self) -> Path:
        """Where it is, or would be kept."""
        kept = model_folder(self.cache_dir) / self.published.name
        given = self.weights_dir and self.weights_dir / self.published.name
        return given if given and given.is_file() else kept

    @property
    def remedy(self) -> str:
        """How to get it."""
        return (
            f"fetch {self.published.url} on a machine with a network, put it into a folder WEIGHTS, and give "
            "--weights_dir WEIGHTS"
        )

    def local(self) -> Path:
        """The file, looked for without a network, and its checksum verified."""
        if not self.path.is_file():
            places = [str(each) for each in (self.weights_dir, model_folder(self.cache_dir)) if each]
            raise FeatureError(f"there is no {self.published.name} in {' or '.join(places)}; {self.remedy}")
        self._verify(WeightsFile(self.path, self.cache_dir).checksum, self.path.stat().st_size)
        return self.path

    def fetched(self) -> Path:
        """The file, downloaded where it is not here."""
        if self.path.is_file():
            return self.local()
        name = self.published.name
        if os.environ.get(_OFFLINE, "").upper() in _YES:
            raise FeatureError(f"{name} is not here, and {_OFFLINE} forbids to download it; {self.remedy}")
        try:
            with urllib.request.urlopen(self.published.url, timeout=_SECONDS) as answer:
                data = answer.read(self.published.size + 1)
        except (OSError, HTTPException) as error:
            raise FeatureError(
                f"{name} is neither here nor to be downloaded ({str(error)[:120]}); {self.remedy}"
            ) from error
        if hashlib.sha256(data).hexdigest() != self.published.sha256:
            raise FeatureError(
                f"what {self.published.url} gives is not {name} as it was published; {self.remedy}"
            )
        try:
            with atomic_write(self.path) as file:
                file.write(data)
        except OutputError as error:
            raise FeatureError(f"{error}: choose another place with --cache_dir") from error
        return self.path

    def read(self) -> bytes:
        """What the file holds, verified."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise FeatureError(f"cannot read {self.path}: {error.strerror}; {self.remedy}") from error
        self._verify(hashlib.sha256(data).hexdigest(), len(data))
        return data

    def _verify(self, checksum: str, size: int) -> None:
        if checksum == self.published.sha256:
            return
        found = (
            f"only {size:,} of {self.published.size:,} bytes: its download was cut off"
            if size < self.published.size
            else "another file than its maker published"
        )
        raise FeatureError(f"{self.path} is {found}; remove it, and {self.remedy}")
