"""An extraction in a process that a test may kill. It imports no pytest, so that it starts fast."""

import multiprocessing
import os
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features import Block, FeatureStore, decoding_pool, extract, extraction, measuring
from phototriage.features.extractors.iqa import IQA


def slow_mean_colour(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    time.sleep(0.01)
    return pixels.mean(axis=(0, 1)).astype(np.float32)


class MeanColour:
    """A second block, so that a kill may fall between the parts of two."""

    block = Block("colour", "colour/1", ("red", "green", "blue"))
    prepare = staticmethod(slow_mean_colour)

    def __call__(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        return np.stack(batch)


EXTRACTORS = (MeanColour(), IQA)


def run(folder: Path, cache_dir: Path, kept: Connection) -> None:
    """Extracts the features of a folder in small parts, in a process group of its own.

    Sends (block name, content hashes) through `kept` when they are said to be safely on disk.
    """
    os.setsid()
    measuring._PHOTOS_PER_PART = 5
    patch.object(measuring, "PHOTOS_PER_BATCH", 5).start()
    # Forked workers start in no time, where no thread of torch's or OpenCV's stands in the way.
    cv2.setNumThreads(1)
    patch.object(decoding_pool, "get_context", lambda method: multiprocessing.get_context("fork")).start()

    class TellingStore(FeatureStore):
        def add(self, content_hashes: Sequence[str], vectors: NDArray[np.float32]) -> None:
            super().add(content_hashes, vectors)
            if content_hashes:
                kept.send((self.block.name, list(content_hashes)))

    patch.object(extraction, "FeatureStore", TellingStore).start()
    extract({path.name: path for path in sorted(folder.iterdir())}, EXTRACTORS, cache_dir, workers=2)
