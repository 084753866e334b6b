import pytest

from phototriage.series.reasons import Reason


def reason(words: str, log_odds: float | None, feature: str = "noise") -> Reason:
    return Reason(words, feature, 1.0, 0.5, log_odds)


@pytest.mark.parametrize(
    ("words", "speaks"),
    [("out of focus", -1), ("noisier", -1), ("too dark", -1), ("sharper", 1), ("less noise", 1)],
)
def test_faults_and_merits_speak_for_themselves(words: str, speaks: int) -> None:
    assert {reason(words, moved).speaks for moved in (0.3, -0.3, None)} == {speaks}
    assert reason(words, None).is_plain
    assert reason(words, None).is_fault == (speaks < 0)


@pytest.mark.parametrize("words", ["warmer", "darker", "more contrast", "preferred overall"])
def test_matters_of_taste_speak_as_the_ranker_took_them(words: str) -> None:
    assert [reason(words, moved).speaks for moved in (0.3, -0.3, None)] == [1, -1, 0]
    assert not reason(words, None).is_plain


def test_what_was_mistaken_moved_the_verdict_the_wrong_way() -> None:
    assert [reason("noisier", moved).mistaken for moved in (0.3, -0.3, None)] == [0.3, 0, 0]
    assert [reason("less noise", moved).mistaken for moved in (0.3, -0.3, None)] == [0, 0.3, 0]
    assert reason("warmer", 0.3).mistaken == 0


def test_blur_is_blur_whatever_its_kind() -> None:
    words = ("softer", "out of focus", "motion blur", "noisier", "sharper")
    assert [reason(each, None).is_blur for each in words] == [True, True, True, False, False]
