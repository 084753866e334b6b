import shutil
from pathlib import Path

import pytest

from phototriage.errors import FeatureError
from phototriage.features.extractors.faces.networks import (
    LANDMARKER,
    YUNET,
    FaceModels,
    face_models,
    start_networks,
)
from phototriage.features.options import ExtractorOptions


def test_without_files_it_says_which_and_what_to_do(tmp_path: Path) -> None:
    models = face_models(ExtractorOptions(weights_dir=tmp_path / "weights"), tmp_path)
    with pytest.raises(FeatureError) as raised:
        models.local()
    assert str(raised.value) == (
        f"there is no {YUNET.name} in {tmp_path / 'weights'} or {tmp_path / 'models'}; "
        f"{models.detector.remedy}"
    )
    assert models.detector.remedy.startswith(f"fetch {YUNET.url} ")
    assert "--weights_dir" in models.detector.remedy


def test_the_file_that_is_missing_is_named(models: FaceModels, tmp_path: Path) -> None:
    shutil.copy(models.detector.path, tmp_path)
    some = face_models(ExtractorOptions(weights_dir=tmp_path), tmp_path / "cache")
    with pytest.raises(FeatureError, match=r"^there is no face_landmarker\.task in ") as raised:
        some.local()
    assert LANDMARKER.url in str(raised.value)


@pytest.mark.parametrize("name", [YUNET.name, LANDMARKER.name])
def test_a_file_that_was_cut_off_is_named_and_not_run(name: str, models: FaceModels, tmp_path: Path) -> None:
    for file in models.files:
        shutil.copy(file.path, tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:1000])
    cut = face_models(ExtractorOptions(weights_dir=tmp_path), tmp_path / "cache")
    for use in (cut.local, cut.fetched, lambda: start_networks(cut)):
        with pytest.raises(FeatureError, match=f"{name} is only 1,000 of .* bytes: its download was cut off"):
            use()


def test_the_folder_is_that_of_the_files(models: FaceModels) -> None:
    assert models.local() == models.detector.path.parent
