import pytest

from phototriage.series.differences import DIFFERENCES
from phototriage.series.reasons import Reason


def reason(words: str, log_odds: float | None, feature: str = "noise") -> Reason:
    return Reason(words, feature, 1.0, 0.5, log_odds)


@pytest.mark.parametrize(
    ("topic", "up", "down"),
    [
        ("noise", "scored up for noise", "scored down for less noise"),
        ("motion", "scored up for motion blur", "scored down for less motion blur"),
        ("compression", "scored up for compression marks", "scored down for fewer compression marks"),
    ],
)
def test_a_flaw_that_counted_as_a_merit_is_not_told_as_one(topic: str, up: str, down: str) -> None:
    more, less = DIFFERENCES[topic].more, DIFFERENCES[topic].less
    assert [reason(more, 0.3).scored, reason(less, -0.3).scored] == [up, down]
    assert [reason(more, -0.3).scored, reason(less, 0.3).scored] == [more, less]
    assert [reason(more, None).scored, reason(less, None).scored] == [more, less]


def test_matters_of_taste_count_either_way() -> None:
    for topic in DIFFERENCES.keys() - {"noise", "motion", "compression"}:
        for words in (DIFFERENCES[topic].more, DIFFERENCES[topic].less):
            assert {reason(words, sign).scored for sign in (0.3, -0.3)} == {words}


def test_what_is_only_shown_had_no_part() -> None:
    assert reason("noisier", None).only_shown
    assert not reason("noisier", 0.3).only_shown
    assert not reason("smaller", None, "megapixels").only_shown
