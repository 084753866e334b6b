"""Tells exposure brackets, focus stacks and panorama sweeps, which look like bursts and are not."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from phototriage.features.extractors.look import LOOK_BRIGHTNESS, LOOK_DETAIL, LOOK_GRID, LOOK_LAYOUT
from phototriage.series.timeline import Timeline

__all__ = ["brackets", "focus_stacks", "seen_brackets", "sweeps"]

Looks = NDArray[np.float32]
"""(n, 107), layout descriptors (`look`)."""
Span = tuple[int, int]
"""The first of consecutive shots, and the one behind the last."""

_LONGEST_BRACKET = 9
_LEAST_STEP, _UNEVEN = 0.25, 0.21  # EV: cameras step by a third or more, and round what they write
_CLEAR_STEP = 0.6  # EV, for steps that the metering may have made
_ALIKE = 0.6  # of the layouts of neighbours
_FOLLOWS = (0.25, 1.7)  # how much brighter the picture gets by what should double its light, in doublings
_HDR, _HDR_ORIGINAL, _HDR_SECONDS = 3, 4, 2.0  # of CustomRendered, as phones write it

# Of brackets by their pictures alone. Steps are EV of brightness; clipped light makes the outer ones smaller.
_LEAST_SEEN_STEP, _MEAN_SEEN_STEP, _SEEN_UNEVEN = 0.2, 0.5, 0.5
_SEEN_ALIKE = 0.8  # of the layouts of neighbours

_SWEEP_SECONDS = 10.0  # between two frames of a sweep
_SHIFTS = (6, 18)  # half columns of the grid of light, so a quarter to three quarters of the width
_STEADY = 4  # half columns by which the shifts of one sweep may differ
_MATCH, _STAYED = 0.75, 0.8  # correlation of what overlaps; from where on a photo did not move

_LEAST_STACK = 5  # fewer cannot be told to be one
_STACKS_AT_ONCE = 1024
_STANDS_STILL = 0.98  # similarity of neighbours on a tripod
_RISE_AND_FALL = 0.05  # share of the change of detail that may go the wrong way
_LEAST_CHANGE = 0.3  # of the median tile's detail, from its least to its most
_SAME_EXPOSURE = 0.15  # EV


def brackets(line: Timeline, looks: Looks, gap: float) -> Iterator[Span]:
    """The exposure brackets among shots in order, as spans that do not overlap.

    A bracket is the longest run of two to nine shots, each within `gap` seconds of the one before, of one
    focal length and aperture, whose exposure (the bias they say, else time and ISO) takes every step of an
    even ladder once, in any order. The camera must have said that it brackets; without that, three, five,
    seven or nine shots count that look alike and get brighter as their exposure says. A phone's HDR picture
    and the plain one beside it are a bracket too.
    """
    fixed = line.near(1, gap) & _same(line.focal_length) & _same(line.f_number)
    steps = np.maximum(*(np.abs(np.nan_to_num(np.diff(values))) for values in (line.bias, line.level)))
    goes_on = fixed & (steps >= _LEAST_STEP)
    rendered = np.sort(np.stack([line.rendered[:-1], line.rendered[1:]]), axis=0)
    hdr = (rendered[0] == _HDR) & (rendered[1] == _HDR_ORIGINAL) & line.near(1, _HDR_SECONDS)
    # Of the shots that one can begin with, few are left; plain numbers are the faster for so short runs.
    reach = goes_on.tolist()
    bias, level, tagged = line.bias.tolist(), line.level.tolist(), line.bracketed.tolist()
    free = 0
    for first in np.flatnonzero(goes_on | hdr).tolist():
        if first < free:
            continue
        end = first + 1
        while end - first < _LONGEST_BRACKET and end <= len(reach) and reach[end - 1]:
            end += 1
        while end - first >= 2:
            by_bias = _is_ladder(bias[first:end])
            if (by_bias or _is_ladder(level[first:end])) and (
                all(tagged[first:end])
                or ((end - first) % 2 and _follows(line, looks, slice(first, end), by_bias))
            ):
                break
            end -= 1
        if end - first < 2 and hdr[first]:
            end = first + 2
        if end - first >= 2:
            free = end
            yield first, end


def _is_ladder(exposures: list[float]) -> bool:
    """Whether exposures in EV, in any order, are the rungs of an even ladder; NaN never is."""
    rungs = sorted(exposures)
    steps = [above - below for below, above in pairwise(rungs)]
    return all(step >= _LEAST_STEP for step in steps) and max(steps) - min(steps) <= _UNEVEN


def _follows(line: Timeline, looks: Looks, here: slice, by_bias: bool) -> bool:
    """Whether shots whose exposures are a ladder were meant as one, and their pictures show it."""
    ladder = line.bias[here] if by_bias else line.level[here]
    if not (by_bias or line.manual[here].all() or np.diff(np.sort(ladder)).min() >= _CLEAR_STEP):
        return False
    layout, brightness = looks[here, LOOK_LAYOUT], looks[here, LOOK_BRIGHTNESS] / np.log(2)
    if not (np.diff(brightness[np.argsort(ladder)]) > 0).all():
        return False
    if (layout[1:] * layout[:-1]).sum(1).min() < _ALIKE:
        return False
    off = ladder - ladder.mean()
    return bool(_FOLLOWS[0] <= off @ brightness / (off @ off) <= _FOLLOWS[1])


def seen_brackets(line: Timeline, looks: Looks, gap: float) -> Iterator[Span]:
    """The exposure brackets among shots of unknown time and exposure, as spans that do not overlap.

    Three, five, seven or nine neighbours that look alike are a bracket where their brightness, in EV, takes
    the steps of a nearly even ladder once each: up, down, or from the middle outward. `gap` has no say.
    """
    unsaid = np.isnan(line.time) & np.isnan(line.level) & np.isnan(line.bias)
    brightness = looks[:, LOOK_BRIGHTNESS] / np.log(2)
    goes_on = line.near(1, gap) & unsaid[1:] & unsaid[:-1] & (np.abs(np.diff(brightness)) >= _LEAST_SEEN_STEP)
    pairs = np.flatnonzero(goes_on)
    layout = looks[:, LOOK_LAYOUT]
    goes_on[pairs] = np.einsum("nd,nd->n", layout[pairs], layout[pairs + 1]) >= _SEEN_ALIKE
    longest = np.zeros(len(line), np.intp)
    for length in range(3, min(_LONGEST_BRACKET, len(line)) + 1, 2):
        starts = np.flatnonzero(sliding_window_view(goes_on, length - 1).all(1))
        windows = sliding_window_view(brightness, length)[starts]
        longest[starts[_climbs(windows) & _in_bracket_order(windows)]] = length
    free = 0
    for first in np.flatnonzero(longest).tolist():
        if first >= free:
            free = first + int(longest[first])
            yield first, free


def _climbs(windows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n,) whether the numbers of each window (n, length), put in order, are a nearly even ladder."""
    steps = np.diff(np.sort(windows, axis=1), axis=1)
    mean = steps.mean(1)
    bends = np.abs(np.diff(steps, axis=1)).max(1)
    return np.asarray(
        (steps.min(1) >= _LEAST_SEEN_STEP) & (mean >= _MEAN_SEEN_STEP) & (bends <= _SEEN_UNEVEN * mean)
    )


def _in_bracket_order(windows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n,) whether the numbers of each window (n, length) come in an order in which cameras bracket.

    Upward, downward, or the middle one first: then the others upward, downward, or ever farther from it.
    """
    off = windows.argsort(1).argsort(1) - windows.shape[1] // 2
    rest = off[:, 1:]
    one_way = (np.diff(rest, axis=1) > 0).all(1) | (np.diff(rest, axis=1) < 0).all(1)
    widens = (np.diff(np.abs(rest), axis=1) >= 0).all(1)
    straight = np.abs(np.diff(off, axis=1)) == 1
    return np.asarray((straight.all(1) & one_way) | ((off[:, 0] == 0) & (one_way | widens)))


def sweeps(line: Timeline, looks: Looks, gap: float) -> Iterator[Span]:
    """The panorama sweeps among shots in order, as spans that do not overlap.

    A sweep is three or more shots, ten seconds apart at most, of one focal length, of which each shows the
    one before moved sideways by a quarter to three quarters of the width, always to the same side and by
    about the same. The shift is that at which what overlaps correlates best, row by row.
    """
    candidates = line.near(1, min(gap, _SWEEP_SECONDS)) & _same(line.focal_length)
    grids = looks[:, : LOOK_GRID[0] * LOOK_GRID[1]].reshape(-1, *LOOK_GRID)
    pairs = np.flatnonzero(candidates)
    pairs = pairs[_correlations(grids[pairs], grids[pairs + 1], 0) < _STAYED]
    shift = np.zeros(len(candidates), np.int64)
    best = np.full(len(pairs), _MATCH)
    for size in range(_SHIFTS[0], _SHIFTS[1] + 1):
        for signed in (size, -size):
            match = _correlations(grids[pairs], grids[pairs + 1], signed)
            better = match > best
            best[better] = match[better]
            shift[pairs[better]] = signed
    free = 0
    for first in np.flatnonzero(shift).tolist():
        if first < free:
            continue
        end = first + 1
        while end < len(shift) and _is_steady(shift[first : end + 1]):
            end += 1
        if end - first >= 2:
            free = end + 1
            yield first, free


def _is_steady(shifts: NDArray[np.int64]) -> bool:
    return bool(abs(np.sign(shifts).sum()) == len(shifts) and np.ptp(shifts) <= _STEADY)


def _correlations(before: Looks, after: Looks, shift: int) -> NDArray[np.float32]:
    """Of each pair of grids (n, rows, columns), how well they agree where they overlap: float32 (n,).

    The least of two correlations: as they are, and less the mean of each row; for what the rows differ in,
    as the sky from the ground, is the same at every shift.

    shift: in half columns; between two columns their mean is taken.
    """
    columns, whole = LOOK_GRID[1], abs(shift) // 2
    first, second = (before, after) if shift >= 0 else (after, before)
    left, right = first[:, :, whole:], second[:, :, : columns - whole]
    if shift % 2:
        left, right = (left[:, :, 1:] + left[:, :, :-1]) * np.float32(0.5), right[:, :, :-1]
    return np.minimum(_correlation(left, right, (1, 2)), _correlation(left, right, (2,)))


def _correlation(left: Looks, right: Looks, averaged: tuple[int, ...]) -> NDArray[np.float32]:
    left, right = (part - part.mean(averaged, keepdims=True) for part in (left, right))
    lengths = [np.einsum("nrc,nrc->n", part, part) + 1e-4 for part in (left, right)]
    return np.asarray(np.einsum("nrc,nrc->n", left, right) / np.sqrt(lengths[0] * lengths[1]), np.float32)


def focus_stacks(line: Timeline, looks: Looks, series: Sequence[NDArray[np.intp]]) -> list[bool]:
    """Which series, each the places of shots in order, are focus stacks.

    Five or more of one exposure that stand still, while the detail of every part of the picture rises and
    then falls, at its most in other shots here than there; or whose EXIF says a focus distance that only
    grows or only shrinks.
    """
    found = [False] * len(series)
    long = [number for number, places in enumerate(series) if len(places) >= _LEAST_STACK]
    for start in range(0, len(long), _STACKS_AT_ONCE):
        some = long[start : start + _STACKS_AT_ONCE]
        layout = looks[np.concatenate([series[number] for number in some]), LOOK_LAYOUT]
        moves = np.einsum("nd,nd->n", layout[1:], layout[:-1]) < _STANDS_STILL
        ends = np.cumsum([len(series[number]) for number in some]).tolist()
        for number, begin, end in zip(some, [0, *ends], ends, strict=False):
            if not moves[begin : end - 1].any():
                found[number] = _is_focus_stack(line, looks, series[number])
    return found


def _is_focus_stack(line: Timeline, looks: Looks, places: NDArray[np.intp]) -> bool:
    """Whether five or more shots that stand still are a focus stack."""
    level, bias, distance = line.level[places], line.bias[places], line.distance[places]
    if np.ptp(level) > _SAME_EXPOSURE or np.ptp(bias) > _SAME_EXPOSURE:
        return False
    with np.errstate(invalid="ignore"):  # from infinity to infinity
        moves = np.diff(distance)
    if (moves > 0).all() or (moves < 0).all():
        return True
    detail = looks[places, LOOK_DETAIL]
    if np.median(np.ptp(detail, axis=0)) < _LEAST_CHANGE:
        return False
    sharpest = detail.argmax(0)
    change = np.diff(detail, axis=0)
    rising = np.arange(len(change))[:, None] < sharpest
    wrong = np.where(rising, -change, change).clip(0).sum()
    return bool(
        wrong <= _RISE_AND_FALL * np.abs(change).sum()
        and len(np.unique(sharpest)) >= 3
        and np.ptp(sharpest) >= (len(places) - 1) / 2
    )


def _same(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n − 1,) whether neighbours are equal, as far as both are known."""
    return ~(np.abs(np.diff(values)) > 0.01 * np.abs(values[1:]))
