"""What a person decided so far, from every source, as comparisons within series."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, islice, product
from math import ceil, gcd

import pandas as pd

from phototriage.choices import Event, FolderChoices, Marking, photos_of
from phototriage.labels import Comparisons
from phototriage.labels.comparisons import COLUMNS
from phototriage.labels.decisions import decided_comparisons
from phototriage.labels.sourced import SourceReading
from phototriage.personal.drift import ACCEPTED
from phototriage.personal.habits import Habits, Marked, habits_of, order
from phototriage.personal.shot_marks import NOTHING, plain_path, said_of_shots
from phototriage.series import Series, regroup

__all__ = ["PersonalHistory", "comparisons_of"]

_MOST_PAIRS = 2_000
"""Of one series. A series counts the same however many of its pairs are decided."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class PersonalHistory:
    """What a person's decisions say, from all sources.

    comparisons: pairs of a series each; photos are the measured photos of their shots. evidence: series → how
    much it counts beside others, > 0. decided_at: series → when it was last decided, with a time zone; where
    no source says, when it was shot; None where nothing says. lines: for people, what was kept and why not
    the rest.
    """

    comparisons: Comparisons
    evidence: Mapping[str, float]
    decided_at: Mapping[str, datetime | None]
    lines: tuple[str, ...]


def comparisons_of(
    series: Sequence[Series],
    readings: Sequence[SourceReading],
    choices: FolderChoices | None = None,
    *,
    written: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> PersonalHistory:
    """Turns decisions into comparisons between the shots of each series; nothing is compared across series.

    A decision about any file of a shot (RAW, JPEG, edits, copies) is about the shot, which counts once; the
    best version counts. Of contradicting sources the later decision stands, property by property, and of
    those without a date the one that stands later in `readings`. `personal.habits.order` says which of two
    marked photos is better. What is said on the review page counts as in `decided_comparisons`; where both
    speak of one pair, the later stands.

    What this program wrote is no evidence: a mark that equals what it wrote for any file of the shot counts
    as unknown, in whichever source it is found. Brackets, focus stacks and panoramas teach nothing, as all of
    their photos are kept, and neither do series without a difference.

    Args:
        series: as `rank_folder` found them (`Ranking.found`).
        readings: what other sources say of files of the same folder.
        choices: what the person decided on the review page; their own series take the place of those found.
        written: sidecar → the marks that this program wrote into it, one mapping of property to value per
            run.
    """
    choices = choices or FolderChoices()
    homes = {shot.photo: each for each in series for shot in each.shots}
    series = regroup(series, choices.groups, lambda photo: homes[photo].captured_at)
    places = {
        plain_path(file): (number, shot.photo)
        for number, each in enumerate(series)
        for shot in each.shots
        for file in shot.files
    }
    report = _Report(Counter(), Counter())
    said = said_of_shots(series, readings, places, written or {}, report.left_out)
    by_choice = _choice_pairs(choices, places, report)
    marked = {
        number: {shot.photo: said[shot.photo][0] if shot.photo in said else NOTHING for shot in each.shots}
        for number, each in enumerate(series)
        if each.kind == "series" and any(shot.photo in said for shot in each.shots)
    }
    habits = habits_of([Counter(photos.values()) for photos in marked.values()])

    rows: list[tuple[str, str, str, float]] = []
    evidence: dict[str, float] = {}
    decided_at: dict[str, datetime | None] = {}
    for number, each in enumerate(series):
        chosen = by_choice.get(number)
        pairs: dict[_Pair, float] = {}
        times = {photo: said[photo][1] for photo in marked.get(number, ()) if photo in said}
        for better, worse in _ordered_pairs(marked.get(number, {}), habits):
            low, high = sorted((better, worse))
            pairs[low, high] = float(better == low)
        by_marks = bool(pairs)
        for pair, (preference, time) in (chosen.pairs if chosen else {}).items():
            if (before := pairs.get(pair)) is not None and (preference - 0.5) * (before - 0.5) <= 0:
                report.left_out["pairs on which an older and a later decision differ"] += 1
                if _latest(times.get(photo) for photo in pair) > time:
                    continue
            pairs[pair] = preference
        if not pairs:
            if number in marked or chosen:
                report.series["without a difference"] += 1
            continue
        rows += [(each.name, one, other, preference) for (one, other), preference in pairs.items()]
        evidence[each.name] = ACCEPTED if chosen and chosen.only_accepted and not by_marks else 1.0
        latest = _latest([*times.values(), *(time for _, time in (chosen.pairs.values() if chosen else ()))])
        captured = each.captured_at and each.captured_at.replace(tzinfo=UTC)
        decided_at[each.name] = latest if latest > _LONG_AGO else captured
        report.series["that teach"] += 1
    columns = {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS[:4])}
    table = pd.DataFrame({**columns, **dict.fromkeys(COLUMNS[4:], 0)})  # votes and ranks are unknown
    lines = report.lines(readings, habits, weak=sum(each < 1 for each in evidence.values()))
    return PersonalHistory(Comparisons(table), evidence, decided_at, lines)


@dataclass(frozen=True)
class _Report:
    """left_out: reason → count. series: what they are → count."""

    left_out: Counter[str]
    series: Counter[str]

    def lines(self, readings: Sequence[SourceReading], habits: Habits, weak: int) -> tuple[str, ...]:
        """What people read."""
        lines = []
        for each in readings:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in each.left_out.items() if count)
            lines.append(
                f"{each.name}: {each.kept:,} decisions" + (f"; left out: {reasons}" if reasons else "")
            )
            lines += each.notes
        lines += [f"{reason}: {count:,}" for reason, count in sorted(self.left_out.items())]
        if habits.rates_all:
            lines.append("you rate every photo that you look at, so photos without stars say nothing")
        if habits.flags_all:
            lines.append("you flag every photo that you look at, so photos without a flag say nothing")
        counts = ", ".join(f"{count:,} {what}" for what, count in sorted(self.series.items(), reverse=True))
        lines.append(f"decided series: {counts}" if counts else "no series was decided")
        if weak:
            lines.append(
                f"series in which you only accepted the suggestion, and that count {ACCEPTED:g}: {weak:,}"
            )
        return tuple(lines)


@dataclass(frozen=True)
class _Chosen:
    """What was decided about a series on the review page. pairs: → (P(first over second), when)."""

    pairs: dict[_Pair, tuple[float, datetime]]
    only_accepted: bool


def _ordered_pairs(marked: Mapping[str, Marked], habits: Habits) -> Iterator[_Pair]:
    """(better, worse) photos of a series; of very many, an even selection."""
    classes: dict[Marked, list[str]] = defaultdict(list)
    for photo, marks in marked.items():
        classes[marks].append(photo)
    sides = []
    for one, other in combinations(classes, 2):
        if lead := order(one, other, habits):
            sides.append((classes[one], classes[other]) if lead > 0 else (classes[other], classes[one]))
    share = ceil(sum(len(better) * len(worse) for better, worse in sides) / _MOST_PAIRS)
    for better, worse in sides:
        step = share
        while gcd(step, len(worse)) > 1:  # else the same few of the worse would come again and again
            step += 1
        yield from islice(product(better, worse), 0, None, step)


def _choice_pairs(
    choices: FolderChoices,
    places: Mapping[str, tuple[int, str]],
    report: _Report,
) -> dict[int, _Chosen]:
    """Number of the series → what was decided there on the review page."""
    decided = decided_comparisons(choices).table
    if decided.empty:
        return {}
    events: dict[int, list[Event]] = defaultdict(list)
    times: dict[str, datetime] = {}
    for event in choices.history.counting():
        photos = [choices.names[each] for each in photos_of(event.action) if each in choices.names]
        for place in {places[plain_path(photo)] for photo in photos if plain_path(photo) in places}:
            events[place[0]].append(event)
            times[place[1]] = datetime.fromisoformat(event.at).astimezone(UTC)
    found: dict[int, dict[_Pair, tuple[float, datetime]]] = defaultdict(dict)
    for one, other, preference in zip(
        decided["photo_a"], decided["photo_b"], decided["preference"], strict=True
    ):
        first, second = places.get(plain_path(one)), places.get(plain_path(other))
        if first is None or second is None or first[0] != second[0] or first == second:
            report.left_out["pairs of the review page that are not of one series"] += 1
            continue
        time = _latest(times.get(photo) for _, photo in (first, second))
        low, high = sorted((first[1], second[1]))
        found[first[0]][low, high] = (preference if low == first[1] else 1 - preference, time)
    return {
        number: _Chosen(pairs, all(_is_accepted(event) for event in events[number]))
        for number, pairs in found.items()
    }


def _is_accepted(event: Event) -> bool:
    return isinstance(event.action, Marking) and event.action.context.manner == "accepted"


def _latest(times: Iterable[datetime | None]) -> datetime:
    return max((time for time in times if time), default=_LONG_AGO)
