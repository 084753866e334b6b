import pytest

from phototriage.labels.marks import flag_stars_label, label_name


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, ("", None, "")),
        ({"xmp:Rating": "4"}, ("", 4, "")),
        ({"xmp:Rating": "3.0"}, ("", 3, "")),
        ({"xmp:Rating": "0"}, ("", None, "")),
        ({"xmp:Rating": "-1"}, ("reject", None, "")),
        ({"EXIF:Rating": "-1"}, ("reject", None, "")),
        ({"xmp:Rating": "17"}, ("", None, "")),
        ({"xmp:Rating": "inf"}, ("", None, "")),
        ({"xmp:Rating": "nan"}, ("", None, "")),
        ({"xmp:Rating": "good"}, ("", None, "")),
        ({"xmp:Rating": "0", "EXIF:Rating": "4"}, ("", 4, "")),
        ({"xmp:Rating": "2", "EXIF:Rating": "4"}, ("", 2, "")),
        ({"MicrosoftPhoto:Rating": "1"}, ("", 1, "")),
        ({"MicrosoftPhoto:Rating": "75"}, ("", 4, "")),
        ({"EXIF:RatingPercent": "99"}, ("", 5, "")),
        ({"EXIF:RatingPercent": "0"}, ("", None, "")),
        ({"acdsee:rating": "5"}, ("", 5, "")),
        ({"xmpDM:pick": "1", "xmp:Rating": "2"}, ("pick", 2, "")),
        ({"xmpDM:pick": "0"}, ("", None, "")),
        ({"xmpDM:pick": "-1"}, ("reject", None, "")),
        ({"digiKam:PickLabel": "1"}, ("reject", None, "")),
        ({"digiKam:PickLabel": "2"}, ("", None, "")),
        ({"digiKam:PickLabel": "3"}, ("pick", None, "")),
        ({"photomechanic:Tagged": "True"}, ("pick", None, "")),
        ({"photomechanic:Tagged": "False"}, ("", None, "")),
        ({"xmp:Label": " To  Do "}, ("", None, "to do")),
        ({"xmp:Label": "None"}, ("", None, "")),
        ({"digiKam:ColorLabel": "4"}, ("", None, "green")),
        ({"digiKam:ColorLabel": "0"}, ("", None, "")),
        ({"digiKam:ColorLabel": "77"}, ("", None, "")),
        ({"darktable:colorlabels": "0"}, ("", None, "red")),
        ({"darktable:colorlabels": "2 0 9"}, ("", None, "green red")),
        ({"darktable:colorlabels": "24"}, ("", None, "green purple")),
        ({"photomechanic:ColorClass": "2"}, ("", None, "class 2")),
        ({"photomechanic:ColorClass": "0"}, ("", None, "")),
        ({"xmp:Label": "Winner", "photomechanic:ColorClass": "1"}, ("", None, "winner")),
    ],
)
def test_what_marks_say(marks: dict[str, str], expected: tuple[str, int | None, str]) -> None:
    assert flag_stars_label(marks) == expected


def test_labels_have_one_spelling() -> None:
    assert [label_name(each) for each in ("Red", " red ", "ROT", "none", "0", "")] == [
        "red",
        "red",
        "rot",
        "",
        "",
        "",
    ]
