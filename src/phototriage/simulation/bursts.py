"""Writes bursts of photos with a known true order, and the votes of simulated reviewers."""

import csv
import itertools
import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from phototriage.errors import OutputError
from phototriage.simulation.camera import Take, penalty, photograph
from phototriage.simulation.scenes import draw_scene

__all__ = ["Burst", "draw_takes", "write_bursts"]

FRAME_SHARE = 0.86  # of the scene's side: what a photo shows; the rest is room for shifts and turns
FIRST_TAKE = datetime(2024, 6, 1, 9, 0, 0)


@dataclass(frozen=True)
class Burst:
    """One series: the takes of one scene, in chronological order."""

    name: str
    photos: tuple[str, ...]  # paths relative to the photo root, with '/'
    takes: tuple[Take, ...]  # what went wrong in each, same length

    def __post_init__(self) -> None:
        if len(self.photos) != len(self.takes) or len(self.photos) < 2:
            raise ValueError(
                f"{self.name}: {len(self.photos)} photos and {len(self.takes)} takes; need two or more, equal"
            )

    def preference(self, a: int, b: int) -> float:
        """The true P(take a over take b), in (0, 1)."""
        return 1 / (1 + math.exp(penalty(self.takes[a]) - penalty(self.takes[b])))


def draw_takes(rng: np.random.Generator) -> tuple[Take, ...]:
    """Draws the two to six takes of one burst, in random order.

    Light, sensitivity and compression are constant in a burst, and every take has a little hand shake. In
    addition, a take has zero to two faults of any kind, with any severity up to clearly bad. As a result,
    some pairs are near ties, some are clear, and no single kind of fault determines the order.
    """
    light = Take(
        exposure=rng.normal(0, 0.12),
        noise=rng.uniform(0.001, 0.012),
        white_balance=rng.normal(0, 0.04),
        jpeg_quality=int(rng.integers(86, 96)),
    )
    takes = []
    for _ in range(rng.integers(2, 7)):
        take = replace(
            light,
            motion_blur=rng.uniform(0, 0.8),
            motion_angle=rng.uniform(0, 180),
            defocus=rng.uniform(0, 0.35),
            exposure=light.exposure + rng.normal(0, 0.04),
            shift_x=rng.normal(0, 2.5),
            shift_y=rng.normal(0, 2.0),
            rotation=rng.normal(0, 0.25),
            zoom=math.exp(rng.normal(0, 0.004)),
        )
        for fault in rng.choice(_FAULTS, size=rng.choice([0, 1, 2], p=[0.25, 0.55, 0.2]), replace=False):
            take = _spoil(take, str(fault), rng.uniform(0.15, 1.0), rng)
        takes.append(take)
    return tuple(takes)


_FAULTS = ("motion", "focus", "bright", "dark", "noise", "color", "framing", "tilt", "zoom", "compression")


def _spoil(take: Take, fault: str, size: float, rng: np.random.Generator) -> Take:
    """Adds one fault with a severity in [0, 1] to a take."""
    sign = float(rng.choice([-1.0, 1.0]))
    if fault == "motion":
        return replace(take, motion_blur=take.motion_blur + 14 * size)
    if fault == "focus":
        return replace(take, defocus=take.defocus + 4 * size)
    if fault == "bright":
        return replace(take, exposure=take.exposure + 1.4 * size)
    if fault == "dark":
        return replace(take, exposure=take.exposure - 1.9 * size)
    if fault == "noise":
        return replace(take, noise=take.noise + 0.09 * size)
    if fault == "color":
        return replace(take, white_balance=take.white_balance + sign * 0.6 * size)
    if fault == "framing":
        direction = rng.uniform(0, 2 * math.pi)
        return replace(
            take,
            shift_x=take.shift_x + 60 * size * math.cos(direction),
            shift_y=take.shift_y + 38 * size * math.sin(direction),
        )
    if fault == "tilt":
        return replace(take, rotation=take.rotation + sign * 6 * size)
    if fault == "zoom":
        return replace(take, zoom=take.zoom * math.exp(0.35 * size))
    return replace(take, jpeg_quality=round(take.jpeg_quality - 76 * size))


def write_bursts(
    folder: str | Path,
    series: int,
    seed: int,
    scenes: Sequence[NDArray[np.uint8]] | None = None,
    *,
    width: int = 800,
    height: int = 533,
    reviewers: int = 5,
) -> Path:
    """Writes a labeled folder of simulated bursts.

    It writes `folder/photos/<series>/IMG_0001.jpg …` (numbered across all bursts, as in a camera, with EXIF),
    `folder/comparisons.csv` (series, photo_a, photo_b, preference, votes_a, votes_b: every pair of every
    burst) and `folder/truth.csv` (series, photo, every field of `Take`, penalty). Photo names are relative to
    `folder/photos`. `comparisons.csv` is written last: if it exists, everything exists.

    Args:
        folder: created if missing; must be empty if it exists.
        series: number of bursts, ≥ 1.
        seed: the same seed writes the same bytes.
        scenes: clean pictures, uint8 (h, w, 3) sRGB, used in turn; by default they are drawn. A photo shows
            the middle 86 % of its scene's width and height.
        width, height: size of the photos of drawn scenes, px; given scenes keep their own size.
        reviewers: number of votes on each pair, drawn from the true preference; ≥ 1.

    Returns:
        The path of comparisons.csv.

    Raises:
        OutputError: the folder is not empty, or is not writable.
    """
    folder = Path(folder)
    if series < 1 or reviewers < 1 or seed < 0:
        raise ValueError(f"need series ≥ 1, reviewers ≥ 1, seed ≥ 0, not {series}, {reviewers}, {seed}")
    if scenes is not None and len(scenes) == 0:
        raise ValueError("scenes is empty: leave it out to have scenes drawn")
    staging = folder / ".unfinished"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OutputError(f"{folder} is not empty: name a new folder, or empty this one first")
        staging.mkdir()
        try:
            _write_all(staging, series, seed, scenes, (height, width), reviewers)
            for name in ("photos", "truth.csv", "comparisons.csv"):
                (staging / name).rename(folder / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"cannot write bursts into {folder}: {error.strerror or error}") from error
    return folder / "comparisons.csv"


def _write_all(
    folder: Path,
    series: int,
    seed: int,
    scenes: Sequence[NDArray[np.uint8]] | None,
    size: tuple[int, int],
    reviewers: int,
) -> None:
    """Draws and writes one burst after another, so that only one scene is in memory."""
    rng = np.random.default_rng(seed)
    comparisons: list[tuple[object, ...]] = []
    truth: list[tuple[object, ...]] = []
    time, number = FIRST_TAKE, 1
    for index in range(series):
        if scenes is None:
            height, width = size
            scene = draw_scene(
                seed * 100_003 + index, round(width / FRAME_SHARE), round(height / FRAME_SHARE)
            )
        else:
            scene = scenes[index % len(scenes)]
            height, width = round(scene.shape[0] * FRAME_SHARE), round(scene.shape[1] * FRAME_SHARE)
        takes = draw_takes(rng)
        name = f"burst-{index + 1:03d}"
        photos = tuple(f"{name}/IMG_{number + place:04d}.jpg" for place in range(len(takes)))
        burst = Burst(name, photos, takes)
        (folder / "photos" / name).mkdir(parents=True)
        for photo, take in zip(photos, takes, strict=True):
            picture = photograph(scene, take, rng, (height, width))
            Image.fromarray(picture).save(
                folder / "photos" / photo, quality=take.jpeg_quality, exif=_exif(time)
            )
            time += timedelta(milliseconds=int(rng.integers(250, 350)))
        comparisons.extend(_vote(burst, reviewers, rng))
        truth.extend(
            (name, photo, *astuple(take), penalty(take)) for photo, take in zip(photos, takes, strict=True)
        )
        number += len(takes)
        time += timedelta(seconds=int(rng.integers(120, 900)))
    faults = [field.name for field in fields(Take)]
    _write_table(folder / "truth.csv", ("series", "photo", *faults, "penalty"), truth)
    header = ("series", "photo_a", "photo_b", "preference", "votes_a", "votes_b")
    _write_table(folder / "comparisons.csv", header, comparisons)


def _vote(burst: Burst, reviewers: int, rng: np.random.Generator) -> Iterable[tuple[object, ...]]:
    """One row of comparisons.csv per pair of a burst."""
    for a, b in itertools.combinations(range(len(burst.photos)), 2):
        preference = burst.preference(a, b)
        votes = int(rng.binomial(reviewers, preference))
        yield burst.name, burst.photos[a], burst.photos[b], preference, votes, reviewers - votes


def _exif(time: datetime) -> Image.Exif:
    """The EXIF of a take; within a burst, only the time differs."""
    exif = Image.Exif()
    exif[0x010F] = "phototriage"  # Make
    exif[0x0110] = "simulated camera"  # Model
    exif[0x0112] = 1  # Orientation: upright
    exif[0x0132] = f"{time:%Y:%m:%d %H:%M:%S}"  # DateTime
    inner = exif.get_ifd(0x8769)
    inner[0x9003] = f"{time:%Y:%m:%d %H:%M:%S}"  # DateTimeOriginal
    inner[0x9011] = "+00:00"  # OffsetTimeOriginal
    inner[0x9291] = f"{time.microsecond // 1000:03d}"  # SubsecTimeOriginal
    inner[0x9204] = TiffImagePlugin.IFDRational(0, 1)  # ExposureBiasValue
    inner[0x829A] = TiffImagePlugin.IFDRational(1, 125)  # ExposureTime
    inner[0x829D] = TiffImagePlugin.IFDRational(4, 1)  # FNumber
    return exif


def _write_table(path: Path, header: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
