from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototriage.photos import Capture, CaptureTime
from phototriage.series.shot import Shot, merge_copies, shots_of, shots_of_names

ROOT = Path("/photos")


def files_of(*names: str) -> list[tuple[str, ...]]:
    return [shot.files for shot in shots_of(ROOT, [ROOT / name for name in names])]


def test_a_shot_begins_with_its_photo() -> None:
    with pytest.raises(ValueError, match="first of a shot's files"):
        Shot("a.jpg", ("b.jpg", "a.jpg"))


def test_raw_and_jpeg_of_one_name_are_one_shot_measured_by_the_jpeg() -> None:
    assert files_of("a.CR2", "A.JPG", "b.nef", "c.dng", "c.heic", "c.jpeg") == [
        ("A.JPG", "a.CR2"),
        ("b.nef",),
        ("c.jpeg", "c.heic", "c.dng"),
    ]


def test_equal_names_in_other_folders_are_other_shots() -> None:
    assert files_of("x/a.jpg", "y/a.cr2", "y/b.jpg") == [("x/a.jpg",), ("y/a.cr2",), ("y/b.jpg",)]


@pytest.mark.parametrize(
    ("original", "version"),
    [
        ("IMG_1.jpg", "IMG_1-Edit.tif"),
        ("IMG_1.jpg", "IMG_1-Edit-2.jpg"),
        ("IMG_1.jpg", "IMG_1-edited.jpg"),
        ("IMG_1.jpg", "IMG_1_edited.png"),
        ("IMG_1.dng", "IMG_1-Enhanced-NR.dng"),
        ("IMG_1.jpg", "IMG_1-Edit copy.jpg"),
        ("IMG_1.jpg", "IMG_1 - Copy (2).jpg"),
        ("IMG_1.jpg", "img_1 COPY 3.JPG"),
        ("IMG_1.jpg", "IMG_1~2.jpg"),
        ("IMG_1.arw", "IMG_1_DxO_DeepPRIME.jpg"),
        ("IMG_0123.HEIC", "IMG_E0123.HEIC"),
        ("IMG_0123.HEIC", "IMG_E0123.jpg"),
    ],
)
def test_versions_go_with_the_original_which_is_measured(original: str, version: str) -> None:
    assert files_of(original, version) == files_of(version, original) == [(original, version)]
    assert files_of(version) == [(version,)]


@pytest.mark.parametrize(
    "other", ["IMG_1 (1)", "IMG_1(1)", "IMG_1-2", "IMG_1_01", "IMG_1 2", "IMG_1-HDR", "IMG_12"]
)
def test_names_that_may_be_other_photos_stand_alone(other: str) -> None:
    assert files_of("IMG_1.jpg", f"{other}.jpg") == [("IMG_1.jpg",), (f"{other}.jpg",)]


def test_versions_of_versions_and_their_raws() -> None:
    names = ("a-Edit-Edit.jpg", "a-Edit.jpg", "a-Edit.tif", "a.cr3", "a.jpg")
    assert files_of(*names) == [("a.jpg", "a.cr3", "a-Edit-Edit.jpg", "a-Edit.jpg", "a-Edit.tif")]


def test_the_two_files_of_a_pixel_are_one_shot() -> None:
    raw, cover = "PXL_1.RAW-02.ORIGINAL.dng", "PXL_1.RAW-01.COVER.jpg"
    assert files_of(raw, cover) == [(cover, raw)]


def test_shots_come_in_the_order_of_their_measured_files() -> None:
    assert [files[0] for files in files_of("b.jpg", "a.cr2", "c.jpg", "a.jpg")] == ["b.jpg", "c.jpg", "a.jpg"]


names = st.from_regex(r"[ab](-Edit|~2| copy)?\.(jpg|cr2|tif)", fullmatch=True)


@given(st.lists(names, unique=True))
def test_every_file_is_in_exactly_one_shot(listed: list[str]) -> None:
    assert sorted(file for files in files_of(*listed) for file in files) == sorted(listed)


@given(st.lists(names, unique=True), st.randoms())
def test_what_is_one_shot_does_not_depend_on_the_order(listed: list[str], random: object) -> None:
    shuffled = list(listed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {frozenset(files) for files in files_of(*listed)} == {
        frozenset(files) for files in files_of(*shuffled)
    }


def test_copies_become_one_shot_named_by_the_shorter() -> None:
    shots = [Shot("b/IMG_1 (1).jpg", ("b/IMG_1 (1).jpg",)), Shot("a.jpg", ("a.jpg",))]
    shots.append(Shot("c/IMG_1.jpg", ("c/IMG_1.jpg", "c/IMG_1.cr2")))
    merged = merge_copies(shots, {"b/IMG_1 (1).jpg": "x", "c/IMG_1.jpg": "x", "a.jpg": "y"})
    assert [shot.files for shot in merged] == [("c/IMG_1.jpg", "c/IMG_1.cr2", "b/IMG_1 (1).jpg"), ("a.jpg",)]


def test_shots_of_unknown_content_stay_as_they_are() -> None:
    shots = [Shot("a.jpg", ("a.jpg",)), Shot("b.jpg", ("b.jpg",))]
    assert merge_copies(shots, {}) == shots


def test_another_file_of_a_shot_may_be_the_measured_one() -> None:
    shot = Shot("a.jpg", ("a.jpg", "a.heic", "a.png"))
    assert shot.measured_by("a.png") == Shot("a.png", ("a.png", "a.jpg", "a.heic"))
    assert shot.measured_by("a.jpg") is shot


@pytest.mark.parametrize("root", ["photos", "./photos", "photos/", "/photos"])
def test_paths_may_be_text(root: str) -> None:
    names = ("x/a.cr2", "x/a.jpg", "b.jpg")
    expected = shots_of(Path(root), [Path(root) / name for name in names])
    assert [shot.photo for shot in expected] == ["x/a.jpg", "b.jpg"]
    assert shots_of(root, [f"{root}/{name}" for name in names]) == expected


def said(
    at: str = "", model: str = "", serial: str = "", make: str = "", offset: int | None = None
) -> Capture:
    """A capture at a time on 2024-06-01, or with a date of its own."""
    if not at:
        return Capture(make=make or None, model=model or None, serial=serial or None)
    local = datetime.fromisoformat(at if "-" in at else f"2024-06-01 {at}")
    time = CaptureTime(local, None if offset is None else timedelta(hours=offset))
    return Capture(time=time, make=make or None, model=model or None, serial=serial or None)


def shots_with(captures: Mapping[str, Capture]) -> list[tuple[str, ...]]:
    names = [ROOT / name for name in captures]
    return [shot.files for shot in shots_of(ROOT, names, lambda files: [captures[file] for file in files])]


NOON = said("12:00:00", "X100")


def test_a_raw_apart_from_its_picture_is_compared_with_namesakes_elsewhere() -> None:
    """In the first folder the picture stands first, so that the group does not look like one of a RAW."""
    captures = {"a/1.jpg": said("09:00:00", "X100"), "a/1.dng": NOON, "b/1.png": NOON}
    names = list(captures)
    found = shots_of_names(names, lambda files: [captures[file] for file in files])
    assert [shot.files for shot in found] == [("a/1.jpg",), ("b/1.png", "a/1.dng")]


@pytest.mark.parametrize(
    "captures",
    [
        {"a.JPG": NOON, "a.jpeg": said("2023-05-01 12:00:00", "X100")},
        {"a.JPG": NOON, "a.jpeg": said("12:00:00", "X200")},
        {"a.JPG": NOON, "a.CR2": said("2024-06-02 12:00:00", "X100")},
        {"a.JPG": said("12:00:00", "X100", "1"), "a.heic": said("12:00:00", "X100", "2")},
        {"a.JPG": said(model="X100"), "a.heic": said(model="X200")},
        {"A.jpg": NOON, "a.jpg": said("2023-05-01 12:00:00", "X100")},
        {"A.jpg": Capture(), "a.jpg": Capture()},
        {"a.JPG": NOON, "a.jpg": Capture()},
        {"caf\u00e9.jpg": NOON, "cafe\u0301.jpg": said("13:00:00", "X100")},
        {"a.jpg": NOON, "a-edited.jpg": said("2020-06-01 12:00:00", "X100")},
        {"a.jpg": said("12:00:00", offset=2), "a.heic": said("13:00:00", offset=2)},
    ],
    ids=str,
)
def test_one_name_of_several_photos(captures: dict[str, Capture]) -> None:
    assert shots_with(captures) == [(name,) for name in captures]


@pytest.mark.parametrize(
    "captures",
    [
        {"a.JPG": NOON, "a.CR2": Capture()},
        {"a.JPG": NOON, "a.CR2": said("12:00:02", "X100")},
        {
            "a.JPG": said("12:00:00", "D750", "", "Nikon"),
            "a.NEF": said("12:00:00", "NIKON D750", "7", "NIKON"),
        },
        {"a.JPG": said("12:00:00", offset=2), "a.heic": said("10:00:00", offset=0)},
        {"A.jpg": NOON, "a.jpg": NOON},
        {"caf\u00e9.jpg": NOON, "cafe\u0301.dng": NOON},
        {"caf\u00e9.jpg": NOON, "cafe\u0301-edited.jpg": Capture()},
    ],
    ids=str,
)
def test_several_names_of_one_photo(captures: dict[str, Capture]) -> None:
    assert shots_with(captures) == [tuple(captures)]


def test_a_file_that_says_nothing_goes_with_the_spelling_of_its_name() -> None:
    later = said("2025-01-01 09:00:00", "Y")
    captures = {"IMG_1.jpg": NOON, "img_1.jpg": later, "img_1.dng": Capture(), "IMG_1.cr2": Capture()}
    assert shots_with(captures) == [("IMG_1.jpg", "IMG_1.cr2"), ("img_1.jpg", "img_1.dng")]


@pytest.mark.parametrize(
    "captures",
    [
        {"JPG/a.JPG": NOON, "RAW/a.DNG": NOON},
        {"a.jpg": NOON, "RAW/a.cr3": NOON},
        {"jpeg/a.jpg": NOON, "a.arw": NOON},
        {"2024/JPG/a.jpg": NOON, "2024/RAW/A.NEF": NOON},
        {"a.heic": said("12:00:00.20", "X100"), "raw/a.dng": said("12:00:00.90", "X100", "7")},
        {"DNG/a.dng": NOON, "NEF/a.nef": NOON},
    ],
    ids=str,
)
def test_a_raw_in_another_folder_is_of_the_same_shot(captures: dict[str, Capture]) -> None:
    assert shots_with(captures) == [tuple(captures)]
    assert len(shots_with(dict(reversed(captures.items())))) == 1


@pytest.mark.parametrize(
    "other",
    [
        said("12:00:01", "X100"),
        said("2023-06-01 12:00:00", "X100"),
        said("12:00:00", "X200"),
        said("12:00:00"),
        said(model="X100"),
        Capture(),
    ],
    ids=str,
)
def test_a_raw_in_another_folder_of_another_second_or_camera_stands_alone(other: Capture) -> None:
    assert shots_with({"JPG/a.jpg": NOON, "RAW/a.dng": other}) == [("JPG/a.jpg",), ("RAW/a.dng",)]


def test_pictures_in_two_folders_stay_two_and_a_raw_goes_with_the_nearer() -> None:
    captures = {"x/JPG/a.jpg": NOON, "y/JPG/a.jpg": NOON, "y/RAW/a.dng": NOON}
    assert shots_with(captures) == [("x/JPG/a.jpg",), ("y/JPG/a.jpg", "y/RAW/a.dng")]


def test_captures_are_asked_for_only_where_names_do_not_decide() -> None:
    asked: list[str] = []

    def read(files: Sequence[str]) -> list[Capture]:
        asked.extend(files)
        return [NOON] * len(files)

    names = ("a.jpg", "x/a.jpg", "b.jpg", "x/b.dng", "c.jpg", "c.cr2", "d.dng")
    shots_of(ROOT, [ROOT / name for name in names], read)
    assert sorted(asked) == ["b.jpg", "c.cr2", "c.jpg", "x/b.dng"]


def test_a_copy_in_a_bin_is_never_the_one_that_is_shown() -> None:
    for folder in ("Trash", "Papierkorb", "corbeille", "Recycle Bin", "Deleted Items"):
        shots = [Shot(f"{folder}/a.jpg", (f"{folder}/a.jpg",)), Shot("2024/IMG_1.jpg", ("2024/IMG_1.jpg",))]
        merged = merge_copies(shots, dict.fromkeys((shot.photo for shot in shots), "x"))
        assert [shot.photo for shot in merged] == ["2024/IMG_1.jpg"]
