from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.outputs.companions import Companions


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    ("files", "companion", "is_settings"),
    [
        (["IMG_1.HEIC"], "IMG_1.MOV", False),
        (["IMG_1.HEIC"], "IMG_1.mov", False),
        (["IMG_1.HEIC"], "img_1.AAE", True),
        (["IMG_0001.HEIC"], "IMG_O0001.AAE", True),
        (["IMG_0001.HEIC", "IMG_E0001.JPG"], "IMG_E0001.MOV", False),
        (["a.CR2"], "a.CR2.pp3", True),
        (["a.CR2"], "a.pp3", True),
        (["a.CR2"], "a.CR2.dop", True),
        (["a.JPG", "a.NEF"], "a.NEF.arp", True),
        (["sub/DSC_1.NEF"], "sub/DSC_1.WAV", False),
        (["a.CRW"], "a.THM", False),
        (["IMG_1.jpg"], "IMG_1.jpg.json", True),
        (["IMG_1.jpg"], "IMG_1.json", True),
        (["IMG_1.jpg"], "IMG_1.jpg.supplemental-metadata.json", True),
        (["IMG_1.jpg"], "IMG_1.jpg.supplemental-me.json", True),
        (["IMG_1(2).jpg"], "IMG_1.jpg(2).json", True),
        (["PXL_1.MP.jpg"], "PXL_1.MP", False),
        (["caf\u00e9.jpg"], "cafe\u0301.MOV", False),
    ],
)
def test_companions(tmp_path: Path, files: list[str], companion: str, is_settings: bool) -> None:
    fill(tmp_path, *files, companion)
    assert Companions(tmp_path).of(files) == {companion: is_settings}


@pytest.mark.parametrize(
    "other",
    ["IMG_10.MOV", "IMG_1.txt", "IMG_1.jpg.other.json", "sub/IMG_1.MOV", "IMG_1.xmp", "metadata.json"],
)
def test_other_files_are_no_companions(tmp_path: Path, other: str) -> None:
    fill(tmp_path, "IMG_1.jpg", other)
    assert Companions(tmp_path).of(["IMG_1.jpg"]) == {}


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the folder cannot be read"):
        Companions(tmp_path).of(["gone/a.jpg"])
