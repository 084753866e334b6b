"""Says in plain words why a photo is refused, and what to do; the messages of libraries help nobody."""

import re
from collections.abc import Sequence

from phototriage.photos.formats import FORMATS, format_of, is_cut_off

__all__ = ["DAMAGED", "INCOMPLETE", "explain", "explain_unopened"]

INCOMPLETE = "the picture is incomplete: the file was cut off or not copied whole, copy it again"
DAMAGED = "the picture is damaged: restore the file from the card or from a backup"

_KIND_NOT_READ = "of a kind that cannot be read, or its header is damaged: save it as an ordinary"
_NOT_READ = (
    (re.compile(r"cannot handle \d+-bit|Unsupported JPEG data precision"), "with more than 8 bits per color"),
    (re.compile(r"cannot handle \d+-layer"), "with an unusual number of colors"),
    (
        re.compile(
            r"unknown pixel mode|unknown data organization|[Uu]nsupported|not implemented|Unknown compression"
            r"|[Ii]nvalid value for samples|not configured|not available|Invalid codec"
        ),
        "",
    ),
)
_DIRECTORY_CUT_OFF = re.compile(r"Truncated File Read|Expecting to read \d+ bytes")
_CUT_OFF = re.compile(
    r"[Tt]runcated|[Pp]remature end|end of the picture is missing|bytes missing|Not enough data|IO error"
    r"|Insufficient input|Unexpected end|Read error|requires a buffer|incomplete checksum|Cannot read full"
    r"|not enough image data|Missing or empty image item"
)

# What photos' names are given to by mistake, and the bytes that such files begin with.
_OTHER_KINDS = (
    ("a GIF", (b"GIF8",)),
    ("a JPEG XL", (b"\xff\n", b"\0\0\0\x0cJXL ")),
    ("a JPEG 2000", (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")),
    ("a Photoshop file", (b"8BPS",)),
    ("a PDF", (b"%PDF",)),
    ("a web page", (b"<!DOCTYPE", b"<!doctype", b"<html", b"<HTML")),
    ("an archive", (b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")),
    ("an OpenEXR file", (b"\x76\x2f\x31\x01",)),
)
_VIDEO_BRANDS = (b"ftypqt", b"ftypmp4", b"ftypisom", b"ftypM4V", b"ftyp3gp")
_LOOKED_AT = 4096


def explain(data: bytes, messages: Sequence[str]) -> str:
    """The reason for the refusal of a picture that a library could not decode, one line.

    Args:
        data: the whole file. messages: what libraries said.
    """
    said = " ".join(messages)
    kind = format_of(data)
    if is_cut_off(data) or (kind == "TIFF" and _DIRECTORY_CUT_OFF.search(said)):
        return INCOMPLETE
    for pattern, particular in _NOT_READ:
        if pattern.search(said):
            known = kind or "picture"
            wanted = "8-bit TIFF" if kind == "TIFF" else "JPEG"
            with_what = f" {particular}," if particular else ""
            article = "an" if known.startswith("A") else "a"
            return f"{article} {known}{with_what} {_KIND_NOT_READ} {wanted}"
    return INCOMPLETE if _CUT_OFF.search(said) else DAMAGED


def explain_unopened(data: bytes, messages: Sequence[str]) -> str:
    """The reason for the refusal of a file that no format could open, one line.

    Args:
        data: the whole file.
        messages: Python's warnings in the meantime; some name the format that matched.
    """
    for message in messages:
        if " opening failed. " in message:  # Pillow's wording
            return explain(data, messages)
    start = data[:_LOOKED_AT]
    formats = ", ".join(FORMATS)
    if not start.strip(b"\0"):
        return "the file holds nothing but zeros: it was not copied whole, copy it again"
    if start.startswith(b"\0") and not start[:512].strip(b"\0"):
        return INCOMPLETE
    for name, beginnings in _OTHER_KINDS:
        if start.startswith(beginnings):
            return f"{name}, not a photo in a format that can be read: {formats}"
    if start[4:].startswith(_VIDEO_BRANDS):
        return f"a video, not a photo in a format that can be read: {formats}"
    return f"not a photo in a format that can be read: {formats}"
