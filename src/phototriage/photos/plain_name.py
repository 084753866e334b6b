"""One spelling of a file's name, for comparisons."""

import unicodedata

__all__ = ["plain_name"]


def plain_name(name: str) -> str:
    """The name in Unicode's composed form, whatever disk it was on, and in lower case."""
    if name.isascii():
        return name.lower()
    # Turkish capital İ folds to an i with a dot above it, and that is no other name.
    folded = unicodedata.normalize("NFC", name).casefold().replace("i\u0307", "i")
    return unicodedata.normalize("NFC", folded)
