"""The parts of a run folder that need no torch: its status and its config.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from phototriage.errors import OutputError
from phototriage.features import ExtractorOptions
from phototriage.features.extractors.backbone import pinned
from phototriage.outputs.text_file import write_text
from phototriage.plain_values import plain_values
from phototriage.ranker import MultiFeatureConfig

__all__ = ["LAST_STATE", "MODEL", "check_run_folder", "recipe_sections", "write_config"]

LAST_STATE, MODEL = "last_state.pt", "best_model.pt"


def check_run_folder(folder: str | Path, *, resume: bool, overwrite: bool) -> bool:
    """Whether there is anything to do; False if the run to resume is already finished.

    Raises OutputError if the folder contains a run that would be lost.
    """
    folder = Path(folder)
    interrupted = (folder / LAST_STATE).exists()
    if not overwrite and not interrupted and (folder / MODEL).exists():
        if resume:
            return False
        raise OutputError(f"{folder} holds a finished run: choose another --output_dir, or --overwrite it")
    if interrupted and not (resume or overwrite):
        raise OutputError(
            f"{folder} holds an interrupted run: continue it with --resume, or replace it with --overwrite"
        )
    return True


def recipe_sections(
    config: MultiFeatureConfig,
    features: Sequence[str] | None,
    options: ExtractorOptions,
    split: str,
    labels: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything that determines the result of training, as the sections of its config.yaml.

    Args:
        features: the measured features; None for a table of precomputed numbers.
        options: how they are measured; the path in them becomes absolute, the backbone's revision a commit.
        labels: the source of the preferences; omitted if the reader supplies it.
    """
    if options.weights_dir is not None:
        options = replace(options, weights_dir=options.weights_dir.absolute())
    if features is not None:
        options = pinned(options)
    return {
        "ranker": plain_values(config),
        **({} if labels is None else {"labels": dict(labels)}),
        "features": None if features is None else list(features),
        "extractor": plain_values(options),
        "split": split,
    }


def write_config(sections: Mapping[str, Any], path: str | Path) -> None:
    """Writes settings for `phototriage train --config`. Raises OutputError."""
    write_text(yaml.safe_dump(dict(sections), sort_keys=False, allow_unicode=True), Path(path))
