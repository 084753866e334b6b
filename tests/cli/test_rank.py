import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Cli = Callable[..., tuple[int, str, str]]


def test_ranks_every_sub_folder_with_the_embedded_ranker(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    code, out, err = cli("rank", bursts / "photos", "--cache_dir", tmp_path, "--csv", tmp_path / "r.csv")
    assert (code, err) == (0, "")
    rows = list(csv.DictReader((tmp_path / "r.csv").read_text().splitlines()))
    assert sorted(row["photo"] for row in rows) == sorted(
        path.relative_to(bursts / "photos").as_posix() for path in (bursts / "photos").rglob("*.jpg")
    )
    assert out.count("P(best)") == 12
    first = rows[0]
    assert f"│    1 │ {Path(first['photo']).name} │" in out


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


def test_where_no_photo_can_be_used_all_reasons_are_listed(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").touch()
    (folder / "b.jpg").write_text("no photo")
    code, out, err = cli("rank", folder, "--cache_dir", tmp_path / "cache", "--failures", tmp_path / "f.csv")
    assert (code, out) == (1, "")
    assert [line.split(": ")[1] for line in err.splitlines()[:2]] == ["a.jpg", "b.jpg"]
    assert err.endswith("phototriage: not one of 2 photos could be used\n")
    assert len((tmp_path / "f.csv").read_text().splitlines()) == 3


def test_originals_stay_as_they_are(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    def state() -> dict[str, tuple[str, int]]:
        return {
            str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for path in bursts.rglob("*")
            if path.is_file()
        }

    before = state()
    cli("rank", bursts / "photos", "--cache_dir", tmp_path, "--csv", tmp_path / "a", "--json", tmp_path / "b")
    assert state() == before


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
    assert "there are no features called 'table'" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--top", "0"), "--top must be at least 1, not 0"),
        (("--workers", "0"), "--workers must be at least 1, not 0"),
        (("--csv", "-", "--json", "-"), "only one of --csv, --json and --failures"),
        (("--features", "iqx"), "there are no features called 'iqx'"),
        (("--features", "clip"), "the model needs the features 'iqa'"),
    ],
)
def test_options_that_cannot_work(
    cli: Cli, bursts: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    code, out, err = cli("rank", bursts / "photos", "--cache_dir", tmp_path, *options)
    assert (code, out) == (1, "")
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


def test_an_unwritable_output_is_one_clear_error(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, err = cli(
        "rank", bursts / "photos", "--cache_dir", tmp_path / "cache", "--csv", tmp_path / "file" / "r.csv"
    )
    assert code == 1
    assert err.startswith(f"phototriage: cannot write {tmp_path}/file/r.csv: ")


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
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("series,photo,rank,score,probability_best\n")


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
    assert err == "phototriage: stopped; what was finished is kept, run it again to go on\n"
    kept = len(list(cache.rglob("part-*.parquet")))
    assert kept >= 1
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 701
    assert not list(cache.rglob(".writing-*"))


def test_real_folders(cli: Cli, shared: Path, tmp_path: Path) -> None:
    code, out, _ = cli("rank", shared / "photos", "--cache_dir", tmp_path)
    assert code == 0
    assert [f"scenario-{number}  (" in out for number in (1, 2, 3)] == [True] * 3
    code, out, err = cli("rank", shared / "awkward", "--cache_dir", tmp_path, "--csv", "-")
    assert code == 3
    assert len(out.splitlines()) == 1 + 18 + 15 + 8
    assert err.count("left out: ") == len(err.splitlines()) == 13
