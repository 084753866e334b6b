"""Writes a miniature PhotoTriage release from simulated bursts, in the layout of the published archives."""

import csv
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import OutputError
from phototriage.labels.alignment import released_preferences
from phototriage.labels.release import photo_key
from phototriage.simulation.bursts import write_bursts

__all__ = ["write_release"]

_FIRST_SERIES = 1


def write_release(
    folder: str | Path,
    series: int,
    val_series: int,
    seed: int,
    *,
    width: int = 800,
    height: int = 533,
    reviewers: int = 5,
) -> Path:
    """Writes a release folder with everything that PhotoTriage has, including the permuted ids.

    It writes `folder/train_val/train_val_imgs/%06d-%02d.JPG`, `folder/train_val/train_pairlist.txt` and
    `val_pairlist.txt` (series photo1 photo2 p rank1 rank2, photos from 1, p to three decimals), and a file
    per series in `folder/reviews_trainval/reviews_trainval/%06d.json`, with one review per vote. Votes are
    drawn from the true preferences of `write_bursts`; p is computed as in the release
    (`released_preferences`). In each series, the ids in the reviews are a different random permutation of
    the photos, and reviews show a pair in either order.

    Args:
        folder: created if missing; must be empty if it exists.
        series: total number of series, each with two to six photos.
        val_series: number of official validation series, taken from the end; less than `series`.
        seed: the same seed writes the same bytes.
        width, height: size of the photos, px.
        reviewers: number of votes on each pair, ≥ 1.

    Returns:
        The folder.

    Raises:
        OutputError: the folder is not empty, or is not writable.
    """
    folder = Path(folder)
    if not 0 <= val_series < series:
        raise ValueError(f"need 0 ≤ val_series < series, not {val_series} of {series}")
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"{folder} is not empty: name a new folder, or empty this one first")
    bursts = folder / ".unfinished"
    table = write_bursts(bursts, series, seed, width=width, height=height, reviewers=reviewers)
    rng = np.random.default_rng(seed)
    try:
        images = folder / "train_val" / "train_val_imgs"
        reviews = folder / "reviews_trainval" / "reviews_trainval"
        images.mkdir(parents=True)
        reviews.mkdir(parents=True)
        lines: dict[str, list[str]] = {"train": [], "val": []}
        for number, (photos, wins) in enumerate(_votes(table), start=_FIRST_SERIES):
            for place, photo in enumerate(photos, start=1):
                (bursts / "photos" / photo).rename(images / photo_key(number, place))
            side = "val" if number >= _FIRST_SERIES + series - val_series else "train"
            lines[side] += _pairlist(number, wins)
            text = json.dumps({"reviews": _reviews(number, wins, rng)}, indent=1)
            (reviews / f"{number:06d}.json").write_text(text, "utf-8")
        for side, rows in lines.items():
            (folder / "train_val" / f"{side}_pairlist.txt").write_text("".join(rows), "utf-8")
    except OSError as error:
        raise OutputError(f"cannot write a release into {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(bursts, ignore_errors=True)
    return folder


def _votes(table: Path) -> list[tuple[list[str], NDArray[np.int64]]]:
    """The photos of each burst, and (n, n) votes for photo i over photo j."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    bursts = []
    for _, of_burst in itertools.groupby(rows, key=lambda row: row["series"]):
        pairs = list(of_burst)
        photos = sorted({row[side] for row in pairs for side in ("photo_a", "photo_b")})
        wins = np.zeros((len(photos), len(photos)), np.int64)
        for row in pairs:
            a, b = photos.index(row["photo_a"]), photos.index(row["photo_b"])
            wins[a, b], wins[b, a] = int(row["votes_a"]), int(row["votes_b"])
        bursts.append((photos, wins))
    return bursts


def _pairlist(series: int, wins: NDArray[np.int64]) -> list[str]:
    preferences = released_preferences(wins.astype(float))
    ranks = (-preferences.sum(axis=1)).argsort(kind="stable").argsort() + 1
    return [
        f"{series} {a + 1} {b + 1} {preferences[a, b]:.3f} {ranks[a]} {ranks[b]}\n"
        for a, b in itertools.combinations(range(len(wins)), 2)
    ]


_REASONS = (["", ""], ["too blurry", ""], ["", "narrow view"], ["too dark", ""])


def _reviews(series: int, wins: NDArray[np.int64], rng: np.random.Generator) -> list[dict[str, Any]]:
    """One review per vote, in random order, with permuted ids."""
    ids = rng.permutation(len(wins))
    reviews = []
    for winner, loser in itertools.permutations(range(len(wins)), 2):
        for _ in range(wins[winner, loser]):
            on_the_left = bool(rng.integers(2))
            shown = (winner, loser) if on_the_left else (loser, winner)
            first, second = (int(ids[photo]) for photo in shown)
            reviews.append(
                {
                    "compareID1": first,
                    "compareID2": second,
                    "compareFile1": f"{series}-{first + 1}.JPG",
                    "compareFile2": f"{series}-{second + 1}.JPG",
                    "userChoice": "LEFT" if on_the_left else "RIGHT",
                    "reason": _REASONS[int(rng.integers(len(_REASONS)))],
                }
            )
    return [reviews[place] for place in rng.permutation(len(reviews))]
