"""What a run folder tells without torch: what it holds, and its config.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from phototriage.errors import OutputError
from phototriage.features import ExtractorOptions
from phototriage.outputs.text_file import write_text
from phototriage.plain_values import plain_values
from phototriage.ranker import MultiFeatureConfig

__all__ = ["LAST_STATE", "MODEL", "check_run_folder", "recipe_sections", "write_config"]

LAST_STATE, MODEL = "last_state.pt", "best_model.pt"


def check_run_folder(folder: str | Path, *, resume: bool, overwrite: bool) -> bool:
    """Whether there is anything to do: False where the run in the folder is to be resumed and is finished.

    Raises OutputError where it holds a run that would be lost.
    """
    folder = Path(folder)
    interrupted = (folder / LAST_STATE).exists()
    if not overwrite and not interrupted and (folder / MODEL).exists():
        if resume:
            return False
        raise OutputError(f"{folder} holds a finished run: choose another --output_dir, or --overwrite it")
    if interrupted and not (resume or overwrite):
        raise OutputError(f"{folder} holds an interrupted run: go on with it by --resume, or --overwrite it")
    return True


def recipe_sections(
    config: MultiFeatureConfig,
    features: Sequence[str] | None,
    options: ExtractorOptions,
    split: str,
    labels: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """All that decides the result of a training, in the sections of its config.yaml.

    Args:
        features: what is measured; None for a table of ready numbers.
        options: how it is measured; the path in them becomes one from the root of the disk.
        labels: where preferences come from; left out where whoever reads it says that.
    """
    if options.weights_dir is not None:
        options = replace(options, weights_dir=options.weights_dir.absolute())
    return {
        "ranker": plain_values(config),
        **({} if labels is None else {"labels": dict(labels)}),
        "features": None if features is None else list(features),
        "extractor": plain_values(options),
        "split": split,
    }


def write_config(sections: Mapping[str, Any], path: str | Path) -> None:
    """Writes settings that `phototriage train --config` reads. Raises OutputError."""
    write_text(yaml.safe_dump(dict(sections), sort_keys=False, allow_unicode=True), Path(path))
