"""What a person's decisions make of the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from phototriage.choices import Decision
from phototriage.series.ranking import RankedPhoto, RankedSeries
from phototriage.series.verdict import Verdict

__all__ = ["SeriesState", "only_decided", "state_of", "with_decisions"]

SeriesState = Literal["open", "decided", "none", "tied"]
"""none: of these. tied: the person cannot tell."""


def state_of(said: Sequence[Decision]) -> SeriesState:
    """How far a person decided a series, by what they say of each of its photos.

    A pick decides it, and so do stars of a photo that is neither rejected nor among "none of these", and
    rejects of all photos. Labels, and rejects of some photos, do not.
    """
    if any(each.flag == "pick" for each in said) or all(each.flag == "reject" for each in said):
        return "decided"
    left = [each for each in said if each.flag != "reject" and not each.none_of_these]
    if not left:
        return "none"
    if any(each.stars for each in left):
        return "decided"
    return "tied" if any(each.tied for each in left) else "open"


def with_decisions(
    ranked: Sequence[RankedSeries], decisions: Mapping[str, Decision]
) -> tuple[RankedSeries, ...]:
    """Puts a person's decisions beside the program's verdicts, which stay as they are.

    Photos that the person picked are the only picks of their series. A photo that they rejected, or found no
    better than the rest of a series of which they want none, is no pick; the best of the others takes its
    place. Where they gave stars but picked none, those with the most stars are the picks, so that no photo
    that they did not rate gets more stars than one that they did. What the decisions leave open is as the
    program says.

    Args:
        ranked: the series.
        decisions: photo → what the person says of it.
    """
    if not decisions:
        return tuple(ranked)
    return tuple(
        _decided(each, decisions) if any(photo.photo in decisions for photo in each.photos) else each
        for each in ranked
    )


def only_decided(ranked: Sequence[RankedSeries]) -> tuple[RankedSeries, ...]:
    """What a person decided, of `with_decisions`.

    Where they chose, all photos of the series. Where they only rejected or labeled some photos, these photos
    alone, of which the program then says nothing of its own.
    """
    reduced = (series if _is_chosen(series) else _of_marks_alone(series) for series in ranked)
    return tuple(series for series in reduced if series.photos)


def _of_marks_alone(series: RankedSeries) -> RankedSeries:
    said = [(photo, photo.decision) for photo in series.photos]
    marked = [(photo, each) for photo, each in said if each and each != Decision(tied=True)]
    outcomes = _of_kept([each for _, each in marked])
    photos = (replace(photo, decided=outcome) for (photo, _), outcome in zip(marked, outcomes, strict=True))
    return replace(series, photos=tuple(photos))


def _is_chosen(series: RankedSeries) -> bool:
    return state_of([photo.decision or Decision() for photo in series.photos]) in ("decided", "none")


def _decided(series: RankedSeries, decisions: Mapping[str, Decision]) -> RankedSeries:
    said = [decisions.get(photo.photo, Decision()) for photo in series.photos]
    outcomes = _outcomes(series.photos, said) if series.kind == "series" else _of_kept(said)
    photos = (
        replace(photo, decision=decision or None, decided=None if outcome == photo.verdict else outcome)
        for photo, decision, outcome in zip(series.photos, said, outcomes, strict=True)
    )
    return replace(series, photos=tuple(photos))


def _of_kept(said: Sequence[Decision]) -> list[Verdict]:
    """The outcomes where there is nothing to choose."""
    names: dict[str, Verdict] = {"pick": "pick", "reject": "rest"}
    return ["rest" if each.none_of_these else names.get(each.flag, "kept") for each in said]


def _outcomes(photos: Sequence[RankedPhoto], said: Sequence[Decision]) -> list[Verdict]:
    """The outcomes where photos compete; `photos` are best first."""
    if any(each.flag == "pick" for each in said):
        return ["pick" if each.flag == "pick" else "rest" for each in said]
    out = [each.flag == "reject" or each.none_of_these for each in said]
    outcomes: list[Verdict] = [
        "rest" if gone else photo.verdict for photo, gone in zip(photos, out, strict=True)
    ]
    wanted = sum(photo.verdict == "pick" for photo in photos)
    candidates = [place for place, gone in enumerate(out) if not gone]
    picks = [place for place in candidates if outcomes[place] == "pick"]
    picks += [place for place in candidates if place not in picks][: wanted - len(picks)]
    rated = sorted((place for place in candidates if said[place].stars), key=lambda place: -said[place].stars)
    for place in candidates:
        if place in (rated[:wanted] if rated else picks):
            outcomes[place] = "pick"
        elif rated or outcomes[place] == "pick":
            outcomes[place] = "rest"
    return outcomes
