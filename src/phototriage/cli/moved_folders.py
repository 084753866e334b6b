"""Folders that lie elsewhere now, as options say it."""

from phototriage.errors import OptionError

__all__ = ["moved_folders"]


def moved_folders(text: str) -> tuple[str, str]:
    """OLD and NEW of OLD=NEW, as --map has them. Raises OptionError for any other text."""
    old, sign, new = text.partition("=")
    if not sign or not old or not new:
        raise OptionError(f"takes OLD=NEW, not {text}", "map")
    return old, new
