"""One model of the Hugging Face hub: its place in the hub's cache, and how it is downloaded."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.features.runtime.weights import WEIGHTS_FILES

__all__ = ["HubModel", "pinned_revision"]

_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class HubModel:
    """A repository at a revision; the revision is a commit, so the weights are always the same ones.

    also: files that are needed besides config.json and the weights.
    """

    repository: str
    revision: str
    also: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the repository's name."""
        return self.repository.rpartition("/")[2]

    @property
    def identity(self) -> str:
        """Names the weights in fingerprints."""
        return f"{self.repository}@{self.revision[:12]}"

    @property
    def remedy(self) -> str:
        """What to do where the weights cannot be had."""
        revision = f" --revision {self.revision}" if self.revision else ""
        return (
            f"fetch them on a machine with a network by `hf download {self.repository}{revision} "
            f"--local-dir WEIGHTS/{self.name}` and give --weights_dir WEIGHTS, "
            "or do without by --features iqa"
        )

    @property
    def in_cache(self) -> Path:
        """Where the hub's cache has the model, if it has it."""
        return _cached(self.repository) / "snapshots" / self.revision

    def downloaded(self) -> Path:
        """The folder in the hub's cache, downloaded where need be. Raises FeatureError."""
        path = self._downloaded(WEIGHTS_FILES[0])
        if self.also and not (path / WEIGHTS_FILES[0]).is_file():
            return self._downloaded(WEIGHTS_FILES[1])  # a model that was published before safetensors
        return path

    def config_downloaded(self) -> Path:
        """The same folder, with at least all but the weights. Raises FeatureError."""
        return self._downloaded()

    def _downloaded(self, *weights: str) -> Path:
        wanted = ["config.json", *self.also, *weights]
        if all((self.in_cache / name).is_file() for name in wanted):
            return self.in_cache  # a commit stays as it is: nobody need be asked
        with extra("hub"):
            from huggingface_hub import get_hf_file_metadata, hf_hub_url, snapshot_download

        with _asking_the_hub(f"the weights of {self.repository} are", self.remedy):
            # Asked once: the download would try for half a minute before it says that there is no network.
            get_hf_file_metadata(hf_hub_url(self.repository, wanted[0], revision=self.revision))
            return Path(snapshot_download(self.repository, revision=self.revision, allow_patterns=wanted))


def pinned_revision(repository: str, revision: str, folder: Path | None = None) -> str:
    """The commit that a branch, a tag or nothing (the main branch) names.

    In a folder in place of the hub it is the revision as given, or the one that `hf download` noted there;
    empty where it noted none. Otherwise it is what the hub's cache has under that name, or what the hub says.
    Raises FeatureError where it cannot be asked, and where the folder is known to hold another commit.
    """
    is_commit = _COMMIT.fullmatch(revision) is not None
    if folder is not None:
        noted = _noted_commit(folder)
        if is_commit and noted and noted != revision:
            raise FeatureError(f"{folder} holds {repository} at {noted}, not at {revision}")
        return revision or noted
    if is_commit:
        return revision
    name = revision or "main"
    with suppress(OSError, ValueError):
        known = (_cached(repository) / "refs" / name).read_text().strip()
        if _COMMIT.fullmatch(known):
            return known
    with extra("hub"):
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

    remedy = (
        f"download it on a machine with a network by `hf download {repository} --local-dir "
        f"WEIGHTS/{repository.rpartition('/')[2]}` and give --weights_dir WEIGHTS"
    )
    with _asking_the_hub(f"{repository} at {name!r} is", remedy):
        commit = get_hf_file_metadata(hf_hub_url(repository, "config.json", revision=name)).commit_hash
    if commit is None:
        raise FeatureError(
            f"the hub names no commit of {repository} at {name!r}: give one, {repository}@COMMIT"
        )
    return commit


def _noted_commit(folder: Path) -> str:
    """The commit of which `hf download` noted that it fetched it to a folder; empty where it noted none."""
    note = folder / ".cache" / "huggingface" / "download" / "config.json.metadata"
    try:
        return note.read_text().split()[0]
    except (OSError, ValueError, IndexError):
        return ""


def _cached(repository: str) -> Path:
    # By its documented layout, since asking the hub's library takes half a second of imports.
    with extra("hub"):
        from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"


@contextmanager
def _asking_the_hub(what: str, remedy: str) -> Iterator[None]:
    """Raises FeatureError where the hub cannot be asked, or has not got it."""
    with extra("hub"):
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
        from huggingface_hub.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    # The errors of whichever library the hub's goes through the network with.
    bases: Any = HfHubHTTPError.__bases__
    try:
        yield
    except (OSError, HFValidationError, *bases) as error:
        raise FeatureError(
            f"{what} neither in the hub's cache nor to be downloaded "
            f"({str(error).partition(chr(10))[0][:120]}); {remedy}"
        ) from error
    finally:
        logging.set_verbosity(verbosity)
