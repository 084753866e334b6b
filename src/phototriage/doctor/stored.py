"""What is on the disk: weights, the cache folder, and what is in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from phototriage.doctor.finding import Finding
from phototriage.errors import FeatureError, MissingExtraError

__all__ = ["stored_findings", "weights_findings"]

_WEIGHTS, _CACHE = "rankers and weights", "cache"
_PARTS = {"features": "features", "thumbnails": "thumbnails", "exported networks": "onnx"}
_LITTLE = 1e9
"""Bytes; the weights of both networks, their export and the features of a large library need about this."""


def weights_findings(cache_dir: Path, weights_dir: Path | None) -> Iterator[Finding]:
    """The rankers that come with the program, and the weights of the learned features."""
    from phototriage.features.options import ExtractorOptions
    from phototriage.features.registry import EXTRACTORS
    from phototriage.ranker import load_default_ranker, load_embedded_ranker

    for name, load in (("default", load_default_ranker), ("embedded", load_embedded_ranker)):
        blocks = ", ".join(block.name for block in load().blocks)
        yield Finding(_WEIGHTS, f"{name} ranker", "ok", f"loads; it uses {blocks}")
    options = ExtractorOptions(weights_dir=weights_dir)
    for name, spec in EXTRACTORS.items():
        if spec.weights is None or not spec.available(options):
            continue
        weights = spec.weights(options, cache_dir)
        try:
            yield Finding(_WEIGHTS, spec.title, "ok", f"in {weights.local()}")
        except MissingExtraError:
            yield Finding(_WEIGHTS, spec.title, "missing", "needs the extra hub")
        except FeatureError as error:
            reason = str(error).partition(";")[0]
            hint = f"for --features {name}: {weights.remedy}"
            yield Finding(_WEIGHTS, spec.title, "missing", reason, hint)


def stored_findings(cache_dir: Path) -> Iterator[Finding]:
    """Where the cache is, whether it can be written, what it holds, and how much space is left."""
    from phototriage.features.cache.exported import exported_networks
    from phototriage.features.cache.index_database import index_files
    from phototriage.outputs.features.tables import human_size

    there = _nearest_folder(cache_dir)
    yield _writable(cache_dir, there)
    free = shutil.disk_usage(there).free
    hint = "little space is left for features: choose another place by --cache_dir" if free < _LITTLE else ""
    yield Finding(_CACHE, "free space", "ok", human_size(free), hint)
    sizes = {name: _size(cache_dir / folder) for name, folder in _PARTS.items()}
    sizes["index of photos"] = sum(_size(path) for path in index_files(cache_dir))
    for name, size in sizes.items():
        count = f", {len(exported_networks(cache_dir))} of them" if name == "exported networks" else ""
        yield Finding(_CACHE, name, "ok", f"{human_size(size)}{count if size else ''}")
    if not sizes["features"]:
        yield Finding(
            _CACHE,
            "photos measured",
            "missing",
            "none yet",
            "start with: phototriage rank FOLDER (your photos are never changed)",
        )


def _writable(cache_dir: Path, there: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        value = f"{cache_dir} cannot be written: {error.strerror or error}"
        return Finding(
            _CACHE, "folder", "broken", value, "choose another place by --cache_dir", essential=True
        )
    made = "" if there == cache_dir else ", made when it is needed"
    return Finding(_CACHE, "folder", "ok", f"{cache_dir}{made}", essential=True)


def _nearest_folder(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())


def _size(path: Path) -> int:
    """Bytes in a file, or in all files of a folder; 0 where there is none."""
    if not path.is_dir():
        return path.stat().st_size if path.exists() else 0
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):  # another process is free to remove it meanwhile
                total += Path(folder, name).stat().st_size
    return total
