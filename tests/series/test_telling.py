from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from phototriage.ranker import load_embedded_ranker
from phototriage.series import Reason
from phototriage.series.differences import Difference
from phototriage.series.telling import LEAST_LOG_ODDS, tell

RANKER = load_embedded_ranker()
WORDS = {
    "sharpness": ("sharper", "softer"),
    "noise": ("noisier", "less noise"),
    "light": ("brighter", "darker"),
    "cast": ("warmer", "cooler"),
    "contrast": ("more contrast", "less contrast"),
    "shadows": ("shadows blocked", "shadows open"),
}
PLAIN = {"sharper": 1, "softer": -1, "noisier": -1, "less noise": 1, "shadows blocked": -1, "shadows open": 1}


def difference(strength: NDArray[np.float64], name: str) -> Difference:
    more, less = WORDS[name]
    return Difference(strength, np.where(strength > 0, more, less), np.full(len(strength), name))


def ordered_one_by_one(
    row: int, moved: dict[str, NDArray[np.float64]], shown: dict[str, Difference], leads: float
) -> list[tuple[str, float | None]]:
    """(words, log odds) by sorting the reasons of a single comparison, as they are documented."""
    sign = 1 if leads >= 0 else -1
    reasons = []
    for name, each in shown.items():
        if (strength := abs(each.strength[row])) >= 1:
            log_odds = float(moved[name][row])
            told = round(log_odds, 4) if abs(log_odds) >= LEAST_LOG_ODDS else None
            words = str(each.words[row])
            speaks = PLAIN.get(words) or (0 if told is None else 1 if told > 0 else -1)
            reasons.append(((-sign * speaks if speaks else 2, words not in PLAIN, -strength), words, told))
    return [(words, told) for _, words, told in sorted(reasons, key=lambda each: each[0])[:4]]


def test_reasons_come_in_the_order_in_which_a_plain_sort_brings_them() -> None:
    draw = np.random.default_rng(0)
    count = 400
    shown = {name: difference(draw.normal(0, 1.5, count), name) for name in WORDS}
    parts: dict[tuple[str, ...], Any] = {(name,): draw.normal(0, 0.2, count) for name in WORDS}
    moved = {name: np.where(np.abs(shown[name].strength) >= 1, parts[name,], 0) for name in WORDS}
    numbers = [{name: draw.random(count) for name in WORDS} for _ in range(2)]
    told = tell(parts, shown, numbers[0], numbers[1], RANKER)
    lead = sum(parts.values())
    assert len(told) == count
    for row, reasons in enumerate(told):
        assert all(
            (each.value, each.other) == tuple(round(float(side[each.feature][row]), 4) for side in numbers)
            for each in reasons
            if each.feature != "look"
        )
        found = [(each.words, each.log_odds) for each in reasons if each.feature != "look"]
        assert found == ordered_one_by_one(row, moved, shown, lead[row])
        sure = abs(lead[row]) >= np.log(RANKER.close_below / (1 - RANKER.close_below))
        overall = lead[row] - sum(each[row] for each in moved.values())
        sign = np.sign(lead[row])
        named = any(sign * each.speaks > 0 for each in reasons if each.feature != "look")
        assert (reasons[:1] != () and reasons[0].feature == "look") == (
            sure and abs(overall) >= abs(lead[row]) / 2 and sign * overall > 0 and not named
        )
    assert {len(reasons) for reasons in told} == {0, 1, 2, 3, 4, 5}


def test_a_part_goes_to_the_plainest_difference_that_it_may_be_owed_to() -> None:
    shown = {
        "sharpness": difference(np.array([2.0, 1.0, 0.5]), "sharpness"),
        "noise": difference(np.array([-1.5, -3.0, 0.9]), "noise"),
    }
    numbers = {name: np.array([0.1, 0.2, 0.3]) for name in shown}
    told = tell({("sharpness", "noise"): np.full(3, 0.3)}, shown, numbers, numbers, RANKER)
    assert [[(each.words, each.log_odds) for each in reasons] for reasons in told[:2]] == [
        [("sharper", 0.3), ("less noise", None)],
        [("less noise", 0.3), ("sharper", None)],
    ]


def test_where_no_difference_is_known_only_the_lead_can_be_told() -> None:
    lead = np.array([3.0, -3.0, 0.001])
    assert tell({(): lead}, {}, {}, {}, RANKER) == [
        (Reason("preferred overall", "look", None, None, 3.0),),
        (Reason("less preferred overall", "look", None, None, -3.0),),
        (),
    ]


@pytest.mark.parametrize("count", [0, 1])
def test_no_comparisons_and_one(count: int) -> None:
    shown = {"light": difference(np.full(count, 1.0), "light")}
    numbers = {"light": np.full(count, 0.5)}
    told = tell({("light",): np.full(count, 0.2)}, shown, numbers, numbers, RANKER)
    assert told == [(Reason("brighter", "light", 0.5, 0.5, 0.2),)] * count
