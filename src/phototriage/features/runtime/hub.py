"""One model of the Hugging Face hub: its place in the hub's cache, and how it is downloaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.features.runtime.weights import WEIGHTS_FILES

__all__ = ["HubModel"]


@dataclass(frozen=True)
class HubModel:
    """A repository at a revision; the revision is a commit, so the weights are always the same ones."""

    repository: str
    revision: str

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
        return (
            f"fetch them on a machine with a network by `hf download {self.repository} --revision "
            f"{self.revision} --local-dir WEIGHTS/{self.name}` and give --weights_dir WEIGHTS, "
            "or do without by --features iqa"
        )

    @property
    def in_cache(self) -> Path:
        """Where the hub's cache has the model, if it has it."""
        # By its documented layout, since asking the hub's library takes half a second of imports.
        with extra("hub"):
            from huggingface_hub.constants import HF_HUB_CACHE

        return (
            Path(HF_HUB_CACHE) / f"models--{self.repository.replace('/', '--')}" / "snapshots" / self.revision
        )

    def downloaded(self) -> Path:
        """The folder in the hub's cache, downloaded where need be. Raises FeatureError."""
        with extra("hub"):
            from huggingface_hub import get_hf_file_metadata, hf_hub_url, snapshot_download
            from huggingface_hub.errors import HfHubHTTPError
            from huggingface_hub.utils import logging

        wanted = ["config.json", WEIGHTS_FILES[0]]
        verbosity = logging.get_verbosity()
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        # The errors of whichever library the hub's goes through the network with.
        bases: Any = HfHubHTTPError.__bases__
        try:
            if all((self.in_cache / name).is_file() for name in wanted):
                return self.in_cache  # a commit stays as it is: nobody need be asked
            # Asked once: the download would try for half a minute before it says that there is no network.
            get_hf_file_metadata(hf_hub_url(self.repository, wanted[0], revision=self.revision))
            return Path(snapshot_download(self.repository, revision=self.revision, allow_patterns=wanted))
        except (OSError, *bases) as error:
            raise FeatureError(
                f"the weights of {self.repository} are neither in the hub's cache nor to be downloaded "
                f"({str(error).partition(chr(10))[0][:120]}); {self.remedy}"
            ) from error
        finally:
            logging.set_verbosity(verbosity)
