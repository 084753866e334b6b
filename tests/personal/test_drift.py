"""How much decisions count."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from phototriage.choices import Manner
from phototriage.personal.drift import HALF_LIFE, evidence

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("manner", "weight"), [("blind", 1.0), ("against", 1.0), ("", 1.0), ("agreed", 0.5), ("accepted", 0.1)]
)
def test_an_accepted_suggestion_counts_less_than_a_choice_against_it(manner: Manner, weight: float) -> None:
    assert evidence(manner, NOW, NOW) == weight
    assert evidence(manner, None, NOW) == weight


def test_every_manner_has_a_weight() -> None:
    assert all(0 < evidence(manner, NOW, NOW) <= 1 for manner in get_args(Manner))


def test_old_decisions_fade_by_half_in_each_half_life() -> None:
    years = timedelta(days=365.25)
    assert evidence("blind", NOW - HALF_LIFE * years, NOW) == pytest.approx(0.5)
    assert evidence("accepted", NOW - 2 * HALF_LIFE * years, NOW) == pytest.approx(0.025)
    assert evidence("", NOW - 80 * years, NOW) > 0


def test_clocks_that_were_wrong_and_times_without_a_zone() -> None:
    assert evidence("against", NOW + timedelta(days=4000), NOW) == 1
    assert evidence("against", datetime(2016, 6, 1, 12), NOW) == pytest.approx(0.25, abs=1e-3)
    assert evidence("against", datetime(2016, 6, 1), datetime(2016, 6, 1)) == 1
