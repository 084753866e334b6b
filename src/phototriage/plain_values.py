"""Converts settings between dataclasses and the plain values of YAML, JSON and checkpoints."""

import reprlib
import types
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from phototriage.errors import ModelError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["check_names", "plain_values", "shown", "with_values"]

T = TypeVar("T", bound="DataclassInstance")
_WHOLE_BELOW = 2**63
_MOST_CHARACTERS = 80


class _Short(reprlib.Repr):
    """`repr`, cut to a part of a line however deep, wide or aliased the value is."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring = 2, _MOST_CHARACTERS

    def repr_int(self, value: int, level: int) -> str:  # noqa: ARG002 - as reprlib calls it
        # Python writes no more than 4,300 digits, and raises ValueError for more.
        return str(value) if abs(value) < _WHOLE_BELOW else f"a number of {value.bit_length()} bits"


_SHORT = _Short()


def shown(value: object) -> str:
    """The value for a message, in part of a line whatever it is."""
    return _SHORT.repr(value)


def plain_values(settings: "DataclassInstance") -> dict[str, Any]:
    """The fields by name, as strings, numbers, booleans, None, and lists of these."""
    return {name: _plain(value) for name, value in asdict(settings).items()}


def with_values(settings: T, values: Mapping[str, Any], where: str) -> T:
    """The settings with some fields replaced; this inverts `plain_values` exactly.

    A number may also be a string that parses as one, because YAML reads 1e-4 as a string. `where` names the
    origin in errors. Raises ModelError for an unknown name, with the closest match, and for a value of the
    wrong type.
    """
    check_names(values, [field.name for field in fields(settings)], where)
    kinds = get_type_hints(type(settings))
    return replace(
        settings, **{name: _of_kind(kinds[name], value, name, where) for name, value in values.items()}
    )


def check_names(values: Any, names: list[str], where: str) -> None:
    """Raises ModelError unless `values` is a mapping whose keys are all in `names`."""
    if not isinstance(values, Mapping):
        raise ModelError(f"{where} must hold settings by name: {', '.join(names)}")
    for key in values:
        if key not in names:
            near = get_close_matches(key[:_MOST_CHARACTERS] if isinstance(key, str) else "", names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(names)}"
            raise ModelError(f"there is no setting {shown(key)} in {where}: {hint}")


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _of_kind(kind: Any, value: Any, name: str, where: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        kinds = [each for each in inner if each is not type(None)]
        return None if value is None else _of_kind(kinds[0], value, name, where)
    if origin is tuple and isinstance(value, (list, tuple)):
        return tuple(_of_kind(inner[0], each, name, where) for each in value)
    if origin is Literal:
        if value in inner:
            return value
        raise ModelError(
            f"{name} in {where} cannot be {shown(value)}: choose from {', '.join(map(str, inner))}"
        )
    try:
        if kind is float and not isinstance(value, bool):
            return float(value)
        if kind is int and not isinstance(value, bool) and int(value) == float(value):
            if abs(int(value)) >= _WHOLE_BELOW:
                raise ModelError(f"{name} in {where} cannot be {shown(value)}: it must be below 2⁶³")
            return int(value)
    except (OverflowError, TypeError, ValueError):
        pass
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind in (bool, str) and isinstance(value, kind):
        return value
    what = {float: "a number", int: "a whole number", bool: "true or false", tuple: "a list"}
    raise ModelError(
        f"{name} in {where} cannot be {shown(value)}: it must be {what.get(origin or kind, 'a text')}"
    )
