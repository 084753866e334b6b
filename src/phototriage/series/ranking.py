"""The order of the photos within a series, how sure it is, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from phototriage.features import Features
from phototriage.ranker import TrainedRanker
from phototriage.series.explanation import measured_columns, reasons_between
from phototriage.series.reasons import Reason
from phototriage.series.series import Series, SeriesKind

__all__ = ["CLOSE", "RankedPhoto", "RankedSeries", "Verdict", "rank_series"]

CLOSE = 0.6
"""A photo is too close to call where P(last pick over it) is less.

On PhotoTriage the embedded ranker's order is that of the released preferences in 57 % of the pairs below, and
in 71 % of those above, as often as one more person's (70 %): `benchmarks/close_calls.py`.
"""

Verdict = Literal["pick", "close", "rest", "kept"]
"""close: too close to call beside the pick. kept: there was nothing to choose."""


@dataclass(frozen=True)
class RankedPhoto:
    """A photo's place in its series.

    photo, files: as of a `Shot`. rank: 1 is best; equal scores share a rank, and so do all photos of what is
    kept whole. score: comparable within the series only. probability_best: how likely people would like it
    best of the series, in [0, 1]; even among what is kept whole. verdict: what it is taken for.
    reasons: of a pick, against the best photo that is none; of any other photo, against the first pick; in
    the order in which `phrases` has them. Of what is kept whole, and where all are picks, there are none.
    """

    photo: str
    files: tuple[str, ...]
    rank: int
    score: float
    probability_best: float
    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def phrases(self) -> tuple[str, ...]:
        """The words of its reasons: "but" speaks against its place, "also" did not move the verdict."""
        sign = 1 if self.verdict == "pick" else -1
        return tuple(
            f"also {reason.words}"
            if reason.log_odds is None
            else f"but {reason.words}"
            if sign * reason.log_odds < 0
            else reason.words
            for reason in self.reasons
        )


@dataclass(frozen=True)
class RankedSeries:
    """Photos that belong together, best first where there is a best; else as they were taken.

    taken: when the first of them was, on the camera's clock; None where no file says.
    """

    name: str
    kind: SeriesKind
    taken: datetime | None
    photos: tuple[RankedPhoto, ...]

    @property
    def too_close(self) -> bool:
        """Whether some photo cannot be told from the last pick."""
        return any(each.verdict == "close" for each in self.photos)


def rank_series(
    series: Sequence[Series],
    features: Features,
    ranker: TrainedRanker,
    *,
    keep: int = 1,
    detail: Features | None = None,
) -> tuple[RankedSeries, ...]:
    """Ranks the photos of every series by the ranker's scores; equal scores keep the order given.

    P(best) is the softmax of score / temperature over the series (Plackett, 1975; Luce, 1959), so between
    two photos it equals the ranker's P(a over b). Photos without features have no place in the ranking, and
    series without any are left out. The first `keep` photos of a series are picks; of a bracket, a stack, a
    panorama or a single photo all are kept.

    Args:
        series: what is ranked, each by itself.
        features: those that the ranker needs, of all photos that could be measured.
        ranker: gives the scores.
        keep: picks per series, ≥ 1.
        detail: the `iqa_plus` numbers of the same photos, which keep reasons from mistaking noise or light
            for sharpness, and show what the ranker does not see; without them reasons rest on `features`.

    Raises FeatureError where the features are not those the ranker needs, or `detail` lacks a photo.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1, not {keep}")
    placed = [(each, [shot for shot in each.shots if shot.photo in features]) for each in series]
    placed = [(each, shots) for each, shots in placed if shots]
    if not placed:
        return ()
    photos = [shot.photo for _, shots in placed for shot in shots]
    where = features.rows(photos)
    rows = features.select(ranker.blocks)[where]
    scores = ranker.scores_of(rows).astype(np.float64)
    numbers = measured_columns(features, where)
    if detail is not None:
        numbers |= measured_columns(detail, detail.rows(photos))

    # All series at once: a call of numpy for each of thousands would take longer than all the arithmetic.
    counts = np.array([len(shots) for _, shots in placed])
    choice = np.repeat([each.kind == "series" for each, _ in placed], counts)
    begins = np.cumsum(counts) - counts
    owner = np.repeat(np.arange(len(placed)), counts)
    first, place = begins[owner], np.arange(len(photos)) - begins[owner]
    order = np.lexsort((np.where(choice, -scores, 0), owner))
    rows, scores = rows[order], scores[order]
    numbers = {name: column[order] for name, column in numbers.items()}

    odds = np.where(choice, np.exp((scores - scores[first]) / ranker.temperature), 1)
    chances = odds / np.add.reduceat(odds, begins)[owner]
    opens_rank = (place == 0) | (np.diff(scores, prepend=np.nan) != 0)
    ranks = np.maximum.accumulate(np.where(opens_rank, np.arange(len(photos)), 0)) - first + 1
    last_pick = first + np.minimum(keep, counts[owner]) - 1
    close = ranker.probability(scores[last_pick] - scores) < CLOSE
    verdicts = np.select([~choice, place < keep, close], ["kept", "pick", "close"], "rest")

    of = np.flatnonzero(choice & (counts[owner] > keep))
    against = np.where(place < keep, first + keep, first)[of]
    reasons: list[tuple[Reason, ...]] = [()] * len(photos)
    for row, found in zip(of.tolist(), reasons_between(ranker, rows, numbers, of, against), strict=True):
        reasons[row] = found

    shots = [shot for _, members in placed for shot in members]
    ranked = [
        RankedPhoto(shots[shot].photo, shots[shot].files, *rest)
        for shot, *rest in zip(
            order.tolist(),
            np.where(choice, ranks, 1).tolist(),
            scores.tolist(),
            chances.tolist(),
            verdicts.tolist(),
            reasons,
            strict=True,
        )
    ]
    return tuple(
        RankedSeries(each.name, each.kind, each.taken, tuple(ranked[begin : begin + count]))
        for (each, _), begin, count in zip(placed, begins.tolist(), counts.tolist(), strict=True)
    )
