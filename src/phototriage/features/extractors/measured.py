"""An extractor whose preparing step does all the work."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features.block import Block, PhotoView, fixed_picture
from phototriage.photos import DECODING_VERSION

__all__ = ["MeasuredExtractor"]

_RELATIVE, _ABSOLUTE = 1e-3, 1e-4
"""Rounding of another processor stays below these; another filter or conversion does not."""


@dataclass(frozen=True)
class MeasuredExtractor:
    """Numbers that are measured on the pixels of one photo, without a network.

    version: counts the ways in which `prepare` measured.
    prepare: uint8 RGB (h, w, 3), or what `view` says → float32 (len(columns),), in the decoding process.
    of_fixed_picture: what `prepare` makes of `fixed_picture`: all numbers, or as many of the first as are to
    be watched. Where the libraries of this machine make others, the fingerprint says so.
    """

    name: str
    version: int
    columns: tuple[str, ...]
    prepare: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    of_fixed_picture: tuple[float, ...]
    view: PhotoView = field(default_factory=PhotoView)

    @cached_property
    def block(self) -> Block:
        """The names and the fingerprint of the numbers."""
        size = f"area{self.view.long_side}{'-grey' if self.view.grey else ''}"
        made = [f"{self.name}-{self.version}", size, f"decoding-{DECODING_VERSION}"]
        picture = fixed_picture()
        if self.view.grey:
            picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        found = self.prepare(picture)
        watched = found[: len(self.of_fixed_picture)]
        if not np.allclose(watched, self.of_fixed_picture, _RELATIVE, _ABSOLUTE):
            digest = hashlib.blake2b(found.astype("<f4").tobytes(), digest_size=4)
            made.append(f"arithmetic-{digest.hexdigest()}")
        return Block(self.name, "/".join(made), self.columns)

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Stacks what `prepare` measured: float32 (n, dim)."""
        return np.stack(batch).astype(np.float32)
