"""In words, how a person's taste differs from the ranker's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from phototriage.personal.correction import Correction
from phototriage.ranker import TrainedRanker

__all__ = ["learned_words"]

Matrix = NDArray[np.float64]

_CERTAIN = 0.99
"""How sure the sign of an effect has to be."""
_LEAST_EFFECT = 0.3
"""Log-odds that a typical difference has to move: from one in two to 57 %."""
_NO_TASTE = 0.05
"""Nothing is said of a person who may agree with the ranker."""
_LEAST_SHARE = 0.15
"""Of the correction's effect that a number has to explain beyond those named before it."""
_RIVAL = 0.9
_MOST = 3

_TRAITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "iqa.sharpness": ("you prefer sharper frames", "you mind softness less than others"),
        "iqa_plus.noise": ("you mind noise less than others", "you mind noise more than others"),
        "iqa_plus.brightness": ("you prefer brighter frames", "you prefer darker frames"),
        "iqa_plus.warmth": ("you prefer warmer colors", "you prefer cooler colors"),
        "iqa.colorfulness": ("you prefer more colorful frames", "you prefer quieter colors"),
        "iqa.contrast": ("you prefer more contrast", "you prefer less contrast"),
    }
)
"""Number → what is said of a person who wants more of it, and less. One of each kind that a photographer
would name: others of the same kind would say the same again, or the opposite of what they share."""


@dataclass(frozen=True)
class _Effect:
    """log_odds: of a typical difference in a series. certainty: that its sign is right."""

    words: str
    log_odds: float
    certainty: float


def learned_words(
    ranker: TrainedRanker, correction: Correction, rows: NDArray[np.float32], series: NDArray[np.intp]
) -> tuple[str, ...]:
    """What a correction prefers, strongest first; nothing where too little is certain.

    Numbers vary together, and a taste for one may be learned by the weights of others. So what is explained
    is the correction's whole effect on differences within series, by forward selection: the number that
    explains most of it is named first, and another only for what is left. Where two explain it nearly as
    well, neither is named.

    Args:
        ranker: whose log-odds are corrected.
        correction: with its uncertainty.
        rows: float32 (n, dim), numbers of the photos, in the order of the ranker's blocks.
        series: intp (n,), the number of each photo's series.

    Returns:
        Such as "you prefer brighter frames: a usual difference turns an even choice into 69 to 31 (99 %
        sure)".
    """
    if correction.no_taste > _NO_TASTE:
        return ()
    found = sorted(_effects(ranker, correction, rows, series), key=lambda each: -abs(each.log_odds))
    return tuple(
        f"{each.words}: a usual difference turns an even choice into {share} to {100 - share} "
        f"({min(99.9, 100 * each.certainty):.3g} % sure)"
        for each in found
        for share in [round(100 * float(expit(abs(each.log_odds))))]
    )


def _effects(
    ranker: TrainedRanker, correction: Correction, rows: NDArray[np.float32], series: NDArray[np.intp]
) -> list[_Effect]:
    names = [f"{block.name}.{column}" for block in ranker.blocks for column in block.columns]
    traits = {name: words for name, words in _TRAITS.items() if name in names}
    inputs = ranker.inputs_of(rows)
    _, number = np.unique(series, return_inverse=True)
    counts = np.bincount(number)
    sums = np.zeros((len(counts), inputs.shape[1]))
    np.add.at(sums, number, inputs)
    within = inputs - (sums / counts[:, None])[number]
    columns = within[:, [names.index(name) for name in traits]]
    typical = np.sqrt(2 * np.square(columns).mean(axis=0))
    columns = columns / np.where(typical > 0, typical, 1.0)
    wanted = within @ correction.weights
    if not np.square(wanted).sum():
        return []

    chosen: list[int] = []
    effects: list[_Effect] = []
    for _ in range(min(_MOST, columns.shape[1])):
        explained = [
            -1.0 if place in chosen or not typical[place] else _share(columns, [*chosen, place], wanted)
            for place in range(columns.shape[1])
        ]
        next_best, best = np.argsort(explained)[-2:] if len(explained) > 1 else (0, 0)
        before = _share(columns, chosen, wanted)
        gain = explained[best] - before
        rival = explained[next_best] - before if next_best != best else 0.0
        if gain < _LEAST_SHARE or rival > _RIVAL * gain:
            break
        tried = _described(columns, [*chosen, best], within, correction, list(traits.values()))
        if tried is None:
            break
        chosen, effects = [*chosen, best], tried
    return effects


def _described(
    columns: Matrix,
    chosen: Sequence[int],
    within: Matrix,
    correction: Correction,
    words: Sequence[tuple[str, str]],
) -> list[_Effect] | None:
    """The effects of some numbers beside each other; None unless each is certain and large."""
    inverse = np.linalg.pinv(columns[:, chosen])
    effect = inverse @ (within @ correction.weights)
    deviation = np.sqrt(np.square(inverse @ (within @ correction.uncertainty[1:])).sum(axis=1))
    certainty = norm.cdf(np.abs(effect) / np.maximum(deviation, 1e-12))
    if (certainty < _CERTAIN).any() or (np.abs(effect) < _LEAST_EFFECT).any():
        return None
    return [
        _Effect(words[place][0 if size > 0 else 1], float(size), float(sure))
        for place, size, sure in zip(chosen, effect, certainty, strict=True)
    ]


def _share(columns: Matrix, chosen: Sequence[int], wanted: Matrix) -> float:
    """How much of the correction's effect some numbers explain, in [0, 1]."""
    if not chosen:
        return 0.0
    part = columns[:, chosen]
    explained = part @ np.linalg.lstsq(part, wanted)[0]
    return float(np.square(explained).sum() / np.square(wanted).sum())
