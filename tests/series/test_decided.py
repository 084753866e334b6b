from dataclasses import replace

import pytest

from phototriage.choices import Decision
from phototriage.series import (
    RankedPhoto,
    RankedSeries,
    SeriesKind,
    SeriesState,
    Verdict,
    only_decided,
    state_of,
    with_decisions,
)

PICK, REJECT, NONE = Decision("pick"), Decision("reject"), Decision(none_of_these=True)


def ranked(*verdicts: Verdict, kind: SeriesKind = "series") -> RankedSeries:
    photos = (
        RankedPhoto(f"{place}", (f"{place}",), place + 1, -place, 0.3, verdict, (), verdict == "close")
        for place, verdict in enumerate(verdicts)
    )
    return RankedSeries("s", kind, None, tuple(photos))


FOUR = ranked("pick", "close", "rest", "rest")
TWO_PICKS = ranked("pick", "pick", "rest", "rest")


@pytest.mark.parametrize(
    ("series", "said", "outcomes"),
    [
        (FOUR, {}, "pick close rest rest"),
        (FOUR, {2: PICK}, "rest rest pick rest"),
        (FOUR, {2: PICK, 3: PICK}, "rest rest pick pick"),
        (FOUR, {0: PICK}, "pick rest rest rest"),
        (FOUR, {0: REJECT}, "rest pick rest rest"),
        (FOUR, {0: REJECT, 1: REJECT}, "rest rest pick rest"),
        (FOUR, {1: REJECT}, "pick rest rest rest"),
        (FOUR, dict.fromkeys(range(4), REJECT), "rest rest rest rest"),
        (FOUR, dict.fromkeys(range(4), NONE), "rest rest rest rest"),
        (FOUR, {0: NONE, 1: NONE}, "rest rest pick rest"),
        (FOUR, {2: Decision(stars=4)}, "rest rest pick rest"),
        (FOUR, {0: Decision(stars=2), 2: Decision(stars=4)}, "rest rest pick rest"),
        (FOUR, {0: Decision(stars=4), 2: Decision(stars=4)}, "pick rest rest rest"),
        (FOUR, {0: REJECT, 1: Decision(stars=1), 3: Decision(stars=5)}, "rest rest rest pick"),
        (FOUR, {0: Decision("pick", stars=1), 2: Decision(stars=5)}, "pick rest rest rest"),
        (FOUR, {0: Decision(label="red"), 1: Decision(tied=True)}, "pick close rest rest"),
        (TWO_PICKS, {3: Decision(stars=1)}, "rest rest rest pick"),
        (TWO_PICKS, {0: REJECT}, "rest pick pick rest"),
        (TWO_PICKS, {3: PICK}, "rest rest rest pick"),
        (ranked("kept", "kept", kind="panorama"), {0: REJECT}, "rest kept"),
        (ranked("kept", kind="single"), {0: PICK}, "pick"),
        (ranked("kept", kind="single"), {0: NONE}, "rest"),
        (ranked("kept", kind="single"), {0: Decision(stars=3)}, "kept"),
    ],
)
def test_what_decisions_make_of_the_verdicts(
    series: RankedSeries, said: dict[int, Decision], outcomes: str
) -> None:
    (decided,) = with_decisions([series], {str(place): each for place, each in said.items()})
    assert [photo.outcome for photo in decided.photos] == outcomes.split()
    assert [photo.decision for photo in decided.photos] == [
        said.get(place) for place in range(len(decided.photos))
    ]
    # The program's own words stay as they are.
    assert (
        replace(
            decided, photos=tuple(replace(photo, decision=None, decided=None) for photo in decided.photos)
        )
        == series
    )


OPEN, STARS, TIED = Decision(), Decision(stars=3), Decision(tied=True)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([OPEN, OPEN], "open"),
        ([PICK, OPEN], "decided"),
        ([PICK, REJECT, NONE], "decided"),
        ([REJECT, REJECT], "decided"),
        ([REJECT, OPEN], "open"),
        ([STARS, OPEN], "decided"),
        ([STARS, REJECT], "decided"),
        ([STARS, TIED], "decided"),
        ([Decision("reject", stars=1), OPEN], "open"),
        ([Decision(label="red"), OPEN], "open"),
        ([NONE, REJECT], "none"),
        ([NONE, Decision(stars=1, none_of_these=True)], "none"),
        ([NONE, OPEN], "open"),
        ([TIED, OPEN], "tied"),
        ([TIED, REJECT], "tied"),
    ],
)
def test_a_series_is_exported_whole_where_it_is_decided(said: list[Decision], state: SeriesState) -> None:
    assert state_of(said) == state
    rest: list[Verdict] = ["rest"] * (len(said) - 1)
    series = ranked("pick", *rest)
    decisions = {str(place): each for place, each in enumerate(said) if each}
    exported = {
        photo.photo for each in only_decided(with_decisions([series], decisions)) for photo in each.photos
    }
    marked = {photo for photo, each in decisions.items() if each != TIED}
    assert exported == (
        {str(place) for place in range(len(said))} if state in ("decided", "none") else marked
    )


def test_only_series_with_a_decision_are_decided() -> None:
    tied = {"0": Decision(tied=True)}
    assert only_decided(with_decisions([FOUR], {})) == ()
    assert only_decided(with_decisions([FOUR], tied)) == ()
    assert len(only_decided(with_decisions([FOUR, TWO_PICKS], {"3": Decision(label="blue")}))) == 2


def test_marks_without_a_choice_are_exported_alone() -> None:
    """Nothing is said of photos that nobody judged."""
    said = {"2": Decision(label="red"), "3": Decision("reject")}
    (series,) = only_decided(with_decisions([FOUR], said))
    assert {each.photo: each.outcome for each in series.photos} == {"2": "kept", "3": "rest"}
