"""Comparisons and a miniature PhotoTriage release, made here."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phototriage.labels import Comparisons
from phototriage.labels.alignment import released_preferences
from phototriage.labels.comparisons import COLUMNS

Row = tuple[str, str, str, float] | tuple[str, str, str, float, int, int]
MakeComparisons = Callable[[Sequence[Row]], Comparisons]


@pytest.fixture(scope="session")
def make_comparisons() -> MakeComparisons:
    """Builds comparisons from rows (series, photo_a, photo_b, preference[, votes_a, votes_b])."""

    def make(rows: Sequence[Row]) -> Comparisons:
        full = [(*row, *(0,) * (8 - len(row))) for row in rows]
        return Comparisons(pd.DataFrame(full, columns=list(COLUMNS)))

    return make


@dataclass(frozen=True)
class MiniRelease:
    """A release, and the votes by photo that its permuted reviews hide."""

    folder: Path
    votes: dict[tuple[str, str, str], int]


# Per series the votes of photo i over photo j, and at which place of `ids` each photo goes in the reviews.
_SERIES = {
    3: ([[0, 4], [1, 0]], [1, 0]),
    12: ([[0, 5, 3], [1, 0, 2], [2, 4, 0]], [2, 0, 1]),
    40: ([[0, 1, 0, 2], [4, 0, 2, 6], [5, 3, 0, 7], [3, 0, 1, 0]], [3, 1, 0, 2]),
    77: ([[0, 0], [5, 0]], [1, 0]),
}
_TEST_SERIES = 12
_WITHOUT_PAIRLIST = 99


@pytest.fixture
def mini_release(tmp_path: Path) -> MiniRelease:
    """A release in the layout of the archives: pairlists and photos in train_val/, reviews beside it."""
    folder = tmp_path / "release"
    photos = folder / "train_val" / "train_val_imgs"
    reviews = folder / "reviews_trainval" / "reviews_trainval"
    photos.mkdir(parents=True)
    reviews.mkdir(parents=True)
    votes: dict[tuple[str, str, str], int] = {}
    lines: dict[str, list[str]] = {"train": [], "val": []}
    for series, (wins, ids) in _SERIES.items():
        names = [f"{series:06d}-{i + 1:02d}.JPG" for i in range(len(wins))]
        preferences = released_preferences(np.array(wins, dtype=float)).round(3)
        ranks = (-preferences.sum(axis=1)).argsort().argsort() + 1
        entries = []
        for i, name in enumerate(names):
            (photos / name).write_bytes(b"")
            for j, other in enumerate(names):
                votes[str(series), name, other] = wins[i][j]
                for vote in range(wins[i][j]):
                    # Half of the votes are shown in the other order, and ids come as numbers and as text.
                    turned = vote % 2 == 1
                    shown = (ids[j], ids[i]) if turned else (ids[i], ids[j])
                    entries.append(_review(*shown, "RIGHT" if turned else "LEFT", as_text=vote % 3 == 0))
                if i < j:
                    side = "val" if series == _TEST_SERIES else "train"
                    lines[side].append(f"{series} {i + 1} {j + 1} {preferences[i, j]} {ranks[i]} {ranks[j]}")
        entries.append(_review(0, 1, "", as_text=False))
        (reviews / f"{series:06d}.json").write_text(json.dumps({"reviews": entries}))
    alone = [_review(0, 1, "LEFT", as_text=False), _review(1, 0, "LEFT", as_text=False)]
    (reviews / f"{_WITHOUT_PAIRLIST:06d}.json").write_text(json.dumps({"reviews": alone}))
    for side, text in lines.items():
        (folder / "train_val" / f"{side}_pairlist.txt").write_text("\n".join(text) + "\n")
    return MiniRelease(folder, votes)


def _review(first: int, second: int, choice: str, *, as_text: bool) -> dict[str, object]:
    return {
        "compareID1": str(first) if as_text else first,
        "compareID2": str(second) if as_text else second,
        "compareFile1": f"1-{first + 1}.JPG",
        "compareFile2": f"1-{second + 1}.JPG",
        "userChoice": choice,
        "reason": ["", "too narrow view"],
    }
