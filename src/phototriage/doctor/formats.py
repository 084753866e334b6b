"""Which kinds of photos can be read, tried on tiny pictures."""

import io
from collections.abc import Callable, Iterator
from functools import partial
from importlib.resources import files

from phototriage.doctor.finding import BROKEN, Finding, reason

__all__ = ["format_findings"]

_SECTION = "photo formats"
_COLOUR, _SIDE = (120, 130, 140), 16
_NEAR = 8  # of 255: what lossy compression may make of one flat colour

# 96 × 64 sensor pixels, all the same, around a JPEG of 480 × 320 in the flat colour.
_DNG = "flat_colour.dng"


def format_findings() -> Iterator[Finding]:
    """A line per format: whether a picture in it comes out as it went in."""
    for name in ("JPEG", "PNG", "TIFF", "WebP", "AVIF"):
        yield _tried(name, partial(_reads_its_own, name))
    yield _tried("HEIC", _knows_hevc)
    yield _tried("RAW", _reads_raw)


def _tried(name: str, check: Callable[[], str]) -> Finding:
    essential = name == "JPEG"
    try:
        return Finding(_SECTION, name, "ok", check(), essential=essential)
    except BROKEN as error:
        return Finding(_SECTION, name, "broken", reason(error), _HINTS.get(name, _HINT), essential)


_HINT = "pip install --force-reinstall pillow"
_HINTS = {
    "HEIC": "pip install --force-reinstall pi-heif",
    "RAW": "pip install --force-reinstall rawpy",
}


def _reads_its_own(name: str) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (_SIDE, _SIDE), _COLOUR).save(file, name.upper())
    return _sees_the_colour(file.getvalue())


def _reads_raw() -> str:
    return _sees_the_colour(files("phototriage.doctor").joinpath(_DNG).read_bytes())


def _sees_the_colour(data: bytes) -> str:
    from phototriage.photos import decode

    colour = decode(data, None).pixels.reshape(-1, 3).mean(axis=0)
    if max(abs(colour - _COLOUR)) > _NEAR:
        raise ValueError(f"a picture of the colour {_COLOUR} came out as {tuple(colour.round().tolist())}")
    return "can be read"


def _knows_hevc() -> str:
    """There is no free encoder to make a picture with, so libheif is asked what it can decode."""
    import pi_heif

    decoders = pi_heif.libheif_info()["decoders"]
    if not decoders:
        raise RuntimeError("libheif has no decoder for it")
    return f"can be read, by {', '.join(decoders)}"
