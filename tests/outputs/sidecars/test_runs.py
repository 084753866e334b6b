from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.outputs.sidecars import SidecarOptions, plan_sidecars, undo_sidecars, write_sidecars
from phototriage.outputs.sidecars.runs import runs_of
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
