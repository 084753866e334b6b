"""What is known about weights, kept so that large files are read once: <cache_dir>/weights.json."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from phototriage.atomic_write import atomic_write
from phototriage.errors import OutputError

__all__ = ["remember", "remembered", "weights_record"]

_KINDS = ("checksums", "identities", "layers")


def weights_record(cache_dir: Path) -> Path:
    """The file in which it is remembered what is known about weights."""
    return cache_dir / "weights.json"


def remembered(cache_dir: Path, kind: str) -> dict[str, Any]:
    """What the record says of a kind, one of `_KINDS`; nothing where it is absent or damaged."""
    try:
        entries = json.loads(weights_record(cache_dir).read_text())[kind]
    except (OSError, RecursionError, ValueError, TypeError, KeyError):
        return {}
    return entries if isinstance(entries, dict) else {}


def remember(cache_dir: Path, kind: str, key: str, value: object) -> None:
    """Adds to the record. Where it cannot be written, the same work is done again next time."""
    entries = {each: remembered(cache_dir, each) for each in _KINDS}
    entries[kind][key] = value
    with suppress(OutputError), atomic_write(weights_record(cache_dir)) as file:
        file.write(json.dumps(entries, indent=1).encode())
