"""The extractor of the `faces` block."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phototriage.features.block import LONG_SIDE, Block, CloserLook, PhotoView, fixed_picture
from phototriage.features.extractors.faces.face import COLUMNS, to_vector
from phototriage.features.extractors.faces.measuring import FACE_PIXELS, SMALL_SIDE, measure_faces
from phototriage.features.extractors.faces.networks import (
    LANDMARKER,
    YUNET,
    FaceModels,
    face_models,
    start_networks,
)
from phototriage.features.extractors.faces.yunet import DETECTION_SIDE, network_input
from phototriage.features.extractors.spec import ExtractorSpec
from phototriage.features.options import ExtractorOptions
from phototriage.photos import DECODING_VERSION
from phototriage.photos.geometry import fitted_size, shrink

__all__ = ["SPEC", "FacesExtractor"]

_VERSION = 1
"""Counts the ways in which faces were measured."""


@dataclass(frozen=True)
class FacesExtractor:
    """Faces by YuNet, MediaPipe's mesh and its blendshapes. All of it runs in the decoding processes."""

    models: FaceModels
    name: str = "faces"

    @property
    def view(self) -> PhotoView:
        """The photo in which faces are searched, and the way to its file."""
        return PhotoView(LONG_SIDE, closer=True)

    @cached_property
    def block(self) -> Block:
        """The names and the fingerprint of the numbers; it needs no file of the networks."""
        picture = fixed_picture()
        size = fitted_size(picture.shape[1], picture.shape[0], DETECTION_SIDE)
        given = network_input(shrink(np.array(picture), size)).tobytes()
        made = (
            f"{self.name}-{_VERSION}",
            f"yunet@{YUNET.sha256[:12]}",
            f"landmarker@{LANDMARKER.sha256[:12]}",
            f"detect{DETECTION_SIDE}+{SMALL_SIDE}",
            f"face{FACE_PIXELS}",
            f"area{LONG_SIDE}",
            f"decoding-{DECODING_VERSION}",
            f"input-{hashlib.blake2b(given, digest_size=4).hexdigest()}",
        )
        return Block(self.name, "/".join(made), COLUMNS)

    @property
    def prepare(self) -> Callable[..., NDArray[Any]]:
        """The step that does all the work. Raises FeatureError where the networks cannot be had."""
        self.models.fetched()
        return FaceMeasuring(self.models)

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Stacks what `prepare` measured: float32 (n, dim)."""
        return np.stack(batch).astype(np.float32)


@dataclass(frozen=True)
class FaceMeasuring:
    """`measure_faces`, so that it pickles: the networks start where the first photo is measured."""

    models: FaceModels

    def __call__(self, pixels: NDArray[np.uint8], closer: CloserLook) -> NDArray[np.float32]:
        """float32 (len(COLUMNS),) of uint8 RGB (h, w, 3)."""
        return to_vector(*measure_faces(pixels, closer, start_networks(self.models)))


def _build(options: ExtractorOptions, cache_dir: Path) -> FacesExtractor:
    return FacesExtractor(face_models(options, cache_dir))


SPEC = ExtractorSpec(
    "faces",
    "faces: eyes open, in focus, smiling",
    _build,
    weights=face_models,
    core_seconds=0.05,
    judges_quality=False,
)
