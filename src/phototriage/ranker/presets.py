"""Predefined settings: the YAML files in `phototriage/presets/`, with the sections of a run's config."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from phototriage.errors import ModelError
from phototriage.plain_values import check_names, with_values
from phototriage.ranker.config import MultiFeatureConfig

__all__ = ["SECTIONS", "preset_config", "preset_names", "read_preset", "read_settings"]

SECTIONS = ("ranker", "features", "extractor", "labels", "split", "init")
"""ranker: a `MultiFeatureConfig`. features, extractor: what is measured, and how. labels: the source of the
preferences. split: how they are split. init: the ranker whose weights training starts from."""


_MOST_BYTES = 1_000_000
_DEEPEST = 10
_NO_VALUE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""The exceptions of yaml's constructors for values such as `2026-99-99` and `!!bool maybe`."""


def preset_names() -> list[str]:
    """The names of all presets."""
    return sorted(
        file.name.removesuffix(".yaml")
        for file in (files("phototriage") / "presets").iterdir()
        if file.name.endswith(".yaml")
    )


def read_preset(name: str) -> dict[str, Any]:
    """The sections of a preset. Raises ModelError, which lists the valid names, for an unknown name."""
    if name not in preset_names():
        raise ModelError(f"there is no preset {name!r}: choose from {', '.join(preset_names())}")
    return _parsed((files("phototriage") / "presets" / f"{name}.yaml").read_text("utf-8"), f"preset {name}")


def read_settings(path: str | Path) -> dict[str, Any]:
    """The sections of a YAML file. Raises ModelError if it cannot be read or has an unknown section."""
    try:
        if Path(path).stat().st_size > _MOST_BYTES:
            raise ModelError(f"{path} is larger than settings are")
        return _parsed(Path(path).read_text("utf-8"), str(path))
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is not UTF-8 text") from error


def preset_config(name: str) -> MultiFeatureConfig:
    """The ranker settings of a preset. Raises ModelError for an unknown name."""
    return with_values(MultiFeatureConfig(), read_preset(name).get("ranker", {}), f"preset {name}")


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        _check_plain(text, where)
        sections = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ModelError(f"{where} is not YAML: {' '.join(str(error).split())[:200]}") from error
    except _NO_VALUE as error:
        raise ModelError(f"{where} is not YAML: a value is not what its tag or its form says") from error
    check_names(sections, list(SECTIONS), where)
    return dict(sections)


def _check_plain(text: str, where: str) -> None:
    """Raises ModelError for what settings never need: a few hundred bytes of it can fill the memory."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ModelError(f"{where}: write each value out, without * and &")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ModelError(f"{where}: settings are not nested more than {_DEEPEST} deep")
