"""Whether a person's own ranker may speak: judged on series that never taught it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # it imports pandas, and rank reads gates without it
    from phototriage.personal.pairs import Pairs

__all__ = ["LEAST_SERIES", "Gate", "gate_series", "judge"]

_EVERY = 4
"""One series of so many is kept for the gate."""
LEAST_SERIES = 8
"""Fewer than so many kept series judge nothing."""
_LEVEL = 0.03
"""So rarely a correction that tells nothing passes at one look. People learn again and again: over ten looks
with ever more choices, 2 % of simulated people whose taste is the default's saw it open, and 9 % of those who
pick by lot (docs/lab-log.md)."""
_POWER = 0.8
_MOST_SCALE = 20.0
_RESAMPLES = 2000


@dataclass(frozen=True)
class Gate:
    """A personal ranker beside the one that it corrects, on the series kept for that.

    series: how many there are. default, personal: share of their decided pairs in the person's order, [0, 1],
    a tie is half a pair, each series counts once. lead, low, high: of the personal ranker, and its 95 %
    interval over series. p_value: of the correction telling nothing that the default, at any scale, does not
    (one-sided score test, by series). more: about how many more choices would open it if what was seen goes
    on; None where it is open, or where nothing speaks for the personal ranker.
    """

    series: int
    default: float
    personal: float
    lead: float
    low: float
    high: float
    p_value: float
    more: int | None

    @property
    def is_open(self) -> bool:
        """Whether the personal ranker is better beyond doubt."""
        return self.p_value < _LEVEL and self.lead > 0

    @property
    def figures(self) -> str:
        """As people read it, of series that were never taught."""
        low, high = (f"{100 * each:.0f}" for each in (self.low, self.high))
        return (
            f"on {self.series:,} of your series that taught nothing, the default ranker agrees with you in "
            f"{100 * self.default:.0f} %, yours in {100 * self.personal:.0f} % "
            f"({100 * self.lead:+.0f}, {low} to {high})"
        )

    @property
    def finding(self) -> str:
        """What is seen, as people read it, and whether it is beyond doubt."""
        if self.is_open:
            return self.figures
        if self.series < LEAST_SERIES:
            return (
                f"too few to judge: {self.series:,} of your series taught nothing, at least "
                f"{LEAST_SERIES} are needed"
            )
        hope = f"; about {self.more:,} more series would show it" if self.more else ""
        return f"{self.figures}: not better beyond doubt{hope}"

    @property
    def verdict(self) -> str:
        """What is seen, and which ranker is used therefore, as people read it."""
        if self.is_open:
            return f"{self.finding}: from now on rank and review use it"
        return f"{self.finding}; rank and review use the default ranker"


def gate_series(names: Sequence[str]) -> NDArray[np.bool_]:
    """(n,) whether each series is kept for the gate: every fourth, by a hash of its name."""
    digests = [zlib.crc32(each.encode("utf-8", "surrogateescape")) for each in names]
    return np.array([digest % _EVERY == 0 for digest in digests], bool)


def judge(
    default: NDArray[np.float64],
    personal: NDArray[np.float64],
    pairs: "Pairs",
    choices: int,
    scaled: NDArray[np.float64] | None = None,
) -> Gate:
    """Compares two rankers on what a person decided in series that taught neither.

    Args:
        default, personal: float64 (n,), log-odds of the photos, as they rank: P(a over b) = σ(a − b).
        pairs: of the series kept for the gate; undecided ones, of preference ½, do not count as agreement.
        choices: series decided so far, kept ones included, for the estimate of how many more it takes.
        scaled: the default at the scale that the choices of the other series suggest, where the test begins;
            by default as it ranks.
    """
    from scipy.stats import ttest_1samp  # takes a second; rank reads gates and judges nothing

    names, number = np.unique(pairs.series, return_inverse=True)
    right = np.where(pairs.preference > 0.5, 1.0, -1.0)
    decided = pairs.preference != 0.5
    leads_of = [log_odds[pairs.a] - log_odds[pairs.b] for log_odds in (default, personal)]
    agreements = [_by_series((1 + np.sign(each) * right) / 2, number, decided) for each in leads_of]
    start = leads_of[0] if scaled is None else scaled[pairs.a] - scaled[pairs.b]
    gains = _scores(start, leads_of[1] - start, pairs.preference, number)
    leads = agreements[1] - agreements[0]
    counted = np.isfinite(leads)
    leads = leads[counted]
    enough = len(gains) >= LEAST_SERIES and np.ptp(gains) > 0
    p_value = float(ttest_1samp(gains, 0, alternative="greater").pvalue) if enough else 1.0
    low, high = _interval(leads)
    lead = float(leads.mean()) if len(leads) else 0.0
    is_open = p_value < _LEVEL and lead > 0
    return Gate(
        series=len(names),
        default=float(agreements[0][counted].mean()) if len(leads) else np.nan,
        personal=float(agreements[1][counted].mean()) if len(leads) else np.nan,
        lead=lead,
        low=low,
        high=high,
        p_value=p_value,
        more=None if is_open or lead <= 0 else _more(gains, choices),
    )


def _scores(
    default: NDArray[np.float64],
    correction: NDArray[np.float64],
    preference: NDArray[np.float64],
    number: NDArray[np.intp],
) -> NDArray[np.float64]:
    """(k,) by series, how far its choices lie in the direction of the correction; 0 on average if it tells
    nothing.

    Rao's score of the log-likelihood at no correction, less what the scale of the default explains of it. It
    needs no correction of the right size, and so notices one that is still half learned earlier than a
    difference of losses does.

    default, correction: (m,) log-odds of the pairs, and what is added to them.
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    share = 1 / np.bincount(number)[number]  # every series counts once

    def slope(scale: float) -> float:
        misfit = share * (expit(scale * default) - preference)
        return float(misfit @ default + scale - 1)  # a prior around 1, as in learning

    if slope(0.0) >= 0:  # choices contradict the default, so that no scale of it explains anything
        scale = explained = 0.0
    else:
        scale = float(brentq(slope, 0.0, _MOST_SCALE)) if slope(_MOST_SCALE) > 0 else _MOST_SCALE
        certainty = share * expit(scale * default) * expit(-scale * default)
        length = float(certainty @ np.square(default))
        explained = float(certainty @ (default * correction)) / length if length else 0.0
    misfit = share * (preference - expit(scale * default))
    return np.asarray(np.bincount(number, misfit * (correction - explained * default)), np.float64)


def _by_series(
    values: NDArray[np.float64], number: NDArray[np.intp], counted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(k,) means over the pairs of each series that count; NaN where none does."""
    sums = np.bincount(number, np.where(counted, values, 0), minlength=number.max(initial=-1) + 1)
    counts = np.bincount(number, counted, minlength=len(sums))
    found = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=found, where=counts > 0)
    return found


def _interval(leads: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of the means of resampled series."""
    if not len(leads):
        return 0.0, 0.0
    draws = np.random.default_rng(0).integers(0, len(leads), (_RESAMPLES, len(leads)))
    low, high = np.quantile(leads[draws].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _more(gains: NDArray[np.float64], choices: int) -> int | None:
    """Choices, rounded up to tens, after which a test of this gain succeeds in 80 % of cases."""
    if not len(gains) or gains.mean() <= 0:
        return None
    from scipy.stats import norm

    steps = norm.ppf(1 - _LEVEL) + norm.ppf(_POWER)
    needed = max(LEAST_SERIES, float(steps * gains.std() / gains.mean()) ** 2)
    missing = choices * max(needed / len(gains) - 1, 0)
    return max(10, 10 * ceil(missing / 10))
