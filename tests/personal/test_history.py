from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phototriage.choices import (
    Action,
    Blind,
    Context,
    Event,
    FolderChoices,
    Grouping,
    History,
    Manner,
    Mark,
    Marking,
    Tie,
)
from phototriage.labels.ratings import read_ratings
from phototriage.labels.sourced import SourcedDecision, SourceReading
from phototriage.outputs.sidecars import SidecarOptions, plan_sidecars, write_sidecars, written_marks
from phototriage.personal.history import PersonalHistory, comparisons_of
from phototriage.series import RankedPhoto, RankedSeries, Series, SeriesKind, Shot, Verdict

CAPTURED = datetime(2020, 5, 1, 12)
NAMES = {1: "a.jpg", 2: "b.jpg", 3: "c.jpg", 4: "d.jpg"}


def series(name: str, *shots: str | tuple[str, ...], kind: SeriesKind = "series") -> Series:
    files = [(each,) if isinstance(each, str) else each for each in shots]
    return Series(name, kind, tuple(Shot(each[0], each) for each in files), CAPTURED)


ABC = series("abc", "a.jpg", "b.jpg", "c.jpg")


def said(photo: str, what: int | str = "", year: int | None = None, label: str = "") -> SourcedDecision:
    flag, stars = (what, None) if isinstance(what, str) else ("", what)
    at = datetime(year, 1, 1, tzinfo=UTC) if year else None
    return SourcedDecision(photo, flag, stars, label, at, "a source")  # type: ignore[arg-type]


def reading(*decisions: SourcedDecision) -> SourceReading:
    return SourceReading(decisions, len(decisions), {}, (), "somewhere")


def learned(
    found: Sequence[Series], *readings: Iterable[SourcedDecision], **more: Any
) -> tuple[dict[str, float], PersonalHistory]:
    """Pair → P(first over second), as "a>b" where that is 1; and all of it."""
    history = comparisons_of(found, [reading(*each) for each in readings], **more)
    table = history.comparisons.table
    pairs: dict[str, float] = {}
    for one, other, preference in zip(table["photo_a"], table["photo_b"], table["preference"], strict=True):
        first, second = (one, other) if preference >= 0.5 else (other, one)
        pairs[f"{first[:-4]}>{second[:-4]}"] = max(preference, 1 - preference)
    return pairs, history


def pairs_of(found: Sequence[Series], *readings: Iterable[SourcedDecision], **more: Any) -> set[str]:
    pairs, _ = learned(found, *readings, **more)
    assert set(pairs.values()) <= {1.0}
    return set(pairs)


def choices(*actions: Action, year: int = 2024) -> FolderChoices:
    events = [
        Event(number, f"{year}-01-01T00:00:{number:02}+00:00", each) for number, each in enumerate(actions, 1)
    ]
    history = History(events)
    return FolderChoices(
        {name: history.decision(number) for number, name in NAMES.items() if history.decision(number)},
        {
            name: tuple(NAMES[each] for each in group)
            for number, name in NAMES.items()
            if (group := history.group(number))
        },
        history,
        NAMES,
    )


def pick(photo: int, manner: Manner = "", shown: tuple[int, ...] = (1, 2, 3)) -> Marking:
    return Marking((Mark(photo, "pick"),), Context(shown, manner=manner))


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([said("b.jpg", "pick")], {"b>a", "b>c"}),
        ([said("b.jpg", "reject")], {"a>b", "c>b"}),
        ([said("a.jpg", "pick"), said("b.jpg", "reject")], {"a>b", "a>c", "c>b"}),
        ([said("a.jpg", 5)], {"a>b", "a>c"}),
        ([said("a.jpg", 1)], set()),
        ([said("a.jpg", 1), said("c.jpg", 4)], {"c>a", "c>b"}),
        ([said("a.jpg", 3), said("b.jpg", 3), said("c.jpg", 3)], set()),
        ([said("a.jpg", 4), said("b.jpg", 3), said("c.jpg", 3)], {"a>b", "a>c"}),
        ([said("a.jpg", label="red")], set()),
        ([said("a.jpg", label="winner")], {"a>b", "a>c"}),
        ([], set()),
    ],
)
def test_what_marks_say_of_pairs(decisions: list[SourcedDecision], expected: set[str]) -> None:
    assert pairs_of([ABC], decisions) == expected


def test_nothing_is_compared_across_series() -> None:
    found = [
        series("1", "a.jpg", "b.jpg"),
        series("2", "c.jpg", "d.jpg"),
        series("3", "e.jpg", kind="single"),
    ]
    pairs, history = learned(found, [said("a.jpg", 5), said("c.jpg", 4), said("e.jpg", 5)])
    assert set(pairs) == {"a>b", "c>d"}
    assert history.comparisons.series == ("1", "2")
    assert "photos that are alone in their series: 1" in history.lines


def test_what_is_kept_whole_teaches_nothing() -> None:
    found = [series("1", "a.jpg", "b.jpg", kind="exposure bracket")]
    pairs, history = learned(found, [said("a.jpg", 5)])
    assert not pairs
    assert history.lines == (
        "somewhere: 1 decisions",
        "photos of brackets, focus stacks and panoramas: 1",
        "no series was decided",
    )


def test_the_files_of_a_shot_count_once_by_the_best_version() -> None:
    found = [series("1", ("a.jpg", "a.cr2", "a-edit.tif"), ("b.jpg", "b.cr2"))]
    assert pairs_of(found, [said("a-edit.tif", 5), said("a.jpg", 2), said("b.cr2", 4)]) == {"a>b"}
    assert pairs_of(found, [said("a.jpg", "reject"), said("a.cr2", 3), said("b.jpg", 2)]) == {"a>b"}
    assert pairs_of(found, [said("a.jpg", "reject"), said("a.cr2", "reject")]) == {"b>a"}


def test_names_are_compared_in_the_composed_form() -> None:
    found = [series("1", "ae\u0301.jpg", "b.jpg")]
    _, history = learned(found, [said("a\u00e9.jpg", 5)])
    assert history.comparisons.photos == ("ae\u0301.jpg", "b.jpg")


def test_of_contradicting_sources_the_later_decision_stands() -> None:
    old, new = (
        [said("a.jpg", 5, 2015), said("b.jpg", 3, 2015)],
        [said("a.jpg", 3, 2020), said("b.jpg", 4, 2020)],
    )
    for readings in ((old, new), (new, old)):
        pairs, history = learned([ABC], *readings)
        assert {"b>a"} <= set(pairs)
        assert "older marks that a later source contradicts: 2" in history.lines
    undated = [said("a.jpg", 5)]
    assert pairs_of([ABC], undated, [said("a.jpg", "reject", 2012)]) == {"b>a", "c>a"}


def test_later_stars_take_an_earlier_reject_back() -> None:
    assert pairs_of([ABC], [said("a.jpg", "reject", 2012)], [said("a.jpg", 4, 2013)]) == {"a>b", "a>c"}


def test_what_this_program_wrote_is_no_evidence_wherever_it_is_found() -> None:
    found = [series("1", ("a.jpg", "a.cr2", "a-edit.jpg"), ("b.jpg", "b.cr2"), "c.jpg")]
    written = {
        "a.xmp": [{"xmp:Rating": "5", "xmpDM:pick": "1", "digiKam:PickLabel": "3"}],
        "b.cr2.xmp": [{"xmp:Label": "Green"}],
    }
    for file in ("a.jpg", "a.cr2", "a-edit.jpg"):
        pairs, history = learned(found, [said(file, 5), said("b.jpg", label="green")], written=written)
        assert not pairs
        assert "photos with the marks that this program gave them: 2" in history.lines
    assert pairs_of(found, [said("a.jpg", 3)], written=written) == {"a>b", "a>c"}
    assert pairs_of(found, [said("c.jpg", 5)], written=written) == {"c>a", "c>b"}


def test_verdicts_written_into_sidecars_do_not_come_back_as_evidence(tmp_path: Path) -> None:
    verdicts: dict[str, Verdict] = {"a.jpg": "pick", "b.jpg": "rest", "c.jpg": "rest"}
    ranked = tuple(RankedPhoto(each, (each,), 1, 0.0, 0.5, verdict, ()) for each, verdict in verdicts.items())
    options = SidecarOptions(("stars", "pick", "labels"), mark_rejects=True)
    plan = plan_sidecars(tmp_path, [RankedSeries("abc", "series", None, ranked)], options)
    assert len(write_sidecars(tmp_path, plan).written) == 3
    read = read_ratings(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    assert len(comparisons_of([ABC], [read]).comparisons) == 2
    written = written_marks(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    assert not len(comparisons_of([ABC], [read], written=written).comparisons)


def test_beside_what_this_program_wrote_only_the_persons_own_marks_are_compared() -> None:
    written = {"a.xmp": [{"xmp:Rating": "5"}]}
    assert pairs_of([ABC], [said("a.jpg", 5), said("b.jpg", 4), said("c.jpg", 2)], written=written) == {"b>c"}


def test_the_review_page_and_other_sources_are_joined() -> None:
    pairs, history = learned(
        [ABC], [said("a.jpg", 4, 2015), said("c.jpg", 3, 2015)], choices=choices(pick(2))
    )
    assert set(pairs) == {"b>a", "b>c", "a>c"}
    assert "pairs on which an older and a later decision differ: 2" in history.lines
    assert history.decided_at == {"abc": datetime(2024, 1, 1, 0, 0, 1, tzinfo=UTC)}
    later = [said("a.jpg", 4, 2025), said("c.jpg", 3, 2025)]
    assert pairs_of([ABC], later, choices=choices(pick(2))) == {"a>b", "c>b", "a>c"}


def test_what_a_person_cannot_tell_stays_undecided() -> None:
    pairs, _ = learned([ABC], choices=choices(Tie((1, 3)), Blind(1, 2, "left")))
    assert pairs == {"a>b": 1.0, "a>c": 0.5}


def test_series_of_the_persons_own_take_the_place_of_those_found() -> None:
    found = [series("1", "a.jpg", "b.jpg"), series("2", "c.jpg", "d.jpg")]
    merged = Grouping(((1, 2, 3, 4),))
    assert pairs_of(found, [said("a.jpg", 5)], choices=choices(merged)) == {"a>b", "a>c", "a>d"}
    split = Grouping(((1,), (2,)))
    assert pairs_of(found, [said("a.jpg", 5)], choices=choices(split)) == set()


def test_a_suggestion_accepted_with_one_key_is_weak_evidence() -> None:
    weights: dict[Manner, float] = {"accepted": 0.1, "agreed": 1.0, "against": 1.0, "": 1.0}
    for manner, weight in weights.items():
        _, history = learned([ABC], choices=choices(pick(2, manner)))
        assert history.evidence == {"abc": weight}, manner
    _, history = learned([ABC], [said("c.jpg", 2), said("a.jpg", 4)], choices=choices(pick(2, "accepted")))
    assert history.evidence == {"abc": 1.0}
    _, history = learned([ABC], choices=choices(pick(2, "accepted"), pick(3, "against")))
    assert history.evidence == {"abc": 1.0}


def test_without_a_date_a_series_counts_by_when_it_was_shot() -> None:
    _, history = learned([ABC], [said("a.jpg", 5)])
    assert history.decided_at == {"abc": CAPTURED.replace(tzinfo=UTC)}
    _, history = learned([ABC], [said("a.jpg", 5, 2021), said("b.jpg", 3, 2022)])
    assert history.decided_at == {"abc": datetime(2022, 1, 1, tzinfo=UTC)}


def test_photos_of_other_folders_are_counted() -> None:
    _, history = learned([ABC], [said("elsewhere/a.jpg", 5)])
    assert "decisions about photos that are not in this folder: 1" in history.lines


def test_a_long_series_gives_an_even_selection_of_its_pairs() -> None:
    found = [series("1", *(f"{number:04}.jpg" for number in range(300)))]
    decisions = [said(f"{number:04}.jpg", "pick") for number in range(100)]
    _, history = learned(found, decisions)
    table = history.comparisons.table
    assert len(table) == 1_819  # every 11th of 20,000
    assert table["photo_a"].nunique() + table["photo_b"].nunique() == 300


def test_nothing_gives_nothing() -> None:
    history = comparisons_of([], [])
    assert len(history.comparisons) == 0
    assert history.lines == ("no series was decided",)


PHOTOS = [f"{name}.jpg" for name in "abcdefgh"]
decisions_of_photos = st.lists(
    st.builds(
        said,
        st.sampled_from(PHOTOS),
        st.sampled_from(["pick", "reject", "", 1, 2, 3, 4, 5]),
        st.sampled_from([2011, 2015, 2020]),
        st.sampled_from(["", "red", "trash"]),
    ),
    unique_by=lambda each: each.photo,
)


@settings(max_examples=40)
@given(
    decisions_of_photos,
    st.lists(st.integers(0, 2), min_size=8, max_size=8),
    st.randoms(use_true_random=False),
)
def test_comparisons_are_within_series_and_do_not_depend_on_any_order(
    decisions: list[SourcedDecision], homes: list[int], random: Any
) -> None:
    shots: dict[int, list[str]] = {}
    for photo, home in zip(PHOTOS, homes, strict=True):
        shots.setdefault(home, []).append(photo)
    found = [series(str(home), *photos) for home, photos in shots.items()]
    pairs, history = learned(found, decisions)
    home_of = dict(zip(PHOTOS, homes, strict=True))
    table = history.comparisons.table
    for name, one, other in zip(table["series"], table["photo_a"], table["photo_b"], strict=True):
        assert str(home_of[one]) == str(home_of[other]) == name
    assert set(history.evidence) == set(history.decided_at) == set(history.comparisons.series)

    shuffled = list(decisions)
    random.shuffle(shuffled)
    turned = [Series(each.name, each.kind, each.shots[::-1], each.captured_at) for each in found[::-1]]
    again, repeated = learned(turned, shuffled)
    assert again == pairs
    assert repeated.decided_at == history.decided_at
    assert repeated.lines == history.lines
