from datetime import datetime

from phototriage.series import Series, SeriesKind, Shot, regroup


def series(name: str, kind: SeriesKind, *photos: str) -> Series:
    shots = tuple(Shot(photo, (photo,)) for photo in photos)
    return Series(name, kind, shots, datetime(2026, 6, 1, 9))


FOUND = [
    series("d/1", "series", "d/1.jpg", "d/2.jpg", "d/3.jpg"),
    series("d/4", "single", "d/4.jpg"),
    series("d/5", "exposure bracket", "d/5.jpg", "d/6.jpg", "d/7.jpg"),
]


def regrouped(*groups: tuple[str, ...]) -> list[tuple[str, str, str]]:
    named = [tuple(f"d/{number}.jpg" for number in group) for group in groups]
    by_photo = {photo: group for group in named for photo in group}
    found = regroup(FOUND, by_photo, lambda photo: datetime(2026, 6, 1, 10))
    return [(each.name, each.kind, "".join(shot.photo[2] for shot in each.shots)) for each in found]


def test_without_a_word_the_series_stay() -> None:
    assert regroup(FOUND, {}, lambda photo: None) == FOUND


def test_a_series_is_split() -> None:
    assert regrouped(("1", "3"), ("2",)) == [
        ("d/1", "series", "13"),
        ("d/2", "single", "2"),
        ("d/4", "single", "4"),
        ("d/5", "exposure bracket", "567"),
    ]


def test_series_of_any_kind_are_merged() -> None:
    assert regrouped(("1", "2", "3", "4", "5", "6", "7")) == [("d/1", "series", "1234567")]


def test_what_is_left_keeps_its_kind_until_it_is_one_photo() -> None:
    assert regrouped(("4", "5")) == [
        ("d/1", "series", "123"),
        ("d/4", "series", "45"),
        ("d/6", "exposure bracket", "67"),
    ]
    assert regrouped(("4", "5", "6"))[-1] == ("d/7", "single", "7")


def test_a_bracket_may_be_made_a_series_to_choose_from() -> None:
    assert regrouped(("5", "6", "7"))[-1] == ("d/5", "series", "567")


def test_photos_that_are_gone_do_not_count() -> None:
    assert regrouped(("1", "9"), ("2", "8", "3")) == [
        ("d/1", "single", "1"),
        ("d/2", "series", "23"),
        ("d/4", "single", "4"),
        ("d/5", "exposure bracket", "567"),
    ]


def test_a_part_has_the_time_of_its_own_first_photo() -> None:
    groups = {"d/2.jpg": ("d/2.jpg",)}
    first, second, *_ = regroup(FOUND, groups, lambda photo: datetime(2026, 6, 1, 10))
    assert (first.captured_at, second.captured_at) == (datetime(2026, 6, 1, 9), datetime(2026, 6, 1, 10))
