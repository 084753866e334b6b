import re
from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.outputs.sidecars import (
    SidecarOptions,
    plan_sidecars,
    print_sidecars,
    unread_by_lightroom,
    write_sidecars,
)
from phototriage.series import RankedSeries

Ranked = Callable[..., tuple[RankedSeries, ...]]
STARS = SidecarOptions(("stars",))


def test_a_line_per_sidecar_says_what_and_why(
    folder: Path, ranked: Ranked, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "IMG_2.xmp").write_bytes(b"broken")
    series = ranked(("pick", ("IMG_1.CR2",)), ("pick", ("IMG_2.CR2",)), ("close", ("[red]\n.CR2",)))
    print_sidecars(plan_sidecars(folder, series, STARS))
    lines = capsys.readouterr().out.splitlines()
    (first,) = (line for line in lines if "IMG_1.xmp" in line)
    assert re.split(r" {2,}", first.rstrip()) == ["IMG_1.xmp", "create", "xmp:Rating 5"]
    (second,) = (line for line in lines if "IMG_2.xmp" in line)
    assert "leave alone" in second
    assert "broken XMP" in second
    assert any("[red]\\n.xmp" in line for line in lines)


def test_marks_taken_back_are_said_and_those_that_stay_are_not(
    folder: Path, ranked: Ranked, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sidecars(folder, plan_sidecars(folder, ranked(("pick", ("IMG_1.CR2",))), STARS))
    print_sidecars(plan_sidecars(folder, ranked(("pick", ("IMG_1.CR2",))), STARS))
    assert capsys.readouterr().out == ""
    print_sidecars(plan_sidecars(folder, ranked(("rest", ("IMG_1.CR2",))), STARS))
    assert "xmp:Rating (taken back)" in capsys.readouterr().out


def test_lightroom_reads_sidecars_of_raw_files_only(folder: Path, ranked: Ranked) -> None:
    shots = [
        ("pick", ("IMG_1.CR2", "IMG_1.JPG")),
        ("pick", ("IMG_2.JPG",)),
        ("pick", ("IMG_3.DNG",)),
        ("pick", ("IMG_4.nef",)),
        ("pick", ("IMG_5.tif",)),
    ]
    assert unread_by_lightroom(plan_sidecars(folder, ranked(*shots), STARS)) == 3
    (folder / "IMG_5.xmp").write_bytes(b"broken")
    assert unread_by_lightroom(plan_sidecars(folder, ranked(*shots), STARS)) == 2
