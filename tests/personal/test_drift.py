"""How much decisions count."""

from datetime import UTC, datetime, timedelta

import pytest

from phototriage.personal.drift import HALF_LIFE, evidence

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_decision_of_now_or_of_an_unknown_time_counts_fully() -> None:
    assert evidence(NOW, NOW) == evidence(None, NOW) == 1


def test_old_decisions_fade_by_half_in_each_half_life() -> None:
    years = timedelta(days=365.25)
    assert evidence(NOW - HALF_LIFE * years, NOW) == pytest.approx(0.5)
    assert evidence(NOW - 2 * HALF_LIFE * years, NOW) == pytest.approx(0.25)
    assert evidence(NOW - 80 * years, NOW) > 0


def test_clocks_that_were_wrong_and_times_without_a_zone() -> None:
    assert evidence(NOW + timedelta(days=4000), NOW) == 1
    assert evidence(datetime(2016, 6, 1, 12), NOW) == pytest.approx(0.25, abs=1e-3)
    assert evidence(datetime(2016, 6, 1), datetime(2016, 6, 1)) == 1
