"""Where the networks are that were downloaded from their makers."""

from pathlib import Path

__all__ = ["model_folder"]


def model_folder(cache_dir: Path) -> Path:
    """The folder of downloaded networks."""
    return cache_dir / "models"
