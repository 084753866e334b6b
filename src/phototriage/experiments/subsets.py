"""Parts of the features, and the subsets of these parts to try."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import get_args

import numpy as np

from phototriage.errors import FeatureError
from phototriage.features import EXTRACTORS, IQA_PLUS_COLUMNS, TABLE, Features
from phototriage.features.options import ResnetLayer
from phototriage.features.table import blocks_of_columns

__all__ = ["chosen_subsets", "default_subsets", "feature_parts", "measured_for", "narrowed"]

Parts = Mapping[str, tuple[int, ...]]
"""Columns of a feature matrix by name."""

_RESNET = "resnet"
_LAYERS: tuple[ResnetLayer, ...] = get_args(ResnetLayer)
_ALL_OF = 4
"""With more parts than this, not every subset is tried."""
_SHOWN = 20
"""Names of parts to show in an error."""
_COLUMN_BY_COLUMN = 16
"""A single part with at most this many columns is split into columns."""


def feature_parts(
    features: Features, resnet_layers: Sequence[ResnetLayer] = ()
) -> dict[str, tuple[int, ...]]:
    """The parts of the features.

    Each measured block is a part. ResNet has one part per layer, and the part `resnet` contains the columns
    of `resnet_layers`. In a table, the columns of `iqa_plus` are one part, and so are columns that differ
    only in a final number (`clip_0000`, `clip_0001`). Any other column is a separate part. If this yields a
    single part with few columns, each column becomes a part.
    """
    parts: dict[str, list[int]] = {}
    place = 0
    for block in features.blocks:
        iqa_plus = IQA_PLUS_COLUMNS if set(IQA_PLUS_COLUMNS) <= set(block.columns) else ()
        for column in block.columns:
            name = block.name
            if name in (_RESNET, TABLE):
                name = "iqa_plus" if column in iqa_plus else re.sub(r"(_mean|_std)?_\d+$", "", column)
                if block.name == _RESNET and name in resnet_layers:
                    parts.setdefault(_RESNET, []).append(place)
            parts.setdefault(name, []).append(place)
            place += 1
    if len(parts) == 1 and place <= _COLUMN_BY_COLUMN:
        return {column: (place,) for place, column in enumerate(features.columns)}
    return {name: tuple(columns) for name, columns in parts.items()}


def default_subsets(parts: Parts) -> dict[str, tuple[int, ...]]:
    """Columns by subset, `clip+iqa`; the first are all features.

    With up to four parts, every subset. With more, all parts, all but each one, and each one alone. If
    `resnet` and layers are among the parts, other layers and all layers together also replace it, alone and
    with all other parts.
    """
    layers = [name for name in parts if name in _LAYERS] if _RESNET in parts else []
    names = [name for name in parts if name not in layers]
    sizes = range(len(names), 0, -1) if len(names) <= _ALL_OF else (len(names), len(names) - 1, 1)
    subsets = [subset for size in sizes for subset in combinations(names, size)]
    variants = [(layer,) for layer in layers] + ([tuple(layers)] if len(layers) > 1 else [])
    for variant in variants:
        if _columns(parts, variant) != parts[_RESNET]:
            in_its_place = (part for name in names for part in (variant if name == _RESNET else (name,)))
            subsets += dict.fromkeys([tuple(in_its_place), variant])
    return {"+".join(subset): _columns(parts, subset) for subset in subsets}


def chosen_subsets(parts: Parts, names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Columns of subsets with names such as `clip+iqa`; the largest subset comes first.

    Raises FeatureError for an unknown part.
    """
    found = {name: _columns(parts, name.split("+")) for name in names}
    widest = max(found, key=lambda name: len(found[name]))
    return {widest: found[widest], **found}


def measured_for(
    subsets: Iterable[str], resnet_layers: Sequence[ResnetLayer]
) -> tuple[tuple[str, ...], tuple[ResnetLayer, ...]]:
    """The extractors that named subsets need, and the layers of ResNet. Raises FeatureError for others."""
    parts = {part for subset in subsets for part in subset.split("+")}
    _refuse_unknown(parts, (*EXTRACTORS, *_LAYERS))
    wanted = parts | ({*resnet_layers} if _RESNET in parts else set())
    layers = tuple(layer for layer in _LAYERS if layer in wanted)
    return tuple(name for name in EXTRACTORS if name in parts or (name == _RESNET and layers)), layers


def narrowed(features: Features, names: Iterable[str], resnet_layers: Sequence[ResnetLayer]) -> Features:
    """The features of a table, with only these parts or columns.

    `resnet` stands for `resnet_layers`, where the table names its columns by layers. Raises FeatureError
    for a name that is not in the table.
    """
    parts = feature_parts(features)
    if _RESNET not in parts:
        parts |= {_RESNET: _columns(parts, resnet_layers)} if {*resnet_layers} <= parts.keys() else {}
    columns = features.columns
    chosen = _columns({column: (place,) for place, column in enumerate(columns)} | parts, names)
    blocks = blocks_of_columns([columns[place] for place in chosen])
    order = [columns.index(column) for block in blocks for column in block.columns]
    return replace(features, matrix=np.take(features.matrix, order, axis=1), blocks=blocks)


def _columns(parts: Parts, subset: Iterable[str]) -> tuple[int, ...]:
    listed = list(subset)
    _refuse_unknown(listed, tuple(parts))
    return tuple(sorted({place for part in listed for place in parts[part]}))


def _refuse_unknown(parts: Iterable[str], known: Sequence[str]) -> None:
    if unknown := sorted(set(parts) - set(known)):
        listed = ", ".join(known[:_SHOWN]) + (" …" if len(known) > _SHOWN else "")
        raise FeatureError(f"there is no part {unknown[0]!r} of the features: choose from {listed}")
