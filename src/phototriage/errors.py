"""Everything that phototriage raises on purpose.

PhototriageError
├── PhotoError      a photo or a folder of photos cannot be used
│   └── PhotoReadError    … because of the machine; a later attempt may succeed
├── LabelError      labels cannot be read, or do not fit their purpose
├── FeatureError    features are missing, broken, or not the requested ones
│   ├── NoUsablePhotoError  … because no photo at all could be used
│   └── ExportError         … because a network cannot be exported to ONNX; torch can still run it
├── ModelError      a model file cannot be used
├── OptionError     an option has an invalid value
├── OutputError     a result cannot be written
└── MissingExtraError    a package of an extra is not installed; also an ImportError
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "ExportError",
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
    """An unusable photo, or a folder that could not be searched, with a one-line reason."""

    photo: str
    reason: str


class PhototriageError(Exception):
    """An expected failure. Its text is one line: what, where, and what to do about it."""


class PhotoError(PhototriageError):
    """A photo or a folder of photos cannot be used."""


class PhotoReadError(PhotoError):
    """A photo cannot be used because of the machine, so a later attempt may succeed."""


class LabelError(PhototriageError):
    """Labels cannot be read, or do not fit their purpose."""


class FeatureError(PhototriageError):
    """Features are missing, broken, or not the requested ones."""


class NoUsablePhotoError(FeatureError):
    """No photo could be used; `failures` gives the reason for each."""

    def __init__(self, failures: Sequence[Failure], photos: int) -> None:
        super().__init__(f"not one of {photos:,} photos could be used: is it the right folder?")
        self.failures = tuple(failures)


class ExportError(FeatureError):
    """A network cannot be exported to ONNX; torch can still run it."""


class ModelError(PhototriageError):
    """A model file cannot be used."""


class OptionError(PhototriageError):
    """An option has an invalid value. `option` is its name, where the text begins with that."""

    def __init__(self, problem: str, option: str = "") -> None:
        super().__init__(f"{option} {problem}" if option else problem)
        self.option = option


class OutputError(PhototriageError):
    """A result cannot be written."""


class MissingExtraError(PhototriageError, ImportError):
    """A package of an extra is needed but not installed. The text says what to type."""
