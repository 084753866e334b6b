"""What all sources together say of a shot, whichever of its files they speak of."""

import posixpath
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from phototriage.labels.marks import flag_stars_label
from phototriage.labels.sourced import SourcedDecision, SourceReading, best_version, last_said
from phototriage.personal.habits import Marked
from phototriage.series import Series

__all__ = ["NOTHING", "plain_path", "said_of_shots"]

NOTHING = Marked("", 0, "")


def said_of_shots(
    series: Sequence[Series],
    readings: Sequence[SourceReading],
    places: Mapping[str, tuple[int, str]],
    written: Mapping[str, Sequence[Mapping[str, str]]],
    left_out: Counter[str],
) -> dict[str, tuple[Marked, datetime | None]]:
    """Shot → what its sources say together, and when the last of them did.

    Args:
        places: plain path of a file → the number of its series, and its shot.
        written: as of `comparisons_of`.
        left_out: reason → count, to which is added what was left out.
    """
    ours = _ours(series, written)
    by_shot: dict[str, list[SourcedDecision]] = defaultdict(list)
    unknown: dict[str, set[str]] = defaultdict(set)
    for reading in readings:
        versions: dict[str, list[SourcedDecision]] = defaultdict(list)
        for each in reading.decisions:
            place = places.get(plain_path(each.photo))
            if place is None:
                left_out["decisions about photos that are not in this folder"] += 1
                continue
            number, photo = place
            if series[number].kind not in ("series", "single"):
                left_out["photos of brackets, focus stacks and panoramas"] += 1
            elif len(series[number].shots) == 1:
                left_out["photos that are alone in their series"] += 1
            else:
                own = _without(each, ours.get(photo, set()), unknown[photo]) if photo in ours else each
                if own:
                    versions[photo].append(own)
                elif each:
                    left_out["photos with the marks that this program gave them"] += 1
        for photo, decisions in versions.items():
            by_shot[photo].append(best_version(decisions) if len(decisions) > 1 else decisions[0])
    said: dict[str, tuple[Marked, datetime | None]] = {}
    for photo in by_shot.keys() | {photo for photo, names in unknown.items() if names}:
        decisions, nothing = by_shot.get(photo, []), unknown.get(photo, set())
        decision, contradictions = last_said(decisions) if decisions else (None, 0)
        if contradictions:
            left_out["older marks that a later source contradicts"] += contradictions
        flag, stars, label = (decision.flag, decision.stars or 0, decision.label) if decision else NOTHING
        said[photo] = (
            Marked(
                None if not flag and "flag" in nothing else flag,
                None if not stars and "stars" in nothing else stars,
                None if not label and "label" in nothing else label,
            ),
            decision.at if decision else None,
        )
    return said


def plain_path(path: str) -> str:
    """The path in Unicode's composed form, in which paths are compared."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def _ours(
    series: Sequence[Series], written: Mapping[str, Sequence[Mapping[str, str]]]
) -> Mapping[str, set[tuple[str, object]]]:
    """Shot → (property, value) of what this program wrote for any of its files."""
    values: dict[str, set[tuple[str, object]]] = defaultdict(set)
    for sidecar, runs in written.items():
        for marks in runs:
            flag, stars, label = flag_stars_label(marks)
            values[plain_path(posixpath.splitext(sidecar)[0])] |= {
                ("flag", flag),
                ("stars", stars),
                ("label", label),
            }
    ours: dict[str, set[tuple[str, object]]] = {}
    if values:
        for shot in (shot for each in series for shot in each.shots):
            names = {
                name for file in map(plain_path, shot.files) for name in (file, posixpath.splitext(file)[0])
            }
            if found := names & values.keys():
                ours[shot.photo] = set().union(*(values[name] for name in found))
    return ours


def _without(decision: SourcedDecision, ours: set[tuple[str, object]], unknown: set[str]) -> SourcedDecision:
    """The decision without what this program wrote; the names of such properties are added to `unknown`."""
    found = {
        name
        for name in ("flag", "stars", "label")
        if (value := getattr(decision, name)) and (name, value) in ours
    }
    unknown |= found
    return replace(
        decision,
        flag="" if "flag" in found else decision.flag,
        stars=None if "stars" in found else decision.stars,
        label="" if "label" in found else decision.label,
    )
