import unicodedata
from pathlib import Path

import pytest

from phototriage.errors import LabelError
from phototriage.labels.photo_files import photo_files

NAME = "Über/Café 1.jpg"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_photo_is_found_however_the_disk_spells_it(tmp_path: Path, form: str) -> None:
    path = tmp_path / unicodedata.normalize(form, NAME)  # type: ignore[arg-type]
    path.parent.mkdir()
    path.touch()
    assert photo_files(tmp_path, [NAME])[NAME].samefile(path)


def test_a_linked_photo_is_one_and_a_linked_folder_leads_out(tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    (other / "x.jpg").touch()
    (root / "pick.jpg").symlink_to(other / "x.jpg")
    (root / "within").symlink_to(root)
    assert list(photo_files(root, ["pick.jpg", "within/pick.jpg"])) == ["pick.jpg", "within/pick.jpg"]
    (root / "out").symlink_to(other)
    with pytest.raises(LabelError, match=r"^out/x.jpg lies outside of .*, behind a link"):
        photo_files(root, ["pick.jpg", "out/x.jpg"])
