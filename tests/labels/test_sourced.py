from datetime import UTC, datetime

import pytest

from phototriage.choices import Flag
from phototriage.labels.sourced import SourcedDecision, best_version, last_said


def said(
    flag: Flag = "", stars: int | None = None, label: str = "", year: int | None = None
) -> SourcedDecision:
    at = datetime(year, 1, 1, tzinfo=UTC) if year else None
    return SourcedDecision("a.jpg", flag, stars, label, at, "x")


def what(decision: SourcedDecision) -> tuple[str, int | None, str]:
    return decision.flag, decision.stars, decision.label


@pytest.mark.parametrize(
    ("decisions", "expected", "contradictions"),
    [
        ([said(stars=4)], ("", 4, ""), 0),
        ([said(stars=4, year=2012), said(stars=2, year=2011)], ("", 4, ""), 1),
        ([said(stars=4), said(stars=2, year=2011)], ("", 2, ""), 1),
        ([said(stars=2, year=2011), said(stars=4)], ("", 2, ""), 1),
        ([said(stars=4), said(stars=2)], ("", 2, ""), 1),
        ([said(stars=4), said(stars=4), said()], ("", 4, ""), 0),
        ([said("pick", year=2011), said(stars=2, label="red", year=2012)], ("pick", 2, "red"), 0),
        ([said("reject", year=2011), said(stars=2, year=2012)], ("", 2, ""), 1),
        ([said("reject", year=2012), said(stars=2, year=2011)], ("reject", 2, ""), 0),
        ([said("reject", year=2011), said(label="red", year=2012)], ("reject", None, "red"), 0),
        ([said("pick", 5, "red", 2011), said("reject", 1, "blue", 2012)], ("reject", 1, "blue"), 3),
    ],
)
def test_of_each_property_the_last_value_stands(
    decisions: list[SourcedDecision], expected: tuple[str, int | None, str], contradictions: int
) -> None:
    decision, found = last_said(decisions)
    assert (what(decision), found) == (expected, contradictions)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([said(stars=2), said(stars=4), said()], ("", 4, "")),
        ([said("reject"), said("pick")], ("pick", None, "")),
        ([said("reject"), said()], ("", None, "")),
        ([said("reject"), said("reject")], ("reject", None, "")),
        ([said(), said(label="blue"), said(label="red")], ("", None, "blue")),
    ],
)
def test_the_best_version_speaks_for_a_photo(
    versions: list[SourcedDecision], expected: tuple[str, int | None, str]
) -> None:
    assert what(best_version(versions)) == expected


def test_a_photo_was_decided_when_its_last_version_was() -> None:
    assert best_version([said(year=2011), said(year=2013), said()]).at == datetime(2013, 1, 1, tzinfo=UTC)
    assert best_version([said(), said()]).at is None


def test_a_decision_that_says_nothing_is_false() -> None:
    assert [bool(each) for each in (said(), said("pick"), said(stars=1), said(label="red"))] == [
        False,
        True,
        True,
        True,
    ]
