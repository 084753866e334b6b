"""Faces that nobody has."""

from dataclasses import replace

from phototriage.features.extractors.faces.face import Face

__all__ = ["face"]

_FACE = Face(0, 0, 0.1, 0.15, 200, 0.9, 0.95, 0.1, 0.1, 0.1, 0, 3, 3, (0, 0, 0, 0))


def face(
    x: float = 0.5,
    y: float = 0.5,
    size: float = 0.15,
    *,
    blink: float = 0.1,
    pixels: float | None = None,
    smile: float = 0.1,
    softness: float = 3.0,
) -> Face:
    """A face around (x, y), as tall as `size` of a photo 1,333 pixels high, or of `pixels`."""
    width = size / 1.5
    return replace(
        _FACE,
        left=x - width / 2,
        top=y - size / 2,
        width=width,
        height=size,
        pixels=size * 4000 / 3 if pixels is None else pixels,
        blink_left=blink,
        blink_right=blink,
        smile=smile,
        softness=softness,
        eyes=(x + width / 5, y - size / 10, x - width / 5, y - size / 10),
    )
