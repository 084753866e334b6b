from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from phototriage.features import EXTRACTORS, ExtractorOptions, build_extractors, extract
from phototriage.features.extractors.faces import face_count, faces_of
from phototriage.features.extractors.faces.face import COLUMNS
from phototriage.features.extractors.faces.networks import FaceModels, Networks

Kodak = Callable[[int], NDArray[np.uint8]]


def test_the_fingerprint_needs_no_file(tmp_path: Path) -> None:
    (faces,) = build_extractors(["faces"], ExtractorOptions(), tmp_path)
    assert faces.block.columns == COLUMNS
    assert "yunet@ebafce4e3c11/landmarker@64184e229b26" in faces.block.fingerprint
    assert not EXTRACTORS["faces"].judges_quality


def test_faces_are_measured_once_in_the_decoding_processes(
    kodak: Kodak, models: FaceModels, networks: Networks, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    upright = kodak(4)
    photos = {"portrait": tmp_path / "portrait.png", "sideways": tmp_path / "sideways.jpg"}
    photos["door"] = tmp_path / "door.jpg"
    Image.fromarray(upright).save(photos["portrait"])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(upright)).save(photos["sideways"], exif=exif, quality=95)
    Image.fromarray(kodak(1)).save(photos["door"])
    options = ExtractorOptions(weights_dir=models.detector.path.parent)
    extractors = build_extractors(["faces"], options, tmp_path / "cache")
    found = extract(photos, extractors, tmp_path / "cache", workers=1)
    assert not found.failures
    portrait, sideways, door = (found.matrix[found.rows([name])[0]] for name in photos)
    assert [face_count(row) for row in (portrait, sideways, door)] == [1, 1, 0]
    (one,), (other,) = faces_of(portrait), faces_of(sideways)
    np.testing.assert_allclose(one.eyes, other.eyes, atol=0.01)
    np.testing.assert_allclose([one.blink, one.smile], [other.blink, other.smile], atol=0.1)
    (nowhere,) = build_extractors(["faces"], ExtractorOptions(), tmp_path / "cache")
    again = extract(photos, [nowhere], tmp_path / "cache")
    np.testing.assert_array_equal(again.matrix, found.matrix)
    assert capfd.readouterr() == ("", "")
