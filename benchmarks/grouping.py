"""How well series are found, and how fast.

python benchmarks/grouping.py [SHARED]

Makes labelled libraries (`simulated_library.py`), shows on three of them how gap and similarity
trade precision for recall, and judges the defaults on three others: of the pairs of photos put into one
series, how many are of one (precision), and of the pairs of one series, how many are found (recall). The
camera without EXIF stands apart, and so do the other photos of these libraries without theirs: nobody can
tell a return to a view from the first visit then, so precision is also given as if both were one series.
With SHARED, a folder that holds photos/, kodak/ and clive/, also groups those, by content alone. About ten
minutes.
"""

import csv
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import pair_confusion_matrix

from phototriage.features import ExtractorOptions, build_extractors, default_cache_dir
from phototriage.features.extractors.look import (
    LOOK_BRIGHTNESS,
    LOOK_COLUMNS,
    LOOK_DETAIL,
    LOOK_LAYOUT,
    measure_look,
)
from phototriage.photos import Capture, CaptureTime, discover, load, read_capture, read_photo
from phototriage.series import DEFAULT_GAP, LITE_SIMILARITY, LOOK_SIMILARITY, Series, Shot, group
from simulated_library import write_library

CHOSEN_ON, JUDGED_ON, EVENTS = (100, 101, 102), (10, 11, 12, 22, 23, 24, 25), 60
GAPS, SIMILARITIES = (5.0, 15.0, 30.0, 60.0), (0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
KINDS = ("exposure bracket", "focus stack", "panorama")
NO_EXIF = "scans/"
PHOTOS = 100_000

Measured = tuple[list[Shot], list[Capture], NDArray[np.float32], NDArray[np.float32]]
Library = tuple[Measured, dict[str, tuple[str, str]]]


def main(shared: Path | None) -> None:
    with ProcessPoolExecutor() as pool:
        libraries = dict(zip(CHOSEN_ON + JUDGED_ON, pool.map(library, CHOSEN_ON + JUDGED_ON), strict=True))
    chosen_on = [libraries[seed] for seed in CHOSEN_ON]
    print(f"Photos with EXIF of libraries {CHOSEN_ON}: pairwise precision / recall, %\n")
    print("| similarity | " + " | ".join(f"gap {gap:g} s" for gap in GAPS) + " |\n|---|" + "---|" * len(GAPS))
    for similarity in SIMILARITIES:
        cells = [pairs(chosen_on, "EXIF", False, gap, similarity) for gap in GAPS]
        print(f"| {similarity} | " + " | ".join(f"{p:.1f} / {r:.1f}" for p, r, _ in cells) + " |")
    print(f"\nThe defaults (gap {DEFAULT_GAP:g} s, similarity {LOOK_SIMILARITY}) on other libraries\n")
    print("| photos | by | precision % | recall % | adjusted Rand | precision %, returns joined |")
    print("|---|---|---|---|---|---|")
    judged_on = [libraries[seed] for seed in JUDGED_ON]
    for photos in ("EXIF", "no EXIF", "EXIF taken away"):
        for lite in (False, True):
            precision, recall, rand = pairs(judged_on, photos, lite)
            one_view = [(measured, without_returns(truth)) for measured, truth in judged_on]
            joined = pairs(one_view, photos, lite)[0]
            by = f"layouts{', lite' if lite else ''}"
            print(f"| {photos} | {by} | {precision:.1f} | {recall:.1f} | {rand:.3f} | {joined:.1f} |")
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
        print("\n| folder, by content alone | photos | by | two or more |\n|---|---|---|---|")
        for name in ("photos", "kodak", "clive/photos"):
            real = measured(shared / name, flat=name == "photos")
            for lite in (False, True):
                several = [one for one in grouped(real, lite) if len(one.shots) > 1]
                listed = (
                    "; ".join(f"{one.kind}: {' '.join(shot.photo for shot in one.shots)}" for one in several)
                    or "none"
                )
                print(f"| {name} | {len(real[0])} | layouts{', lite' if lite else ''} | {listed} |")
        links_among(real)
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
    (network,) = build_extractors(["lite"], ExtractorOptions(), default_cache_dir())
    shots, captures, looks, prepared = [], [], [], []
    for path in discover(folder):
        name = path.name if flat else path.relative_to(folder).as_posix()
        shots.append(Shot(name, (name,)))
        captures.append(read_capture(read_photo(path)))
        pixels = load(path, 800).pixels
        looks.append(measure_look(pixels))
        prepared.append(network.prepare(pixels))
    return shots, captures, np.stack(looks), network(prepared)


def grouped(
    photos: Measured, lite: bool, gap: float = DEFAULT_GAP, similarity: float = LOOK_SIMILARITY
) -> list[Series]:
    shots, captures, looks, features = photos
    fetch = features.__getitem__ if lite else None
    return group(shots, captures, looks, gap=gap, similarity=similarity, lite=fetch)


def pairs(
    libraries: Sequence[Library],
    photos: str,
    lite: bool,
    gap: float = DEFAULT_GAP,
    similarity: float = LOOK_SIMILARITY,
) -> tuple[float, float, float]:
    """Pairwise precision and recall in %, and the adjusted Rand index.

    photos: those with "EXIF", those with "no EXIF", or all others with their "EXIF taken away".
    """
    true, got = [], []
    for number, ((shots, captures, looks, features), truth) in enumerate(libraries):
        if photos == "EXIF taken away":
            captures = [Capture()] * len(shots)
        for one in grouped((shots, captures, looks, features), lite, gap, similarity):
            for shot in one.shots:
                if (photos == "no EXIF") == shot.photo.startswith(NO_EXIF):
                    true.append(f"{number} {truth[shot.photo][0]}")
                    got.append(f"{number} {one.name}")
    (_, wrong), (missed, right) = pair_confusion_matrix(true, got)
    return 100 * right / (right + wrong), 100 * right / (right + missed), adjusted_rand_score(true, got)


def without_returns(truth: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The truth with both visits to a view as one series: the two before each run of exposure brackets."""
    kinds = dict(sorted(truth.values()))
    names = list(kinds)
    first = {
        second: name
        for name, second, third in zip(names, names[1:], names[2:], strict=False)
        if (kinds[name], kinds[second], kinds[third]) == ("series", "series", "exposure bracket")
    }
    return {photo: (first.get(series, series), kind) for photo, (series, kind) in truth.items()}


def links_among(photos: Measured) -> None:
    """How many of unrelated photos are alike, and what becomes of them in random orders, all without EXIF."""
    _, _, looks, features = photos
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    one, other = np.triu_indices(len(looks), 1)
    layout = (looks[:, LOOK_LAYOUT] @ looks[:, LOOK_LAYOUT].T)[one, other]
    lite = (unit @ unit.T)[one, other]
    print(f"\nOf the {len(one):,} pairs of the last, alike:\n")
    print("| | by layouts | by lite besides |\n|---|---|---|")
    for name, allowed in (("with times", 1.0), ("without", 0.5)):
        by_layout = layout >= 1 - allowed * (1 - LOOK_SIMILARITY)
        besides = ~by_layout & (layout >= 0.5) & (lite >= 1 - allowed * (1 - LITE_SIMILARITY))
        print(f"| {name} | {by_layout.sum()} | {besides.sum()} |")
    shots = [Shot(f"{place}.jpg", (f"{place}.jpg",)) for place in range(len(looks))]
    print(
        "\nIts photos in 20 random orders, in 1,000 called part of a\n\n| by | panorama | bracket | series |"
    )
    print("|---|---|---|---|")
    for by_lite in (False, True):
        called: Counter[str] = Counter()
        for seed in range(20):
            order = np.random.default_rng(seed).permutation(len(looks))
            mixed = (shots, [Capture()] * len(shots), looks[order], features[order])
            for series in grouped(mixed, by_lite):
                called[series.kind] += len(series.shots)
        shares = (f"{1000 * called[kind] / 20 / len(shots):.1f}" for kind in ("panorama", KINDS[0], "series"))
        print(f"| layouts{', lite' if by_lite else ''} | " + " | ".join(shares) + " |")


def kinds_of(labelled: Library) -> list[tuple[str, str]]:
    """(true kind, kind found) of every photo with EXIF."""
    photos, truth = labelled
    found = grouped(photos, lite=True)
    kinds = [(shot.photo, one.kind) for one in found for shot in one.shots]
    return [(truth[photo][1], kind) for photo, kind in kinds if not photo.startswith(NO_EXIF)]


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
    features = rng.normal(size=(scene.max() + 1, 768)).astype(np.float32)[scene]
    for name, given in (("with times", captures), ("without EXIF", [Capture()] * PHOTOS)):
        for lite in (False, True):
            started, used = time.perf_counter(), time.process_time()
            found = grouped((shots, given, looks, features), lite)
            took, used = time.perf_counter() - started, time.process_time() - used
            label = f"{name}{', lite' if lite else ''}"
            print(f"| {label}: {len(found):,} series | {took:.1f} | {used:.1f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
