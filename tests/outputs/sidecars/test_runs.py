import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.outputs.sidecars import SidecarOptions, plan_sidecars, undo_sidecars, write_sidecars
from phototriage.outputs.sidecars.runs import runs_of, written_marks
from phototriage.photos import discover
from phototriage.series import RankedSeries
from phototriage.xmp.packet import Packet

Ranked = Callable[..., tuple[RankedSeries, ...]]
STARS = SidecarOptions(("stars",))
BOTH = ("0001", ".phototriage/sidecars"), ("0002", ".phototriage-undo")


@pytest.fixture
def former(folder: Path, ranked: Ranked) -> Path:
    """A folder whose one run lies where earlier versions put it, beside another program's files."""
    mark(folder, ranked, STARS)
    (folder / ".phototriage").mkdir()
    (folder / ".phototriage" / "selections.json").write_text("{}")
    (folder / ".phototriage-undo").rename(folder / ".phototriage" / "sidecars")
    return folder


def mark(folder: Path, ranked: Ranked, options: SidecarOptions) -> None:
    write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG_1.CR3",))), options))


def places(folder: Path) -> list[tuple[str, str]]:
    return [(run.place.name[:4], str(run.place.parent.relative_to(folder))) for run in runs_of(folder)]


def marks(folder: Path) -> list[str]:
    packet = Packet((folder / "IMG_1.xmp").read_bytes())
    return [packet.get("xmp:Rating"), packet.get("xmp:Label")]


def test_a_run_in_the_former_place_is_undone(former: Path) -> None:
    assert places(former) == list(BOTH[:1])
    assert undo_sidecars(former).removed == ("IMG_1.xmp",)
    assert not (former / "IMG_1.xmp").exists()
    assert places(former) == []
    with pytest.raises(OutputError, match="nothing to undo"):
        undo_sidecars(former)


def test_marks_of_a_run_in_the_former_place_are_known_as_ours(former: Path, ranked: Ranked) -> None:
    series = ranked(("rest", ("IMG_1.CR3",)))
    assert [change.action for change in plan_sidecars(former, series, STARS)] == ["remove"]


def test_new_runs_go_on_counting_in_the_new_place(former: Path, ranked: Ranked) -> None:
    mark(former, ranked, SidecarOptions(("stars", "labels")))
    assert places(former) == list(BOTH)
    assert marks(former) == ["5", "Green"]
    undo_sidecars(former)
    assert marks(former) == ["5", ""]
    assert places(former) == list(BOTH[:1])
    undo_sidecars(former)
    assert not (former / "IMG_1.xmp").exists()
    mark(former, ranked, STARS)
    assert places(former) == [("0003", ".phototriage-undo")]
    assert (former / ".phototriage" / "selections.json").read_text() == "{}"
    assert sorted(path.name[:4] for path in (former / ".phototriage" / "sidecars").iterdir()) == ["0001"]


def test_runs_are_ordered_by_number_and_not_by_place(former: Path, ranked: Ranked) -> None:
    mark(former, ranked, SidecarOptions(("stars", "labels")))
    (second,) = (former / ".phototriage-undo").iterdir()
    (first,) = (former / ".phototriage" / "sidecars").iterdir()
    for run, there in ((second, first.parent), (first, second.parent)):
        run.rename(there / run.name)
    assert places(former) == [("0001", ".phototriage-undo"), ("0002", ".phototriage/sidecars")]


def test_photos_in_either_place_are_no_photos_of_the_folder(
    former: Path, make_photo: Callable[..., Path]
) -> None:
    photo = make_photo("one.jpg").read_bytes()
    for name in ("one.jpg", ".phototriage-undo/two.jpg", ".phototriage/sidecars/three.jpg"):
        (former / name).parent.mkdir(exist_ok=True)
        (former / name).write_bytes(photo)
    assert discover(former) == [former / "one.jpg"]


@pytest.mark.parametrize("link", [".phototriage", ".phototriage/sidecars"])
def test_a_former_place_that_is_a_link_is_not_followed(link: str, former: Path, tmp_path: Path) -> None:
    (former / link).rename(tmp_path / "elsewhere")
    (former / link).symlink_to(tmp_path / "elsewhere")
    assert runs_of(former) == ()
    with pytest.raises(OutputError, match="nothing to undo"):
        undo_sidecars(former)


def test_a_link_of_another_program_does_not_stand_in_the_way(
    folder: Path, tmp_path: Path, ranked: Ranked
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / ".phototriage").symlink_to(tmp_path / "elsewhere")
    mark(folder, ranked, STARS)
    assert undo_sidecars(folder).removed == ("IMG_1.xmp",)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_runs_beyond_9999_are_counted_ordered_and_undone(folder: Path, ranked: Ranked) -> None:
    mark(folder, ranked, STARS)
    (first,) = (folder / ".phototriage-undo").iterdir()
    first.rename(first.with_name(first.name.replace("0001", "9999")))
    mark(folder, ranked, SidecarOptions(("stars", "labels")))
    mark(folder, ranked, SidecarOptions(("labels",)))
    assert [run.place.name.partition("-")[0] for run in runs_of(folder)] == ["9999", "10000", "10001"]
    assert marks(folder) == ["", "Green"]
    undo_sidecars(folder)
    assert marks(folder) == ["5", "Green"]
    undo_sidecars(folder)
    assert marks(folder) == ["5", ""]


ENTRY: dict[str, object] = {
    "sidecar": "a.xmp",
    "before": "",
    "after": "",
    "mode": None,
    "created": True,
    "marks": [],
}


@pytest.mark.parametrize(
    "journal",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "\0" * 1000,
        "9" * 5000,
        json.dumps({"sidecars": [ENTRY | {"sidecar": "a\0.xmp"}]}),
        json.dumps({"sidecars": [ENTRY | {"sidecar": 7}]}),
        json.dumps({"sidecars": [ENTRY | {"mode": "0644"}]}),
        json.dumps({"sidecars": [ENTRY | {"before": None}]}),
        json.dumps({"sidecars": [ENTRY | {"marks": [{"name": "foo:Bar", "value": "1", "was": ""}]}]}),
        json.dumps({"sidecars": [ENTRY | {"marks": [{"name": "xmp:Label", "value": "\0", "was": ""}]}]}),
        json.dumps({"sidecars": [ENTRY | {"marks": [{"name": "xmp:Label", "value": 5, "was": ""}]}]}),
        json.dumps({"sidecars": [ENTRY | {"marks": 5}]}),
    ],
)
def test_a_foreign_journal_is_one_line_and_the_rest_goes_on(
    journal: str, folder: Path, ranked: Ranked
) -> None:
    mark(folder, ranked, STARS)
    foreign = folder / ".phototriage-undo" / "0007-of somebody"
    foreign.mkdir()
    (foreign / "run.json").write_text(journal)
    lines: list[str] = []
    undone = undo_sidecars(folder, on_note=lines.append)
    assert undone.removed == ("IMG_1.xmp",)
    (line,) = lines
    assert line.startswith(f"{foreign / 'run.json'} is damaged")
    assert "\n" not in line
    assert "\0" not in line
    assert len(line) < 1000
    # New runs go on counting behind it.
    mark(folder, ranked, STARS)
    assert places(folder) == [("0008", ".phototriage-undo")]


def test_a_journal_that_is_a_pipe_or_a_link_is_not_waited_for(
    folder: Path, tmp_path: Path, ranked: Ranked
) -> None:
    mark(folder, ranked, STARS)
    (own,) = (folder / ".phototriage-undo").iterdir()
    for number in ("0007", "0008"):
        (own.parent / f"{number}-x").mkdir()
    os.mkfifo(own.parent / "0007-x" / "run.json")
    (own.parent / "0008-x" / "run.json").symlink_to(own / "run.json")
    (own.parent / "0009-x").symlink_to(own)
    lines: list[str] = []
    assert [run.place for run in runs_of(folder, lines.append)] == [own]
    assert [line.split(":")[0] for line in lines] == [
        f"cannot read {own.parent / name / 'run.json'}" for name in ("0007-x", "0008-x")
    ]


def test_all_that_was_ever_written_is_known_even_after_undoing_it(folder: Path, ranked: Ranked) -> None:
    assert written_marks(folder, ["IMG_1.CR3"]) == {}
    mark(folder, ranked, STARS)
    mark(folder, ranked, SidecarOptions(("labels",)))
    undo_sidecars(folder)
    assert written_marks(folder, ["IMG_1.CR3"]) == {
        "IMG_1.xmp": [{"xmp:Rating": "5"}, {"xmp:Label": "Green"}]
    }


def test_a_damaged_journal_is_named_and_the_others_are_read(folder: Path, ranked: Ranked) -> None:
    mark(folder, ranked, STARS)
    mark(folder, ranked, SidecarOptions(("labels",)))
    first, _ = runs_of(folder)
    (first.place / "run.json").write_text("{")
    lines: list[str] = []
    assert written_marks(folder, ["IMG_1.CR3"], lines.append) == {"IMG_1.xmp": [{"xmp:Label": "Green"}]}
    assert ["is damaged" in line for line in lines] == [True]


def marks_below(top: Path, folder: str, ranked: Ranked) -> None:
    """Marks the photos of a sub-folder by a run over the whole of `top`."""
    file = f"{folder}/IMG_1.CR3" if folder else "IMG_1.CR3"
    write_sidecars(top, plan_sidecars(top, ranked(("pick", (file,))), STARS))


@pytest.mark.parametrize("over", ["", "a", "a/b", "a/b/c", "a/b/c/d"])
def test_marks_are_known_whichever_folder_the_run_was_over(over: str, tmp_path: Path, ranked: Ranked) -> None:
    learned = tmp_path / "a" / "b"
    (learned / "c" / "d").mkdir(parents=True)
    top = tmp_path / over
    marks_below(top, (learned / "c" / "d").relative_to(top).as_posix().removeprefix("."), ranked)
    marks_of = {"c/d/IMG_1.xmp": [{"xmp:Rating": "5"}]}
    assert written_marks(learned, ["c/d/IMG_1.CR3"]) == marks_of
    (tmp_path / "link").symlink_to(learned)
    assert written_marks(tmp_path / "link", ["c/d/IMG_1.CR3"]) == marks_of


def test_marks_beside_the_folder_are_not_of_it(tmp_path: Path, ranked: Ranked) -> None:
    for name in ("photos", "photos 2"):
        (tmp_path / name).mkdir()
    marks_below(tmp_path, "photos 2", ranked)
    assert written_marks(tmp_path / "photos", ["IMG_1.CR3"]) == {}


def test_a_folder_above_whose_name_another_system_spelled(tmp_path: Path, ranked: Ranked) -> None:
    (tmp_path / "Cafe\u0301").mkdir()
    marks_below(tmp_path, "Cafe\u0301", ranked)
    (tmp_path / "Cafe\u0301").rename(tmp_path / "Caf\u00e9")
    assert written_marks(tmp_path / "Caf\u00e9", ["IMG_1.CR3"]) == {"IMG_1.xmp": [{"xmp:Rating": "5"}]}


def test_a_linked_journal_above_the_folder_is_named_and_not_followed(folder: Path, ranked: Ranked) -> None:
    mark(folder, ranked, STARS)
    (folder.parent / ".phototriage-undo").symlink_to(folder / ".phototriage-undo")
    lines: list[str] = []
    assert written_marks(folder, ["IMG_1.CR3"], lines.append) == {"IMG_1.xmp": [{"xmp:Rating": "5"}]}
    assert ["leads elsewhere" in line for line in lines] == [True]
