import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.xmp.test_embedded import save

from phototriage.outputs.sidecars import SidecarChange, SidecarOptions, plan_sidecars, write_sidecars
from phototriage.series import RankedSeries
from phototriage.xmp.packet import Packet

Ranked = Callable[..., tuple[RankedSeries, ...]]
STARS = SidecarOptions(("stars",))
PICK = ("pick", ("IMG_1.CR2", "IMG_1.JPG"))


def says(path: Path, name: str) -> str:
    return Packet(path.read_bytes()).get(name)


def xmp(**values: str) -> bytes:
    packet = Packet()
    for name, value in values.items():
        packet.set(name.replace("_", ":"), value)
    return packet.to_bytes()


def planned(changes: tuple[SidecarChange, ...]) -> list[tuple[str, str, dict[str, str], str]]:
    return [(change.sidecar, change.action, dict(change.edits), change.reason) for change in changes]


def test_picks_and_close_ones_get_sidecars_and_nothing_is_written_yet(folder: Path, ranked: Ranked) -> None:
    series = ranked(PICK, ("close", ("b/IMG_2.JPG",)), ("rest", ("IMG_3.JPG",)), ("kept", ("IMG_4.JPG",)))
    (folder / "b").mkdir()
    assert planned(plan_sidecars(folder, series, STARS)) == [
        ("IMG_1.xmp", "create", {"xmp:Rating": "5"}, ""),
        ("b/IMG_2.xmp", "create", {"xmp:Rating": "4"}, ""),
    ]
    assert [path.name for path in folder.iterdir()] == ["b"]


def test_there_is_nothing_to_do_the_second_time(folder: Path, ranked: Ranked) -> None:
    series = ranked(PICK, ("close", ("IMG_2.JPG",)))
    options = SidecarOptions(("pick", "stars", "labels"), "darktable")
    write_sidecars(folder, plan_sidecars(folder, series, options))
    again = plan_sidecars(folder, series, options)
    assert {change.action for change in again} == {"keep"}
    stamps = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert write_sidecars(folder, again).previous is None
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == stamps


def test_what_we_wrote_follows_the_ranking(folder: Path, ranked: Ranked) -> None:
    (folder / "IMG_2.xmp").write_bytes(xmp(xmp_Rating="0", xmp_Label="Red"))
    write_sidecars(
        folder,
        plan_sidecars(folder, ranked(PICK, ("close", ("IMG_2.JPG",)), ("rest", ("IMG_3.JPG",))), STARS),
    )
    changes = plan_sidecars(
        folder, ranked(("pick", ("IMG_3.JPG",)), ("close", PICK[1]), ("rest", ("IMG_2.JPG",))), STARS
    )
    assert planned(changes) == [
        ("IMG_3.xmp", "create", {"xmp:Rating": "5"}, ""),
        ("IMG_1.xmp", "update", {"xmp:Rating": "4"}, ""),
        ("IMG_2.xmp", "update", {"xmp:Rating": "0"}, ""),
    ]
    write_sidecars(folder, changes)
    # All of IMG_1's sidecar is ours: with nothing left to say it goes.
    final = plan_sidecars(folder, ranked(("pick", ("IMG_3.JPG",)), ("rest", PICK[1])), STARS)
    assert planned(final) == [
        ("IMG_3.xmp", "keep", {}, ""),
        ("IMG_1.xmp", "remove", {"xmp:Rating": ""}, ""),
    ]
    write_sidecars(folder, final)
    assert not (folder / "IMG_1.xmp").exists()
    assert says(folder / "IMG_2.xmp", "xmp:Label") == "Red"


def test_a_sidecar_of_ours_that_others_wrote_into_is_not_removed(folder: Path, ranked: Ranked) -> None:
    write_sidecars(folder, plan_sidecars(folder, ranked(PICK), STARS))
    packet = Packet((folder / "IMG_1.xmp").read_bytes())
    packet.set("xmp:Label", "Red")
    (folder / "IMG_1.xmp").write_bytes(packet.to_bytes())
    (change,) = plan_sidecars(folder, ranked(("rest", PICK[1])), STARS)
    assert (change.action, dict(change.edits)) == ("update", {"xmp:Rating": ""})
    write_sidecars(folder, [change])
    assert says(folder / "IMG_1.xmp", "xmp:Label") == "Red"
    assert says(folder / "IMG_1.xmp", "xmp:Rating") == ""


def test_another_scheme_takes_the_place_of_the_first(folder: Path, ranked: Ranked) -> None:
    write_sidecars(folder, plan_sidecars(folder, ranked(PICK), SidecarOptions(("pick",))))
    (change,) = plan_sidecars(folder, ranked(PICK), STARS)
    assert dict(change.edits) == {"xmpDM:pick": "", "digiKam:PickLabel": "", "xmp:Rating": "5"}


def test_a_persons_rating_stands_for_all_sidecars_of_the_photo(folder: Path, ranked: Ranked) -> None:
    (folder / "IMG_1.CR2.xmp").write_bytes(xmp(xmp_Rating="3"))
    assert planned(plan_sidecars(folder, ranked(PICK), STARS)) == [
        ("IMG_1.xmp", "leave alone", {}, "yours: xmp:Rating 3"),
        ("IMG_1.CR2.xmp", "leave alone", {}, "yours: xmp:Rating 3"),
    ]
    over = SidecarOptions(("stars",), overwrite_ratings=True)
    assert [(change.action, dict(change.edits)) for change in plan_sidecars(folder, ranked(PICK), over)] == [
        ("create", {"xmp:Rating": "5"}),
        ("update", {"xmp:Rating": "5"}),
    ]


def test_a_rating_we_wrote_over_comes_back_when_the_photo_is_no_pick_any_more(
    folder: Path, ranked: Ranked
) -> None:
    (folder / "IMG_1.xmp").write_bytes(xmp(xmp_Rating="3"))
    over = SidecarOptions(("stars",), overwrite_ratings=True)
    write_sidecars(folder, plan_sidecars(folder, ranked(PICK), over))
    write_sidecars(folder, plan_sidecars(folder, ranked(("close", PICK[1])), over))
    assert says(folder / "IMG_1.xmp", "xmp:Rating") == "4"
    (change,) = plan_sidecars(folder, ranked(("rest", PICK[1])), over)
    assert dict(change.edits) == {"xmp:Rating": "3"}


def test_a_rating_that_a_person_changed_is_theirs(folder: Path, ranked: Ranked) -> None:
    write_sidecars(folder, plan_sidecars(folder, ranked(PICK), STARS))
    (folder / "IMG_1.xmp").write_bytes(xmp(xmp_Rating="4"))
    assert planned(plan_sidecars(folder, ranked(("rest", PICK[1])), STARS)) == []
    assert planned(plan_sidecars(folder, ranked(PICK), STARS)) == [
        ("IMG_1.xmp", "leave alone", {}, "yours: xmp:Rating 4")
    ]


def test_a_value_that_stood_there_already_is_not_ours(folder: Path, ranked: Ranked) -> None:
    (folder / "IMG_1.xmp").write_bytes(xmp(xmp_Rating="5"))
    options = SidecarOptions(("stars", "labels"), overwrite_ratings=True)
    write_sidecars(folder, plan_sidecars(folder, ranked(PICK), options))
    (change,) = plan_sidecars(folder, ranked(("rest", PICK[1])), options)
    assert dict(change.edits) == {"xmp:Label": ""}


def test_a_write_that_never_came_leaves_the_one_before_ours(
    folder: Path, ranked: Ranked, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sidecars(folder, plan_sidecars(folder, ranked(PICK), STARS))
    changes = plan_sidecars(folder, ranked(("close", PICK[1])), STARS)
    with monkeypatch.context() as patch:
        patch.setattr(
            "phototriage.outputs.sidecars.write.write_sidecar",
            lambda *_: (_ for _ in ()).throw(KeyboardInterrupt),
        )
        with pytest.raises(KeyboardInterrupt):
            write_sidecars(folder, changes)
    (change,) = plan_sidecars(folder, ranked(("close", PICK[1])), STARS)
    assert (change.action, dict(change.edits), change.reason) == ("update", {"xmp:Rating": "4"}, "")


def test_two_photos_that_share_a_sidecar_must_agree(folder: Path, ranked: Ranked) -> None:
    apart = ranked(("pick", ("IMG_1.JPG",)), ("rest", ("IMG_1.PNG",)))
    assert planned(plan_sidecars(folder, apart, STARS)) == [
        ("IMG_1.xmp", "leave alone", {}, "IMG_1.PNG shares it, and has another verdict")
    ]
    assert [
        change.sidecar for change in plan_sidecars(folder, apart, SidecarOptions(("stars",), "darktable"))
    ] == ["IMG_1.JPG.xmp"]
    (change,) = plan_sidecars(folder, ranked(("pick", ("IMG_1.JPG",)), ("pick", ("IMG_1.PNG",))), STARS)
    assert (change.action, change.files) == ("create", ("IMG_1.JPG", "IMG_1.PNG"))


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda path: path.write_bytes(b"<x:xmpmeta"), "broken XMP"),
        (lambda path: path.symlink_to("elsewhere.xmp"), "is a link"),
        (lambda path: path.mkdir(), "is no file"),
        (lambda path: (path.write_bytes(xmp()), path.chmod(0o444)), "is read-only"),
        (lambda path: os.mkfifo(path), "is no file"),
        (lambda path: path.write_bytes(bytes((64 << 20) + 1)), "is larger than 64 MiB"),
    ],
)
def test_what_must_not_be_touched_is_left_alone_and_said(
    prepare: Callable[[Path], object], reason: str, folder: Path, ranked: Ranked
) -> None:
    prepare(folder / "IMG_1.xmp")
    (change,) = plan_sidecars(folder, ranked(PICK), STARS)
    assert change.action == "leave alone"
    assert change.reason.startswith(reason)
    assert write_sidecars(folder, [change]).written == ()


def test_no_sidecar_is_written_out_of_the_folder(folder: Path, tmp_path: Path, ranked: Ranked) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "linked").symlink_to(tmp_path / "outside")
    (change,) = plan_sidecars(folder, ranked(("pick", ("linked/IMG_1.JPG",))), STARS)
    assert (change.action, change.reason) == ("leave alone", "lies in a linked folder")


def test_a_read_only_folder_is_said_before_anything_is_written(
    folder: Path, ranked: Ranked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "os.access", lambda *_, **__: False
    )  # the tests may run as root, who may write anywhere
    monkeypatch.setattr("os.supports_effective_ids", set())
    (change,) = plan_sidecars(folder, ranked(PICK), STARS)
    assert (change.action, change.reason) == ("leave alone", "its folder is read-only")


def test_photos_that_were_not_ranked_keep_their_marks(folder: Path, ranked: Ranked) -> None:
    write_sidecars(folder, plan_sidecars(folder, ranked(PICK), STARS))
    assert planned(plan_sidecars(folder, ranked(("pick", ("IMG_9.JPG",))), STARS)) == [
        ("IMG_9.xmp", "create", {"xmp:Rating": "5"}, "")
    ]


def test_a_rating_within_the_photo_is_a_persons_own(folder: Path, ranked: Ranked) -> None:
    save(folder / "IMG_1.JPG")
    series = ranked(("pick", ("IMG_1.CR2", "IMG_1.JPG")))
    (change,) = plan_sidecars(folder, series, SidecarOptions(("stars", "labels")))
    assert (change.action, dict(change.edits), change.reason) == (
        "create",
        {"xmp:Label": "Green"},
        "yours: xmp:Rating 3",
    )
    # A sidecar outvotes the photo, in what it says and in what it takes back.
    zero = Packet()
    zero.set("xmp:Rating", "0")
    (folder / "IMG_1.xmp").write_bytes(zero.to_bytes())
    (change,) = plan_sidecars(folder, series, SidecarOptions(("stars",)))
    assert dict(change.edits) == {"xmp:Rating": "5"}
