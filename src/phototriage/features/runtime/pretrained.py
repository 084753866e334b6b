"""Pretrained weights from the Hugging Face hub, its cache, or a folder, and the networks they make."""

import pickle
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phototriage.errors import FeatureError
from phototriage.extras import extra
from phototriage.features.cache.weights_record import remember, remembered
from phototriage.features.runtime.device import out_of_memory
from phototriage.features.runtime.hub import HubModel
from phototriage.features.runtime.weights import ModelFolder

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

__all__ = ["PretrainedWeights", "load_network"]


@dataclass(frozen=True)
class PretrainedWeights:
    """One model's weights, wherever they are.

    hub: the model on the hub.
    model_types: the `model_type`s of config.json that can be used; all where none is named.
    weights_dir: a folder that holds the model under the hub's name of it; in place of the hub.
    cache_dir: where it is remembered what files were seen.
    """

    hub: HubModel
    model_types: tuple[str, ...]
    weights_dir: Path | None
    cache_dir: Path

    @property
    def in_weights_dir(self) -> ModelFolder | None:
        """The folder that is used in place of the hub, if one is."""
        return None if self.weights_dir is None else self._folder(self.weights_dir / self.hub.name)

    @property
    def identity(self) -> str:
        """Names the weights: the hub's commit, or a checksum of the local config and file. Needs no network.

        A local folder has the hub's identity where it is known to hold the hub's files: by what
        `hf download` left beside them, or because they came from the hub to this cache folder before. What
        was said of some files once is said of them for good. Raises FeatureError where a local file cannot be
        used.
        """
        folder = self.in_weights_dir
        if folder is None:
            return self.hub.identity
        content = folder.content()
        from_hub = folder.is_download_of(self.hub.revision)
        return self._remembered(content, self.hub.identity if from_hub else f"{folder.path.name}#{content}")

    @property
    def remedy(self) -> str:
        """The command that fetches the weights to where they are looked for."""
        files = " ".join(["config.json", *self.hub.also, "model.safetensors"])
        fetch = f"hf download {self.hub.repository} {files}"
        if folder := self.in_weights_dir:
            fetch += f" --local-dir {folder.path}"
        return f"{fetch} --revision {self.hub.revision}" if self.hub.revision else fetch

    def local(self) -> Path:
        """The folder with config.json and the weights, looked for without a network.

        Raises FeatureError, with what to do, where they are not here.
        """
        folder = self.in_weights_dir or self._folder(self.hub.in_cache)
        try:
            folder.config()
            folder.weights()
        except FeatureError as error:
            if self.weights_dir:
                raise
            raise FeatureError(f"not in the hub's cache; {self.hub.remedy}") from error
        return folder.path

    def config_folder(self) -> ModelFolder:
        """The folder with config.json and the small files beside it, downloaded where need be.

        Raises FeatureError, with what to do, where they cannot be had.
        """
        return self.in_weights_dir or self._folder(self.hub.config_downloaded())

    def folder(self) -> ModelFolder:
        """The folder with config.json and the weights, downloaded where need be.

        Raises FeatureError, with what to do, where they cannot be had.
        """
        if folder := self.in_weights_dir:
            folder.config()
            return folder
        folder = self._folder(self.hub.downloaded())
        self._remembered(folder.content(), self.hub.identity)
        return folder

    def _folder(self, path: Path) -> ModelFolder:
        return ModelFolder(path, self.model_types, self.hub.remedy, self.cache_dir)

    def _remembered(self, content: str, otherwise: str) -> str:
        """The identity that files of this content have had, or else have from now on."""
        known = remembered(self.cache_dir, "identities").get(content)
        if isinstance(known, str):
            return known
        remember(self.cache_dir, "identities", content, otherwise)
        return otherwise


def load_network(
    folder: ModelFolder, architecture: "type[PreTrainedModel]", unused: tuple[str, ...] = ()
) -> "nn.Module":
    """The network with the folder's weights, float32, in evaluation mode.

    unused: how the names of weights begin that the file may lack, because their outputs are not used.
    Nothing in the files is run: safetensors, or torch's weights-only loading. Raises FeatureError where
    a file is damaged, or lacks weights that the architecture needs; MemoryError or RuntimeError where the
    memory does not suffice.
    """
    from safetensors import SafetensorError

    with extra("hub"):
        import torch
        from huggingface_hub.errors import StrictDataclassError
        from transformers.utils import logging

    folder.weights()
    # The wait is short and the screen is for the photos; what does not fit is judged below.
    logging.disable_progress_bar()
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings(action="ignore"):
            # Its declared type leaves out what output_loading_info adds.
            loaded: Any = architecture.from_pretrained(
                folder.path,
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
            f"the weights in {folder.path} cannot be read by its config.json ({reason}); {folder.remedy}"
        ) from error
    finally:
        logging.set_verbosity(verbosity)
    model, report = loaded
    lacking = [name for name in sorted(report["missing_keys"]) if not name.startswith(unused)]
    lacking += sorted(name for name, *_ in report["mismatched_keys"])
    if lacking:
        raise FeatureError(
            f"the weights in {folder.path} do not fit: {len(lacking)} are absent or of another shape, "
            f"the first is {lacking[0]}; {folder.remedy}"
        )
    network: nn.Module = model.eval()
    return network
