"""The parts of a run folder that need no torch: its status and its config.yaml."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from phototriage.errors import OutputError, PhototriageError
from phototriage.features import ExtractorOptions
from phototriage.features.extractors.backbone import pinned
from phototriage.outputs.text_file import write_text
from phototriage.plain_values import plain_values
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.presets import read_settings

__all__ = [
    "CONFIG",
    "FINISHED_STATE",
    "LAST_STATE",
    "MODEL",
    "begin_run",
    "begun_run",
    "check_run_folder",
    "recipe_sections",
    "write_config",
]

CONFIG, MODEL = "config.yaml", "best_model.pt"
LAST_STATE, FINISHED_STATE = "last_state.pt", "finished_state.pt"
"""The state of a run under way, empty before its first epoch has ended; and that of a finished one."""


def check_run_folder(
    folder: str | Path, *, resume: bool, overwrite: bool, config: MultiFeatureConfig | None = None
) -> bool:
    """Whether there is anything to do; False if the run to resume is already finished.

    Args:
        config: the settings of the run to resume, which may ask for more epochs or patience than it had.

    Raises OutputError if the folder contains a run that would be lost, or one that cannot be resumed.
    """
    folder = Path(folder)
    state = folder / LAST_STATE
    if overwrite or (resume and state.exists()):
        return True
    if state.exists() and state.stat().st_size:
        raise OutputError(
            f"{folder} holds an interrupted run: continue it with --resume, or replace it with --overwrite"
        )
    if not (folder / MODEL).exists():
        return True
    if not resume:
        raise OutputError(f"{folder} holds a finished run: choose another --output_dir, or --overwrite it")
    if config is None or not _asks_for_more(config, folder / CONFIG):
        return False
    if not (folder / FINISHED_STATE).exists():
        raise OutputError(
            f"{folder} holds a finished run without its {FINISHED_STATE}, so it cannot go on: "
            f"start from its weights by --init {folder} and another --output_dir"
        )
    return True


def _asks_for_more(config: MultiFeatureConfig, before: Path) -> bool:
    if not before.exists():
        return False
    had = MultiFeatureConfig.from_dict(read_settings(before).get("ranker", {}))
    return config.max_epochs > had.max_epochs or config.patience > had.patience


def begin_run(folder: str | Path, settings: Mapping[str, Any], *, resume: bool) -> None:
    """Writes config.yaml and marks the run as under way, so that any interruption can be resumed.

    With `resume`, the state in the folder stays, that of a finished run as the one to go on from; without,
    it is gone. Raises OutputError.
    """
    folder = Path(folder)
    config = folder / CONFIG
    if not config.exists() or config.read_text("utf-8") != _config_text(settings):
        write_config(settings, config)
    state, finished = folder / LAST_STATE, folder / FINISHED_STATE
    try:
        if state.exists():
            if not resume and state.stat().st_size:
                state.write_bytes(b"")
        elif resume and finished.exists():
            finished.replace(state)
        else:
            state.touch()
    except OSError as error:
        raise OutputError(f"cannot write {state}: {error.strerror}") from error


@contextmanager
def begun_run(folder: str | Path, settings: Mapping[str, Any], *, resume: bool) -> Iterator[None]:
    """`begin_run`, undone if the work within fails before it has trained; not if it is interrupted."""
    folder = Path(folder)
    state, finished, config = folder / LAST_STATE, folder / FINISHED_STATE, folder / CONFIG
    was_new, was_marked, was_finished = not folder.exists(), state.exists(), finished.exists()
    text = config.read_text("utf-8") if config.exists() else None
    begin_run(folder, settings, resume=resume)
    begun = _version(state)
    try:
        yield
    except PhototriageError:
        if _version(state) == begun:
            with suppress(OSError, OutputError):  # the error to tell is the first one
                if was_finished and not finished.exists():
                    state.replace(finished)
                elif not was_marked:
                    state.unlink()
                if text is None:
                    config.unlink()
                else:
                    write_text(text, config)
                if was_new:
                    folder.rmdir()
        raise


def _version(path: Path) -> tuple[int, int]:
    """What differs after the file was written anew."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def recipe_sections(
    config: MultiFeatureConfig,
    features: Sequence[str] | None,
    options: ExtractorOptions,
    split: str,
    labels: Mapping[str, Any] | None = None,
    init: Path | None = None,
) -> dict[str, Any]:
    """Everything that determines the result of training, as the sections of its config.yaml.

    Args:
        features: the measured features; None for a table of precomputed numbers.
        options: how they are measured; the path in them becomes absolute, the backbone's revision a commit.
        labels: the source of the preferences; omitted if the reader supplies it.
        init: the ranker whose weights training starts from, if any; its path becomes absolute.
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
        **({} if init is None else {"init": str(init.absolute())}),
    }


def write_config(sections: Mapping[str, Any], path: str | Path) -> None:
    """Writes settings for `phototriage train --config`. Raises OutputError."""
    write_text(_config_text(sections), Path(path))


def _config_text(sections: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(sections), sort_keys=False, allow_unicode=True)
