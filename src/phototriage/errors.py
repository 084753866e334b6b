"""Everything that phototriage raises on purpose.

PhototriageError
├── PhotoError      a photo or a folder of photos cannot be used
│   └── PhotoReadError    … for a reason that lies in the machine, and may be gone the next time
├── LabelError      labels cannot be read, or do not fit what they are used for
├── FeatureError    features are missing, broken, or not those asked for
│   └── NoUsablePhotoError  … because not one photo could be used
├── ModelError      a model file cannot be used
├── OptionError     an option has a value that cannot work
├── OutputError     a result cannot be written
└── MissingExtraError    a package of an extra is not installed; an ImportError too
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "Failure",
    "FeatureError",
    "LabelError",
    "MissingExtraError",
    "ModelError",
    "NoUsablePhotoError",
    "OptionError",
    "OutputError",
    "PhotoError",
    "PhotoReadError",
    "PhototriageError",
]


@dataclass(frozen=True)
class Failure:
    """A photo that could not be used, or a folder that could not be searched; the reason in one line."""

    photo: str
    reason: str


class PhototriageError(Exception):
    """An expected failure. Its text is one line: what, where, and what to do about it."""


class PhotoError(PhototriageError):
    """A photo or a folder of photos cannot be used."""


class PhotoReadError(PhotoError):
    """A photo cannot be used for a reason that lies in the machine, and may be gone the next time."""


class LabelError(PhototriageError):
    """Labels cannot be read, or do not fit what they are used for."""


class FeatureError(PhototriageError):
    """Features are missing, broken, or not those asked for."""


class NoUsablePhotoError(FeatureError):
    """Not one photo could be used; `failures` says why for each."""

    def __init__(self, failures: Sequence[Failure], photos: int) -> None:
        super().__init__(f"not one of {photos:,} photos could be used: is it the right folder?")
        self.failures = tuple(failures)


class ModelError(PhototriageError):
    """A model file cannot be used."""


class OptionError(PhototriageError):
    """An option has a value that cannot work."""


class OutputError(PhototriageError):
    """A result cannot be written."""


class MissingExtraError(PhototriageError, ImportError):
    """A package is needed that is not installed with phototriage itself. Its text says what to type."""
