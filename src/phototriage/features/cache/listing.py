"""What lies in the folders of the cache."""

from fnmatch import fnmatch
from pathlib import Path

from phototriage.errors import FeatureError

__all__ = ["listed"]


def listed(folder: Path, pattern: str) -> list[Path]:
    """What lies in `folder` under names that match `pattern`, sorted; nothing where there is no such folder.

    Raises FeatureError where it cannot be read: `Path.glob` would find nothing, and all be measured again.
    """
    try:
        return sorted(path for path in folder.iterdir() if fnmatch(path.name, pattern))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise FeatureError(
            f"cannot read the folder {folder}: {error.strerror}; choose another place with --cache_dir"
        ) from error
