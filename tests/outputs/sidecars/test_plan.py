import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.xmp.test_embedded import save

from phototriage.outputs.sidecars import SidecarChange, SidecarOptions, plan_sidecars, write_sidecars
from phototriage.series import RankedSeries
from phototriage.xmp.packet import Packet
from phototriage.xmp.sidecar_names import SidecarName

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


WRITTEN = {
    "ends in NULs": xmp(xmp_Rating="2") + bytes(9),
    "begins with NULs": bytes(3) + xmp(xmp_Rating="2"),
    "an undeclared prefix": xmp(xmp_Rating="2").replace(b"rdf:about", b'photoshop:Credit="x" rdf:about'),
    "no prefix is declared": (b'<x:xmpmeta><rdf:RDF><rdf:Description xmp:Rating="2"/></rdf:RDF></x:xmpmeta>'),
    "an HTML page is behind it": xmp(xmp_Rating="2") + b"<html>502 Bad Gateway</html>",
    "another root": xmp(xmp_Rating="2").replace(b"x:xmpmeta", b"x:xml_doc"),
    "cut": xmp(xmp_Rating="2")[:-20],
    "bytes that are no UTF-8": xmp(xmp_Rating="2").replace(b"phototriage", b"caf\xe9"),
    "a control character": xmp(xmp_Rating="2").replace(b"phototriage", b"\x0b"),
    "UTF-16 without its mark": xmp(xmp_Rating="2").decode().encode("utf-16-le"),
}


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("name", ["IMG_1.xmp", "IMG_1.JPG.xmp"])
def test_a_rating_is_seen_however_badly_it_was_written_down(
    kind: str, name: str, folder: Path, ranked: Ranked
) -> None:
    (folder / name).write_bytes(WRITTEN[kind])
    changes = plan_sidecars(folder, ranked(("pick", ("IMG_1.JPG",))), STARS)
    assert {(change.action, change.reason) for change in changes} == {("leave alone", "yours: xmp:Rating 2")}
    assert name in {change.sidecar for change in changes}


WELL_FORMED = {"ends in NULs", "begins with NULs", "another root", "UTF-16 without its mark"}


@pytest.mark.parametrize("kind", sorted(WRITTEN.keys() - WELL_FORMED))
def test_a_broken_sidecar_is_not_written_even_over_ratings(kind: str, folder: Path, ranked: Ranked) -> None:
    (folder / "IMG_1.JPG.xmp").write_bytes(WRITTEN[kind])
    over = SidecarOptions(("stars",), overwrite_ratings=True)
    (change,) = plan_sidecars(folder, ranked(("pick", ("IMG_1.JPG",))), over)
    assert (change.sidecar, change.action, change.is_fault) == ("IMG_1.JPG.xmp", "leave alone", True)
    assert change.reason.startswith("broken XMP (")


def broken(path: Path) -> None:
    path.write_bytes(b"<x:xmpmeta")


def linked(path: Path) -> None:
    (path.parent.parent / "elsewhere.xmp").write_bytes(xmp())
    path.symlink_to("../elsewhere.xmp")


def read_only(path: Path) -> None:
    path.write_bytes(xmp())
    path.chmod(0o444)


@pytest.mark.parametrize("prepare", [broken, linked, read_only])
@pytest.mark.parametrize(
    ("there", "style"), [("IMG_1.JPG.xmp", "adobe"), ("IMG_1.xmp", "darktable"), ("IMG_1.xmp", "adobe")]
)
def test_no_second_sidecar_is_made_beside_one_that_cannot_be_written(
    there: str, style: SidecarName, prepare: Callable[[Path], None], folder: Path, ranked: Ranked
) -> None:
    prepare(folder / there)
    options = SidecarOptions(("stars",), style)
    (change,) = plan_sidecars(folder, ranked(("pick", ("IMG_1.JPG",))), options)
    assert (change.sidecar, change.action, change.is_fault) == (there, "leave alone", True)
    is_new = (style == "adobe") == there.endswith(".JPG.xmp")
    assert change.reason.endswith("; no second sidecar is made beside it") == is_new
    assert write_sidecars(folder, [change]).written == ()
    assert [path.name for path in folder.iterdir()] == [there]


def test_a_broken_sidecar_may_hold_a_rating_so_the_others_stay(folder: Path, ranked: Ranked) -> None:
    (folder / "IMG_1.xmp").write_bytes(xmp())
    (folder / "IMG_1.JPG.xmp").write_bytes(b"<x:xmpmeta")
    first, second = plan_sidecars(folder, ranked(("pick", ("IMG_1.JPG",))), STARS)
    assert (first.action, second.action) == ("leave alone", "leave alone")
    assert first.reason.startswith("IMG_1.JPG.xmp broken XMP")


@pytest.mark.parametrize("prepare", [linked, read_only])
def test_a_rating_in_a_sidecar_that_cannot_be_written_counts(
    prepare: Callable[[Path], None], folder: Path, ranked: Ranked
) -> None:
    prepare(folder / "IMG_1.JPG.xmp")
    (folder / "IMG_1.JPG.xmp").resolve().chmod(0o644)
    (folder / "IMG_1.JPG.xmp").resolve().write_bytes(xmp(xmp_Rating="2"))
    changes = plan_sidecars(folder, ranked(("pick", ("IMG_1.JPG",))), STARS)
    assert {(change.action, change.reason) for change in changes} == {("leave alone", "yours: xmp:Rating 2")}


@pytest.mark.parametrize(("adobe", "darktable"), [("3", "0"), ("0", "3"), ("3", ""), ("", "3")])
def test_no_stars_in_one_spelling_do_not_hide_the_stars_in_the_other(
    adobe: str, darktable: str, folder: Path, ranked: Ranked
) -> None:
    (folder / "IMG_1.xmp").write_bytes(xmp(xmp_Rating=adobe))
    (folder / "IMG_1.CR2.xmp").write_bytes(xmp(xmp_Rating=darktable))
    changes = plan_sidecars(folder, ranked(("pick", ("IMG_1.CR2",))), STARS)
    assert [(change.action, change.reason) for change in changes] == [
        ("leave alone", "yours: xmp:Rating 3")
    ] * 2


def test_the_rating_of_a_darktable_duplicate_is_a_persons_and_the_duplicate_is_not_written(
    folder: Path, ranked: Ranked
) -> None:
    (folder / "IMG_1_01.JPG.xmp").write_bytes(xmp(xmp_Rating="2"))
    series = ranked(("pick", ("IMG_1.JPG",)))
    for name in ("adobe", "darktable"):
        (change,) = plan_sidecars(folder, series, SidecarOptions(("stars",), name))
        assert (change.action, change.reason) == ("leave alone", "yours: xmp:Rating 2")
    over = SidecarOptions(("stars",), overwrite_ratings=True)
    assert [change.sidecar for change in plan_sidecars(folder, series, over)] == ["IMG_1.xmp"]


@pytest.mark.parametrize(
    "said",
    [
        'photoshop:SidecarForExtension="MOV"',
        'photoshop:SidecarForExtension=".mp4"',
        'dc:format="video/quicktime"',
    ],
)
def test_the_sidecar_of_a_video_is_neither_read_nor_written(said: str, folder: Path, ranked: Ranked) -> None:
    spaces = (
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    )
    data = xmp(xmp_Rating="2").replace(b"rdf:about", (spaces + said + " rdf:about").encode())
    (folder / "IMG_1.xmp").write_bytes(data)
    series = ranked(("pick", ("IMG_1.JPG",)))
    over = SidecarOptions(("stars",), overwrite_ratings=True)
    for options in (STARS, over):
        (change,) = plan_sidecars(folder, series, options)
        assert (change.action, change.is_fault) == ("leave alone", True)
        assert change.reason.startswith("belongs to the ")
    changes = plan_sidecars(folder, series, SidecarOptions(("stars",), "darktable"))
    assert [(change.sidecar, change.action) for change in changes] == [("IMG_1.JPG.xmp", "create")]


def test_a_sidecar_that_says_it_is_a_raws_is_the_photos(folder: Path, ranked: Ranked) -> None:
    said = (
        b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:SidecarForExtension="CR2" rdf:about'
    )
    (folder / "IMG_1.xmp").write_bytes(xmp().replace(b"rdf:about", said))
    (change,) = plan_sidecars(folder, ranked(PICK), STARS)
    assert (change.action, dict(change.edits)) == ("update", {"xmp:Rating": "5"})


def test_a_journal_that_is_damaged_is_one_line_and_its_marks_count_as_a_persons(
    folder: Path, ranked: Ranked
) -> None:
    done = write_sidecars(folder, plan_sidecars(folder, ranked(PICK), STARS))
    assert done.previous is not None
    (done.previous / "run.json").write_text("[" * 100_000)
    lines: list[str] = []
    assert planned(plan_sidecars(folder, ranked(("close", PICK[1])), STARS, lines.append)) == [
        ("IMG_1.xmp", "leave alone", {}, "yours: xmp:Rating 5")
    ]
    (line,) = lines
    assert "nested too deeply" in line
