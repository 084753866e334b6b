import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phototriage.errors import OutputError
from phototriage.outputs.sidecars import SidecarOptions, plan_sidecars, undo_sidecars, write_sidecars
from phototriage.series import RankedPhoto, RankedSeries, Verdict
from phototriage.xmp.packet import Packet

Ranked = Callable[..., tuple[RankedSeries, ...]]
STARS = SidecarOptions(("stars",))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.xmp")}


def test_every_undo_goes_a_run_further_back(
    folder: Path, ranked: Ranked, written_by: Callable[[str], bytes]
) -> None:
    (folder / "IMG_1.xmp").write_bytes(written_by("darktable"))
    states = [contents(folder)]
    for first, second in (("pick", "close"), ("close", "pick"), ("rest", "pick")):
        series = ranked((first, ("IMG_1.CR3",)), (second, ("IMG_2.CR3",)))
        write_sidecars(folder, plan_sidecars(folder, series, STARS))
        states.append(contents(folder))
    for state in reversed(states[:-1]):
        undo_sidecars(folder)
        assert contents(folder) == state
    with pytest.raises(OutputError, match="nothing to undo"):
        undo_sidecars(folder)


def test_it_says_what_became_of_every_sidecar(folder: Path, ranked: Ranked) -> None:
    for name in ("IMG_1.xmp", "IMG_4.xmp"):
        (folder / name).write_bytes(Packet().to_bytes())
    shots = [("pick", (f"IMG_{number}.CR3",)) for number in range(1, 6)]
    write_sidecars(folder, plan_sidecars(folder, ranked(*shots), STARS))
    (folder / "IMG_3.xmp").write_bytes(b"somebody's work")
    (folder / "IMG_4.xmp").unlink()
    (folder / "IMG_5.xmp").unlink()  # which is what undoing would have done
    undone = undo_sidecars(folder)
    assert undone.restored == ("IMG_1.xmp",)
    assert undone.removed == ("IMG_2.xmp",)
    assert undone.left_alone == (("IMG_3.xmp", "changed since"), ("IMG_4.xmp", "gone since"))
    assert undone.failures == ()
    assert undone.name.startswith("0001-")
    assert contents(folder) == {"IMG_1.xmp": Packet().to_bytes(), "IMG_3.xmp": b"somebody's work"}


def test_a_run_after_an_undo_has_a_number_of_its_own(folder: Path, ranked: Ranked) -> None:
    series = ranked(("pick", ("IMG_1.CR3",)))
    for number in ("0001", "0002"):
        done = write_sidecars(folder, plan_sidecars(folder, series, STARS))
        assert done.previous is not None
        assert done.previous.name.startswith(number)
        undo_sidecars(folder)
    kept = sorted(path.name for path in (folder / ".phototriage-undo").iterdir())
    assert [name[-len("-undone") :] for name in kept] == ["-undone", "-undone"]


def test_after_an_undo_the_marks_are_written_again(folder: Path, ranked: Ranked) -> None:
    series = ranked(("pick", ("IMG_1.CR3",)))
    write_sidecars(folder, plan_sidecars(folder, series, STARS))
    undo_sidecars(folder)
    assert [change.action for change in plan_sidecars(folder, series, STARS)] == ["create"]


def test_what_cannot_be_restored_can_be_tried_again(folder: Path, ranked: Ranked) -> None:
    sidecar = folder / "IMG_1.xmp"
    before = Packet().to_bytes()
    sidecar.write_bytes(before)
    shots = (("pick", ("IMG_1.CR3",)), ("pick", ("IMG_2.CR3",)))
    write_sidecars(folder, plan_sidecars(folder, ranked(*shots), STARS))
    sidecar.chmod(0o444)
    first = undo_sidecars(folder)
    assert first.failures == (("IMG_1.xmp", "is read-only"),)
    assert first.removed == ("IMG_2.xmp",)
    sidecar.chmod(0o644)
    assert undo_sidecars(folder).restored == ("IMG_1.xmp",)
    assert contents(folder) == {"IMG_1.xmp": before}


def test_a_previous_version_that_was_changed_is_not_put_back(folder: Path, ranked: Ranked) -> None:
    (folder / "IMG_1.xmp").write_bytes(Packet().to_bytes())
    done = write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG_1.CR3",))), STARS))
    assert done.previous is not None
    (done.previous / "IMG_1.xmp").write_bytes(b"something else")
    ((sidecar, reason),) = undo_sidecars(folder).failures
    assert sidecar == "IMG_1.xmp"
    assert reason.endswith("was changed")
    assert Packet((folder / "IMG_1.xmp").read_bytes()).get("xmp:Rating") == "5"


@pytest.mark.parametrize(
    "sidecar", ["../outside.xmp", "/etc/outside.xmp", "photo.jpg", "a/../../outside.xmp"]
)
def test_a_forged_journal_reaches_nothing_but_sidecars(sidecar: str, folder: Path, ranked: Ranked) -> None:
    done = write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG_1.CR3",))), STARS))
    assert done.previous is not None
    journal = done.previous / "run.json"
    document = json.loads(journal.read_bytes())
    document["sidecars"][0]["sidecar"] = sidecar
    journal.write_text(json.dumps(document))
    with pytest.raises(OutputError, match="is damaged"):
        undo_sidecars(folder)


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"sidecars": [{}]}', '{"sidecars": 3}'])
def test_a_damaged_journal_is_one_line(damage: str, folder: Path, ranked: Ranked) -> None:
    done = write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG_1.CR3",))), STARS))
    assert done.previous is not None
    (done.previous / "run.json").write_text(damage)
    with pytest.raises(OutputError, match="restore the files next to it by hand") as raised:
        undo_sidecars(folder)
    assert "\n" not in str(raised.value)


VERDICTS = st.lists(st.sampled_from(["pick", "close", "rest", "kept"]), min_size=3, max_size=3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=st.lists(st.tuples(VERDICTS, st.booleans(), st.booleans()), min_size=1, max_size=4))
def test_any_runs_undone_leave_the_folder_as_it_was(
    runs: list[tuple[list[Verdict], bool, bool]],
    tmp_path_factory: pytest.TempPathFactory,
    ranked: Ranked,
    written_by: Callable[[str], bytes],
) -> None:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "IMG_0.xmp").write_bytes(written_by("digikam"))
    states = [contents(folder)]
    for verdicts, mark_rejects, overwrite in runs:
        series = ranked(*((verdict, (f"IMG_{number}.CR3",)) for number, verdict in enumerate(verdicts)))
        options = SidecarOptions(("pick", "labels"), mark_rejects=mark_rejects, overwrite_ratings=overwrite)
        if write_sidecars(folder, plan_sidecars(folder, series, options)).previous:
            states.append(contents(folder))
        assert not write_sidecars(folder, plan_sidecars(folder, series, options)).previous
    for state in reversed(states[:-1]):
        undo_sidecars(folder)
        assert contents(folder) == state


def marked(folder: Path, photo: str) -> None:
    (folder / photo).touch()
    pick = RankedPhoto(photo, (photo,), 1, 0, 1, "pick", ())
    write_sidecars(folder, plan_sidecars(folder, [RankedSeries("s", "series", None, (pick,))], STARS))


def rewritten(sidecar: Path, name: str, value: str) -> bytes:
    """As by another program."""
    packet = Packet(sidecar.read_bytes())
    packet.set(name, value)
    sidecar.write_bytes(packet.to_bytes())
    return packet.to_bytes()


def test_of_a_sidecar_that_another_program_changed_only_our_marks_are_taken_back(tmp_path: Path) -> None:
    marked(tmp_path, "IMG_1.CR2")
    sidecar = tmp_path / "IMG_1.xmp"
    theirs = rewritten(sidecar, "xmp:Label", "Green")
    assert undo_sidecars(tmp_path, dry_run=True).partly == ("IMG_1.xmp",)
    assert sidecar.read_bytes() == theirs
    undone = undo_sidecars(tmp_path)
    assert (undone.partly, undone.left_alone, undone.failures) == (("IMG_1.xmp",), (), ())
    left = Packet(sidecar.read_bytes())
    assert (left.get("xmp:Rating"), left.get("xmp:Label")) == ("", "Green")


def test_a_mark_that_a_person_changed_is_not_taken_back(tmp_path: Path) -> None:
    marked(tmp_path, "IMG_1.CR2")
    sidecar = tmp_path / "IMG_1.xmp"
    theirs = rewritten(sidecar, "xmp:Rating", "3")
    assert undo_sidecars(tmp_path).left_alone == (("IMG_1.xmp", "changed since"),)
    assert sidecar.read_bytes() == theirs


def test_marks_of_earlier_runs_stay_until_those_are_undone(folder: Path, ranked: Ranked) -> None:
    series = ranked(("pick", ("IMG_1.CR3",)))
    sidecar = folder / "IMG_1.xmp"
    for options in (STARS, SidecarOptions(("stars", "labels"))):
        write_sidecars(folder, plan_sidecars(folder, series, options))
    rewritten(sidecar, "darktable:colorlabels", "1")
    left = []
    for _ in range(2):
        assert undo_sidecars(folder).partly == ("IMG_1.xmp",)
        packet = Packet(sidecar.read_bytes())
        left.append([packet.get(name) for name in ("xmp:Rating", "xmp:Label", "darktable:colorlabels")])
    assert left == [["5", "", "1"], ["", "", "1"]]


def test_a_mark_that_became_more_than_plain_text_does_not_stand_in_the_way(tmp_path: Path) -> None:
    marked(tmp_path, "IMG_1.CR2")
    theirs = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:Rating xml:lang="en">5</xmp:Rating>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
    (tmp_path / "IMG_1.xmp").write_bytes(theirs)
    undone = undo_sidecars(tmp_path)
    assert (undone.left_alone, undone.failures) == ((("IMG_1.xmp", "changed since"),), ())
    assert (tmp_path / "IMG_1.xmp").read_bytes() == theirs


def test_a_folder_that_is_gone_does_not_stand_in_the_way_of_earlier_runs(tmp_path: Path) -> None:
    day = tmp_path / "day"
    day.mkdir()
    marked(tmp_path, "day/IMG_1.CR2")
    shutil.rmtree(day)
    assert undo_sidecars(tmp_path).failures == ()
    with pytest.raises(OutputError, match="nothing to undo"):
        undo_sidecars(tmp_path)


def test_a_folder_that_is_gone_is_not_made_anew(folder: Path, ranked: Ranked) -> None:
    (folder / "day").mkdir()
    before = Packet().to_bytes()
    (folder / "day" / "IMG_1.xmp").write_bytes(before)
    changes = plan_sidecars(folder, ranked(("pick", ("day/IMG_1.CR3",)), ("pick", ("day/IMG_2.CR3",))), STARS)
    write_sidecars(folder, changes[:1])
    shutil.rmtree(folder / "day")
    assert write_sidecars(folder, changes[1:]).failures == (("day/IMG_2.xmp", "its folder is gone"),)
    assert undo_sidecars(folder).left_alone == (("day/IMG_1.xmp", "its folder is gone"),)
    assert not (folder / "day").exists()


def test_a_sidecar_a_run_removed_does_not_bring_back_its_folder(folder: Path, ranked: Ranked) -> None:
    (folder / "day").mkdir()
    for verdict in ("pick", "rest"):
        write_sidecars(folder, plan_sidecars(folder, ranked((verdict, ("day/IMG_1.CR3",))), STARS))
    assert not (folder / "day" / "IMG_1.xmp").exists()
    shutil.rmtree(folder / "day")
    assert undo_sidecars(folder).left_alone == (("day/IMG_1.xmp", "its folder is gone"),)
    assert not (folder / "day").exists()
