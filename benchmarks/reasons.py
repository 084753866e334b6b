"""Whether the reasons given are true: photos spoilt in one known way, and what is said of them.

python benchmarks/reasons.py FULLSIZE_FOLDER CLIVE_FOLDER

Every scene is taken twice by the simulated camera in a hand that never quite rests, once with a fault on
top; a clean take is the same photo reframed, re-encoded or a touch brighter or darker. The embedded ranker
orders the two, and the words that the second take gets are counted: the one that names the fault, and those
that neither name it nor follow from it. The thresholds of `phototriage.series.differences` were chosen on
the other half of the full-size photos, on Kodak's and on other photos of the challenge than these.
"""

import io
import math
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from phototriage.features import IQA_PLUS_COLUMNS, Block, Features, measure_iqa, measure_iqa_plus
from phototriage.ranker import load_embedded_ranker
from phototriage.series import Series, Shot, rank_series
from phototriage.simulation import Take, photograph

Pixels = NDArray[np.uint8]
FRAME = 0.86
LONG_SIDE = 930
DETAIL = Block("iqa_plus", "benchmark", IQA_PLUS_COLUMNS)
BLOWN = 0.02
"""Highlights are blown where so much more of the area is clipped."""


@dataclass(frozen=True)
class Fault:
    """strengths: of three sizes. names: words that name it. follows: what else is true of such a photo."""

    strengths: tuple[float, float, float]
    names: frozenset[str]
    follows: frozenset[str] = frozenset()
    spoil: Callable[[Take, float], Take] = lambda take, size: take
    after: Callable[[Pixels, float], Pixels] = lambda pixels, size: pixels
    quality: bool = False

    @property
    def is_clean(self) -> bool:
        return not self.names


def flattened(pixels: Pixels, share: float) -> Pixels:
    return np.asarray((pixels.mean() + (pixels - pixels.mean()) * share + 0.5).clip(0, 255), np.uint8)


def greyed(pixels: Pixels, share: float) -> Pixels:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float64)
    return np.asarray((grey + (pixels - grey) * share + 0.5).clip(0, 255), np.uint8)


def exposed(take: Take, stops: float) -> Take:
    return replace(take, exposure=take.exposure + stops)


def cropped(take: Take, zoom: float) -> Take:
    """The lower right corner is lost."""
    return replace(take, zoom=zoom, shift_x=400 * (zoom - 1), shift_y=260 * (zoom - 1))


BLUR = frozenset({"softer", "out of focus", "motion blur"})
DARK, BRIGHT = frozenset({"darker", "too dark"}), frozenset({"brighter", "too bright"})
BLOWN_WORDS = frozenset({"highlights blown"})
TONES = frozenset({"less colour", "less contrast", "more contrast"})
FAULTS = {
    "defocus, radius px": Fault(
        (0.7, 1.4, 2.8),
        frozenset({"softer", "out of focus"}),
        frozenset({"less contrast"}),
        lambda take, size: replace(take, defocus=size),
    ),
    "motion, px: any blur": Fault(
        (3, 6, 12), BLUR, frozenset({"less contrast"}), lambda take, size: replace(take, motion_blur=size)
    ),
    "motion, px: motion": Fault(
        (3, 6, 12),
        frozenset({"motion blur"}),
        BLUR | {"less contrast"},
        lambda take, size: replace(take, motion_blur=size),
    ),
    "underexposed, EV": Fault(
        (-0.5, -1, -2),
        DARK,
        TONES | {"shadows blocked", "highlights kept", "noisier"},
        exposed,
    ),
    "overexposed, EV: light": Fault((0.4, 0.8, 1.6), BRIGHT, TONES | BLOWN_WORDS | {"shadows open"}, exposed),
    "overexposed, EV: blown": Fault((0.4, 0.8, 1.6), BLOWN_WORDS, TONES | BRIGHT | {"shadows open"}, exposed),
    "noise, σ at mid grey": Fault(
        (0.01, 0.03, 0.09),
        frozenset({"noisier"}),
        frozenset({"shadows blocked"}),
        lambda take, size: replace(take, noise=take.noise + size),
    ),
    "warm cast, ln(red/blue)": Fault(
        (0.1, 0.2, 0.4),
        frozenset({"warmer"}),
        frozenset({"more colour"}),
        lambda take, size: replace(take, white_balance=take.white_balance + size),
    ),
    "cold cast, ln(red/blue)": Fault(
        (-0.1, -0.2, -0.4),
        frozenset({"cooler"}),
        frozenset({"less colour"}),
        lambda take, size: replace(take, white_balance=take.white_balance + size),
    ),
    "contrast, share left": Fault(
        (0.85, 0.7, 0.4),
        frozenset({"less contrast"}),
        frozenset({"less colour", "highlights kept", "shadows open"}),
        after=flattened,
    ),
    "colour, share left": Fault((0.8, 0.6, 0.2), frozenset({"less colour"}), after=greyed),
    "JPEG quality": Fault((60, 35, 10), frozenset({"compression marks"}), quality=True),
    "clean: zoomed": Fault((1.02, 1.05, 1.1), frozenset(), spoil=lambda take, size: replace(take, zoom=size)),
    "clean: shifted, px": Fault(
        (9, 18, 36), frozenset(), spoil=lambda take, size: replace(take, shift_x=size, shift_y=size / 3)
    ),
    "clean: cropped": Fault((1.02, 1.05, 1.1), frozenset(), spoil=cropped),
    "clean: re-encoded": Fault((95, 90, 85), frozenset(), quality=True),
    "clean: brighter, EV": Fault((0.03, 0.06, 0.1), frozenset(), spoil=exposed),
    "clean: darker, EV": Fault((-0.03, -0.06, -0.1), frozenset(), spoil=exposed),
}


def light(rng: np.random.Generator) -> Take:
    return Take(
        exposure=rng.normal(0, 0.12), noise=rng.uniform(0.001, 0.012), white_balance=rng.normal(0, 0.04)
    )


def by_hand(take: Take, rng: np.random.Generator) -> Take:
    """The unrest of `draw_takes`, in every take of a burst."""
    return replace(
        take,
        motion_blur=rng.uniform(0, 0.8),
        motion_angle=rng.uniform(0, 180),
        defocus=rng.uniform(0, 0.35),
        exposure=take.exposure + rng.normal(0, 0.04),
        shift_x=rng.normal(0, 2.5),
        shift_y=rng.normal(0, 2.0),
        rotation=rng.normal(0, 0.25),
        zoom=math.exp(rng.normal(0, 0.004)),
    )


def as_jpeg(pixels: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def measured(pixels: Pixels) -> NDArray[np.float32]:
    return np.concatenate([measure_iqa(pixels), measure_iqa_plus(pixels)])


def pairs(job: tuple[int, Path]) -> list[tuple[str, int, NDArray[np.float32], NDArray[np.float32]]]:
    """Fault, size, and the numbers of the good and of the spoilt take, of one scene."""
    number, source = job
    cv2.setNumThreads(1)
    scene = np.asarray(Image.open(source).convert("RGB"))
    share = LONG_SIDE / max(scene.shape[:2])
    if share < 1:
        scene = np.asarray(cv2.resize(scene, None, fx=share, fy=share, interpolation=cv2.INTER_AREA))
    size = (round(FRAME * scene.shape[0]), round(FRAME * scene.shape[1]))
    rng = np.random.default_rng([11, number])
    found = []
    for name, fault in FAULTS.items():
        for place, strength in enumerate(fault.strengths):
            common, quality = light(rng), int(rng.integers(86, 96))
            good_take, bad_take = (common if fault.is_clean else by_hand(common, rng) for _ in range(2))
            good = as_jpeg(photograph(scene, good_take, rng, size), quality)
            bad = fault.after(photograph(scene, fault.spoil(bad_take, strength), rng, size), strength)
            if fault.is_clean and fault.quality:
                bad = good
            bad = as_jpeg(bad, int(strength) if fault.quality else quality)
            found.append((name, place, measured(good), measured(bad)))
    return found


def words(good: NDArray[np.float32], spoilt: NDArray[np.float32]) -> Iterator[set[str]]:
    """All that is said of each spoilt take, its good one beside it."""
    photos = tuple(f"{kind}/{row}" for kind in ("good", "spoilt") for row in range(len(good)))
    matrix = np.concatenate([good, spoilt])
    ranker = load_embedded_ranker()
    features = Features(photos, matrix, (*ranker.blocks, DETAIL))
    shots = [Shot(photo, (photo,)) for photo in photos]
    bursts = [
        Series(str(row), "series", (shots[row], shots[row + len(good)]), None) for row in range(len(good))
    ]
    for series in rank_series(bursts, features, ranker):
        (of_spoilt,) = (each for each in series.photos if each.photo.startswith("spoilt"))
        yield {reason.words for reason in of_spoilt.reasons if reason.feature != "look"}


def newly_clipped(good: NDArray[np.float32], spoilt: NDArray[np.float32]) -> float:
    column = 4 + IQA_PLUS_COLUMNS.index("clipped_highlights")
    return float(np.exp(spoilt[column]) - np.exp(good[column]))


def main(fullsize: Path, clive: Path) -> None:
    sources = [*sorted(fullsize.glob("*.jpg"))[1::2], *sorted((clive / "photos").iterdir())[7::14]]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = [
            (source.parent == fullsize, *each)
            for source, scene in zip(sources, pool.imap(pairs, list(enumerate(sources))), strict=True)
            for each in scene
        ]
    report(found)


def report(found: list[tuple[bool, str, int, NDArray[np.float32], NDArray[np.float32]]]) -> None:
    """found: whether it is a full-size photo, and as of `pairs`."""
    said = list(words(np.array([good for *_, good, _ in found]), np.array([bad for *_, bad in found])))
    print("Per cent of the second takes, by size; full-size photos / challenge\n")
    print("| fault | sizes | named | another word | most often |")
    print("|---|---|---|---|---|")
    clean: dict[bool, list[bool]] = {True: [], False: []}
    for name, fault in FAULTS.items():
        cells: list[list[str]] = [[], []]
        which = Counter[str]()
        count = 0
        for is_full in (True, False):
            named, wrong = [], []
            for place in range(len(fault.strengths)):
                here = [
                    each
                    for (full, fault_name, size, good, bad), each in zip(found, said, strict=True)
                    if (full, fault_name, size) == (is_full, name, place)
                    and (fault.names != BLOWN_WORDS or newly_clipped(good, bad) >= BLOWN)
                ]
                others = [each - fault.follows - fault.names for each in here]
                named.append(percent([bool(fault.names & each) for each in here]))
                wrong.append(percent([bool(each) for each in others]))
                which.update(word for each in others for word in each)
                count += len(here)
                if fault.is_clean:
                    clean[is_full] += [bool(each) for each in others]
            cells[0].append(", ".join(named) if fault.names else "")
            cells[1].append(", ".join(wrong))
        often = ", ".join(f"{word} {times / count:.0%}" for word, times in which.most_common(3))
        sizes = ", ".join(f"{size:g}" for size in fault.strengths)
        print(f"| {name} | {sizes} | {' / '.join(cells[0])} | {' / '.join(cells[1])} | {often} |")
    print(f"\nany word on a clean take: {percent(clean[True])} / {percent(clean[False])} %")


def percent(hits: list[bool]) -> str:
    return f"{100 * np.mean(hits):.0f}" if hits else "–"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
