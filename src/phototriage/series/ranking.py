"""The order of the photos within a series, how sure it is, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phototriage.features import Features
from phototriage.ranker import TrainedRanker
from phototriage.series.explanation import measured_columns, reasons_between
from phototriage.series.reasons import MEGAPIXELS, Reason
from phototriage.series.series import Series, SeriesKind

__all__ = ["CLOSE", "SMALL", "RankedPhoto", "RankedSeries", "Verdict", "rank_series"]

CLOSE = 0.6
"""A photo is too close to call where P(last pick over it) is less, noise and the like not counted.

What noise, motion blur or compression marks of the pick added to its lead, as far as the photos show it, is
taken off the lead first: rankers take noise for sharpness, and the cleaner photo is then not clearly beaten.

On PhotoTriage the embedded ranker's order is that of the released preferences in 57 % of the pairs below, and
in 71 % of those above, as often as one more person's (70 %): `benchmarks/close_calls.py`.
"""

SMALL = 0.5
"""A photo with less than this share of the pixels of the largest of its series is never a pick.

It is most likely an export of a photo beside it, and at its size neither its numbers nor its scores can be
compared with those of the others. Photos whose size is not known are not small.
"""

Verdict = Literal["pick", "close", "rest", "kept"]
"""close: too close to call beside the last pick (`CLOSE`). rest: clearly beaten, or a small export (`SMALL`).
kept: there was nothing to choose.
"""


@dataclass(frozen=True)
class RankedPhoto:
    """A photo's place in its series.

    photo, files: as of a `Shot`. rank: 1 is best; equal scores share a rank, and so do all photos of what is
    kept whole. score: comparable within the series only, and not with that of a much smaller photo.
    probability_best: how likely people would like it best of the series, in [0, 1]; 0 for what is too small
    to be picked (`SMALL`), even among what is kept whole. verdict: what it is taken for.
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
        """The words of its reasons: "but" speaks against its place, "also" did not move the verdict.

        "although" is "but" where nothing speaks for its place. "scored up for noise", "scored down for less
        noise": it moved the verdict, but the wrong way round.
        """
        sign = 1 if self.verdict == "pick" else -1
        phrases: list[str] = []
        for reason in self.reasons:
            if reason.only_shown:
                phrases.append(f"also {reason.words}")
            elif sign * (reason.log_odds or 0) < 0:
                phrases.append(f"{'but' if phrases else 'although'} {reason.scored}")
            else:
                phrases.append(reason.scored)
        return tuple(phrases)


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

    Photos much smaller than the largest of their series (`SMALL`, where `features.captures` tell) come after
    all others, and their only reason is that.

    P(best) is the softmax of score / temperature over the series (Plackett, 1975; Luce, 1959), so between
    two photos it equals the ranker's P(a over b); small ones have no part in it. Photos without features
    have no place in the ranking, and series without any are left out. The first `keep` photos of a series,
    small ones aside, are picks; of a bracket, a stack, a panorama or a single photo all are kept.

    Args:
        series: what is ranked, each by itself.
        features: those that the ranker needs, of all photos that could be measured.
        ranker: gives the scores.
        keep: picks per series, ≥ 1.
        detail: the `iqa_plus` numbers of the same photos, which keep reasons from mistaking noise or light
            for sharpness, show what the ranker does not see, and what lead is owed to noise (`CLOSE`);
            without them all this rests on `features`.

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
    megapixels = _megapixels(features, where)
    small = choice & (megapixels < SMALL * np.fmax.reduceat(megapixels, begins)[owner])
    order = np.lexsort((np.where(choice, -scores, 0), small, owner))
    rows, scores, small, megapixels = rows[order], scores[order], small[order], megapixels[order]
    numbers = {name: column[order] for name, column in numbers.items()}

    odds = np.exp(np.select([~choice, small], [0, -np.inf], (scores - scores[first]) / ranker.temperature))
    chances = odds / np.add.reduceat(odds, begins)[owner]
    opens_rank = (place == 0) | (np.diff(scores, prepend=np.nan) != 0) | np.diff(small, prepend=False)
    ranks = np.maximum.accumulate(np.where(opens_rank, np.arange(len(photos)), 0)) - first + 1
    picks = np.minimum(keep, np.add.reduceat(~small, begins, dtype=np.intp))[owner]

    reasons: list[tuple[Reason, ...]] = [()] * len(photos)
    of = np.flatnonzero(choice & (counts[owner] > picks))
    against = np.where(place < picks, first + picks, first)[of]
    alike = small[of] == small[against]
    found = reasons_between(ranker, rows, numbers, of[alike], against[alike])
    for row, each in zip(of[alike].tolist(), found, strict=True):
        reasons[row] = each
    for row, other in zip(of[~alike].tolist(), against[~alike].tolist(), strict=True):
        size, size_of_other = round(float(megapixels[row]), 4), round(float(megapixels[other]), 4)
        reasons[row] = (Reason("smaller" if small[row] else "larger", MEGAPIXELS, size, size_of_other, None),)

    last_pick = first + picks - 1
    lead = scores[last_pick] - scores
    beaten = np.flatnonzero(choice & ~small & (place >= picks) & (ranker.probability(lead) >= CLOSE))
    why_beaten = (
        [reasons[row] for row in beaten.tolist()]
        if keep == 1
        else reasons_between(ranker, rows, numbers, beaten, last_pick[beaten])
    )
    lead[beaten] -= ranker.temperature * np.array([_owed_to_flaws(each) for each in why_beaten])
    close = ranker.probability(lead) < CLOSE
    verdicts = np.select([~choice, place < picks, small, close], ["kept", "pick", "rest", "close"], "rest")

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


def _megapixels(features: Features, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """(n,) the millions of pixels of the files of some rows of the features; NaN where it is not known."""
    if features.captures is None:
        return np.full(len(rows), np.nan)
    captures = [features.captures[row] for row in rows.tolist()]
    return np.array([(each.width or np.nan) * (each.height or np.nan) / 1e6 for each in captures])


def _owed_to_flaws(reasons: Sequence[Reason]) -> float:
    """How far flaws of the photo before it, taken for merits, moved the verdict on a photo; log-odds, ≥ 0."""
    return sum(-each.log_odds for each in reasons if each.wrong_way and each.log_odds and each.log_odds < 0)
