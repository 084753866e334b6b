"""Where pretrained weights come from: the Hugging Face hub, its cache, or a folder."""

import hashlib
import json
import pickle
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.features.runtime.memory import out_of_memory
from phototriage.features.runtime.weights_file import WeightsFile, remember, remembered

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

__all__ = ["PretrainedWeights"]

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

_FILES = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class PretrainedWeights:
    """One model's weights.

    repository, revision: on the hub; the revision is a commit, so the weights are always the same ones.
    model_types: the `model_type`s of config.json that can be used.
    weights_dir: a folder that holds the model under the last part of the repository's name; in place of the
    hub.
    cache_dir: where it is remembered what files were seen.
    """

    repository: str
    revision: str
    model_types: tuple[str, ...]
    weights_dir: Path | None
    cache_dir: Path

    @property
    def identity(self) -> str:
        """Names the weights: the hub's commit, or a checksum of the local config and file. Needs no network.

        A local folder has the hub's identity where it is known to hold the hub's files: by what
        `hf download` left beside them, or because they came from the hub to this cache folder before. What
        was said of some files once is said of them for good. Raises FeatureError where a local file cannot be
        used.
        """
        if self.weights_dir is None:
            return self._hub_identity
        content = self._content(self._local)
        name = self._hub_identity if self._is_the_hubs(self._local) else f"{self._local.name}#{content}"
        return self._remembered_identity(content, name)

    def local_config(self) -> dict[str, Any] | None:
        """The config.json of a local folder; None for the hub's, whose sizes are known."""
        return None if self.weights_dir is None else self._config(self._local)

    def folder(self) -> Path:
        """The folder with config.json and the weights, downloaded where need be.

        Raises FeatureError, with what to do, where they cannot be had.
        """
        if self.weights_dir:
            self._config(self._local)
            return self._local
        folder = self._downloaded()
        self._remembered_identity(self._content(folder), self._hub_identity)
        return folder

    def at_hand(self) -> Path:
        """The folder with config.json and the weights, looked for without a network.

        Raises FeatureError, with what to do, where they are not here.
        """
        folder = self._local if self.weights_dir else self._in_hub_cache
        self._config(folder)
        self._weights_file(folder)
        return folder

    def load(self, architecture: "type[PreTrainedModel]") -> "nn.Module":
        """The model with these weights, float32, in evaluation mode.

        Nothing in the files is run: safetensors, or torch's weights-only loading. Raises FeatureError where
        a file is damaged, or lacks weights that the architecture needs; MemoryError or RuntimeError where the
        memory does not suffice.
        """
        from safetensors import SafetensorError

        with extra("hub"):
            import torch
            from huggingface_hub.errors import StrictDataclassError
            from transformers.utils import logging

        folder = self.folder()
        self._weights_file(folder)
        # The wait is short and the screen is for the photos; what does not fit is judged below.
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        verbosity = logging.get_verbosity()
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        try:
            with warnings.catch_warnings(action="ignore"):
                # Its declared type leaves out what output_loading_info adds.
                loaded: Any = architecture.from_pretrained(
                    folder,
                    local_files_only=True,
                    dtype=torch.float32,
                    output_loading_info=True,
                    ignore_mismatched_sizes=True,
                )
        # Both files are read, and whatever a damaged config.json says, it ends in one of these.
        except (
            *(ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError),
            *(SafetensorError, StrictDataclassError, pickle.UnpicklingError),
        ) as error:
            if out_of_memory(error):
                raise
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
            raise FeatureError(
                f"the weights in {folder} cannot be read by its config.json ({reason}); {self._remedy}"
            ) from error
        finally:
            logging.set_verbosity(verbosity)
        model, report = loaded
        lacking = sorted(report["missing_keys"]) + sorted(name for name, *_ in report["mismatched_keys"])
        if lacking:
            raise FeatureError(
                f"the weights in {folder} do not fit: {len(lacking)} are absent or of another shape, "
                f"the first is {lacking[0]}; {self._remedy}"
            )
        network: nn.Module = model.eval()
        return network

    def local_number(self, *keys: str) -> int:
        """A whole number over 0 of the local config.json, under `keys`. Raises FeatureError otherwise."""
        value: Any = self._config(self._local)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if type(value) is not int or value < 1:
            raise self.unfit_config(f"has no number {'.'.join(keys)} over 0")
        return value

    def unfit_config(self, problem: str) -> FeatureError:
        """The error that says so of the local config.json."""
        return FeatureError(f"{self._local}/config.json {problem}; {self._remedy}")

    @property
    def _local(self) -> Path:
        return (self.weights_dir or Path()) / self.repository.rpartition("/")[2]

    @property
    def _in_hub_cache(self) -> Path:
        # By its documented layout, since asking the hub's library takes half a second of imports.
        with extra("hub"):
            from huggingface_hub.constants import HF_HUB_CACHE

        name = f"models--{self.repository.replace('/', '--')}"
        return Path(HF_HUB_CACHE) / name / "snapshots" / self.revision

    @property
    def _hub_identity(self) -> str:
        return f"{self.repository}@{self.revision[:12]}"

    def _content(self, folder: Path) -> str:
        """A checksum of the weights and of what a network is built from in the config."""
        weights = WeightsFile(self._weights_file(folder), self.cache_dir).checksum
        both = json.dumps([_built_from(self._config(folder)), weights], sort_keys=True)
        return hashlib.blake2b(both.encode(), digest_size=8).hexdigest()

    def _is_the_hubs(self, folder: Path) -> bool:
        """Whether both files are the revision's, by the notes that `hf download --local-dir` leaves."""
        weights = self._weights_file(folder)
        config = (folder / "config.json").read_bytes()
        blob = hashlib.sha1(b"blob %d\0" % len(config) + config, usedforsecurity=False).hexdigest()
        checksums = {weights.name: WeightsFile(weights, self.cache_dir).checksum, "config.json": blob}
        for name, checksum in checksums.items():
            note = folder / ".cache" / "huggingface" / "download" / f"{name}.metadata"
            try:
                said = note.read_text().split()
            except (OSError, ValueError):
                return False
            if said[:2] != [self.revision, checksum]:
                return False
        return True

    def _remembered_identity(self, content: str, otherwise: str) -> str:
        known = remembered(self.cache_dir, "identities").get(content)
        if isinstance(known, str):
            return known
        remember(self.cache_dir, "identities", content, otherwise)
        return otherwise

    def _config(self, folder: Path) -> dict[str, Any]:
        path = folder / "config.json"
        try:
            config = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise FeatureError(f"cannot read {path}: {error}; {self._remedy}") from error
        if not isinstance(config, dict) or config.get("model_type") not in self.model_types:
            found = config.get("model_type") if isinstance(config, dict) else None
            raise FeatureError(
                f"{folder} holds a model of another kind ({found!r}, not {self.model_types[0]!r}); "
                f"{self._remedy}"
            )
        return config

    def _weights_file(self, folder: Path) -> Path:
        for name in _FILES:
            if (folder / name).is_file():
                return folder / name
        raise FeatureError(f"there are no weights in {folder} ({' or '.join(_FILES)}); {self._remedy}")

    def _downloaded(self) -> Path:
        with extra("hub"):
            from huggingface_hub import get_hf_file_metadata, hf_hub_url, snapshot_download
            from huggingface_hub.errors import HfHubHTTPError
            from huggingface_hub.utils import logging

        wanted = ["config.json", _FILES[0]]
        verbosity = logging.get_verbosity()
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        # The errors of whichever library the hub's goes through the network with.
        bases: Any = HfHubHTTPError.__bases__
        try:
            if all((self._in_hub_cache / name).is_file() for name in wanted):
                return self._in_hub_cache  # a commit stays as it is: nobody need be asked
            # Asked once: the download would try for half a minute before it says that there is no network.
            get_hf_file_metadata(hf_hub_url(self.repository, wanted[0], revision=self.revision))
            return Path(snapshot_download(self.repository, revision=self.revision, allow_patterns=wanted))
        except (OSError, *bases) as error:
            raise FeatureError(
                f"the weights of {self.repository} are neither in the hub's cache nor to be downloaded "
                f"({str(error).partition(chr(10))[0][:120]}); {self._remedy}"
            ) from error
        finally:
            logging.set_verbosity(verbosity)

    @property
    def _remedy(self) -> str:
        name = self.repository.rpartition("/")[2]
        return (
            f"fetch them on a machine with a network by `hf download {self.repository} --revision "
            f"{self.revision} --local-dir WEIGHTS/{name}` and give --weights_dir WEIGHTS, or do without by "
            "--features iqa"
        )


def _built_from(config: Any) -> Any:
    """A config, or a value in one, without what moves no number."""
    if isinstance(config, dict):
        return {key: _built_from(value) for key, value in config.items() if key not in _NOT_BUILT_FROM}
    return config
