"""The networks and real faces, for who has them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.features.block import LONG_SIDE
from phototriage.features.extractors.faces.networks import FaceModels, Networks, face_models, start_networks
from phototriage.features.options import ExtractorOptions
from phototriage.photos import load


@pytest.fixture(scope="session")
def models(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> FaceModels:
    """The files of both networks; tests that need them skip where they are absent."""
    options = ExtractorOptions(weights_dir=shared / "weights")
    found = face_models(options, tmp_path_factory.mktemp("cache"))
    if not all(file.path.is_file() for file in found.files):
        pytest.skip(f"needs the networks of faces in {shared / 'weights'}, which are not there")
    return found


@pytest.fixture(scope="session")
def networks(models: FaceModels) -> Networks:
    """The networks; tests that need them skip without ai-edge-litert."""
    pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert, which is not installed")
    return start_networks(models)


@pytest.fixture(scope="session")
def kodak(shared: Path) -> Callable[[int], NDArray[np.uint8]]:
    """A Kodak photo by its number, uint8 RGB: 4 and 15 are portraits, 18 a person, 14 a raft, 1 a door."""

    def pixels(number: int) -> NDArray[np.uint8]:
        path = shared / "kodak" / f"{number:02d}.png"
        if not path.is_file():
            pytest.skip(f"needs the photo {path}, which is not there")
        return load(path, LONG_SIDE).pixels

    return pixels
