"""The wheel, installed with its base dependencies alone."""

import csv
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from phototriage.extras import EXTRAS, packages
from phototriage.simulation import write_bursts

ROOT = Path(__file__).resolve().parents[2]
MAX_MEGABYTES = 850
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since setuptools puts into a wheel what earlier builds left in the checkout."""
    source, place = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    subprocess.run([*pip, "--wheel-dir", place, source], check=True, env=ENVIRONMENT)
    (path,) = place.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, package_index: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The bin folder of an environment of its own."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    pip = (sys.executable, "-m", "pip", "--python", place / "bin" / "python", "install", "--quiet")
    subprocess.run([*pip, wheel], check=True, env=ENVIRONMENT)
    yield place / "bin"
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bursts")
    write_bursts(folder, series=2, seed=1)
    return folder


def phototriage(bin_folder: Path, place: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [bin_folder / "phototriage", *arguments]
    home = {"HOME": str(place), "XDG_CACHE_HOME": str(place / "cache")}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=place, env=ENVIRONMENT | home
    )


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("phototriage/")}
    files = (path for path in (ROOT / "src" / "phototriage").rglob("*") if path.is_file())
    assert packed == {
        path.relative_to(ROOT / "src").as_posix() for path in files if path.parent.name != "__pycache__"
    }


def test_no_package_of_an_extra_comes_along(installed: Path) -> None:
    script = "import importlib.metadata as m; print(*(each.name for each in m.distributions()))"
    done = subprocess.run(
        [installed / "python", "-c", script], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    found = {name.lower().replace("_", "-") for name in done.stdout.split()}
    assert found >= {"phototriage", *packages()}
    shared = {"protobuf"}  # onnxruntime's too
    assert found & {package for name in EXTRAS for package in packages(name)} == shared


def test_it_is_small(installed: Path) -> None:
    files = (path.lstat() for path in installed.parent.rglob("*"))
    assert sum(each.st_blocks * 512 for each in files) / 2**20 <= MAX_MEGABYTES


def test_it_ranks(installed: Path, bursts: Path, tmp_path: Path) -> None:
    done = phototriage(
        installed, tmp_path, "rank", bursts / "photos", "--csv", "ranking.csv", "--html", "r.html"
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "ranking.csv").open() as file:
        ranked = {row["photo"] for row in csv.DictReader(file)}
    photos = [path for path in (bursts / "photos").rglob("*") if path.is_file()]
    assert ranked == {path.relative_to(bursts / "photos").as_posix() for path in photos}


def test_it_ranks_real_photos(installed: Path, shared: Path, tmp_path: Path) -> None:
    done = phototriage(installed, tmp_path, "rank", shared / "photos", "--csv", "ranking.csv")
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "ranking.csv").read_text().splitlines()) > 1


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (("train", "--comparisons", "{bursts}/comparisons.csv", "--photos", "{bursts}/photos"), "train"),
        (("rank", "{bursts}/photos", "--features", "clip"), "hub"),
    ],
)
def test_what_needs_an_extra_says_so_in_one_line(
    command: tuple[str, ...], extra: str, installed: Path, bursts: Path, tmp_path: Path
) -> None:
    done = phototriage(installed, tmp_path, *(part.format(bursts=bursts) for part in command))
    assert (done.returncode, done.stdout) == (1, "")
    said = done.stderr.splitlines()[-1]
    assert said.startswith("phototriage: this needs ")
    assert said.endswith(f', which is not installed: pip install "phototriage[{extra}]"')
    assert "Traceback" not in done.stderr


def test_a_ranker_is_judged_and_the_report_says_what_it_went_without(
    installed: Path, bursts: Path, tmp_path: Path
) -> None:
    given = ("--comparisons", bursts / "comparisons.csv", "--photos", bursts / "photos")
    done = phototriage(installed, tmp_path, "evaluate", *given, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert '"embedded ranker"' in done.stdout


def test_doctor_names_the_extras(installed: Path, tmp_path: Path) -> None:
    done = phototriage(installed, tmp_path, "doctor")
    assert (done.returncode, done.stderr) == (0, "")
    for name in EXTRAS:
        assert f'pip install "phototriage[{name}]"' in done.stdout
