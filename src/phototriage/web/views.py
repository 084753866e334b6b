"""What the page is told, as plain values; `routes` says what they mean."""

from dataclasses import asdict
from typing import Any

import phototriage
from phototriage.choices import Blind, Event, Grouping, Marking, action_values, photos_of
from phototriage.photos import Capture
from phototriage.series import only_decided
from phototriage.web.faces import faces_view
from phototriage.web.faults import faults_of
from phototriage.web.session import ReviewSession, ShownSeries

__all__ = ["change_view", "session_view", "shown_series_view"]


def session_view(session: ReviewSession) -> dict[str, Any]:
    """The whole folder, without what only the large view needs."""
    ranking = session.ranking
    return {
        "folder": ranking.root.name,
        "ranker": {"name": ranking.model, "version": phototriage.__version__},
        "series": _all_series(session),
        "left_out": [asdict(failure) for failure in ranking.failures],
        "state": {
            "revision": session.journal.revision,
            "decisions": {photo: asdict(each) for photo, each in session.journal.decisions().items()},
            "series": {
                each.id: state for each in session.series.values() if (state := session.state(each)) != "open"
            },
            **_history_view(session),
        },
    }


def change_view(session: ReviewSession, since: int) -> dict[str, Any]:
    """What changed after a revision."""
    change = session.since(since)
    decisions = {photo: session.decision(photo) for photo in change.photos}
    changed = [session.home(photo) for photo in change.photos]
    homes = session.series.values() if change.regrouped else changed
    return {
        "revision": session.journal.revision,
        "decisions": {photo: asdict(each) if each else None for photo, each in decisions.items()},
        "series": {each.id: session.state(each) for each in homes},
        "suggested": {each.id: list(session.suggested(each)) for each in changed},
        **_history_view(session),
        "regrouped": _all_series(session) if change.regrouped else None,
    }


def _series_view(session: ReviewSession, series: ShownSeries, faults: tuple[str, ...] = ()) -> dict[str, Any]:
    """A series as the list shows it."""
    ranked = series.ranked
    chosen = ranked.kind == "series"
    return {
        "id": series.id,
        "name": ranked.name,
        "kind": ranked.kind,
        "certainty": ("close" if ranked.too_close else "sure") if chosen else "kept",
        "confidence": ranked.photos[0].probability_best if chosen else 1.0,
        "captured_at": ranked.captured_at.isoformat() if ranked.captured_at else None,
        "by_hand": series.by_hand,
        "photos": list(series.photos),
        "suggested": list(session.suggested(series)),
        "faults": list(faults),
    }


def shown_series_view(session: ReviewSession, series: ShownSeries) -> dict[str, Any]:
    """A series with all that the large view shows of its photos."""
    names = [photo.photo for photo in series.ranked.photos]
    faults = faults_of(names, session.ranking.features) if series.ranked.kind == "single" else {}
    photos = [
        {
            "id": photo,
            "name": ranked.photo,
            "files": [{"name": file, "bytes": session.sizes[file]} for file in ranked.files],
            **_size(session.capture(photo)),
            "verdict": ranked.verdict,
            "alternative": ranked.alternative,
            "rank": ranked.rank,
            "probability_best": ranked.probability_best,
            "score": ranked.score,
            "reasons": [
                {"phrase": phrase, "speaks": reason.speaks, **asdict(reason)}
                for phrase, reason in zip(ranked.phrases, ranked.reasons, strict=True)
            ],
            "faults": list(faults.get(ranked.photo, ())),
            "faces": faces_view(ranked),
            "exif": _exif(session.capture(photo)),
        }
        for photo, ranked in zip(series.photos, series.ranked.photos, strict=True)
    ]
    return {**_series_view(session, series, faults.get(names[0], ())), "photos": photos}


def _all_series(session: ReviewSession) -> list[dict[str, Any]]:
    singles = [
        each.ranked.photos[0].photo for each in session.series.values() if each.ranked.kind == "single"
    ]
    faults = faults_of(singles, session.ranking.features)
    return [
        _series_view(session, each, faults.get(each.ranked.photos[0].photo, ()))
        for each in session.series.values()
    ]


def _history_view(session: ReviewSession) -> dict[str, Any]:
    history = session.journal.history
    return {
        "counts": _counts(session),
        "undo": _described(session, history.to_undo),
        "redo": _described(session, history.to_redo),
    }


def _counts(session: ReviewSession) -> dict[str, int]:
    decided = open_ones = singles = 0
    for series in session.series.values():
        singles += series.ranked.kind == "single"
        if series.ranked.kind == "series":
            state = session.state(series)
            open_ones += state == "open"
            decided += state != "open"
    picked = rejected = rejected_bytes = not_picked = not_picked_bytes = 0
    for photo in (photo for ranked in only_decided(session.decided()) for photo in ranked.photos):
        size = sum(session.sizes[file] for file in photo.files)
        picked += photo.outcome == "pick"
        if photo.decision and photo.decision.flag == "reject":
            rejected += 1
            rejected_bytes += size
        if photo.outcome not in ("pick", "kept"):
            not_picked += 1
            not_picked_bytes += size
    return {
        "photos": len(session.photos),
        "series": decided + open_ones,
        "open": open_ones,
        "decided": decided,
        "picked": picked,
        "rejected": rejected,
        "rejected_bytes": rejected_bytes,
        "not_picked": not_picked,
        "not_picked_bytes": not_picked_bytes,
        "singles": singles,
        "blind": sum(isinstance(event.action, Blind) for event in session.journal.history.counting()),
    }


def _described(session: ReviewSession, event: Event | None) -> dict[str, Any] | None:
    """An event of the history, for the page to put into words."""
    if event is None:
        return None
    action = event.action
    photos = session.journal.photos_named(photos_of(action))
    kind, said = action_values(action)[0], {}
    if isinstance(action, Grouping):
        kind = "merge" if len(action.groups) == 1 else "split"
    if isinstance(action, Marking):
        first = asdict(action.marks[0])
        said = {name: first[name] for name in ("flag", "stars", "label") if first[name] is not None}
    return {"kind": kind, "photos": [session.name(photo) for photo in photos], **said}


def _size(capture: Capture) -> dict[str, int | None]:
    return {"width": capture.width, "height": capture.height}


def _exif(capture: Capture) -> dict[str, str | None]:
    time = capture.time.local.isoformat() if capture.time else None
    return {
        "time": time,
        "shutter": _shutter(capture.exposure_time),
        "aperture": f"f/{_plain(capture.f_number, 3)}" if capture.f_number else "",
        "iso": f"ISO {capture.iso:.0f}" if capture.iso else "",
        "focal_length": f"{_plain(capture.focal_length, 3)} mm" if capture.focal_length else "",
        "lens": capture.lens or "",
        "camera": " ".join(part for part in (capture.make, capture.model) if part),
    }


def _shutter(seconds: float | None) -> str:
    """As photographers write it: 1/250 s, 0.5 s, 2 s, 120 s."""
    if not seconds:
        return ""
    return f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{_plain(seconds, 2)} s"


def _plain(number: float, digits: int) -> str:
    """A number with so many digits, or all those before the point."""
    return f"{number:.0f}" if number >= 10 ** (digits - 1) else f"{number:.{digits}g}"
