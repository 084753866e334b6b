"""Writes a library of photos as people have them, and says which of them belong together."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.TiffImagePlugin import IFDRational

from phototriage.errors import OutputError
from phototriage.simulation.bursts import FRAME_SHARE, draw_takes
from phototriage.simulation.camera import Take, photograph
from phototriage.simulation.scenes import draw_scene

__all__ = ["EVENTS", "write_library"]

EVENTS = (
    "burst",
    "re-takes",
    "single",
    "single",
    "return",
    "exposure bracket",
    "brackets",
    "focus stack",
    "panorama",
    "tracking",
)
"""What happens in a library, in turn. burst: takes a third of a second apart. re-takes: 2 to 15 seconds
apart, now and then with another exposure compensation. return: the same view again, minutes later, which is
another series. brackets: the same bracket several times over. tracking: a burst whose frame moves steadily.
"""

_START = datetime(2024, 6, 1, 9, 0, 0)
_BIASES = ((0, -1, 1), (-2, 0, 2), (0, 2, -2), (0, -0.7, 0.7, -1.3, 1.3), (-3, -2, -1, 0, 1, 2, 3))
_PixelArray = NDArray[np.uint8]


@dataclass
class _Body:
    """A camera, and what its files say."""

    folder: str
    model: str
    clock: timedelta  # what it is ahead of the right time
    subseconds: bool
    offset: str | None
    exif: bool = True
    count: int = field(default=0)


@dataclass(frozen=True)
class _Settings:
    """The exposure of one photo as the camera writes it."""

    time: float = 1 / 250
    bias: float = 0.0
    mode: int = 0  # EXIF ExposureMode: 0 auto, 1 manual, 2 auto bracket
    distance: float | None = None


def write_library(folder: Path, events: int, seed: int, *, width: int = 480, height: int = 320) -> Path:
    """Writes a labelled library of simulated photos.

    Three cameras see the same events, each its own part of them: one whose files tell all, one with a wrong
    clock, whole seconds and no offset, and one whose files have no EXIF. `folder/photos/<camera>/IMG_…jpg`,
    and `folder/truth.csv` (photo, series, kind): photos of one series are of one moment, and `kind` is that
    of a `RankedSeries`.

    Args:
        folder: made where it is missing; must be empty where it exists.
        events: how many things happen, EVENTS in turn, ≥ 1.
        seed: the same seed writes the same bytes.
        width, height: of the photos in px.

    Returns:
        The path of truth.csv.

    Raises:
        OutputError: the folder holds something already, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OutputError(f"{folder} is not empty: name a new folder, or empty this one first")
        rows = _Library(folder / "photos", np.random.default_rng(seed), seed, (height, width)).write(events)
        with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("photo", "series", "kind"))
            writer.writerows(rows)
    except OSError as error:
        raise OutputError(f"cannot write a library into {folder}: {error.strerror or error}") from error
    return folder / "truth.csv"


class _Library:
    """One library in the making: the time, the cameras, and the truth so far."""

    def __init__(self, folder: Path, rng: np.random.Generator, seed: int, size: tuple[int, int]) -> None:
        self._folder, self._rng, self._seed, self._size = folder, rng, seed, size
        self._now = _START
        self._rows: list[tuple[str, str, str]] = []
        self._series = 0
        self._bodies = (
            _Body("100FULL", "Full 1", timedelta(0), subseconds=True, offset="+02:00"),
            _Body("101BARE", "Bare 2", timedelta(minutes=37), subseconds=False, offset=None),
            _Body("scans", "", timedelta(0), subseconds=False, offset=None, exif=False),
        )
        for body in self._bodies:
            (folder / body.folder).mkdir(parents=True)

    def write(self, events: int) -> list[tuple[str, str, str]]:
        for number in range(events):
            body = self._bodies[int(self._rng.choice(3, p=[0.5, 0.3, 0.2]))]
            kind = EVENTS[number % len(EVENTS)]
            if kind == "panorama":
                self._sweep(body, number, overlap=self._rng.uniform(0.3, 0.6), pause=(1, 4), kind=kind)
            elif kind == "tracking":
                self._sweep(
                    body, number, overlap=self._rng.uniform(0.93, 0.97), pause=(0.2, 0.4), kind="series"
                )
            elif kind == "focus stack":
                self._focus_stack(body, self._scene(number))
            elif kind in ("exposure bracket", "brackets"):
                self._brackets(body, self._scene(number), 1 if kind == "exposure bracket" else 3)
            else:
                scene = self._scene(number)
                self._takes(body, scene, kind)
                if kind == "burst" and self._rng.random() < 0.5:
                    # A second camera beside the first.
                    self._takes(self._bodies[1 - self._bodies.index(body) % 2], scene, kind)
                if kind == "return":
                    self._wait(120, 600)
                    self._takes(body, scene, kind)
            self._wait(4, 30) if self._rng.random() < 0.5 else self._wait(60, 900)
        return self._rows

    def _scene(self, number: int) -> _PixelArray:
        height, width = (round(side / FRAME_SHARE) for side in self._size)
        return draw_scene(self._seed * 100_003 + number * 7, width, height)

    def _takes(self, body: _Body, scene: _PixelArray, kind: str) -> None:
        takes = draw_takes(self._rng)
        if kind == "single":
            takes = takes[:1]
        pause = (2, 15) if kind in ("re-takes", "return") else (0.25, 0.35)
        series = self._new_series()
        for take in takes:
            settings = _Settings(time=2.0 ** self._rng.choice([-8, -8, -8, -8.33, -7.67]))
            if kind == "re-takes" and self._rng.random() < 0.15:
                settings = replace(settings, bias=float(self._rng.choice([-0.7, 0.3])))
            picture = photograph(scene, take, self._rng, self._size)
            label = "single" if len(takes) == 1 else "series"
            self._save(body, picture, settings, series, label, take.jpeg_quality)
            self._wait(*pause)

    def _brackets(self, body: _Body, scene: _PixelArray, times: int) -> None:
        biases = _BIASES[int(self._rng.integers(len(_BIASES) if times == 1 else 3))]
        style = self._rng.choice(["tagged", "bias only", "by hand"])
        steady = self._steady_take()
        for _ in range(times):
            series = self._new_series()
            for bias in biases:
                take = replace(steady, exposure=float(bias), shift_x=self._rng.normal(0, 2))
                settings = _Settings(
                    time=2.0 ** (bias - 8),
                    bias=0.0 if style == "by hand" else float(bias),
                    mode={"tagged": 2, "bias only": 0, "by hand": 1}[str(style)],
                )
                picture = photograph(scene, take, self._rng, self._size)
                self._save(body, picture, settings, series, "exposure bracket", 92)
                self._wait(0.2, 0.5)
            self._wait(0.5, 2)

    def _focus_stack(self, body: _Body, scene: _PixelArray) -> None:
        """Far above, near below; the plane that is sharp comes nearer from photo to photo."""
        count, steady = int(self._rng.integers(6, 11)), self._steady_take()
        radii = np.linspace(0, 4, 9)
        layers = [
            photograph(scene, replace(steady, defocus=float(radius), noise=0), self._rng, self._size)
            for radius in radii
        ]
        depth = np.linspace(0, 1, self._size[0])
        says_distance = self._rng.random() < 0.5
        series = self._new_series()
        for focus in np.linspace(0, 1, count):
            level = np.minimum(np.abs(depth - focus) * 2, 1) * (len(radii) - 1)
            picture = np.stack([layers[round(float(row))][y] for y, row in enumerate(level)])
            picture = photograph(picture, Take(noise=steady.noise), self._rng)
            distance = 1 / (0.2 + 2 * focus) if says_distance else None
            self._save(body, picture, _Settings(mode=1, distance=distance), series, "focus stack", 92)
            self._wait(0.4, 0.45)

    def _sweep(self, body: _Body, number: int, overlap: float, pause: tuple[float, float], kind: str) -> None:
        height, width = self._size
        count = int(self._rng.integers(3, 7))
        step = width * (1 - overlap)
        room = round(0.1 * height)
        wide = round(width + step * (count - 1)) + 2 * room
        scene = draw_scene(self._seed * 100_003 + number * 7, wide, height + 2 * room)
        steady = self._steady_take()
        places: Sequence[int] = range(count) if self._rng.random() < 0.5 else range(count - 1, -1, -1)
        series = self._new_series()
        for place in places:
            left = room + round(place * step + self._rng.normal(0, 0.03 * step))
            top = room + round(float(np.clip(self._rng.normal(0, 0.02 * height), -room, room)))
            left = min(max(left, 0), wide - width)
            view = np.ascontiguousarray(scene[top : top + height, left : left + width])
            picture = photograph(view, steady, self._rng)
            self._save(body, picture, _Settings(), series, kind, 92)
            self._wait(*pause)

    def _steady_take(self) -> Take:
        return Take(noise=self._rng.uniform(0.001, 0.008), defocus=self._rng.uniform(0, 0.3))

    def _new_series(self) -> str:
        self._series += 1
        return f"{self._series:04d}"

    def _wait(self, least: float, most: float) -> None:
        self._now += timedelta(milliseconds=round(1000 * self._rng.uniform(least, most)))

    def _save(
        self, body: _Body, picture: _PixelArray, settings: _Settings, series: str, kind: str, quality: int
    ) -> None:
        body.count += 1
        name = f"{body.folder}/IMG_{body.count:04d}.jpg"
        exif = _exif(body, self._now + body.clock, settings) if body.exif else Image.Exif()
        Image.fromarray(picture).save(self._folder / name, quality=quality, exif=exif)
        self._rows.append((name, series, kind))


def _exif(body: _Body, time: datetime, settings: _Settings) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make] = "phototriage"
    exif[Base.Model] = body.model
    exif[Base.DateTime] = f"{time:%Y:%m:%d %H:%M:%S}"
    inner = exif.get_ifd(IFD.Exif)
    inner[Base.DateTimeOriginal] = f"{time:%Y:%m:%d %H:%M:%S}"
    if body.subseconds:
        inner[Base.SubsecTimeOriginal] = f"{time.microsecond // 1000:03d}"
    if body.offset:
        inner[Base.OffsetTimeOriginal] = body.offset
    inner[Base.ExposureTime] = IFDRational(1, max(1, round(1 / settings.time)))
    inner[Base.FNumber] = IFDRational(4)
    inner[Base.ISOSpeedRatings] = 200
    inner[Base.FocalLength] = IFDRational(35)
    inner[Base.ExposureBiasValue] = IFDRational(math.floor(settings.bias * 10 + 0.5), 10)
    inner[Base.ExposureMode] = settings.mode
    if settings.distance is not None:
        inner[Base.SubjectDistance] = IFDRational(round(settings.distance * 1000), 1000)
    return exif
