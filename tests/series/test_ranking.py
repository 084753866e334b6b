from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from phototriage.features import IQA_PLUS_COLUMNS, Block, Features, measure_iqa, measure_iqa_plus
from phototriage.photos import Capture
from phototriage.ranker import MultiFeatureConfig, TrainedRanker, load_embedded_ranker
from phototriage.series import RankedSeries, Reason, Series, SeriesKind, Shot, rank_series
from phototriage.simulation import Take, draw_scene, photograph

BLOCK = Block("block", "block/1", ("number",))
# Its score is the number itself.
IDENTITY = TrainedRanker(
    weights={
        "normalize.mean": np.zeros(1, np.float32),
        "normalize.std": np.ones(1, np.float32),
        "layers.0.weight": np.ones((1, 1), np.float32),
        "layers.0.bias": np.zeros(1, np.float32),
    },
    config=MultiFeatureConfig(mlp_hidden_dims=(), input_normalization="standardize"),
    blocks=(BLOCK,),
    temperature=2.0,
    seen_keys=np.empty(0, np.uint32),
    seen_contents=np.empty(0, np.uint32),
)


def features(numbers: dict[str, float]) -> Features:
    return Features(tuple(numbers), np.array(list(numbers.values()), np.float32)[:, None], (BLOCK,))


def burst(photos: Sequence[str], name: str = "s", kind: SeriesKind = "series") -> Series:
    return Series(name, kind, tuple(Shot(photo, (photo,)) for photo in photos), None)


def ranked(numbers: dict[str, float], keep: int = 1, ranker: TrainedRanker = IDENTITY) -> RankedSeries:
    """The ranking of one series of photos with these scores."""
    (series,) = rank_series([burst(list(numbers))], features(numbers), ranker, keep=keep)
    return series


def test_best_first_and_ties_share_a_rank_in_the_order_given() -> None:
    series = ranked({"a": 1, "b": 5, "c": 5, "d": -1})
    assert [(each.photo, each.rank, each.score) for each in series.photos] == [
        ("b", 1, 5),
        ("c", 1, 5),
        ("a", 3, 1),
        ("d", 4, -1),
    ]


def test_between_two_photos_p_best_is_the_rankers_preference() -> None:
    series = ranked({"a": 0, "b": 3})
    assert series.photos[0].probability_best == pytest.approx(IDENTITY.probability(np.array([3.0]))[0])


SCORES = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=9)


@given(st.lists(SCORES, min_size=1, max_size=5), st.integers(1, 4))
def test_series_are_ranked_each_by_itself(scores: list[list[float]], keep: int) -> None:
    numbers = [
        {f"{name}/{place}": number for place, number in enumerate(series)}
        for name, series in enumerate(scores)
    ]
    together = rank_series(
        [burst(list(each)) for each in numbers],
        features({photo: score for each in numbers for photo, score in each.items()}),
        IDENTITY,
        keep=keep,
    )
    assert together == tuple(ranked(each, keep) for each in numbers)
    for series in together:
        chances = [each.probability_best for each in series.photos]
        assert sum(chances) == pytest.approx(1)
        assert chances == sorted(chances, reverse=True)
        verdicts = [each.verdict for each in series.photos]
        assert verdicts[:keep] == ["pick"] * min(keep, len(verdicts))
        assert verdicts[keep:] == sorted(verdicts[keep:])  # close before rest
        assert series.too_close == ("close" in verdicts)
        second = [each.alternative for each in series.photos]
        assert second[keep:] == sorted(second[keep:], reverse=True)
        assert sum(second) == min(verdicts.count("close"), 2 if len(verdicts) >= 6 else 1)


def test_close_is_what_cannot_be_told_from_the_last_pick() -> None:
    step = IDENTITY.temperature * np.log(IDENTITY.close_below / (1 - IDENTITY.close_below))
    numbers = {"best": 9, "second": 5, "near": 5 - 0.99 * step, "far": 5 - 1.01 * step}
    series = ranked(numbers, keep=2)
    assert [each.verdict for each in series.photos] == ["pick", "pick", "close", "rest"]
    assert series.too_close
    assert [each.verdict for each in ranked(numbers).photos] == ["pick", "rest", "rest", "rest"]
    sure = replace(IDENTITY, close_below=0.9999)
    assert [each.verdict for each in ranked(numbers, ranker=sure).photos] == ["pick", *["close"] * 3]


def test_photos_and_series_without_features_have_no_place() -> None:
    found = rank_series([burst(["a", "broken"]), burst(["gone"], "t")], features({"a": 0}), IDENTITY)
    assert [(series.name, [each.photo for each in series.photos]) for series in found] == [("s", ["a"])]
    assert (found[0].photos[0].probability_best, found[0].photos[0].verdict) == (1, "pick")
    assert rank_series([], features({"a": 0}), IDENTITY) == ()


def test_a_higher_temperature_is_less_sure() -> None:
    numbers = {"a": 0.0, "b": 3.0}
    unsure = ranked(numbers, ranker=replace(IDENTITY, temperature=20.0))
    assert 0.5 < unsure.photos[0].probability_best < ranked(numbers).photos[0].probability_best


def test_what_is_no_choice_is_kept_as_taken() -> None:
    taken = datetime(2026, 6, 1, 9, 30)
    shots = (Shot("a.jpg", ("a.jpg", "a.raw")), Shot("b.jpg", ("b.jpg",)))
    (series,) = rank_series(
        [Series("s", "exposure bracket", shots, taken)], features({"b.jpg": 9, "a.jpg": -9}), IDENTITY
    )
    assert (series.name, series.kind, series.captured_at, series.too_close) == (
        "s",
        "exposure bracket",
        taken,
        False,
    )
    assert [(each.photo, each.files) for each in series.photos] == [
        (each.photo, each.files) for each in shots
    ]
    assert {(each.rank, each.probability_best, each.verdict, each.reasons) for each in series.photos} == {
        (1, 0.5, "kept", ())
    }


def test_reasons_are_against_all_left_out_and_against_the_first_pick() -> None:
    look = {photo: [each.log_odds for each in reasons] for photo, reasons in reasons_of(keep=2).items()}
    # The score is the number, the temperature 2: half the differences; of those left out 2 is the median.
    assert look == {"a": [3.5], "b": [1.5], "c": [-3], "d": [-4]}
    assert {photo: len(found) for photo, found in reasons_of(keep=4).items()} == dict.fromkeys("abcd", 0)


def reasons_of(keep: int) -> dict[str, tuple[Reason, ...]]:
    series = ranked({"d": 1, "c": 3, "b": 5, "a": 9}, keep)
    return {each.photo: each.reasons for each in series.photos}


def test_measured_numbers_show_what_the_ranker_does_not_see() -> None:
    embedded = load_embedded_ranker()
    photos = ("a", "b")
    seen = Features(photos, np.array([[0.5, 0.9, 0.5, 0.5]] * 2, np.float32), embedded.blocks)
    noise = np.zeros((2, len(IQA_PLUS_COLUMNS)), np.float32)
    noise[1, IQA_PLUS_COLUMNS.index("noise")] = 1
    (series,) = rank_series([burst(photos)], with_iqa_plus(seen, noise), embedded)
    assert [each.phrases for each in series.photos] == [("less noise",), ("noisier",)]
    assert series.photos[1].reasons == (Reason("noisier", "noise", 1.0, 0.0, None),)
    (blind,) = rank_series([burst(photos)], seen, embedded)
    assert [each.phrases for each in blind.photos] == [(), ()]


def with_iqa_plus(seen: Features, numbers: NDArray[np.float32]) -> Features:
    block = Block("iqa_plus", "test", IQA_PLUS_COLUMNS)
    return replace(seen, matrix=np.hstack([seen.matrix, numbers]), blocks=(*seen.blocks, block))


def test_phrases_say_what_speaks_against_a_place() -> None:
    reasons = (
        Reason("sharper", "sharpness", 0.9, 0.5, 0.4),
        Reason("noisier", "noise", 1.0, 0.0, 0.1),
        Reason("less contrast", "contrast", 0.4, 0.5, -0.2),
        Reason("warmer", "warmth", 0.1, 0.0, None),
    )
    photo = replace(ranked({"a": 0}).photos[0], reasons=reasons)
    assert photo.phrases == ("sharper", "but noisier", "and less contrast", "also warmer")
    rest = replace(photo, verdict="rest")
    assert rest.phrases == ("although sharper", "noisier", "less contrast", "also warmer")
    assert replace(rest, reasons=photo.reasons[:1]).phrases == ("although sharper",)


def bursts_of(takes: dict[str, Take], ranker: TrainedRanker, seed: int, keep: int = 1) -> RankedSeries:
    scene = draw_scene(seed, 700, 466)
    photos = {
        name: photograph(scene, take, np.random.default_rng(seed), (400, 600)) for name, take in takes.items()
    }
    seen = Features(tuple(photos), np.stack([measure_iqa(each) for each in photos.values()]), EMBEDDED.blocks)
    measured = with_iqa_plus(seen, np.stack([measure_iqa_plus(each) for each in photos.values()]))
    (series,) = rank_series([burst(tuple(takes))], measured, ranker, keep=keep)
    return series


EMBEDDED = load_embedded_ranker()
CLEAN, NOISY, SOFT = (
    Take(noise=0.004, defocus=0.2),
    Take(noise=0.06, defocus=0.2),
    Take(noise=0.004, defocus=1.4),
)


@pytest.mark.parametrize("seed", range(3))
def test_a_lead_owed_to_noise_is_too_close_to_call(seed: int) -> None:
    # Surer than the real one, so that without a closer look the clean photo would be clearly beaten.
    sure = replace(EMBEDDED, temperature=EMBEDDED.temperature / 5)
    series = bursts_of({"clean": CLEAN, "noisy": NOISY}, sure, seed)
    assert [(each.photo, each.verdict) for each in series.photos] == [("noisy", "pick"), ("clean", "close")]
    assert "noisier" in {each.words for each in series.photos[0].reasons}
    assert "less noise" in {each.words for each in series.photos[1].reasons}


@pytest.mark.parametrize("seed", range(3))
def test_a_blurred_photo_is_never_close_nor_an_alternative(seed: int) -> None:
    unsure = replace(EMBEDDED, close_below=1.0)
    takes = {"clean": CLEAN, "alike": CLEAN, "soft": SOFT, "shaken": replace(CLEAN, motion_blur=6.0)}
    series = bursts_of(takes, unsure, seed)
    found = {each.photo: (each.verdict, each.alternative) for each in series.photos}
    assert found == {
        "clean": ("pick", False),
        "alike": ("close", True),
        "soft": ("rest", False),
        "shaken": ("rest", False),
    }
    (of_soft,) = (each for each in series.photos if each.photo == "soft")
    assert of_soft.phrases[0] in {"softer", "out of focus"}
    assert series.photos[1].reasons == ()
    # With two picks it is the second that a photo is told from.
    two = bursts_of({"soft": SOFT, "clean": CLEAN, "alike": SOFT}, unsure, seed, keep=2)
    assert [each.verdict for each in two.photos] == ["pick", "pick", "close"]


@pytest.mark.parametrize("seed", range(3))
def test_a_pick_is_compared_with_all_others_together(seed: int) -> None:
    series = bursts_of({"sharp": CLEAN, "soft": SOFT, "softer": replace(SOFT, defocus=2.0)}, EMBEDDED, seed)
    assert series.photos[0].photo == "sharp"
    assert series.photos[0].phrases[0] == "sharper"
    alike = {"sharp": CLEAN, "one": CLEAN, "two": CLEAN, "soft": SOFT}
    assert bursts_of(alike, EMBEDDED, seed).photos[0].reasons == ()


def test_a_small_export_comes_after_the_full_photos_whatever_its_score() -> None:
    numbers = {"original": 1.0, "small": 1e6, "raw": 0.0, "half": -1.0, "smallest": 1e6}
    sizes = {"original": (1000, 2000), "small": (1000, 999), "half": (2000, 500), "smallest": (10, 20)}
    captures = tuple(
        Capture(width=w, height=h) for w, h in (sizes.get(each, (None, None)) for each in numbers)
    )
    measured = replace(features(numbers), captures=captures)
    (series,) = rank_series([burst(list(numbers))], measured, IDENTITY)
    assert [(each.photo, each.rank, each.verdict) for each in series.photos] == [
        ("original", 1, "pick"),
        ("raw", 2, "rest"),
        ("half", 3, "rest"),
        ("small", 4, "rest"),
        ("smallest", 4, "rest"),
    ]
    alone = ranked({photo: numbers[photo] for photo in ("original", "raw", "half")})
    assert [each.probability_best for each in series.photos] == [
        *(each.probability_best for each in alone.photos),
        *(0, 0),
    ]
    assert series.photos[3].reasons == (Reason("smaller", "megapixels", 0.999, 2.0, None),)
    assert series.photos[3].phrases == ("smaller",)
    (few,) = rank_series([burst(["small", "original"])], measured, IDENTITY, keep=2)
    assert [(each.photo, each.verdict, each.phrases) for each in few.photos] == [
        ("original", "pick", ("larger",)),
        ("small", "rest", ("smaller",)),
    ]
    (kept,) = rank_series([burst(["small", "original"], kind="panorama")], measured, IDENTITY)
    assert [(each.photo, each.verdict) for each in kept.photos] == [("small", "kept"), ("original", "kept")]


def test_an_unknown_size_is_none_beside_a_small_export() -> None:
    numbers = {"unknown": 3.0, "large": 2.0, "small": 1.0}
    captures = (Capture(), Capture(width=2000, height=1000), Capture(width=20, height=10))
    (series,) = rank_series([burst(list(numbers))], replace(features(numbers), captures=captures), IDENTITY)
    assert [each.photo for each in series.photos] == ["unknown", "large", "small"]
    assert series.photos[2].reasons == (Reason("smaller", "megapixels", 0.0002, None, None),)


def test_keep_is_at_least_one() -> None:
    with pytest.raises(ValueError, match="keep must be at least 1, not 0"):
        ranked({"a": 0}, keep=0)
