"""`phototriage learn`, with a ranker that was kept before and with ratings in sidecars."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from phototriage.cli import main
from phototriage.personal.gate import Gate
from phototriage.personal.learned import Learned, keep_learned, load_learned, ranker_file
from phototriage.ranker import load_embedded_ranker
from phototriage.simulation import write_bursts

GATE = Gate(40, 0.63, 0.71, 0.08, 0.02, 0.14, 0.001, None)
SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{}"/></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def personal_dir(tmp_path: Path) -> Path:
    learned = Learned(
        load_embedded_ranker(),
        GATE,
        160,
        410,
        ("ratings: 300 decisions",),
        ("you prefer brighter frames",),
        "2026-11-27T05:00:00+00:00",
        "1.2",
    )
    keep_learned(learned, tmp_path / "personal")
    return tmp_path / "personal"


def test_show_tells_what_was_learned(
    personal_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["learn", "--show", "--personal_dir", str(personal_dir)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "learned 2026-11-27 by phototriage 1.2",
        "series that you decided: 160 (410 pairs of photos)",
        "ratings: 300 decisions",
        "you prefer brighter frames",
        GATE.verdict,
    ]
    monkeypatch.setenv("PHOTOTRIAGE_PERSONAL", "off")
    assert main(["learn", "--show", "--personal_dir", str(personal_dir)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith("PHOTOTRIAGE_PERSONAL is off: rank and review use the default ranker")
    assert "from now on" not in last
    assert main(["learn", "--show", "--personal_dir", str(personal_dir / "none")]) == 0
    assert "nothing was learned yet" in capsys.readouterr().err


def test_forget_removes_it_and_a_dry_run_does_not(
    personal_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forget = ["learn", "--forget", "--personal_dir", str(personal_dir)]
    assert main([*forget, "--dry_run"]) == 0
    assert ranker_file(personal_dir).exists()
    assert main(forget) == 0
    assert not ranker_file(personal_dir).exists()
    assert main(forget) == 0
    would, did, nothing = capsys.readouterr().err.splitlines()
    assert would.endswith(f"would remove {ranker_file(personal_dir)}")
    assert f"removed {ranker_file(personal_dir)}" in did
    assert "nothing to forget" in nothing


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "name the folders"),
        (["--show", "--forget"], "two commands"),
        (["photos", "--show"], "need no folder"),
        (["photos", "--from", "lightroom"], "not lightroom"),
        (["photos", "--map", "D:"], "OLD=NEW"),
    ],
)
def test_wrong_usage(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", *arguments]) == 2
    assert problem in capsys.readouterr().err


def test_ratings_in_sidecars_teach(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_bursts(tmp_path / "bursts", series=3, seed=5, width=120, height=80)
    photos = tmp_path / "bursts" / "photos"
    for number, photo in enumerate(sorted(photos.rglob("*.jpg"))):
        photo.with_suffix(".xmp").write_text(SIDECAR.format(1 + number % 5))
    before = {path: path.read_bytes() for path in photos.rglob("*.*")}
    command = ["learn", str(photos), "--from", "ratings", "--cache_dir", str(tmp_path / "cache")]
    command += ["--personal_dir", str(tmp_path / "personal"), "--choices_dir", str(tmp_path / "choices")]
    assert main([*command, "--dry_run"]) == 0
    assert load_learned(tmp_path / "personal") is None
    assert main(command) == 0
    learned = load_learned(tmp_path / "personal")
    assert learned is not None
    assert learned.series == 3
    out = capsys.readouterr().out
    assert out.count("too few to judge") == 2
    assert out.count("rank and review use the default ranker") == 2
    assert "ratings" in out
    assert {path: path.read_bytes() for path in photos.rglob("*.*")} == before

    # One that passed with other photos stays, until it is forgotten.
    others = replace(learned.ranker, seen_contents=np.array([1], np.uint32))
    file = keep_learned(replace(learned, ranker=others, gate=GATE), tmp_path / "personal")
    passed = file.read_bytes()
    assert main([*command, "--dry_run"]) == main(command) == 0
    told = capsys.readouterr()
    assert told.out.count("are needed\n") == 2
    assert told.err.count("your own ranker stays as it is") == 2
    assert file.read_bytes() == passed
    assert main(["learn", "--forget", "--personal_dir", str(tmp_path / "personal")]) == main(command) == 0
    assert file.exists()


def test_an_unusable_own_ranker_is_one_line(personal_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learned = load_learned(personal_dir)
    assert learned is not None
    keep_learned(replace(learned, words=()), personal_dir)
    ranker_file(personal_dir).write_bytes(b"half a file")
    assert main(["learn", "--show", "--personal_dir", str(personal_dir)]) == 1
    assert "is no ranker" in capsys.readouterr().err


@pytest.mark.parametrize("over", [".", "photos", "photos/trip"])
def test_what_rank_wrote_teaches_nothing_whichever_folder_it_ranked(
    over: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bursts(tmp_path / "bursts", series=2, seed=5, width=120, height=80)
    photos = tmp_path / "bursts" / "photos"
    trip = photos / "trip"
    trip.mkdir()
    for photo in sorted(photos.rglob("*.jpg")):
        photo.rename(trip / photo.name)
    stores = [f"--{name}_dir={tmp_path / name}" for name in ("cache", "personal", "choices")]
    assert main(["rank", str(tmp_path / "bursts" / over), "--xmp", "stars", *stores]) == 0
    assert len(list(trip.glob("*.xmp"))) >= 2
    assert main(["learn", str(photos), *stores]) == 1
    assert "nothing was decided that teaches anything" in capsys.readouterr().err
