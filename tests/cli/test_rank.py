import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Cli = Callable[..., tuple[int, str, str]]


def tree(folder: Path) -> dict[str, tuple[str, int]]:
    """Digest and time of change of every file."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.mark.parametrize("options", [(), ("--by_folder",)])
def test_finds_and_ranks_the_bursts(cli: Cli, bursts: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    table = tmp_path / "r.csv"
    code, out, err = cli("rank", bursts / "photos", "--cache_dir", tmp_path, "--csv", table, *options)
    rows = rows_of(table)
    photos = sorted(path.relative_to(bursts / "photos").as_posix() for path in bursts.rglob("*.jpg"))
    assert (code, sorted(row["photo"] for row in rows)) == (0, photos)
    found = {
        frozenset(row["photo"] for row in rows if row["series"] == name)
        for name in {r["series"] for r in rows}
    }
    folders = {name.split("/")[0] for name in photos}
    assert found == {frozenset(name for name in photos if name.split("/")[0] == each) for each in folders}
    assert err.startswith(f"photos {len(photos)}, series 12, picks 12, ")
    best = next(row for row in rows if row["verdict"] == "pick")
    assert f"   1  {Path(best['photo']).name}" in out


def test_quiet_says_nothing(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    assert cli("rank", bursts / "photos", "--cache_dir", tmp_path, "--quiet", "--html", page) == (0, "", "")
    assert page.read_text().count("<section") == 12


def test_keep_says_how_many_are_picks(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    table = tmp_path / "r.csv"
    cli("rank", bursts / "photos", "--cache_dir", tmp_path, "--csv", table, "--keep", "2", "--quiet")
    picks = [row["series"] for row in rows_of(table) if row["verdict"] == "pick"]
    assert len(picks) == 24
    assert set(Counter(picks).values()) == {2}


def test_a_raw_beside_its_jpeg_is_one_photo(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos" / "burst-001", folder)
    first = min(folder.iterdir())
    first.with_suffix(".CR2").write_bytes(b"II*\0\x10\0\0\0CR" + bytes(100_000))  # not decoded
    table = tmp_path / "r.csv"
    code, _, _ = cli("rank", folder, "--cache_dir", tmp_path / "cache", "--csv", table)
    assert code == 0
    files = {row["photo"]: row["files"] for row in rows_of(table)}
    assert files[first.name] == f"{first.name}; {first.stem}.CR2"


def test_a_spoilt_raw_beside_a_good_jpeg_is_named(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos" / "burst-001", folder)
    first = min(folder.iterdir())
    first.with_suffix(".CR2").write_bytes(b"II*\0\x10\0\0\0CR" + bytes(5_000))
    table = tmp_path / "failures.csv"
    cli("rank", folder, "--cache_dir", tmp_path / "cache", "--failures", table)
    assert rows_of(table) == [
        {"photo": f"{first.stem}.CR2", "reason": "a RAW file of 5,010 bytes is incomplete: copy it again"}
    ]


def test_where_the_measured_file_is_broken_the_next_of_the_shot_is_measured(
    cli: Cli, bursts: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos" / "burst-001", folder)
    first = min(folder.iterdir())
    with Image.open(first) as picture:
        picture.save(first.with_suffix(".png"))
    first.write_text("broken")
    table = tmp_path / "r.csv"
    code, _, err = cli("rank", folder, "--cache_dir", tmp_path / "cache", "--csv", table)
    assert code == 3
    assert err.startswith(f"left out: {first.name}: ")
    files = {row["photo"]: row["files"] for row in rows_of(table)}
    assert files[f"{first.stem}.png"] == f"{first.stem}.png; {first.name}"


def test_a_dry_run_writes_no_list_of_failures_either(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    listed = tmp_path / "f.csv"
    options = ("--cache_dir", tmp_path, "--dry_run", "--failures", listed, "--json", "-")
    code, out, err = cli("rank", bursts / "photos", *options)
    assert (code, listed.exists()) == (0, False)
    assert f"would write {listed}\n" in err
    assert len(json.loads(out)["series"]) == 12


def test_marks_and_copies_are_shown_first_then_made_then_taken_back(
    cli: Cli, bursts: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos", folder)
    originals = tree(folder)
    options = ("--cache_dir", tmp_path / "cache", "--xmp", "stars", "--copy", tmp_path / "best", "--top", "1")
    html = ("--html", tmp_path / "r.html")

    code, out, err = cli("rank", folder, *options, *html, "--dry_run")
    assert (code, tree(folder)) == (0, originals)
    assert not (tmp_path / "best").exists()
    assert not (tmp_path / "r.html").exists()
    assert "xmp:Rating 5" in out
    assert f"would write {tmp_path}/r.html\n" in err

    code, _, err = cli("rank", folder, *options, *html)
    assert code == 0
    assert "--undo takes them back\n" in err
    now = tree(folder)
    assert {name: now[name] for name in originals} == originals
    copies = sorted(path.suffix for path in (tmp_path / "best").rglob("*.*"))
    assert copies == [".jpg"] * 12 + [".xmp"] * 12

    code, _, err = cli("rank", folder, "--undo", "--dry_run")
    assert (code, tree(folder)) == (0, now)
    assert "would be removed" in err
    code, _, _ = cli("rank", folder, "--undo")
    left = {name for name in tree(folder) if ".phototriage" not in name}
    assert (code, left) == (0, set(originals))


@pytest.mark.parametrize(
    "options",
    [
        ("--xmp", "pick", "stars", "labels", "--mark_rejects"),
        ("--xmp", "pick", "--xmp_name", "darktable", "--overwrite_ratings"),
        ("--link", "picks"),
        ("--symlink", "picks"),
        ("--copy", "picks"),
        ("--html", "page.html"),
        ("--csv", "r.csv", "--json", "r.json"),
    ],
)
def test_originals_stay_as_they_are(
    cli: Cli, bursts: Path, tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos", folder)
    monkeypatch.chdir(folder)
    before = tree(folder)
    assert cli("rank", folder, "--cache_dir", tmp_path / "cache", *options)[0] == 0
    after = tree(folder)
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)


def test_json_on_standard_output_is_clean(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    code, out, _ = cli("rank", bursts / "photos", "--cache-dir", tmp_path, "--json", "-")
    assert code == 0
    assert len(json.loads(out)["series"]) == 12


def test_bad_photos_are_named_and_the_rest_are_ranked(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos" / "burst-001", folder)
    (folder / "broken.jpg").write_text("no photo")
    listed = tmp_path / "failures.csv"
    code, out, err = cli("rank", folder, "--cache_dir", tmp_path / "cache", "--failures", listed)
    assert code == 3
    (failure,) = csv.DictReader(listed.read_text().splitlines())
    assert failure["photo"] == "broken.jpg"
    assert failure["reason"].startswith("not a photo in a format that can be read")
    assert err.startswith("left out: broken.jpg: ")
    assert "broken" not in out
    assert "P(best)" in out


@pytest.fixture
def with_locked_folder(bursts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A burst beside a sub-folder that cannot be listed, whoever runs the tests."""
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos" / "burst-001", folder)
    locked = folder / "lo\x1b[2Jcked"
    locked.mkdir()
    scandir = os.scandir

    def refuse(path: Any = ".") -> Any:
        if path == locked:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    return folder


LOCKED = {"photo": "lo\x1b[2Jcked", "reason": "the folder cannot be read: Permission denied"}


def test_an_unreadable_sub_folder_is_a_failure_among_others(
    cli: Cli, with_locked_folder: Path, tmp_path: Path
) -> None:
    folder = with_locked_folder
    first = min(folder.glob("*.jpg"))
    # Its other file is measured in its place, which must not lose what failed before.
    shutil.copy(first, first.with_suffix(".png"))
    first.write_text("no photo")
    listed, page = tmp_path / "failures.csv", tmp_path / "r.json"
    options = ("--cache_dir", tmp_path / "cache", "--failures", listed, "--json", page, "--quiet")
    code, out, err = cli("rank", folder, *options)
    assert (code, out) == (3, "")
    assert err.splitlines()[0] == f"left out: lo\\x1b[2Jcked: {LOCKED['reason']}"
    assert err.splitlines()[1].startswith(f"left out: {first.name}: not a photo in a format")
    assert len(err.splitlines()) == 2
    failures = list(csv.DictReader(listed.read_text().splitlines()))
    assert failures == json.loads(page.read_text())["failures"]
    assert failures[0] == LOCKED
    assert [failure["photo"] for failure in failures] == [LOCKED["photo"], first.name]


def test_an_unreadable_sub_folder_is_told_where_no_photo_can_be_used(
    cli: Cli, with_locked_folder: Path, tmp_path: Path
) -> None:
    for photo in with_locked_folder.glob("*.jpg"):
        photo.write_text("no photo")
    listed = tmp_path / "failures.csv"
    code, _, err = cli("rank", with_locked_folder, "--cache_dir", tmp_path / "cache", "--failures", listed)
    assert code == 1
    assert err.startswith(f"left out: lo\\x1b[2Jcked: {LOCKED['reason']}\n")
    assert next(csv.DictReader(listed.read_text().splitlines())) == LOCKED


def test_what_is_passed_by_on_purpose_is_said_and_no_failure(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos" / "burst-001", folder)
    (folder / "album").symlink_to(bursts, target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "go\x1b[2Jne.jpg").symlink_to(folder / "missing.jpg")
    code, _, err = cli("rank", folder, "--cache_dir", tmp_path / "cache")
    assert code == 0
    assert err.splitlines()[:2] == [
        "2 linked folders were not entered",
        "broken links and special files were skipped: 1, the first go\\x1b[2Jne.jpg",
    ]
    assert err.endswith("; 0 left out; ranked by the default ranker\n")


def test_a_folder_of_links_is_not_called_empty(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "album").symlink_to(bursts, target_is_directory=True)
    code, _, err = cli("rank", folder, "--cache_dir", tmp_path / "cache")
    assert code == 1
    assert err.endswith("; 1 folder was not entered: 1 linked\n")


def test_where_no_photo_can_be_used_all_reasons_are_listed(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").touch()
    (folder / "b.jpg").write_text("no photo")
    code, out, err = cli("rank", folder, "--cache_dir", tmp_path / "cache", "--failures", tmp_path / "f.csv")
    assert (code, out) == (1, "")
    assert [line.split(": ")[1] for line in err.splitlines()[:2]] == ["a.jpg", "b.jpg"]
    assert err.endswith("phototriage: not one of 2 photos could be used: is it the right folder?\n")
    assert len((tmp_path / "f.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_folder_without_photos_is_one_clear_error(cli: Cli, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "folder"
    if kind == "empty":
        folder.mkdir()
    elif kind == "file":
        folder.touch()
    code, out, err = cli("rank", folder, "--cache_dir", tmp_path / "cache")
    assert (code, out) == (1, "")
    assert err.startswith("phototriage: ")
    assert str(folder) in err
    assert err.count("\n") == 1


def test_a_model_for_other_features_is_refused(cli: Cli, bursts: Path, own_labels: tuple[Path, Path]) -> None:
    labels, table = own_labels
    run = labels.parent / "run"
    options = (
        "--comparisons",
        labels,
        "--feature_table",
        table,
        "--mlp_hidden_dims",
        "4",
        "--max_epochs",
        "1",
    )
    assert cli("train", *options, "--output_dir", run)[0] == 0
    code, _, err = cli(
        "rank", bursts / "photos", "--model", run / "best_model.pt", "--cache_dir", labels.parent / "cache"
    )
    assert code == 1
    assert err == (
        "phototriage: the model was trained on a table of ready numbers and cannot measure photos\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--top", "0"), "--top must be at least 1, not 0"),
        (("--workers", "0"), "--workers must be at least 1, not 0"),
        (("--keep", "0"), "--keep must be a whole number of at least 1, not 0"),
        (("--gap", "-1"), "--gap must be seconds, 0 or more, not -1"),
        (("--similarity", "1.5"), "--similarity must be between 0 and 1, not 1.5"),
        (("--html", "-"), "--html needs a file"),
        (("--json", "a.JPG"), "a.JPG has the name of a photo or a sidecar"),
        (("--failures", "a.xmp"), "a.xmp has the name of a photo or a sidecar"),
        (("--mark_rejects",), "--mark_rejects and --overwrite_ratings need --xmp"),
        (("--xmp", "stars", "--pick_rating", "9"), "rating"),
        (("--dry_run", "--json", "-", "--xmp", "pick"), "--dry_run shows marks and picks on standard output"),
        (("--link", "x", "--copy", "x"), "--link, --symlink and --copy need a folder each"),
        (("--csv", "-", "--json", "-"), "--csv, --json, --html and --failures need a place each"),
        (("--features", "iqx"), "there are no features called 'iqx'"),
    ],
)
def test_options_that_cannot_work(
    cli: Cli, bursts: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    code, out, err = cli("rank", bursts / "photos", "--cache_dir", tmp_path, *options)
    assert (code, out) == (1 if message.startswith("there are no features") else 2, "")
    assert message in err


def slow_folder(tmp_path: Path, photos: int) -> Path:
    """Photos large enough that measuring them takes seconds, whatever the machine."""
    folder = tmp_path / "many"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    Image.fromarray(noise).resize((1500, 1125)).save(folder / "0.jpg", quality=80)
    original = (folder / "0.jpg").read_bytes()
    for number in range(1, photos):
        # Trailing bytes make the content of each file another one, and no decoder minds them.
        (folder / f"{number}.jpg").write_bytes(original + str(number).encode())
    return folder


def test_no_process_outlives_a_killed_run(tmp_path: Path) -> None:
    folder = slow_folder(tmp_path, 700)
    command = [
        sys.executable,
        "-m",
        "phototriage",
        "rank",
        str(folder),
        "--cache_dir",
        str(tmp_path / "cache"),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("part-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    # The pipes end when the last process that holds them ends; else this raises.
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("lines", [0, 1])
def test_who_stops_reading_the_table_still_gets_the_files(bursts: Path, tmp_path: Path, lines: int) -> None:
    csv = tmp_path / "ranking.csv"
    command = (
        sys.executable,
        "-m",
        "phototriage",
        "rank",
        bursts / "photos",
        "--cache_dir",
        tmp_path / "cache",
    )
    process = subprocess.Popen(
        [*command, "--csv", csv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    process.stdout.close()
    assert "Traceback" not in process.communicate(timeout=60)[1]
    assert csv.read_text().count("\n") > 12


def test_without_standard_output_the_files_are_written(bursts: Path, tmp_path: Path) -> None:
    csv = tmp_path / "ranking.csv"
    command = (
        f"{sys.executable} -m phototriage rank {bursts / 'photos'} --cache_dir {tmp_path} --csv {csv} >&-"
    )
    done = subprocess.run(command, shell=True, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert csv.exists()


def test_places_are_checked_before_the_photos_are_measured(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    code, _, err = cli("rank", bursts / "photos", "--cache_dir", tmp_path / "cache", "--json", tmp_path)
    assert (code, err) == (4, f"phototriage: cannot write {tmp_path}: Is a directory\n")
    assert not (tmp_path / "cache").exists()


def test_xmp_without_marks_is_said_to_write_none(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    code, _, err = cli("rank", bursts / "photos", "--cache_dir", tmp_path / "cache", "--quiet", "--xmp")
    assert (code, err) == (0, "--xmp names no marks (pick, stars, labels): no sidecar is written\n")


def test_an_unwritable_output_is_one_clear_error(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, err = cli(
        "rank", bursts / "photos", "--cache_dir", tmp_path / "cache", "--csv", tmp_path / "file" / "r.csv"
    )
    assert code == 4
    assert err.splitlines()[-1].startswith(f"phototriage: cannot write {tmp_path}/file/r.csv: ")


def test_ranking_cached_photos_imports_no_torch_and_decodes_nothing(
    cli: Cli, bursts: Path, tmp_path: Path
) -> None:
    cli("rank", bursts / "photos", "--cache_dir", tmp_path)
    script = (
        "import sys; from phototriage.cli import main;"
        f"code = main(['rank', {str(bursts / 'photos')!r}, '--cache_dir', {str(tmp_path)!r}, '--csv', '-']);"
        "heavy = {'torch', 'transformers', 'matplotlib', 'pi_heif'} & sys.modules.keys();"
        "sys.exit(code or ' '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "series,photo,rank,score,probability_best,verdict,kind,reasons,files,alternative"
    )


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    folder = slow_folder(tmp_path, 700)
    cache = tmp_path / "cache"
    command = [
        sys.executable,
        "-m",
        "phototriage",
        "rank",
        str(folder),
        "--cache_dir",
        str(cache),
        "--csv",
        "-",
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell starts its background jobs, the tests among them, with Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not list(cache.rglob("part-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    try:
        out, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    assert (process.returncode, out) == (130, "")
    assert err == "phototriage: stopped; finished work is kept, run it again to continue\n"
    kept = len(list(cache.rglob("part-*.parquet")))
    assert kept >= 1
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 701
    assert not list(cache.rglob(".writing-*"))


def test_real_folders(cli: Cli, shared: Path, tmp_path: Path) -> None:
    code, out, _ = cli("rank", shared / "photos", "--cache_dir", tmp_path, "--by_folder")
    assert code == 0
    assert [f"scenario-{number}  (" in out for number in (1, 2, 3)] == [True] * 3
    code, out, err = cli("rank", shared / "awkward", "--cache_dir", tmp_path, "--csv", "-")
    assert code == 3
    assert len(out.splitlines()) == 1 + 18 + 15 + 8
    assert "photos used although something is wrong with them: 4, the first corrupt/" in err
    assert sum(line.startswith("left out: ") for line in err.splitlines()) == 13


def test_no_module_of_the_current_folder_is_run(bursts: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "photos" / "burst-001", folder)
    for name in ("re", "pickle", "numpy", "phototriage"):
        (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'w')\n")
    # As the installed command does it: unlike `python -m`, it has the folder of its own script on the path.
    script = "import sys; sys.path.pop(0); from phototriage.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", script, "rank", ".", "--cache_dir", str(tmp_path / "cache")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, ran.exists()) == (0, False), done.stderr
