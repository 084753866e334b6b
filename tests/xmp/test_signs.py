import pytest

from phototriage.xmp.signs import percent_stars, said, says_something


@pytest.mark.parametrize(
    ("percent", "stars"), [(1, 1), (12, 1), (13, 2), (25, 2), (50, 3), (75, 4), (88, 5), (99, 5)]
)
def test_percent_are_stars(percent: float, stars: int) -> None:
    assert percent_stars("EXIF:RatingPercent", percent) == stars
    assert said("MicrosoftPhoto:Rating", str(percent)) == f"MicrosoftPhoto:Rating {percent} % ({stars} stars)"


def test_other_ratings_are_no_percent() -> None:
    assert percent_stars("xmp:Rating", 50) is None
    assert [said("xmp:Rating", "5"), said("EXIF:RatingPercent", "x")] == [
        "xmp:Rating 5",
        "EXIF:RatingPercent x",
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("darktable:colorlabels", "0", True),
        ("darktable:colorlabels", "", False),
        ("digiKam:ColorLabel", "0", False),
        ("xmp:Rating", "0.0", False),
        ("xmp:Label", "None", False),
        ("xmp:Rating", "-1", True),
        ("xmp:Label", "Red", True),
    ],
)
def test_which_values_mark_a_photo(name: str, value: str, expected: bool) -> None:
    assert says_something(name, value) is expected
