from collections.abc import Collection
from typing import cast

import pytest

from phototriage.choices import Decision
from phototriage.errors import OutputError
from phototriage.outputs.sidecars.marks import Scheme, SidecarOptions, respect, wanted_marks
from phototriage.series import Verdict

ALL = SidecarOptions(("pick", "stars", "labels"))
REJECT = {"xmp:Rating": "-1", "digiKam:PickLabel": "1"}


@pytest.mark.parametrize(
    ("options", "verdict", "marks"),
    [
        (SidecarOptions(("pick",)), "pick", {"xmpDM:pick": "1", "digiKam:PickLabel": "3"}),
        (SidecarOptions(("pick",)), "alternative", {"digiKam:PickLabel": "2"}),
        (SidecarOptions(("stars",)), "pick", {"xmp:Rating": "5"}),
        (SidecarOptions(("stars",)), "alternative", {"xmp:Rating": "4"}),
        (SidecarOptions(("stars",), pick_rating=2), "pick", {"xmp:Rating": "2"}),
        (SidecarOptions(("stars",), pick_rating=2), "alternative", {"xmp:Rating": "1"}),
        (SidecarOptions(("stars",), pick_rating=1), "alternative", {}),
        (SidecarOptions(("labels",)), "pick", {"xmp:Label": "Green"}),
        (SidecarOptions(("labels",)), "alternative", {"xmp:Label": "Yellow"}),
        (ALL, "alternative", {"digiKam:PickLabel": "2", "xmp:Rating": "4", "xmp:Label": "Yellow"}),
        (ALL, "close", {}),
        (SidecarOptions(("stars",), mark_rejects=True), "close", {}),
        (ALL, "rest", {}),
        (ALL, "kept", {}),
        (SidecarOptions(("labels",), mark_rejects=True), "rest", REJECT),
        (SidecarOptions(("pick",), mark_rejects=True), "rest", REJECT),
        (SidecarOptions(("pick",), mark_rejects=True), "kept", {}),
    ],
)
def test_the_table_of_marks(options: SidecarOptions, verdict: str, marks: dict[str, str]) -> None:
    is_alternative = verdict == "alternative"
    found: Verdict = "close" if is_alternative else cast(Verdict, verdict)
    assert wanted_marks(found, is_alternative, options) == marks


@pytest.mark.parametrize(
    ("schemes", "verdict", "decision", "marks"),
    [
        (("stars",), "pick", Decision("pick", stars=3), {"xmp:Rating": "3"}),
        (("stars",), "rest", Decision(stars=2), {"xmp:Rating": "2"}),
        (("pick",), "rest", Decision(stars=2), {}),
        (("labels",), "pick", Decision("pick", label="blue"), {"xmp:Label": "Blue"}),
        (("stars",), "pick", Decision("pick", label="blue"), {"xmp:Rating": "5"}),
        (("stars",), "rest", Decision("reject", stars=4), REJECT),
        (("pick",), "rest", Decision("reject"), REJECT),
        (("labels",), "rest", Decision("reject"), {}),
        (("pick", "labels"), "rest", Decision("reject", label="red"), {**REJECT, "xmp:Label": "Red"}),
        (("stars",), "rest", Decision(none_of_these=True), {}),
    ],
)
def test_what_a_person_said_takes_the_place_of_the_verdict(
    schemes: tuple[Scheme, ...], verdict: Verdict, decision: Decision, marks: dict[str, str]
) -> None:
    assert wanted_marks(verdict, False, SidecarOptions(schemes), decision) == marks


def test_a_reject_with_a_label_is_still_all_or_nothing() -> None:
    marks = {**REJECT, "xmp:Label": "Red"}
    assert respect(marks, {"xmpDM:pick": "1"}) == ({"xmp:Label": "Red"}, "yours: xmpDM:pick 1")


PICK = wanted_marks("pick", False, ALL)
FLAGS = {"xmpDM:pick": "1", "digiKam:PickLabel": "3"}


@pytest.mark.parametrize(
    ("own", "left", "reason"),
    [
        ({}, PICK, ""),
        ({"xmp:Rating": "0", "xmp:Label": "", "digiKam:PickLabel": "0", "xmpDM:pick": "0.0"}, PICK, ""),
        ({"xmp:Rating": "3"}, FLAGS | {"xmp:Label": "Green"}, "yours: xmp:Rating 3"),
        ({"xmp:Label": "Red"}, FLAGS | {"xmp:Rating": "5"}, "yours: xmp:Label Red"),
        ({"digiKam:ColorLabel": "4"}, FLAGS | {"xmp:Rating": "5"}, "yours: digiKam:ColorLabel 4"),
        ({"darktable:colorlabels": "0"}, FLAGS | {"xmp:Rating": "5"}, "yours: darktable:colorlabels 0"),
        ({"darktable:colorlabels": "2 4"}, FLAGS | {"xmp:Rating": "5"}, "yours: darktable:colorlabels 2 4"),
        ({"digiKam:PickLabel": "2"}, {"xmp:Rating": "5", "xmp:Label": "Green"}, "yours: digiKam:PickLabel 2"),
        # Who rejected a photo does not want it starred or flagged.
        ({"xmp:Rating": "-1"}, {"xmp:Label": "Green"}, "yours: xmp:Rating -1"),
        ({"xmpDM:pick": "-1"}, {"xmp:Label": "Green"}, "yours: xmpDM:pick -1"),
        ({"digiKam:PickLabel": "1"}, {"xmp:Label": "Green"}, "yours: digiKam:PickLabel 1"),
        ({"xmp:Rating": "-1.0"}, {"xmp:Label": "Green"}, "yours: xmp:Rating -1.0"),
        ({"EXIF:Rating": "-1"}, {"xmp:Label": "Green"}, "yours: EXIF:Rating -1"),
        ({"photomechanic:Tagged": "False", "xmp:Label": "None"}, PICK, ""),
        ({"photomechanic:Tagged": "True"}, PICK.keys() - FLAGS.keys(), "yours: photomechanic:Tagged True"),
        (
            {"EXIF:RatingPercent": "1"},
            PICK.keys() - {"xmp:Rating"},
            "yours: EXIF:RatingPercent 1 % (1 stars)",
        ),
        (
            {"xmp:Rating": "3", "xmp:Label": "Red", "xmpDM:pick": "1"},
            {},
            "yours: xmp:Label Red, xmp:Rating 3, xmpDM:pick 1",
        ),
    ],
)
def test_a_persons_own_marks_stand(own: dict[str, str], left: Collection[str], reason: str) -> None:
    allowed = {name: PICK[name] for name in PICK if name in left}
    assert respect(PICK, own) == (allowed, reason)


@pytest.mark.parametrize(("percent", "stars"), [(1, 1), (25, 2), (50, 3), (75, 4), (99, 5)])
def test_windows_percent_are_said_as_stars(percent: int, stars: int) -> None:
    assert respect({"xmp:Rating": "5"}, {"MicrosoftPhoto:Rating": str(percent)}) == (
        {},
        f"yours: MicrosoftPhoto:Rating {percent} % ({stars} stars)",
    )


def test_of_several_ratings_xmps_is_named() -> None:
    own = {"EXIF:RatingPercent": "25", "EXIF:Rating": "2", "xmp:Rating": "2"}
    assert respect({"xmp:Rating": "5"}, own) == ({}, "yours: xmp:Rating 2")


@pytest.mark.parametrize("own", [{"xmp:Rating": "3"}, {"xmpDM:pick": "1"}, {"digiKam:PickLabel": "2"}])
def test_what_a_person_values_is_not_rejected(own: dict[str, str]) -> None:
    ((name, value),) = own.items()
    assert respect(REJECT, own) == ({}, f"yours: {name} {value}")


def test_a_label_does_not_stand_in_the_way_of_rejecting() -> None:
    assert respect(REJECT, {"xmp:Label": "Red"}) == (REJECT, "")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"schemes": ()}, "sidecars hold any of pick, stars, labels"),
        ({"schemes": ("flags",)}, "not \\('flags',\\)"),
        ({"schemes": ("pick",), "name": "bridge"}, "adobe or darktable, not bridge"),
        ({"schemes": ("pick",), "pick_rating": 0}, "must be 1 to 5, not 0"),
        ({"schemes": ("pick",), "pick_rating": 6}, "must be 1 to 5, not 6"),
    ],
)
def test_wrong_options_are_named(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(OutputError, match=message):
        SidecarOptions(**wrong)  # type: ignore[arg-type]
