"""How a person uses flags, stars and labels, and how marks order the photos of a series by that."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from phototriage.choices import Flag

__all__ = ["Habits", "Marked", "habits_of", "order"]

_CHOSEN_STARS = 3
"""Stars from which a rated photo is better than an unrated one. With fewer, some people mean that it survived
the first look, and others that it is bad."""
_COMPLETE = 0.5
_LEAST_SERIES = 10
_LEAST_SHARE = 0.8
_GOOD_WORDS = ("select", "approved", "winner", "keeper", "keep", "pick", "best")
_BAD_WORDS = ("trash", "reject", "rejected", "delete")
_RANKS: Mapping[Flag, int] = {"pick": 1, "": 0, "reject": -1}


class Marked(NamedTuple):
    """What a person marked on a photo; None where nobody knows, since this program wrote what stands there.

    flag: "" if there is none. stars: 0 if there are none. label: "" if there is none.
    """

    flag: Flag | None
    stars: int | None
    label: str | None


@dataclass(frozen=True)
class Habits:
    """How a person marks photos.

    flags_all, rates_all: whether they flag or rate every photo of the series that they look at, so that one
    without a mark is one that they did not look at. label_ranks: label → 1 if it marks the better photos, −1
    if the worse; labels of which nobody knows are not in it.
    """

    flags_all: bool = False
    rates_all: bool = False
    label_ranks: Mapping[str, int] = field(default_factory=dict)


def order(one: Marked, other: Marked, habits: Habits) -> int:
    """1 if the first photo is better by what is marked on two photos of a series, −1 if worse, 0 if unknown.

    Flags decide before stars, stars before labels. A photo without a mark is worse than one with a pick or
    three stars and more, and better than a reject: who marks a photo of a series has seen those beside it.
    Where a person marks every photo, one without a mark says nothing. It says nothing beside one or two stars
    either.
    """
    if one.flag is not None and other.flag is not None and one.flag != other.flag:
        silent = not (one.flag and other.flag)
        if not (silent and habits.flags_all):
            return _sign(_RANKS[one.flag] - _RANKS[other.flag])
    if one.stars is not None and other.stars is not None and one.stars != other.stars:
        silent = not (one.stars and other.stars)
        if not silent or (not habits.rates_all and max(one.stars, other.stars) >= _CHOSEN_STARS):
            return _sign(one.stars - other.stars)
    if one.label is not None and other.label is not None:
        ranks = [0 if not each else habits.label_ranks.get(each) for each in (one.label, other.label)]
        if ranks[0] is not None and ranks[1] is not None:
            return _sign(ranks[0] - ranks[1])
    return 0


def habits_of(series: Iterable[Mapping[Marked, int]]) -> Habits:
    """What marks tell about the person who made them.

    A person flags or rates all if in at least half of the series in which they picked or rated a photo at
    all, every photo is flagged or rated. Labels with a plain name (`select`, `trash`) mean what they say.
    Others mean what the person's flags and stars say of them: better, if in at least 10 series photos with
    the label differ in flag or stars from photos without it, and are better in 80 % of these series.

    Args:
        series: of each series, what is marked → on how many photos.
    """
    touched: Counter[str] = Counter()
    complete: Counter[str] = Counter()
    marked_series = list(series)
    for marks in marked_series:
        flagged = all(each.flag for each in marks)
        if any(each.flag == "pick" for each in marks) or (not flagged and any(each.flag for each in marks)):
            touched["flag"] += 1
            complete["flag"] += flagged
        if any(each.stars for each in marks):
            touched["stars"] += 1
            complete["stars"] += all(each.stars or each.flag == "reject" for each in marks)
    habits = Habits(
        flags_all=touched["flag"] > 0 and complete["flag"] >= _COMPLETE * touched["flag"],
        rates_all=touched["stars"] > 0 and complete["stars"] >= _COMPLETE * touched["stars"],
    )
    plain = dict.fromkeys(_GOOD_WORDS, 1) | dict.fromkeys(_BAD_WORDS, -1)
    return Habits(habits.flags_all, habits.rates_all, plain | _label_ranks(marked_series, habits))


def _label_ranks(series: Iterable[Mapping[Marked, int]], habits: Habits) -> dict[str, int]:
    """Labels that flags and stars explain."""
    better: Counter[str] = Counter()
    worse: Counter[str] = Counter()
    for marks in series:
        if not any(each.label for each in marks):
            continue
        leads: Counter[str] = Counter()
        for one, other in combinations(marks, 2):
            if one.label == other.label or one.label is None or other.label is None:
                continue
            lead = order(one, other, habits) * marks[one] * marks[other]
            if one.label:
                leads[one.label] += lead
            if other.label:
                leads[other.label] -= lead
        for label, lead in leads.items():
            better[label] += lead > 0
            worse[label] += lead < 0
    ranks = {}
    for label in better.keys() | worse.keys():
        seen = better[label] + worse[label]
        if seen >= _LEAST_SERIES and max(better[label], worse[label]) >= _LEAST_SHARE * seen:
            ranks[label] = 1 if better[label] > worse[label] else -1
    return ranks


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
