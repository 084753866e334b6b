"""Everything that phototriage raises on purpose.

PhototriageError
├── PhotoError      a photo or a folder of photos cannot be used
│   └── PhotoReadError    … for a reason that lies in the machine, and may be gone the next time
├── LabelError      labels cannot be read, or do not fit what they are used for
├── FeatureError    features are missing, broken, or not those asked for
├── ModelError      a model file cannot be used
├── OutputError     a result cannot be written
└── MissingExtraError    a package of an extra is not installed; an ImportError too
"""

__all__ = [
    "FeatureError",
    "LabelError",
    "MissingExtraError",
    "ModelError",
    "OutputError",
    "PhotoError",
    "PhotoReadError",
    "PhototriageError",
]


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


class ModelError(PhototriageError):
    """A model file cannot be used."""


class OutputError(PhototriageError):
    """A result cannot be written."""


class MissingExtraError(PhototriageError, ImportError):
    """A package is needed that is not installed with phototriage itself. Its text says what to type."""
