import csv
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from phototriage.features.extractors.look import LOOK_COLUMNS, LOOK_LAYOUT, measure_look
from phototriage.photos import Capture, CaptureTime, load, read_capture, read_photo
from phototriage.series import Series, Shot, group, series_by_folder
from simulated_library import write_library

NOON = datetime(2024, 6, 1, 12)


def at(seconds: float | None, model: str = "A", **fields: Any) -> Capture:
    if seconds is None:
        return Capture(**fields)
    return Capture(CaptureTime(NOON + timedelta(seconds=seconds), None), model=model, **fields)


def looking(angles: Sequence[float]) -> np.ndarray:
    """Looks in a plane: two are as alike as the cosine of the angle between them, in degrees."""
    looks = np.zeros((len(angles), len(LOOK_COLUMNS)), np.float32)
    radians = np.radians(angles)
    looks[:, 0], looks[:, 1] = np.cos(radians), np.sin(radians)
    return looks


def grouped(photos: Mapping[str, tuple[Capture, float]], **options: Any) -> dict[str, list[str]]:
    """Photo → (capture, angle) to name → photos."""
    shots = [Shot(photo, (photo,)) for photo in photos]
    captures, angles = [one for one, _ in photos.values()], [angle for _, angle in photos.values()]
    return {
        series.name: [shot.photo for shot in series.shots]
        for series in group(shots, captures, looking(angles), **options)
    }


def of_cosines(*cosines: float) -> np.ndarray:
    """Features of any length, of which each is as alike the first as its cosine says."""
    turned = [[cosine, np.sqrt(1 - cosine**2)] for cosine in (1, *cosines)]
    return np.array(turned, np.float32) * np.arange(1, len(turned) + 1, dtype=np.float32)[:, None]


def sizes(
    captures: Sequence[Capture], angles: Sequence[float], lite: np.ndarray, **options: float
) -> list[int]:
    """How many shots each series has, of photos 0.jpg, 1.jpg …"""
    shots = [Shot(f"{place}.jpg", (f"{place}.jpg",)) for place in range(len(captures))]
    found = group(shots, captures, looking(angles), lite=lite.__getitem__, **options)
    return [len(series.shots) for series in found]


def test_what_is_close_in_time_and_alike_is_a_series() -> None:
    photos = {
        "d/1.jpg": (at(0), 0.0),
        "d/2.jpg": (at(1), 10.0),
        "d/3.jpg": (at(2), 80.0),
        "d/4.jpg": (at(40), 80.0),
        "d/5.jpg": (at(41), 90.0),
    }
    assert grouped(photos) == {
        "d/1": ["d/1.jpg", "d/2.jpg"],
        "d/3": ["d/3.jpg"],
        "d/4": ["d/4.jpg", "d/5.jpg"],
    }
    assert list(grouped(photos, gap=38)) == ["d/1", "d/3"]
    assert list(grouped(photos, similarity=0.99)) == [f"d/{number}" for number in range(1, 6)]
    assert list(grouped(photos, gap=0)) == [f"d/{number}" for number in range(1, 6)]


def test_one_spoilt_take_does_not_cut_a_series() -> None:
    photos = {f"{number}.jpg": (at(number), angle) for number, angle in enumerate((0, 1, 170, 2, 3))}
    assert grouped(photos) == {"0": ["0.jpg", "1.jpg", "3.jpg", "4.jpg"], "2": ["2.jpg"]}


def test_two_spoilt_takes_do_not_cut_a_series_and_three_do() -> None:
    two = {f"{number}.jpg": (at(number), angle) for number, angle in enumerate((0, 90, 180, 1))}
    assert grouped(two) == {"0": ["0.jpg", "3.jpg"], "1": ["1.jpg"], "2": ["2.jpg"]}
    three = {f"{number}.jpg": (at(number), angle) for number, angle in enumerate((0, 90, 180, 270, 1))}
    assert [len(series) for series in grouped(three).values()] == [1] * 5


def test_two_cameras_never_mix_whatever_their_clocks_say() -> None:
    photos = {f"{number}.jpg": (at(number, model="AB"[number % 2]), 0.0) for number in range(4)}
    assert grouped(photos) == {"0": ["0.jpg", "2.jpg"], "1": ["1.jpg", "3.jpg"]}


def test_whole_seconds_are_put_in_order_by_name() -> None:
    photos = {f"IMG_{number}.jpg": (at(0), 0.0) for number in (10, 9, 11)}
    assert grouped(photos) == {"IMG_9": ["IMG_9.jpg", "IMG_10.jpg", "IMG_11.jpg"]}


def test_without_times_neighbours_in_one_folder_must_be_more_alike() -> None:
    # cos 25° = 0.906, cos 27° = 0.891
    photos = {"a/1.jpg": (at(None), 0.0), "a/2.jpg": (at(None), 25.0), "a/3.jpg": (at(None), 52.0)}
    photos |= {"b/4.jpg": (at(None), 52.0)}
    assert grouped(photos) == {"a/1": ["a/1.jpg", "a/2.jpg"], "a/3": ["a/3.jpg"], "b/4": ["b/4.jpg"]}


def test_what_changes_little_by_little_does_not_run_on_for_ever() -> None:
    photos = {f"{number:02d}.jpg": (at(number), 10.0 * number) for number in range(20)}
    # cos 50° = 0.64, cos 60° = 0.5: the seventh is more than twice as unlike the first as 0.8 allows.
    assert [len(series) for series in grouped(photos).values()] == [6, 6, 6, 2]


def test_a_series_ends_after_ten_gaps() -> None:
    photos = {f"{number:04d}.jpg": (at(2 * number), 0.0) for number in range(700)}
    assert [len(series) for series in grouped(photos, gap=2).values()] == [11] * 63 + [7]
    assert [len(series) for series in grouped(photos, gap=100).values()] == [501, 199]


def test_a_bracket_inside_a_burst_is_kept_apart() -> None:
    fields: dict[str, Any] = {"exposure_time": 1 / 100, "f_number": 4.0, "iso": 100.0, "bracketed": True}
    photos = {"0.jpg": (at(0), 0.0)}
    photos |= {
        f"{n + 1}.jpg": (at(1 + n, exposure_bias=float(ev), **fields), 0.0) for n, ev in enumerate((0, -1, 1))
    }
    photos |= {"5.jpg": (at(5), 0.0)}
    shots, captures = [Shot(photo, (photo,)) for photo in photos], [one for one, _ in photos.values()]
    found = group(shots, captures, looking([0] * 5))
    assert [(series.name, series.kind, len(series.shots)) for series in found] == [
        ("0", "series", 2),
        ("1", "exposure bracket", 3),
    ]


def test_a_library_of_nothing_but_a_bracket() -> None:
    captures = [at(n, exposure_bias=float(ev), bracketed=True) for n, ev in enumerate((0, -1, 1))]
    found = group([Shot(f"{n}.jpg", (f"{n}.jpg",)) for n in range(3)], captures, looking([0] * 3))
    assert [(series.kind, len(series.shots)) for series in found] == [("exposure bracket", 3)]


def test_names_are_unique_where_two_photos_have_one() -> None:
    photos = {
        "a/1.jpg": (at(0), 0.0),
        "a/1.png": (at(None), 0.0),
        "a/2.jpg": (at(500), 0.0),
        "1.jpg": (at(900), 0.0),
    }
    assert list(grouped(photos)) == ["1", "a/1.jpg", "a/1.png", "a/2"]


def test_when_a_series_was_taken_is_its_first_photos_own_clock() -> None:
    late = Capture(CaptureTime(NOON, timedelta(hours=2)), model="A")
    found = group([Shot("a.jpg", ("a.jpg",)), Shot("b.jpg", ("b.jpg",))], [late, Capture()], looking([0, 0]))
    assert [series.captured_at for series in found] == [NOON, None]


@pytest.mark.parametrize(("cosine", "together"), [(0.905, [2]), (0.895, [1, 1])])
def test_other_layouts_with_like_lite_features_are_one_series(cosine: float, together: list[int]) -> None:
    # cos 55° = 0.57
    assert sizes([at(0), at(1)], [0, 55], of_cosines(cosine)) == together


@pytest.mark.parametrize(("cosine", "together"), [(0.955, [2]), (0.945, [1, 1])])
def test_without_times_lite_features_must_be_more_alike_too(cosine: float, together: list[int]) -> None:
    assert sizes([at(None)] * 2, [0, 55], of_cosines(cosine)) == together


def test_lite_features_neither_part_like_layouts_nor_join_those_with_nothing_in_common() -> None:
    assert sizes([at(0), at(1)], [0, 10], of_cosines(0.0)) == [2]
    # cos 62° = 0.47
    assert sizes([at(0), at(1)], [0, 62], of_cosines(1.0)) == [1, 1]


def test_the_similarity_of_lite_features_follows_that_of_layouts() -> None:
    for similarity, cosine in ((0.6, 0.8), (0.9, 0.95)):
        for off, together in ((0.005, [2]), (-0.005, [1, 1])):
            lite = of_cosines(cosine + off)
            assert sizes([at(0), at(1)], [0, 58], lite, similarity=similarity) == together


def test_a_series_goes_on_where_the_layout_has_left_the_first_and_the_subject_has_not() -> None:
    # Each is alike the one before; the third's layout is too far from the first's: cos 58° = 0.53.
    captures, angles = [at(0), at(1), at(2)], [0, 29, 58]
    assert sizes(captures, angles, of_cosines(0.9, 0.81)) == [3]
    assert sizes(captures, angles, of_cosines(0.9, 0.79)) == [2, 1]


def test_lite_features_are_asked_for_a_thousand_at_a_time() -> None:
    asked: list[int] = []

    def fetch(places: np.ndarray) -> np.ndarray:
        asked.append(places.size)
        return np.ones((*places.shape, 3), np.float32)

    count = 3000
    shots = [Shot(f"{place:04d}.jpg", (f"{place:04d}.jpg",)) for place in range(count)]
    looks = looking([55.0 * (place % 2) for place in range(count)])
    found = group(shots, [at(0.01 * place) for place in range(count)], looks, lite=fetch)
    assert [len(series.shots) for series in found] == [count]
    assert max(asked) <= 1024
    assert sum(asked) > 2 * count


def test_the_same_series_whatever_the_order_with_lite_features() -> None:
    rng = np.random.default_rng(5)
    shots = [Shot(f"{place}.jpg", (f"{place}.jpg",)) for place in range(30)]
    captures = [at(float(place)) for place in range(30)]
    looks, lite = looking(rng.uniform(0, 90, 30).tolist()), rng.uniform(0.2, 1, (30, 4)).astype(np.float32)
    found = group(shots, captures, looks, lite=lite.__getitem__)
    assert 1 < len(found) < 30
    order = rng.permutation(30)
    again = group(
        [shots[row] for row in order],
        [captures[row] for row in order],
        looks[order],
        lite=lite[order].__getitem__,
    )
    assert again == found


def test_two_versions_edited_at_different_times_are_one_series() -> None:
    edited = at(3, make="NIKON CORPORATION", model="NIKON D750", serial="7", software="GIMP")
    photos = {
        "0.jpg": (at(3, make="Nikon", model="D750"), 0.0),
        "1.jpg": (edited, 0.0),
    }
    assert grouped(photos) == {"0": ["0.jpg", "1.jpg"]}


def test_no_shots_and_one() -> None:
    assert group([], [], looking([])) == []
    only = Shot("a/b.c.jpg", ("a/b.c.jpg", "a/b.c.dng"))
    assert group([only], [at(None)], looking([0])) == [Series("a/b.c", "single", (only,), None)]


captures_drawn = st.builds(
    at,
    st.none() | st.integers(0, 60),
    st.sampled_from("AB"),
    exposure_bias=st.sampled_from([None, 0.0, -1.0, 1.0]),
    bracketed=st.booleans(),
    focus_distance=st.sampled_from([None, 1.0, 2.0, float("inf")]),
    rendered=st.sampled_from([None, 3, 4]),
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(captures_drawn, st.integers(0, 90)), max_size=14), st.randoms(use_true_random=False)
)
def test_every_shot_is_in_one_series_whatever_the_order(
    photos: list[tuple[Capture, int]], chance: random.Random
) -> None:
    shots = [
        Shot(f"{'ab'[place % 2]}/{place}.jpg", (f"{'ab'[place % 2]}/{place}.jpg",))
        for place in range(len(photos))
    ]
    captures, looks = [one for one, _ in photos], looking([angle for _, angle in photos])
    found = group(shots, captures, looks)
    assert sorted(shot.photo for series in found for shot in series.shots) == sorted(
        one.photo for one in shots
    )
    assert len({series.name for series in found}) == len(found)
    order = list(range(len(shots)))
    chance.shuffle(order)
    assert group([shots[row] for row in order], [captures[row] for row in order], looks[order]) == found


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    write_library(folder, 20, 7, width=300, height=200)
    return folder


def test_a_simulated_library_is_found_again(library: Path) -> None:
    with (library / "truth.csv").open(newline="", encoding="utf-8") as file:
        truth = {row["photo"]: row for row in csv.DictReader(file)}
    files = {photo: library / "photos" / photo for photo in truth}
    captures = [read_capture(read_photo(file)) for file in files.values()]
    looks = np.stack([measure_look(load(file, 800).pixels) for file in files.values()])
    found = group([Shot(photo, (photo,)) for photo in files], captures, looks)
    timed = {shot.photo: series for series in found for shot in series.shots if "scans" not in shot.photo}
    assert len(timed) > 60
    score = adjusted_rand_score(
        [truth[photo]["series"] for photo in timed], [timed[photo].name for photo in timed]
    )
    assert score > 0.9
    for photo, series in timed.items():
        if truth[photo]["kind"] in ("exposure bracket", "focus stack"):
            assert series.kind == truth[photo]["kind"]


def test_unrelated_photos_without_exif_stand_alone(shared: Path) -> None:
    files = sorted((shared / "kodak").glob("*.png"))
    looks = np.stack([measure_look(load(file, 800).pixels) for file in files])
    assert looks[:, LOOK_LAYOUT].shape == (24, 90)
    found = group([Shot(file.name, (file.name,)) for file in files], [Capture()] * len(files), looks)
    assert [series.kind for series in found] == ["single"] * 24


def test_a_series_is_a_folder_with_photos() -> None:
    names = ["b.jpg", "day 1/2.jpg", "day 1/10.jpg", "day 1/close/1.jpg", "a.jpg"]
    shots = [Shot(name, (name,)) for name in names]
    noon, one = datetime(2026, 6, 1, 12), datetime(2026, 6, 1, 13)
    captures = [
        Capture(time=CaptureTime(time, None) if time else None) for time in (None, one, noon, noon, None)
    ]
    assert series_by_folder(shots, captures) == [
        Series(".", "series", (shots[0], shots[4]), None),
        Series("day 1", "series", (shots[1], shots[2]), noon),
        Series("day 1/close", "single", (shots[3],), noon),
    ]
