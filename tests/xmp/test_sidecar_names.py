from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.xmp.sidecar_names import SidecarNames


def of(folder: Path, name: str, *files: str) -> dict[str, bool]:
    return SidecarNames(folder, name).of(files)  # type: ignore[arg-type]


def test_a_new_sidecar_is_named_as_the_programs_name_it(folder: Path) -> None:
    (folder / "a").mkdir()
    assert of(folder, "adobe", "a/IMG.CR2") == {"a/IMG.xmp": False}
    assert of(folder, "darktable", "a/IMG.CR2") == {"a/IMG.CR2.xmp": False}


def test_raw_and_jpeg_share_adobes_sidecar_and_have_darktables_each(folder: Path) -> None:
    files = ("IMG.CR2", "IMG.JPG", "IMG-Edit.tif")
    assert of(folder, "adobe", *files) == {"IMG.xmp": False, "IMG-Edit.xmp": False}
    assert of(folder, "darktable", *files) == {
        "IMG.CR2.xmp": False,
        "IMG.JPG.xmp": False,
        "IMG-Edit.tif.xmp": False,
    }


def test_sidecars_of_either_name_count_beside_the_one_to_be(folder: Path) -> None:
    (folder / "IMG.CR2.xmp").touch()
    assert of(folder, "adobe", "IMG.CR2") == {"IMG.xmp": False, "IMG.CR2.xmp": True}
    (folder / "IMG.xmp").touch()
    assert of(folder, "adobe", "IMG.CR2") == {"IMG.xmp": True, "IMG.CR2.xmp": True}
    assert of(folder, "darktable", "IMG.CR2") == {"IMG.xmp": True, "IMG.CR2.xmp": True}


def test_the_suffix_may_be_in_any_case(folder: Path) -> None:
    (folder / "IMG.XMP").touch()
    (folder / "img.xmp").touch()
    assert of(folder, "adobe", "IMG.CR2") == {"IMG.XMP": True}
    (folder / "IMG.xmp").touch()
    assert of(folder, "adobe", "IMG.CR2") == {"IMG.XMP": True, "IMG.xmp": True}


def test_a_file_system_that_ignores_case_has_one_sidecar(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "img.xmp").touch()
    monkeypatch.setattr("os.path.lexists", lambda path: (folder / Path(path).name.lower()).exists())
    assert of(folder, "adobe", "IMG.CR2") == {"IMG.xmp": True}


def test_a_name_copied_from_a_mac_is_the_same_name(folder: Path) -> None:
    for composed, decomposed in (
        ("Caf\u00e9", "Cafe\u0301"),
        ("\u00dcbung", "U\u0308bung"),
        ("\uac00", "\u1100\u1161"),
    ):
        (folder / f"{decomposed}.xmp").touch()
        assert of(folder, "adobe", f"{composed}.jpg") == {f"{decomposed}.xmp": True}
        assert of(folder, "adobe", f"{decomposed}.jpg") == {f"{decomposed}.xmp": True}
        (folder / f"{decomposed}.jpg").touch()  # a photo of its own
        assert of(folder, "adobe", f"{composed}.jpg") == {f"{composed}.xmp": False}


def test_a_sidecar_in_other_letters_is_the_photos_unless_it_has_a_photo_of_its_own(folder: Path) -> None:
    (folder / "IMG_1.jpg.xmp").touch()
    (folder / "img_1.xmp").touch()
    both = {"img_1.xmp": True, "IMG_1.jpg.xmp": True}
    assert of(folder, "adobe", "IMG_1.JPG") == both
    (folder / "img_1.CR2").touch()
    assert of(folder, "adobe", "IMG_1.JPG") == {"IMG_1.xmp": False, "IMG_1.jpg.xmp": True}


def test_darktables_duplicates_are_numbered_in_front_of_the_suffix(folder: Path) -> None:
    names = SidecarNames(folder, "darktable")
    for name in ("a_01.jpg.xmp", "a_02.JPG.XMP", "a_113.jpg.xmp", "a_1.jpg.xmp", "a_03.png.xmp", "a_04.xmp"):
        (folder / name).touch()
    (folder / "a_113.jpg").touch()  # a photo of its own
    assert names.duplicates(["a.jpg"]) == ["a_01.jpg.xmp", "a_02.JPG.XMP"]
    assert names.of(["a.jpg"]) == {"a.jpg.xmp": False}


def test_dots_newlines_and_any_script_are_parts_of_names(folder: Path) -> None:
    assert of(folder, "adobe", "2026.06.14 踊り\n1.jpg") == {"2026.06.14 踊り\n1.xmp": False}


def test_a_folder_that_cannot_be_read_is_named(folder: Path) -> None:
    with pytest.raises(OutputError, match="gone: the folder cannot be read"):
        of(folder, "adobe", "gone/IMG.CR2")
