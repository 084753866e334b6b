"""How well series are found, and how fast.

python benchmarks/grouping.py [SHARED]

Makes labelled libraries (`simulated_library.py`), shows on three of them how gap and similarity
trade precision for recall, and judges the defaults on three others: of the pairs of photos put into one
series, how many are of one (precision), and of the pairs of one series, how many are found (recall). The
camera without EXIF stands apart, because its brackets and its returns to a place cannot be told by anybody.
With SHARED, a folder that holds photos/, kodak/ and clive/, also groups those, by content alone. About three
minutes.
"""

import csv
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import pair_confusion_matrix

from phototriage.features.extractors.look import (
    LOOK_BRIGHTNESS,
    LOOK_COLUMNS,
    LOOK_DETAIL,
    LOOK_LAYOUT,
    measure_look,
)
from phototriage.photos import Capture, CaptureTime, discover, load, read_capture, read_photo
from phototriage.series import DEFAULT_GAP, LOOK_SIMILARITY, Series, Shot, group
from simulated_library import write_library

CHOSEN_ON, JUDGED_ON, EVENTS = (100, 101, 102), (10, 11, 12), 60
GAPS, SIMILARITIES = (5.0, 15.0, 30.0, 60.0), (0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
KINDS = ("exposure bracket", "focus stack", "panorama")
NO_EXIF = "scans/"
PHOTOS = 100_000

Measured = tuple[list[Shot], list[Capture], NDArray[np.float32]]
Library = tuple[Measured, dict[str, tuple[str, str]]]


def main(shared: Path | None) -> None:
    with ProcessPoolExecutor() as pool:
        libraries = dict(zip(CHOSEN_ON + JUDGED_ON, pool.map(library, CHOSEN_ON + JUDGED_ON), strict=True))
    chosen_on = [libraries[seed] for seed in CHOSEN_ON]
    print(f"Photos with EXIF of libraries {CHOSEN_ON}: pairwise precision / recall, %\n")
    print("| similarity | " + " | ".join(f"gap {gap:g} s" for gap in GAPS) + " |\n|---|" + "---|" * len(GAPS))
    for similarity in SIMILARITIES:
        cells = [pairs(chosen_on, True, gap, similarity) for gap in GAPS]
        print(f"| {similarity} | " + " | ".join(f"{p:.1f} / {r:.1f}" for p, r, _ in cells) + " |")
    print(f"\nThe defaults (gap {DEFAULT_GAP:g} s, similarity {LOOK_SIMILARITY}) on other libraries\n")
    print("| library | photos | precision % | recall % | adjusted Rand |\n|---|---|---|---|---|")
    for with_exif in (True, False):
        for seed in JUDGED_ON:
            precision, recall, rand = pairs([libraries[seed]], with_exif, DEFAULT_GAP, LOOK_SIMILARITY)
            count = sum(with_exif != photo.startswith(NO_EXIF) for photo in libraries[seed][1])
            name = f"{seed}{'' if with_exif else ', without EXIF'}"
            print(f"| {name} | {count} | {precision:.1f} | {recall:.1f} | {rand:.3f} |")
    print(f"\nPhotos by kind, libraries {JUDGED_ON}\n")
    print("| kind | photos with EXIF | found, % | of those called so, right, % | chosen from instead |")
    print("|---|---|---|---|---|")
    kinds = [pair for seed in JUDGED_ON for pair in kinds_of(libraries[seed])]
    for kind in KINDS:
        so, called = (
            [got for true, got in kinds if true == kind],
            [true for true, got in kinds if got == kind],
        )
        right = 100 * called.count(kind) / max(len(called), 1)
        found = 100 * so.count(kind) / len(so)
        print(f"| {kind} | {len(so)} | {found:.1f} | {right:.1f} | {so.count('series')} |")
    if shared:
        print(
            "\n| folder, by content alone | photos | two or more | neighbours by name, % alike by "
            f"{SIMILARITIES} |\n|---|---|---|---|"
        )
        for name in ("photos", "kodak", "clive/photos"):
            shots, captures, looks = measured(shared / name, flat=name == "photos")
            several = [one for one in group(shots, captures, looks) if len(one.shots) > 1]
            listed = (
                "; ".join(f"{one.kind}: {' '.join(shot.photo for shot in one.shots)}" for one in several)
                or "none"
            )
            alike = (looks[1:, LOOK_LAYOUT] * looks[:-1, LOOK_LAYOUT]).sum(1)
            shares = ", ".join(f"{100 * np.mean(alike >= least):.1f}" for least in SIMILARITIES)
            print(f"| {name} | {len(shots)} | {listed} | {shares} |")
        swept = np.mean([swept_share(looks, seed) for seed in range(20)])
        print(f"\nThe last in random orders, without EXIF: {1000 * swept:.1f} in 1,000 called panorama")
    speed()


def library(seed: int) -> Library:
    """A library's photos as measured, and photo → (series, kind)."""
    with tempfile.TemporaryDirectory() as folder:
        table = write_library(Path(folder) / "library", EVENTS, seed)
        with table.open(newline="", encoding="utf-8") as file:
            truth = {row["photo"]: (row["series"], row["kind"]) for row in csv.DictReader(file)}
        return measured(Path(folder) / "library" / "photos"), truth


def measured(folder: Path, flat: bool = False) -> Measured:
    """The photos of a folder; flat: as if all lay in one."""
    shots, captures, looks = [], [], []
    for path in discover(folder):
        name = path.name if flat else path.relative_to(folder).as_posix()
        shots.append(Shot(name, (name,)))
        captures.append(read_capture(read_photo(path)))
        looks.append(measure_look(load(path, 800).pixels))
    return shots, captures, np.stack(looks)


def pairs(
    libraries: Sequence[Library], with_exif: bool, gap: float, similarity: float
) -> tuple[float, float, float]:
    """Pairwise precision and recall in %, and the adjusted Rand index."""
    true, got = [], []
    for number, ((shots, captures, looks), truth) in enumerate(libraries):
        for one in group(shots, captures, looks, gap=gap, similarity=similarity):
            for shot in one.shots:
                if with_exif != shot.photo.startswith(NO_EXIF):
                    true.append(f"{number} {truth[shot.photo][0]}")
                    got.append(f"{number} {one.name}")
    (_, wrong), (missed, right) = pair_confusion_matrix(true, got)
    return 100 * right / (right + wrong), 100 * right / (right + missed), adjusted_rand_score(true, got)


def kinds_of(labelled: Library) -> list[tuple[str, str]]:
    """(true kind, kind found) of every photo with EXIF."""
    (shots, captures, looks), truth = labelled
    found: list[Series] = group(shots, captures, looks)
    kinds = [(shot.photo, one.kind) for one in found for shot in one.shots]
    return [(truth[photo][1], kind) for photo, kind in kinds if not photo.startswith(NO_EXIF)]


def swept_share(looks: NDArray[np.float32], seed: int) -> float:
    """Which share of unrelated photos, shuffled and without EXIF, is taken for part of a panorama."""
    shots = [Shot(f"{place}.jpg", (f"{place}.jpg",)) for place in range(len(looks))]
    found = group(shots, [Capture()] * len(shots), np.random.default_rng(seed).permutation(looks))
    return sum(len(one.shots) for one in found if one.kind == "panorama") / len(shots)


def speed() -> None:
    """Times the grouping of made-up captures and looks: bursts of one to six, minutes apart."""
    rng = np.random.default_rng(0)
    starts = np.cumsum(rng.integers(1, 7, PHOTOS))
    scene = np.searchsorted(starts, np.arange(PHOTOS), side="right")
    looks = np.zeros((PHOTOS, len(LOOK_COLUMNS)), np.float32)
    layouts = rng.normal(size=(scene.max() + 1, LOOK_LAYOUT.stop))[scene] + rng.normal(
        0, 0.2, (PHOTOS, LOOK_LAYOUT.stop)
    )
    looks[:, LOOK_LAYOUT] = layouts / np.linalg.norm(layouts, axis=1, keepdims=True)
    looks[:, LOOK_DETAIL] = rng.normal(5, 1, (PHOTOS, LOOK_DETAIL.stop - LOOK_DETAIL.start))
    looks[:, LOOK_BRIGHTNESS] = rng.normal(-2, 0.3, PHOTOS)
    seconds = (scene * 120 + np.arange(PHOTOS) * 0.3).tolist()
    bias = rng.choice([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.7, 0.7], PHOTOS).tolist()
    zone = timedelta(hours=1)
    captures = [
        Capture(
            CaptureTime(datetime(2020, 1, 1) + timedelta(seconds=second), zone),
            *("Maker", "Model", None, None, 1 / 250, 4.0, 200.0, ev, 35.0),
        )
        for second, ev in zip(seconds, bias, strict=True)
    ]
    names = [f"2020/{row // 1000:03d}/IMG_{row % 10_000:04d}.JPG" for row in range(PHOTOS)]
    shots = [Shot(name, (name,)) for name in names]
    print(f"\n| {PHOTOS:,} photos | seconds | of processor |\n|---|---|---|")
    for name, given in (("with times", captures), ("without EXIF", [Capture()] * PHOTOS)):
        started, used = time.perf_counter(), time.process_time()
        found = group(shots, given, looks)
        took, used = time.perf_counter() - started, time.process_time() - used
        print(f"| {name}: {len(found):,} series | {took:.1f} | {used:.1f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
