"""Closed eyes in simulated bursts: the same person's most open frame as the measure, against a fixed one.

python benchmarks/face_bursts.py SHARED_FOLDER [--people 3] [--frames 6]

The folder holds weights/ and faces/ (eyes.csv and photos/).

A burst has some people in some frames. A person is one crop with open eyes and one with closed eyes, of
another person, since no crops show the same one both ways; a frame shows either, moved, leaned, scaled,
relit, blurred and encoded a little otherwise. Each person's eyes are open in two frames at least. The crops
are for evaluation: nothing is tuned on them, and a few labels are wrong.

absolute: eyes are closed from one `blink` on, whoever it is. relative: as `phototriage rank` has it, beside
the person's most open frame. frames: pairs of frames of a burst in which different numbers of people blink,
and how often the rule puts the one with fewer first; half where it cannot tell. squinters: the quarter of
people who read as most closed with their eyes open (a squint, a laugh, glasses, eyes that look down).
"""

import argparse
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from faces import Pixels, crops, encoded, faces_in, networks_of, on_canvas, scaled_to
from phototriage.features.extractors.faces.networks import Networks
from phototriage.features.extractors.faces.yunet import Detection
from phototriage.series.faces.eyes import CLOSED, OPEN, closedness, visibility
from phototriage.series.faces.tracks import Track

HEIGHTS = (225, 112, 64, 48, 40)
P_CLOSED = 0.3
_LEAST_OPEN = 2

Crop = tuple[Pixels, Detection]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """One person in a burst. track: what was measured. shut: (frames,) whether the eyes are closed."""

    track: Track
    shut: NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--people", type=int, default=3)
    parser.add_argument("--frames", type=int, default=6)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    networks = networks_of(arguments.shared)
    taken = crops(arguments.shared, networks)
    wide, shut = (
        [(picture, face) for eyes, picture, face in taken if eyes == each] for each in ("open", "closed")
    )
    print(f"{len(wide)} people, {len(shut)} crops with closed eyes")
    print("| face height, px | found | AUC | caught | false | false, squinters | frames |")
    print("|---|---|---|---|---|---|---|")
    for height in HEIGHTS:
        rng = np.random.default_rng(height)
        people = [
            seen_in(person, shut[number % len(shut)], height, arguments.frames, networks, rng)
            for number, person in enumerate(wide)
        ]
        print(f"| {height} | {' | '.join(row(people, arguments.people))} |", flush=True)


def seen_in(
    wide: Crop, shut: Crop, height: float, frames: int, networks: Networks, rng: np.random.Generator
) -> Seen:
    closed = rng.random(frames) < P_CLOSED
    closed[rng.permutation(frames)[:_LEAST_OPEN]] = False
    track = []
    for each in closed:
        found = faces_in(on_canvas(frame_of(*(shut if each else wide), height, rng)), networks)
        track.append(max(found, key=lambda face: face.pixels) if found else None)
    return Seen(tuple(track), closed)


def frame_of(picture: Pixels, face: Detection, height: float, rng: np.random.Generator) -> Pixels:
    """A face of about that height as one frame of a burst has it."""
    photo = scaled_to(picture, face, height * rng.uniform(0.95, 1.05))
    size = photo.shape[1], photo.shape[0]
    lean = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), rng.uniform(-6, 6), 1)
    lean = lean + np.pad(rng.uniform(-2, 2, (2, 1)), ((0, 0), (2, 0)))
    moved = cv2.warpAffine(photo, lean, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if (sigma := rng.uniform(0, 0.008) * height) > 0.3:
        moved = cv2.GaussianBlur(moved, (0, 0), sigma)
    lit = moved * rng.uniform(0.75, 1.25) + rng.normal(0, 2, moved.shape)
    return encoded(lit.clip(0, 255).astype(np.uint8), int(rng.integers(85, 96)))


def row(people: list[Seen], together: int) -> list[str]:
    """The cells of a table; what is absolute before what is relative."""
    blink = np.array([[face.blink if face else np.nan for face in each.track] for each in people])
    shut = np.array([each.shut for each in people])
    there = np.isfinite(blink)
    most_open = np.where(there.sum(axis=1) > 1, np.fmax(OPEN, np.fmin.reduce(blink, axis=1)), OPEN)
    beside = blink - most_open[:, None]
    sure = [np.array([rule(each.track) for each in people]) for rule in (absolute, closedness)]
    squint = open_reading(blink, shut)
    squinters = squint >= np.nanquantile(squint, 0.75)
    cells = [f"{100 * there.mean():.0f} %", f"{auc(blink, shut):.3f}, {auc(beside, shut):.3f}"]
    judged = [each >= 0.5 for each in sure]
    for asked in (shut & there, ~shut & there, ~shut & there & squinters[:, None]):
        fixed, own = (100 * each[asked].mean() for each in judged)
        cells.append(f"{fixed:.1f}, {own:.1f} %")
    fixed, own = (100 * in_order(each, shut, together) for each in sure)
    cells.append(f"{fixed:.1f}, {own:.1f} %")
    return cells


def absolute(track: Track) -> Floats:
    """As `closedness`, were every person's most open frame the usual one."""
    blink = np.array([face.blink if face else np.nan for face in track])
    seen = visibility(np.array([face.pixels if face else 0.0 for face in track]))
    return np.where(seen > 0, seen * ((blink - CLOSED) / 0.2 + 0.5).clip(0, 1), np.nan)


def open_reading(blink: Floats, shut: NDArray[np.bool_]) -> Floats:
    """(people,) the median `blink` with open eyes; NaN for who was never found so."""
    lines = (line[~closed & np.isfinite(line)] for line, closed in zip(blink, shut, strict=True))
    return np.array([np.median(line) if len(line) else np.nan for line in lines])


def auc(value: Floats, shut: NDArray[np.bool_]) -> float:
    known = np.isfinite(value)
    high, low = value[shut & known], value[~shut & known]
    return float(np.mean(high[:, None] > low) + np.mean(high[:, None] == low) / 2)


def in_order(sure: Floats, shut: NDArray[np.bool_], together: int) -> float:
    """The share of pairs of frames that the sum over people puts in the true order."""
    right = []
    for begin in range(0, len(sure) - together + 1, together):
        rows = slice(begin, begin + together)
        said, true = np.nansum(sure[rows], axis=0), shut[rows].sum(axis=0)
        for a, b in combinations(range(len(true)), 2):
            if true[a] != true[b]:
                right.append((1 + np.sign((said[a] - said[b]) * (true[a] - true[b]))) / 2)
    return float(np.mean(right))


if __name__ == "__main__":
    main()
