"""Finds photos on disk, and reads them into upright sRGB pixels."""

from phototriage.photos.capture import Capture, read_capture
from phototriage.photos.capture_time import CaptureTime, read_capture_time
from phototriage.photos.companion import companion_fault
from phototriage.photos.decoding import DECODING_VERSION, MAX_DECODED_PIXELS, Decoded, decode
from phototriage.photos.discovery import (
    PHOTO_SUFFIXES,
    PICKS_MARK,
    RAW_SUFFIXES,
    discover,
    natural_key,
    photo_names,
)
from phototriage.photos.loading import Photo, content_hash, load, read_photo
from phototriage.photos.memory import MAX_DECODING_BYTES, webp_bytes
from phototriage.photos.stderr_capture import CapturedText, captured_stderr

__all__ = [
    "DECODING_VERSION",
    "MAX_DECODED_PIXELS",
    "MAX_DECODING_BYTES",
    "PHOTO_SUFFIXES",
    "PICKS_MARK",
    "RAW_SUFFIXES",
    "Capture",
    "CaptureTime",
    "CapturedText",
    "Decoded",
    "Photo",
    "captured_stderr",
    "companion_fault",
    "content_hash",
    "decode",
    "discover",
    "load",
    "natural_key",
    "photo_names",
    "read_capture",
    "read_capture_time",
    "read_photo",
    "webp_bytes",
]
