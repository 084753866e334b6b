"""Kills commands at random moments, runs them again, and compares with a run that nobody disturbed.

python benchmarks/kills.py [--kills 20] [--seed 0]

Of each of `rank`, `rank --xmp`, `train` and `features compact`: the command is killed with SIGKILL somewhere
in the time that it takes, and then run to its end. Ends with 1 where a ranking or a set of sidecars is not
that of the undisturbed run, a killed run left a file half written, or the store is not sound.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from lxml import etree
from PIL import Image

from phototriage.simulation.release import write_release

PROGRAM = (sys.executable, "-m", "phototriage")

Prepare = Callable[[Path], tuple[list[str], Callable[[], object]]]
"""From the folder where a command runs to the command, and what shall be equal after it."""


def write_photos(folder: Path, photos: int) -> None:
    """Series of four photos, each a little different from the one before."""
    folder.mkdir()
    for number in range(photos):
        chance = np.random.default_rng(number // 4)
        rough = chance.integers(0, 256, (20, 30, 3), np.uint8)
        picture = Image.fromarray(rough).resize((900, 600), Image.Resampling.BICUBIC)
        noise = np.random.default_rng(number).normal(0, 3 + 4 * (number % 4), (600, 900, 3))
        pixels = (np.asarray(picture, float) + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number // 4:03d}-{number % 4}.jpg", quality=90)


def finished(command: Sequence[str]) -> float:
    """Seconds that a command takes; it must succeed."""
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - began


def killed(command: Sequence[str], seconds: float) -> bool:
    """Whether a command still ran when it was killed after so many seconds."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def sidecars(folder: Path) -> dict[str, bytes]:
    """Name → content of every sidecar. Raises lxml.etree.XMLSyntaxError for a half-written one."""
    found = {path.name: path.read_bytes() for path in folder.rglob("*.xmp")}
    for content in found.values():
        etree.fromstring(content)
    return found


def sound(cache: Path) -> str:
    """What `features check` says against a store; nothing where it is sound."""
    command = [*PROGRAM, "features", "check", "--cache_dir", str(cache)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else f"the store: {run.stdout.strip()} {run.stderr.strip()}"


def rank(place: Path, *, xmp: bool) -> tuple[list[str], Callable[[], object]]:
    """The command, and what shall be equal after it."""
    photos, json = place / "photos", place / "ranking.json"
    command = [*PROGRAM, "rank", str(photos), "--json", str(json), "--cache_dir", str(place / "cache")]
    command += ["--quiet", *(["--xmp", "stars"] if xmp else [])]
    return command, lambda: (json.read_bytes(), sidecars(photos))


def train(place: Path) -> tuple[list[str], Callable[[], object]]:
    run = place / "run"
    command = [*PROGRAM, "train", "--root", str(place / "release"), "--features", "iqa", "--overwrite"]
    command += ["--output_dir", str(run), "--cache_dir", str(place / "cache"), "--max_epochs", "5"]
    return command, lambda: sorted(path.name for path in run.iterdir() if not path.name.startswith("."))


def compact(place: Path) -> tuple[list[str], Callable[[], object]]:
    command = [*PROGRAM, "features", "compact", "--cache_dir", str(place / "cache")]
    after, result = rank(place, xmp=False)

    def ranked() -> object:
        finished(after)
        return result()

    return command, ranked


def campaign(
    name: str,
    prepare: Callable[[Path], tuple[list[str], Callable[[], object]]],
    origin: Path,
    kills: int,
    seed: int,
) -> list[str]:
    """Problems found with one command.

    Args:
        name, prepare: the command.
        origin: what that folder holds at first.
    """
    chance = random.Random(seed)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "place"

        def fresh() -> None:
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(origin, place)

        fresh()
        command, result = prepare(place)
        finished(command)
        expected = result()
        fresh()
        seconds = finished(command)  # of the second run, when the program is in the system's cache
        hits = 0
        for number in range(kills):
            fresh()
            hits += killed(command, chance.uniform(0.1, 1) * seconds)
            try:
                sidecars(place)
            except etree.XMLSyntaxError as error:
                problems.append(f"kill {number}: a sidecar is half written: {error}")
            if fault := sound(place / "cache") if (place / "cache").exists() else "":
                problems.append(f"kill {number}: {fault}")
            finished(command)
            if result() != expected:
                problems.append(f"kill {number}: the result is another")
            if fault := sound(place / "cache"):
                problems.append(f"kill {number}, run again: {fault}")
    print(
        f"{name}: {seconds:.1f} s undisturbed, {hits} of {kills} killed, {len(problems)} problems", flush=True
    )
    return problems


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        photos, ranked, release = (Path(folder) / name for name in ("new", "ranked", "release"))
        photos.mkdir()
        write_photos(photos / "photos", options.photos)
        shutil.copytree(photos, ranked)
        # Stores of several parts: there is something to compact.
        for count in (8, 16, options.photos):
            some = Path(folder) / "some"
            shutil.rmtree(some, ignore_errors=True)
            write_photos(some, count)
            command = [*PROGRAM, "rank", str(some), "--cache_dir", str(ranked / "cache"), "--quiet"]
            finished([*command, "--json", str(Path(folder) / "out.json")])
        write_release(release / "release", 12, 4, options.seed, width=300, height=200)
        for name, prepare, origin in (
            ("rank", lambda place: rank(place, xmp=False), photos),
            ("rank --xmp", lambda place: rank(place, xmp=True), photos),
            ("features compact", compact, ranked),
            ("train", train, release),
        ):
            problems += campaign(name, prepare, origin, options.kills, options.seed)
    for problem in problems:
        print(f"PROBLEM {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
