"""What teaches and judges the default ranker: photos as rows of numbers, opinions as pairs of rows."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, islice
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from default_training import Teacher
from lite_sizes import TAKES, Pixels, working
from phototriage.features import ExtractorOptions
from phototriage.features.registry import build_extractors
from phototriage.features.table import read_feature_table
from phototriage.labels import read_labels
from phototriage.photos import load
from phototriage.simulation import write_bursts
from spoilt_scenes import spoilt_as_kadid, spoilt_as_tid

__all__ = ["BLOCKS", "GROUPS", "SCENES", "Sources"]

Rows = NDArray[np.float32]

EXTRACTORS = build_extractors(["lite", "iqa", "iqa_plus"], ExtractorOptions(), Path())
BLOCKS = tuple(each.block for each in EXTRACTORS)
GROUPS = [
    column.partition("_")[0] if block.name == "lite" else block.name
    for block in BLOCKS
    for column in block.columns
]
"""The block of each number, or its stage of `lite`."""
SCENES = range(1, 19)  # of Kodak, of which opinions are known
FRESH_SCENES = range(19, 25)
LOG_ODDS_PER_POINT = 1.5
"""Of a mean opinion: a standard deviation of one person's of about .8 points."""


class Sources:
    """Everything measured, from the folder of data; kept in `cache`."""

    def __init__(self, shared: Path, cache: Path) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        self._shared, self._cache = shared, cache
        self.ratings = pd.read_csv(shared / "clive" / "ratings.csv").sort_values("photo", ignore_index=True)
        self.kadid = pd.read_csv(shared / "opinions" / "kadid10k.csv")
        self.clive_rows = self._rows(
            "clive",
            lambda: (load(shared / "clive" / "photos" / name, 800).pixels for name in self.ratings["photo"]),
        )
        self.teachers = {
            "clive": self._clive(),
            **self._faults(),
            **self._bursts(),
            "phototriage": self._phototriage(),
        }
        self.fresh = self._burst_set("fresh", FRESH_SCENES, 60, 2103)
        self.fullsize = self._rows("fullsize", self._fullsize).reshape(-1, len(TAKES), len(GROUPS))
        self.teachers["takes"] = self._takes()

    def _rows(self, name: str, photos: Callable[[], Iterable[Pixels]]) -> Rows:
        path = self._cache / f"{name}.npz"
        if not path.exists():
            np.savez(path, rows=measured(photos()))
        return np.asarray(np.load(path)["rows"])

    def _kodak(self, scene: int) -> Pixels:
        return load(self._shared / "kodak" / f"{scene:02d}.png", 800).pixels

    def _clive(self) -> Teacher:
        """Every pair of photos: the share of raters expected to put a above b, as in its comparisons."""
        pairs = read_labels(self._shared / "clive" / "comparisons.csv").comparisons.table
        group = dict(zip([*pairs["photo_a"], *pairs["photo_b"]], [*pairs["series"]] * 2, strict=True))
        unit = np.array([int(group.get(photo, 0)) for photo in self.ratings["photo"]])
        a, b = np.triu_indices(len(unit), 1)
        mos, std = (self.ratings[name].to_numpy(float) for name in ("mos", "std"))
        return Teacher(
            rows=self.clive_rows,
            unit=unit,
            a=a,
            b=b,
            preference=ndtr((mos[a] - mos[b]) / np.hypot(std[a], std[b])),
            kind=np.full(len(unit), ""),
        )

    def _faults(self) -> dict[str, Teacher]:
        """Photos of one scene by the opinions of TID2013, and by KADID-10k's means of all scenes.

        The unspoilt photo has the best opinion of its scene in TID2013, which has none of it, and that of
        KADID-10k's mean shift by 0.
        """
        table = self._cache / "scenes.csv"
        made: list[tuple[int, str, int, int]] = []
        rows = self._rows("scenes", lambda: self._spoilt(made))
        if made:
            pd.DataFrame(made, columns=["scene", "table", "kind", "level"]).to_csv(table, index=False)
        photos = pd.read_csv(table)
        tid = pd.read_csv(self._shared / "opinions" / "tid2013.csv").set_index(
            ["scene", "distortion", "level"]
        )["mos"]
        means = self.kadid.groupby(["distortion", "level"])["dmos"].mean()
        found = {}
        for name in ("tid", "kadid"):
            chosen = photos[photos["table"].isin([name, "original"])]
            keys = list(chosen[["scene", "kind", "level"]].itertuples(index=False))
            if name == "tid":
                best = tid.groupby("scene").max()
                opinion = [tid[key] if key[1] else best[key[0]] for key in map(tuple, keys)]
            else:
                opinion = [means[(kind, level)] if kind else means[(18, 1)] for _, kind, level in keys]
            value, unit = np.array(opinion), chosen["scene"].to_numpy()
            a, b = pairs_within(unit)
            found[name] = Teacher(
                rows=rows[chosen.index],
                unit=unit,
                a=a,
                b=b,
                preference=logistic(LOG_ODDS_PER_POINT * (value[a] - value[b])),
                kind=np.array([f"{name} {key[1]}" if key[1] else "" for key in keys]),
            )
        return found

    def _spoilt(self, made: list[tuple[int, str, int, int]]) -> Iterator[Pixels]:
        for scene in SCENES:
            whole = self._kodak(scene)
            top, left = (whole.shape[0] - 384) // 2, (whole.shape[1] - 512) // 2
            photo = np.ascontiguousarray(whole[top : top + 384, left : left + 512])
            rng = np.random.default_rng(scene)
            made.append((scene, "original", 0, 0))
            yield photo
            for table, spoil in (("tid", spoilt_as_tid), ("kadid", spoilt_as_kadid)):
                for kind, level, spoilt in spoil(photo, rng):
                    made.append((scene, table, kind, level))
                    yield spoilt

    def _bursts(self) -> dict[str, Teacher]:
        """Simulated bursts, by the simulator's own penalties and by those that follow KADID-10k."""
        kodak, drawn = self._burst_set("kodak", SCENES, 126, 2101), self._burst_set("drawn", None, 60, 2102)
        return {name: joined(kodak[name], drawn[name]) for name in kodak}

    def _burst_set(
        self, name: str, scenes: Sequence[int] | None, count: int, seed: int
    ) -> dict[str, Teacher]:
        table = self._cache / f"bursts_{name}.csv"
        if not table.exists():
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place) / "bursts"
                pixels = None if scenes is None else [self._kodak(scene) for scene in scenes]
                write_bursts(folder, count, seed, pixels, width=660, height=440)
                truth = pd.read_csv(folder / "truth.csv")
                self._rows(
                    f"bursts_{name}",
                    lambda: (load(folder / "photos" / each, 800).pixels for each in truth["photo"]),
                )
                truth.to_csv(table, index=False)
        truth = pd.read_csv(table)
        burst = truth["series"].str.removeprefix("burst-").to_numpy(int)
        unit = burst + 1000 if scenes is None else np.array(scenes)[(burst - 1) % len(scenes)]
        a, b = pairs_within(burst)
        rows = self._rows(f"bursts_{name}", lambda: ())
        penalties = {"bursts": truth["penalty"].to_numpy(), "minded": self._minded(truth)}
        return {
            by: Teacher(
                rows=rows,
                unit=unit,
                a=a,
                b=b,
                preference=logistic(penalty[b] - penalty[a]),
                kind=np.full(len(rows), ""),
            )
            for by, penalty in penalties.items()
        }

    def _minded(self, truth: pd.DataFrame) -> NDArray[np.float64]:
        """Penalties in log-odds as KADID-10k's people mind the faults; of those it lacks, the simulator's.

        Its lengths are of 512 pixels, the simulator's of 800. Exposure is that of the tone curve's middle.
        """
        means = self.kadid.groupby(["distortion", "level"])["dmos"].mean().unstack()
        whole = means.loc[18, 1]

        def minded(kind: int, sizes: Sequence[float], found: pd.Series) -> NDArray[np.float64]:
            lost = np.maximum.accumulate(np.maximum(whole - means.loc[kind].to_numpy(), 0))
            return np.asarray(LOG_ODDS_PER_POINT * np.interp(found, [0, *sizes], [0, *lost]))

        wide = 800 / 512
        penalties = (
            minded(3, [wide * each for each in (1, 2, 4, 6, 10)], truth["motion_blur"])
            + minded(2, [wide * each for each in (1, 2, 4, 6, 8)], truth["defocus"])
            + minded(16, (0.16, 0.32, 0.61, 1.0, 1.5), truth["exposure"].clip(0))
            + minded(17, (0.08, 0.16, 0.33, 0.71, 1.6), -truth["exposure"].clip(None, 0))
            + minded(11, np.sqrt([0.001, 0.002, 0.003, 0.005, 0.01]).tolist(), truth["noise"])
            + minded(10, (57, 64, 76, 93, 96), 100 - truth["jpeg_quality"])
            + 8.0 * truth["white_balance"].to_numpy() ** 2
            + np.hypot(truth["shift_x"].to_numpy(), truth["shift_y"].to_numpy()) / 24
            + truth["rotation"].abs().to_numpy() / 3
            + 6.0 * np.log(truth["zoom"]).abs().to_numpy()
        )
        return np.asarray(penalties, np.float64)

    def _phototriage(self) -> Teacher:
        """The released preferences, on the four numbers; the others are not known."""
        folder = self._shared / "phototriage"
        features = read_feature_table(folder / "iqa_scores.csv")
        table = read_labels(folder).comparisons.between(features.photos).table
        rows = np.full((len(features.photos), len(GROUPS)), np.nan, np.float32)
        four = next(block for block in BLOCKS if block.name == "iqa")
        rows[:, [group == "iqa" for group in GROUPS]] = features.select([four])
        a, b = (features.rows(table[side]) for side in ("photo_a", "photo_b"))
        series = table["series"].to_numpy(int)
        unit = np.zeros(len(rows), np.int64)
        unit[a] = unit[b] = series
        return Teacher(rows, unit, a, b, table["preference"].to_numpy(float), np.full(len(rows), ""))

    def _takes(self) -> Teacher:
        """Sound takes over spoilt ones, of every other photo at full size. How many mind it is a guess."""
        rows = self.fullsize[::2].reshape(-1, len(GROUPS))
        sound = np.repeat(np.arange(0, len(rows), len(TAKES)), len(TAKES) - 1)
        spoilt = np.flatnonzero(np.arange(len(rows)) % len(TAKES))
        unit = np.arange(len(rows)) // len(TAKES)
        kind = np.tile(list(TAKES), len(rows) // len(TAKES))
        return Teacher(rows, unit, sound, spoilt, np.full(len(sound), 0.8), kind)

    def _fullsize(self) -> Iterator[Pixels]:
        """The takes of `lite_sizes`, as the pipeline shrinks them."""
        for path in sorted((self._shared / "fullsize").glob("*.jpg")):
            whole = working(path)
            height, width = whole.shape[:2]
            for number, spoil in enumerate(TAKES.values()):
                rng = np.random.default_rng([int(path.stem), number])
                top, left = rng.integers(0, height // 50), rng.integers(0, width // 50)
                take = spoil(whole[top : top + height * 49 // 50, left : left + width * 49 // 50], rng)
                scale = 800 / max(take.shape[:2])
                small = cv2.resize(take, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                yield np.asarray(small, np.uint8)


def measured(photos: Iterable[Pixels]) -> Rows:
    found, rest = [], iter(photos)
    while batch := list(islice(rest, 32)):
        found.append(np.hstack([each([each.prepare(photo) for photo in batch]) for each in EXTRACTORS]))
    return np.concatenate(found)


def pairs_within(unit: NDArray[np.int64]) -> NDArray[np.intp]:
    """(2, m): all pairs of places of one unit."""
    members = (np.flatnonzero(unit == each) for each in np.unique(unit))
    return np.array([pair for places in members for pair in combinations(places, 2)]).T


def joined(first: Teacher, second: Teacher) -> Teacher:
    count = len(first.rows)
    parts = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("rows", "unit", "preference", "kind")
    }
    return Teacher(a=np.r_[first.a, second.a + count], b=np.r_[first.b, second.b + count], **parts)


def logistic(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
