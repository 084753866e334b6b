"""The order of the photos within a series, how sure it is, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from phototriage.choices import Decision
from phototriage.features import Features
from phototriage.features.extractors.faces.face import Face
from phototriage.ranker import TrainedRanker
from phototriage.series.candidates import Candidates
from phototriage.series.explanation import Evidence, measured_columns, reasons_between
from phototriage.series.faces import FACE_NUMBERS, SeenFace, Swap, face_log_odds, people_of, swaps
from phototriage.series.full_size import detail_columns, detail_log_odds
from phototriage.series.reasons import MEGAPIXELS, Reason
from phototriage.series.shot import Series, SeriesKind, Shot
from phototriage.series.verdict import Verdict, alternatives, verdicts

__all__ = ["RankedPhoto", "RankedSeries", "rank_series"]

_PHOTOS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class RankedPhoto:
    """A photo's place in its series.

    photo, files: as of a `Shot`. rank: 1 is best; equal scores share a rank, and so do all photos of what is
    kept whole. score: comparable within the series only, and not with that of a much smaller photo.
    probability_best: how likely people would like it best of the series, in [0, 1]; 0 for what is too small
    to be picked (`SMALL`), even among what is kept whole. verdict: what it is taken for.
    reasons: of a pick, against the others of the series that are none, all together; of any other photo,
    against the first pick; in the order in which `phrases` has them. Of what is kept whole, and where all are
    picks, there are none. alternative: whether it is one of the best of those too close to call.
    faces: of a photo that was searched for them, beside those of its series; None where it was not.
    decision: what a person says of it; None where they say nothing. decided: what a person's decisions about
    its series make of the verdict; None where they leave it as it is.
    """

    photo: str
    files: tuple[str, ...]
    rank: int
    score: float
    probability_best: float
    verdict: Verdict
    reasons: tuple[Reason, ...]
    alternative: bool = False
    faces: tuple[SeenFace, ...] | None = None
    decision: Decision | None = None
    decided: Verdict | None = None

    @property
    def outcome(self) -> Verdict:
        """What it is taken for in the end: as a person decided, else as the program says."""
        return self.decided or self.verdict

    @property
    def blinks(self) -> tuple[SeenFace, ...]:
        """The main faces with closed eyes."""
        return tuple(face for face in self.faces or () if face.main and face.eyes == "closed")

    @property
    def phrases(self) -> tuple[str, ...]:
        """The words of its reasons: "but" speaks against its place, "also" for and against nothing.

        "although" is "but" where nothing speaks for its place, and "and" is a second "but".
        """
        sign = 1 if self.verdict == "pick" else -1
        phrases: list[str] = []
        against = "although"
        for reason in self.reasons:
            if not reason.speaks:
                phrases.append(f"also {reason.words}")
            elif sign * reason.speaks < 0:
                phrases.append(f"{against} {reason.words}")
                against = "and"
            else:
                phrases.append(reason.words)
                against = "but" if against == "although" else against
        return tuple(phrases)


@dataclass(frozen=True, slots=True)
class RankedSeries:
    """Photos that belong together, best first where there is a best; else as they were taken.

    captured_at: when the first of them was, on the camera's clock; None where no file says.
    """

    name: str
    kind: SeriesKind
    captured_at: datetime | None
    photos: tuple[RankedPhoto, ...]

    @property
    def too_close(self) -> bool:
        """Whether some photo cannot be told from the last pick."""
        return any(each.verdict == "close" for each in self.photos)

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """The faces that other photos could give the first one, where none has everyone's eyes open."""
        return swaps([(each.photo, each.faces or ()) for each in self.photos])


def rank_series(
    series: Sequence[Series],
    features: Features,
    ranker: TrainedRanker,
    *,
    keep: int = 1,
    detail: Features | None = None,
    faces: Mapping[str, Sequence[Face]] | None = None,
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
        features: those that the ranker needs, of all photos that could be measured. With `iqa_plus` among
            them, reasons do not mistake noise or light for sharpness and show what the ranker does not see,
            and a blurred photo is never too close to call.
        ranker: gives the scores.
        keep: picks per series, ≥ 1.
        detail: the `detail` block of photos that compete; their scores then count noise and blur at full
            size, too (`detail_log_odds`).
        faces: those of photos that compete and were searched for them; closed eyes, blurred faces and smiles
            then count, too (`face_parts`).

    Raises FeatureError where the features are not those the ranker needs.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1, not {keep}")
    measured = [(each, [shot for shot in each.shots if shot.photo in features]) for each in series]
    measured = [(each, shots) for each, shots in measured if shots]
    ranked: list[RankedSeries] = []
    for some in _pieces(measured):
        ranked += _ranked(some, features, ranker, keep, detail, faces or {})
    return tuple(ranked)


def _pieces(
    measured: Sequence[tuple[Series, Sequence[Shot]]],
) -> Iterator[Sequence[tuple[Series, Sequence[Shot]]]]:
    """The series in order, some thousand photos at a time, so that a large library is never copied."""
    ends = np.cumsum([len(shots) for _, shots in measured])
    start = 0
    while start < len(measured):
        before = ends[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + _PHOTOS_AT_ONCE, side="right")))
        yield measured[start:end]
        start = end


def _ranked(
    measured: Sequence[tuple[Series, Sequence[Shot]]],
    features: Features,
    ranker: TrainedRanker,
    keep: int,
    detail: Features | None,
    faces: Mapping[str, Sequence[Face]],
) -> list[RankedSeries]:
    """`rank_series` of series that have measured shots."""
    seen, numbers = _faces(measured, faces)
    photos, evidence = _candidates(measured, features, ranker, detail, numbers)
    order = _best_first(photos)
    photos, evidence = photos.take(order), evidence.take(order)
    picks = np.minimum(keep, photos.counts(~photos.small))
    reasons = _reasons(photos, evidence, picks, ranker)
    faulty, p_behind = _beside_last_pick(photos, evidence, picks, reasons, ranker)
    found = verdicts(
        photos.selectable, photos.place < picks, photos.small | faulty, p_behind < ranker.close_below
    )
    close = np.array([verdict == "close" for verdict in found])
    second = alternatives(close, photos.first, photos.counts(np.ones(len(photos), bool)))
    shots = [shot for _, members in measured for shot in members]
    ranked = [
        RankedPhoto(shots[shot].photo, shots[shot].files, *rest)
        for shot, *rest in zip(
            photos.shot.tolist(),
            _ranks(photos).tolist(),
            photos.score.tolist(),
            _probabilities_best(photos, ranker.temperature).tolist(),
            found,
            reasons,
            second.tolist(),
            [seen.get(shot) for shot in photos.shot.tolist()],
            strict=True,
        )
    ]
    ends = [*photos.begins.tolist()[1:], len(photos)]
    return [
        RankedSeries(each.name, each.kind, each.captured_at, tuple(ranked[begin:end]))
        for (each, _), begin, end in zip(measured, photos.begins.tolist(), ends, strict=True)
    ]


def _candidates(
    measured: Sequence[tuple[Series, Sequence[Shot]]],
    features: Features,
    ranker: TrainedRanker,
    detail: Features | None,
    of_faces: dict[str, NDArray[np.float64]],
) -> tuple[Candidates, Evidence]:
    """The photos of series, in the order given, and what reasons for them can rest on."""
    names = [shot.photo for _, shots in measured for shot in shots]
    rows = features.rows(names)
    inputs = features.select(ranker.blocks, rows)
    counts = [len(shots) for _, shots in measured]
    number = np.repeat(np.arange(len(counts)), counts)
    full_size = detail_columns(names, detail)
    evidence = Evidence.of(ranker, inputs, measured_columns(features, rows) | full_size | of_faces)
    photos = Candidates(
        shot=np.arange(len(rows)),
        series=number,
        selectable=np.repeat([each.kind == "series" for each, _ in measured], counts),
        inputs=inputs,
        numbers=evidence.numbers,
        score=evidence.score
        + ranker.temperature * (detail_log_odds(number, full_size) + face_log_odds(number, of_faces)),
        megapixels=_megapixels(features, rows),
    )
    return photos, evidence


def _faces(
    measured: Sequence[tuple[Series, Sequence[Shot]]], faces: Mapping[str, Sequence[Face]]
) -> tuple[dict[int, tuple[SeenFace, ...]], dict[str, NDArray[np.float64]]]:
    """Of the photos of series, in the order given: the faces of those that were searched, and `FACE_NUMBERS`.

    The numbers are NaN for photos without faces, and there are none where no photo has any.
    """
    seen: dict[int, tuple[SeenFace, ...]] = {}
    count = sum(len(shots) for _, shots in measured)
    numbers: dict[str, NDArray[np.float64]] = {}
    begin = 0
    for _, shots in measured:
        places = [begin + place for place, shot in enumerate(shots) if shot.photo in faces]
        begin += len(shots)
        shown = [faces[shot.photo] for shot in shots if shot.photo in faces]
        seen |= dict.fromkeys(places, ())
        if not any(shown):
            continue
        people = people_of(shown)
        seen |= dict(zip(places, people.faces, strict=True))
        numbers = numbers or {name: np.full(count, np.nan) for name in FACE_NUMBERS}
        for name, column in people.numbers.items():
            numbers[name][places] = column
    return seen, numbers


def _megapixels(features: Features, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """(n,) the millions of pixels of the files of some rows of the features; NaN where it is not known."""
    if features.captures is None:
        return np.full(len(rows), np.nan)
    captures = [features.captures[row] for row in rows.tolist()]
    return np.array([(each.width or np.nan) * (each.height or np.nan) / 1e6 for each in captures])


def _best_first(photos: Candidates) -> NDArray[np.intp]:
    """The order: series by series, by score, small ones last; as given where there is nothing to choose."""
    return np.lexsort((np.where(photos.selectable, -photos.score, 0), photos.small, photos.series))


def _ranks(photos: Candidates) -> NDArray[np.intp]:
    """(n,) from 1, of photos in order."""
    place, row = photos.place, np.arange(len(photos))
    changes = (np.diff(photos.score, prepend=np.nan) != 0) | np.diff(photos.small, prepend=False)
    leader = np.maximum.accumulate(np.where((place == 0) | changes, row, 0))
    return np.where(photos.selectable, leader - photos.first + 1, 1)


def _probabilities_best(photos: Candidates, temperature: float) -> NDArray[np.float64]:
    """(n,) as of a `RankedPhoto`, of photos in order."""
    log_odds = (photos.score - photos.score[photos.first]) / temperature
    odds = np.exp(np.select([~photos.selectable, photos.small], [0, -np.inf], log_odds))
    return np.asarray(odds / photos.sums(odds))


def _reasons(
    photos: Candidates, evidence: Evidence, picks: NDArray[np.intp], ranker: TrainedRanker
) -> list[tuple[Reason, ...]]:
    """Of n photos in order, as of a `RankedPhoto`; beside a photo that is too small the size says it all.

    picks: (n,) how many photos of the same series are picks.
    """
    reasons: list[tuple[Reason, ...]] = [()] * len(photos)
    everyone, small = np.ones(len(photos), bool), photos.small
    beside = photos.selectable & (photos.counts(everyone) > picks)
    picked = photos.place < picks
    others = ~picked & ~small
    alone = photos.counts(others) == 0
    of_pick = np.flatnonzero(beside & picked & ~alone)
    of_rest = np.flatnonzero(beside & ~picked & (small == small[photos.first]))
    typical = photos.typical(others & np.isin(photos.series, photos.series[of_pick]))
    of_typical = Evidence.of(ranker, typical.inputs, typical.numbers)
    for rows, against in (
        (of_pick, of_typical.take(np.searchsorted(typical.series, photos.series[of_pick]))),
        (of_rest, evidence.take(photos.first[of_rest])),
    ):
        found = reasons_between(ranker, evidence.take(rows), against)
        for row, each in zip(rows.tolist(), found, strict=True):
            reasons[row] = each
    first_small = photos.first + np.minimum(photos.counts(~small), photos.counts(everyone) - 1)
    by_size = beside & (np.where(picked, alone, small) & ~small[photos.first])
    for row in np.flatnonzero(by_size).tolist():
        other = photos.first[row] if small[row] else first_small[row]
        size, size_of_other = (_known(photos.megapixels[each]) for each in (row, other))
        words = "smaller" if small[row] else "larger"
        reasons[row] = (Reason(words, MEGAPIXELS, size, size_of_other, None),)
    return reasons


def _known(number: float) -> float | None:
    """A number to four decimals, None for NaN."""
    return None if np.isnan(number) else round(float(number), 4)


def _beside_last_pick(
    photos: Candidates,
    evidence: Evidence,
    picks: NDArray[np.intp],
    reasons: Sequence[tuple[Reason, ...]],
    ranker: TrainedRanker,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """(n,) whether a photo shows a plain fault beside the last pick, and P(last pick over it).

    Rankers that see neither noise nor learned features take noise for sharpness. What such a fault of the
    pick added to its lead is taken off it, as far as the photos show it.

    picks, reasons: of the photos, which are in order.
    """
    last_pick = photos.first + picks - 1
    behind = np.flatnonzero(photos.selectable & ~photos.small & (photos.place >= picks))
    if np.array_equal(last_pick[behind], photos.first[behind]):
        why = [reasons[row] for row in behind.tolist()]
    else:
        why = reasons_between(ranker, evidence.take(behind), evidence.take(last_pick[behind]))
    lead = photos.score[last_pick] - photos.score
    if not any(block.name == "lite" for block in ranker.blocks):
        lead[behind] -= ranker.temperature * np.array(
            [sum(each.mistaken for each in whole if (each.log_odds or 0) < 0) for whole in why]
        )
    faulty = np.zeros(len(photos), bool)
    faulty[behind] = [_is_plainly_worse(each) for each in why]
    return faulty, ranker.probability(lead)


def _is_plainly_worse(reasons: Sequence[Reason]) -> bool:
    """Whether a photo is blurred beside another, or has another fault and is no sharper for it."""
    if any(each.is_blur for each in reasons):
        return True
    return any(each.is_fault for each in reasons) and not any(each.words == "sharper" for each in reasons)
