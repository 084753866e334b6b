"""The layered configuration of a command that trains."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from phototriage.cli.defaults import OwnDefaults, given_options
from phototriage.cli.label_source import LabelSource
from phototriage.plain_values import with_values
from phototriage.ranker.presets import read_preset, read_settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["configured"]

T = TypeVar("T", bound="DataclassInstance")


def configured(name: str, command_class: type[T], arguments: Sequence[str]) -> T:
    """The command's defaults, before its options are parsed; the options override all of them.

    The layers, from lowest to highest precedence:

    1. the settings of its preset;
    2. the user's defaults from phototriage.toml, which may name another preset for 1;
    3. the settings of a preset given in the arguments;
    4. the settings of a config file given in the arguments or in the user's defaults; for a resumed run, the
       settings that it started with.

    Args:
        name: the command's name.
        command_class: a class with the fields preset, config, output_dir, labels, source and ranker.

    Raises ModelError for an unknown preset and for an unknown or invalid setting.
    """
    own = OwnDefaults(name, command_class, arguments)
    given = given_options(arguments)
    command: Any = own.over(command_class())
    command = own.over(_with_preset(command, command.preset))
    if "preset" in given:
        command = _with_preset(command, given["preset"])
    path = _config_file(command, given)
    if path is not None:
        sections = read_settings(path)
        if given.keys() & {"root", "comparisons"}:
            sections.pop("labels", None)
        if {"root", "comparisons"} & set(sections.get("labels") or ()):
            command = replace(command, labels=LabelSource())  # other data: nothing of them goes with these
        command = _with_sections(command, sections, str(path))
    return command  # type: ignore[no-any-return]


def _config_file(command: Any, given: Mapping[str, str]) -> Path | None:
    path = given.get("config") or command.config
    last = Path(given.get("output_dir") or command.output_dir) / "config.yaml"
    if path is None and "resume" in given and last.exists():
        return last
    return None if path is None else Path(path)


def _with_preset(command: Any, preset: str) -> Any:
    return _with_sections(replace(command, preset=preset), read_preset(preset), f"preset {preset}")


def _with_sections(command: Any, sections: Mapping[str, Any], where: str) -> Any:
    """The command with the settings from the sections of a YAML file; `where` names the origin in errors."""
    source = command.source
    names = [each.name for each in fields(command)]
    top = {name: value for name, value in sections.items() if name in ("split", "init") and name in names}
    measuring = {name: sections[name] for name in ("features",) if name in sections}
    return replace(
        with_values(command, top, where),
        ranker=with_values(command.ranker, sections.get("ranker", {}), f"{where}, ranker"),
        labels=with_values(command.labels, sections.get("labels", {}), f"{where}, labels"),
        source=replace(
            with_values(source, measuring, where),
            options=with_values(source.options, sections.get("extractor", {}), f"{where}, extractor"),
        ),
    )
