from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototriage.photos import Capture, CaptureTime, discover
from phototriage.series.shot import Shot
from phototriage.series.timeline import Timeline, lay_out

NOON = datetime(2024, 6, 1, 12)


def capture(seconds: float | None, offset: int | None = None, **fields: Any) -> Capture:
    if seconds is None:
        return Capture(**fields)
    zone = None if offset is None else timedelta(hours=offset)
    return Capture(CaptureTime(NOON + timedelta(seconds=seconds), zone), **{"model": "A", **fields})


def laid_out(photos: dict[str, Capture]) -> tuple[list[str], Timeline]:
    line = lay_out([Shot(photo, (photo,)) for photo in photos], list(photos.values()))
    return [list(photos)[row] for row in line.rows], line


def test_time_orders_and_names_break_ties_naturally() -> None:
    photos = {"b/IMG_10.jpg": capture(1), "b/IMG_9.jpg": capture(1), "a/IMG_1.jpg": capture(1.5)}
    photos |= {"z/IMG_0.jpg": capture(0.25)}
    names, line = laid_out(photos)
    assert names == ["z/IMG_0.jpg", "b/IMG_9.jpg", "b/IMG_10.jpg", "a/IMG_1.jpg"]
    np.testing.assert_allclose(np.diff(line.time), [0.75, 0, 0.5])
    assert line.rank.tolist() == [3, 1, 2, 0]


def test_untimed_photos_are_in_the_order_in_which_they_are_found(tmp_path: Path) -> None:
    names = [
        "IMG_2-1.jpg",
        "IMG_10.jpg",
        "IMG_2.jpg",
        "img_3.JPG",
        "IMG_2 (1).jpg",
        "IMG_02.jpg",
        "IMG_2.png",
    ]
    for name in names:
        (tmp_path / name).touch()
    assert laid_out({name: Capture() for name in names})[0] == [path.name for path in discover(tmp_path)]


def test_cameras_do_not_mix_and_neither_do_folders_without_times() -> None:
    names, line = laid_out(
        {
            "a/1.jpg": capture(5, model="B"),
            "a/2.jpg": capture(0),
            "a/3.jpg": capture(1, model="C", serial="7"),
            "a/8.jpg": capture(1, model="C", serial="8"),
            "a/4.jpg": capture(None),
            "b/5.jpg": capture(None, model="B"),
            "b/6.jpg": capture(2),
            "b/7.jpg": capture(None),
        }
    )
    strands: dict[int, list[str]] = {}
    for name, strand in zip(names, line.strand.tolist(), strict=True):
        strands.setdefault(strand, []).append(name)
    assert sorted(strands.values()) == [
        ["a/1.jpg"],
        ["a/2.jpg", "b/6.jpg"],
        ["a/3.jpg"],
        ["a/4.jpg"],
        ["a/8.jpg"],
        ["b/5.jpg", "b/7.jpg"],
    ]


Body = tuple[str | None, str | None, str | None]


def strands(*bodies: Body) -> list[int]:
    """The number of the strand of each camera, counted from the first."""
    photos = {
        f"{place}.jpg": capture(place, make=make, model=model, serial=serial)
        for place, (make, model, serial) in enumerate(bodies)
    }
    names, line = laid_out(photos)
    of = dict(zip(names, line.strand.tolist(), strict=True))
    return [list(dict.fromkeys(of[name] for name in photos)).index(of[name]) for name in photos]


NIKON = ("NIKON CORPORATION", "NIKON D750", "123")
CANON = ("Canon", "Canon EOS 5D", "123")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NIKON, ("NIKON", "NIKON D750", "123")),
        (NIKON, ("Nikon", "D750", "123")),
        (NIKON, ("nikon corporation", "nikon  d750 ", " 123")),
        (NIKON, ("NIKON CORPORATION", "NIKON D750", None)),
        (NIKON, ("Nikon", "D750", None)),
        (NIKON, (None, "D750", "123")),
        (NIKON, (None, "D750", None)),
        (CANON, ("Canon", "EOS 5D", "123")),
        (CANON, ("CANON INC.", "EOS5D", None)),
        (("FUJIFILM", "X-T3", None), ("FUJIFILM Corporation", "x-t3", None)),
        (("Pentax", "K-1", None), ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-1", None)),
        (("EASTMAN KODAK COMPANY", "KODAK DC290", None), ("Kodak", "DC290", None)),
        (("FUJI PHOTO FILM CO., LTD.", "FinePix F10", "7"), ("FUJIFILM", "FinePix F10", "7")),
        (("OM Digital Solutions", "OM-1", None), ("OLYMPUS CORPORATION", "OM-1", None)),
        (("LG Electronics", "LG-H870", None), ("LGE", "LG-H870", None)),
    ],
)
def test_a_camera_spelt_two_ways_is_one(one: Body, other: Body) -> None:
    assert strands(one, other) == strands(other, one) == [0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NIKON, ("NIKON CORPORATION", "NIKON D7500", "123")),
        (NIKON, ("NIKON CORPORATION", "NIKON D750", "124")),
        (NIKON, ("SONY", "D750", "123")),
        (NIKON, ("NIKON CORPORATION", None, None)),
        (NIKON, (None, None, "123")),
        (CANON, ("Canon", "Canon EOS 5D Mark II", "123")),
        (("Canon", "Canon", None), ("Canon", None, None)),
    ],
)
def test_other_cameras_stay_apart(one: Body, other: Body) -> None:
    assert strands(one, other) == strands(other, one) == [0, 1]


def test_what_a_file_does_not_say_is_taken_from_others_only_where_they_agree() -> None:
    nameless = ("Nikon", "D750", None)
    assert strands(NIKON, nameless, ("Nikon", "D750", "124")) == [0, 1, 2]
    assert strands((None, "D750", None), NIKON, ("SONY", "D750", None)) == [0, 1, 2]


@given(
    st.sampled_from([NIKON, CANON, ("SONY", "ILCE-7M3", "9"), ("Apple", "iPhone 13 Pro", None)]),
    st.data(),
)
def test_case_blanks_and_prefixes_never_matter(body: Body, data: st.DataObject) -> None:
    def respelt(text: str | None) -> str | None:
        if text is None:
            return None
        change = data.draw(st.sampled_from([str.upper, str.lower, str.title]))
        return change(text).replace(" ", " " * data.draw(st.integers(1, 3)))

    make, model, serial = body
    bare = model.removeprefix(make.split()[0]).strip()
    other = respelt(make), respelt(data.draw(st.sampled_from([model, bare]))), respelt(serial)
    assert strands(body, other) == [0, 0]


def test_times_of_an_unknown_camera_stay_within_their_folder() -> None:
    photos = {name: Capture(CaptureTime(NOON, None)) for name in ("a/1.jpg", "a/2.jpg", "b/3.jpg")}
    assert laid_out(photos)[1].strand.tolist() == [0, 0, 1]


def test_offsets_count_and_missing_ones_are_the_usual_one() -> None:
    # The same second in two zones; then one file that does not say its zone.
    photos = {
        "a.jpg": capture(0, 2),
        "b.jpg": capture(3600 + 1, 3),
        "c.jpg": capture(2),
        "d.jpg": capture(3, 2),
    }
    names, line = laid_out(photos)
    assert names == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    np.testing.assert_allclose(np.diff(line.time), [1, 1, 1])


def test_without_any_offset_local_times_stand() -> None:
    assert np.diff(laid_out({"a.jpg": capture(0), "b.jpg": capture(7)})[1].time).tolist() == [7]


def test_near_is_within_the_gap_after_the_exposure_has_ended() -> None:
    photos = {"a.jpg": capture(0, exposure_time=20.0), "b.jpg": capture(25), "c.jpg": capture(32)}
    line = laid_out(photos)[1]
    assert line.near(1, 6).tolist() == [True, False]
    assert line.near(1, 7).tolist() == [True, True]
    assert line.near(2, 11).tolist() == [False]
    assert line.near(2, 12).tolist() == [True]


def test_without_times_all_of_one_folder_is_near() -> None:
    line = laid_out({"a/1.jpg": Capture(), "a/2.jpg": Capture(), "b/3.jpg": Capture()})[1]
    assert line.near(1, 0).tolist() == [True, False]


def test_levels_of_exposure() -> None:
    full = capture(0, exposure_time=1 / 4, f_number=2.0, iso=100.0)
    bare = capture(1, exposure_time=1 / 8)
    line = laid_out({"a.jpg": full, "b.jpg": bare, "c.jpg": capture(2)})[1]
    assert line.level[:2] == pytest.approx([np.log2(100 / 16), -3])
    assert np.isnan(line.level[2])
    assert line.exposure_time.tolist() == [0.25, 0.125, 0]


def test_a_part_keeps_the_order() -> None:
    line = laid_out({"a.jpg": capture(0), "b.jpg": capture(1), "c.jpg": capture(2)})[1]
    assert line.take(np.array([0, 2])).rows.tolist() == [0, 2]
