"""The content of a feature store, as tables on the terminal."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from phototriage.features.cache.exported import ExportedNetwork
from phototriage.features.cache.maintenance import StoredBlock
from phototriage.features.inspection import Column, Inspection
from phototriage.outputs.console import plain, stdout_console
from phototriage.outputs.tables import new_table, print_wide_table

__all__ = [
    "human_size",
    "print_exported_networks",
    "print_inspection",
    "print_neighbours",
    "print_stored_blocks",
]

_ONE_BY_ONE = 32
"""Blocks with more columns than this are summarized."""
_NAMES_SHOWN = 6

_STATISTICS: dict[str, tuple[Callable[[Column], float], str]] = {
    "mean": (lambda column: column.mean, "{:.4g}"),
    "sd": (lambda column: column.sd, "{:.4g}"),
    "min": (lambda column: column.low, "{:.4g}"),
    "max": (lambda column: column.high, "{:.4g}"),
    "at min": (lambda column: column.at_low, "{:.1%}"),
    "at max": (lambda column: column.at_high, "{:.1%}"),
    "zero": (lambda column: column.zeros, "{:.1%}"),
    "NaN/Inf": (lambda column: column.not_finite, "{:.0f}"),
}


def print_stored_blocks(stored: Sequence[StoredBlock]) -> None:
    """Prints a row per block with its photos, parts and bytes, and the unusable parts."""
    table = new_table("block", "fingerprint")
    for name in ("photos", "numbers", "parts", "size", "unusable parts"):
        table.add_column(name, justify="right")
    for each in stored:
        table.add_row(
            plain(each.block.name if each.block else each.folder.name),
            plain(each.block.fingerprint) if each.block else "no part can be read",
            f"{each.photos:,}",
            f"{each.block.dim:,}" if each.block else "",
            f"{each.parts:,}",
            human_size(each.size),
            ", ".join(part.kind for part in each.unusable[:_NAMES_SHOWN])
            + (f" … {len(each.unusable)} in all" if len(each.unusable) > _NAMES_SHOWN else ""),
        )
    stdout_console().print(table)


def print_exported_networks(networks: Sequence[ExportedNetwork]) -> None:
    """Prints a row per exported network: the block that it computes, its file and size."""
    table = new_table("network of", "file")
    table.add_column("size", justify="right")
    for each in networks:
        table.add_row(plain(each.block_folder), plain(each.path.name), human_size(each.path.stat().st_size))
    stdout_console().print(table)


def print_inspection(inspection: Inspection) -> None:
    """Prints the statistics of every column, or their range over many columns; then anything unusual."""
    block, columns = inspection.block, inspection.columns
    if block.dim <= _ONE_BY_ONE:
        what = "column"
        rows = [
            [column.name, *(form.format(of(column)) for of, form in _STATISTICS.values())]
            for column in columns
        ]
    else:
        what = "over the columns"
        rows = [
            [
                name,
                *(
                    form.format(np.nanquantile([of(column) for column in columns], share))
                    for of, form in _STATISTICS.values()
                ),
            ]
            for name, share in (("smallest", 0.0), ("median", 0.5), ("largest", 1.0))
        ]
    console = stdout_console()
    console.print(plain(f"{block.name}  ({block.dim:,} numbers of {len(inspection.vectors):,} photos)"))
    print_wide_table(console, [what, *_STATISTICS], rows)
    for line in _remarks(inspection):
        console.print(plain(f"  {line}"))


def print_neighbours(neighbours: Mapping[str, Sequence[tuple[float, str]]]) -> None:
    """Prints the nearest photos for each block, nearest first, with their cosines."""
    table = new_table("block")
    table.add_column("cosine", justify="right")
    table.add_column("photo", overflow="fold")
    for block, nearest in neighbours.items():
        for row, (cosine, photo) in enumerate(nearest):
            last = row == len(nearest) - 1
            table.add_row(plain(block if row == 0 else ""), f"{cosine:.4f}", plain(photo), end_section=last)
    stdout_console().print(table)


def human_size(size: int) -> str:
    """A size in bytes for people: 999 B, 1.0 kB, 79.6 MB."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _remarks(inspection: Inspection) -> list[str]:
    constant = [column.name for column in inspection.columns if column.constant]
    twins = [f"{one} = {other}" for one, other, _ in inspection.twins]
    return [
        f"length of a photo's vector: {_spread(inspection.norms)}",
        f"cosine of two photos: {_spread(inspection.cosines)}",
        f"the same for all photos: {_first(constant)}",
        f"two columns that say the same (|r| ≥ 0.999): {_first(twins)}",
    ]


def _spread(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    if not len(values):
        return "none"
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95])
    return (
        f"{median:.4g}, nine of ten in {low:.4g} … {high:.4g}, all in {values.min():.4g} … {values.max():.4g}"
    )


def _first(names: Sequence[str]) -> str:
    if not names:
        return "none"
    more = f" … {len(names):,} in all" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more
