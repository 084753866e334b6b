"""How much a decision says of a person's taste, by how and when it was made."""

from datetime import UTC, datetime

__all__ = ["ACCEPTED", "HALF_LIFE", "evidence"]

HALF_LIFE = 5.0
"""Years after which a decision counts half.

Ten years of decisions then count as five and a half. That costs a person who never changed an eighth of
what they teach, by (Σw)² / n Σw²; and for one who changed five years ago, two thirds of the weight are on the
side of today.
"""

_DAYS_A_YEAR = 365.25
ACCEPTED = 0.1
"""How much a series counts in which a person did no more than accept the suggestion with one key.

Who accepts with one key may not have looked. Learned at full weight, that ruins a ranker that repeats itself:
after ten rounds of 30, people without a taste lost 24 points of top-1, and 2 at this weight
(docs/lab-log.md).
"""


def evidence(at: datetime | None, now: datetime) -> float:
    """How much a decision counts beside one that was made just now, in (0, 1].

    Args:
        at: when it was made; None if unknown, which is no reason to trust it less. A time without a zone is
            taken as UTC.
        now: when it is learned from. Decisions of the future, of a clock that was wrong, count as of now.
    """
    if at is None:
        return 1.0
    days = max(0.0, (_zoned(now) - _zoned(at)).total_seconds() / 86400)
    return float(0.5 ** (days / _DAYS_A_YEAR / HALF_LIFE))


def _zoned(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
