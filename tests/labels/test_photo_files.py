import unicodedata
from pathlib import Path

import pytest

from phototriage.errors import LabelError
from phototriage.labels.fgaesthetics import Numbering
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


@pytest.mark.parametrize(
    ("names", "numbering"),
    [
        (["Natural/000012/000012-03.jpg", "Natural/000012/000012-04.jpg"], Numbering()),
        (["12_3.png", "12_4.PNG"], Numbering()),
        (["img/0012/03.JPEG", "img/0012/04.jpeg"], Numbering()),
        (["natural_000012_02.webp", "natural_000012_03.webp", "natural_000001_00.webp"], Numbering(photo=1)),
        (["img/12-2.jpg", "img/12-3.jpg", "img/5-0.jpg"], Numbering()),
        (["img/11-4.jpg", "img/11-5.jpg"], Numbering(1, -1)),
        (["12-3.jpg", "12-4.jpg", "8-1.jpg", "9-1.jpg", "scan-2020_0.png"], Numbering()),
    ],
)
def test_photos_of_phototriage_are_found_by_their_numbers(
    tmp_path: Path, names: list[str], numbering: Numbering
) -> None:
    others = ["AIGC/000012/000012-03.jpg", "Cropping/12-4.jpg", "__MACOSX/12-3.jpg", "img/12-3.txt", "12.jpg"]
    for name in [*names, *others]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    wanted = ["000012-03.JPG", "000012-04.JPG", "000013-01.JPG", "other.jpg"]
    found = photo_files(tmp_path, wanted, numbering)
    assert list(found) == wanted
    assert [found[photo] for photo in wanted[:2]] == [tmp_path / name for name in names[:2]]
    assert [found[photo] for photo in wanted[2:]] == [tmp_path / name for name in wanted[2:]]


def test_a_photo_under_its_own_name_is_preferred_and_two_of_a_number_are_refused(tmp_path: Path) -> None:
    for name in ("a/7-1.jpg", "b/7-1.jpg", "000007-02.JPG", "a/7-2.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert photo_files(tmp_path, ["000007-02.JPG"]) == {"000007-02.JPG": tmp_path / "000007-02.JPG"}
    with pytest.raises(
        LabelError, match=r"a.7-1.jpg and .*b.7-1.jpg both have the numbers of photo 000007-01"
    ):
        photo_files(tmp_path, ["000007-01.JPG"])
