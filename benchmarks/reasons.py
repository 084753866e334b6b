"""Whether the reasons given are true: photos spoilt in one known way, and what is said of them.

python benchmarks/reasons.py KODAK_FOLDER CLIVE_FOLDER

Every scene is taken twice by the simulated camera in a hand that never quite rests, once with a fault on
top. The embedded ranker orders the two, and the words that the spoilt take gets are counted: the one that
names the fault, and those that neither name it nor follow from it. The thresholds of
`phototriage.series.differences` were chosen on other photos and other drawn scenes than these.
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
from phototriage.simulation import Take, draw_scene, photograph

Pixels = NDArray[np.uint8]
FRAME = 0.86
LONG_SIDE = 930
DRAWN = range(300, 308)
DETAIL = Block("iqa_plus", "benchmark", IQA_PLUS_COLUMNS)


@dataclass(frozen=True)
class Fault:
    """strengths: of three sizes. word: its name. follows: what else is true of such a photo."""

    strengths: tuple[float, float, float]
    word: str
    follows: frozenset[str]
    spoil: Callable[[Take, float], Take] = lambda take, size: take
    after: Callable[[Pixels, float], Pixels] = lambda pixels, size: pixels
    quality: bool = False


def flattened(pixels: Pixels, share: float) -> Pixels:
    return np.asarray((pixels.mean() + (pixels - pixels.mean()) * share + 0.5).clip(0, 255), np.uint8)


def greyed(pixels: Pixels, share: float) -> Pixels:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float64)
    return np.asarray((grey + (pixels - grey) * share + 0.5).clip(0, 255), np.uint8)


SOFT = frozenset({"less fine detail", "less contrast"})
LIGHT = frozenset({"better exposed", "worse exposed", "less colour"})
FAULTS = {
    "defocus, radius px": Fault(
        (0.7, 1.4, 2.8), "softer", SOFT, lambda take, size: replace(take, defocus=size)
    ),
    "motion, px: softer": Fault(
        (3, 6, 12), "softer", SOFT | {"motion blur"}, lambda take, size: replace(take, motion_blur=size)
    ),
    "motion, px: motion blur": Fault(
        (3, 6, 12), "motion blur", SOFT | {"softer"}, lambda take, size: replace(take, motion_blur=size)
    ),
    "underexposed, EV": Fault(
        (-0.5, -1, -2),
        "darker",
        LIGHT | {"shadows blocked", "highlights kept", "more contrast", "less fine detail", "noisier"},
        lambda take, size: replace(take, exposure=take.exposure + size),
    ),
    "overexposed, EV: brighter": Fault(
        (0.4, 0.8, 1.6),
        "brighter",
        LIGHT | {"highlights clipped", "shadows open", "less contrast", "more fine detail"},
        lambda take, size: replace(take, exposure=take.exposure + size),
    ),
    "overexposed, EV: highlights": Fault(
        (0.4, 0.8, 1.6),
        "highlights clipped",
        LIGHT | {"brighter", "shadows open", "less contrast", "more fine detail"},
        lambda take, size: replace(take, exposure=take.exposure + size),
    ),
    "noise, σ at mid grey": Fault(
        (0.01, 0.03, 0.09),
        "noisier",
        frozenset({"shadows blocked"}),
        lambda take, size: replace(take, noise=take.noise + size),
    ),
    "warm cast, ln(red/blue)": Fault(
        (0.1, 0.2, 0.4),
        "warmer",
        frozenset({"more colour"}),
        lambda take, size: replace(take, white_balance=take.white_balance + size),
    ),
    "cold cast, ln(red/blue)": Fault(
        (-0.1, -0.2, -0.4),
        "cooler",
        frozenset({"less colour"}),
        lambda take, size: replace(take, white_balance=take.white_balance + size),
    ),
    "contrast, share left": Fault(
        (0.85, 0.7, 0.4),
        "less contrast",
        frozenset({"less colour", "highlights kept", "shadows open", "less fine detail", "worse exposed"})
        | {"compression marks"},
        after=flattened,
    ),
    "colour, share left": Fault((0.8, 0.6, 0.2), "less colour", frozenset(), after=greyed),
    "JPEG quality": Fault((60, 35, 10), "compression marks", frozenset({"less fine detail"}), quality=True),
    "none": Fault((1, 1, 1), "", frozenset()),
    "framing: zoom": Fault((1.02, 1.05, 1.1), "", frozenset(), lambda take, size: replace(take, zoom=size)),
    "framing: shift, px": Fault((9, 18, 36), "", frozenset(), lambda take, size: replace(take, shift_x=size)),
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


def measured(pixels: Pixels, quality: int) -> NDArray[np.float32]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    pixels = np.asarray(Image.open(file))
    return np.concatenate([measure_iqa(pixels), measure_iqa_plus(pixels)])


def pairs(job: tuple[int, Path | int]) -> list[tuple[str, int, NDArray[np.float32], NDArray[np.float32]]]:
    """Fault, size, and the numbers of the good and of the spoilt take, of one scene."""
    number, source = job
    cv2.setNumThreads(1)
    scene = (
        draw_scene(source, LONG_SIDE, round(LONG_SIDE / 1.5))
        if isinstance(source, int)
        else np.asarray(Image.open(source).convert("RGB"))
    )
    size = (round(FRAME * scene.shape[0]), round(FRAME * scene.shape[1]))
    rng = np.random.default_rng([11, number])
    found = []
    for name, fault in FAULTS.items():
        for place, strength in enumerate(fault.strengths):
            common, quality = light(rng), int(rng.integers(86, 96))
            good = photograph(scene, by_hand(common, rng), rng, size)
            bad = photograph(scene, fault.spoil(by_hand(common, rng), strength), rng, size)
            bad_quality = int(strength) if fault.quality else quality
            spoilt = measured(fault.after(bad, strength), bad_quality)
            found.append((name, place, measured(good, quality), spoilt))
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
        yield {reason.words for reason in of_spoilt.reasons}


def main(kodak: Path, clive: Path) -> None:
    sources = [*sorted(kodak.glob("*.png"))[1::2], *sorted((clive / "photos").iterdir())[8::16], *DRAWN]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = [each for scene in pool.imap(pairs, list(enumerate(sources))) for each in scene]
    said = list(words(np.array([good for *_, good, _ in found]), np.array([bad for *_, bad in found])))
    print(f"{len(sources)} scenes; per cent of the spoilt takes\n")
    print("| fault | sizes | named as | named, by size | another word, by size | most often |")
    print("|---|---|---|---|---|---|")
    for name, fault in FAULTS.items():
        named, wrong, which = [], [], Counter[str]()
        for place in range(len(fault.strengths)):
            here = [
                each
                for (fault_name, size, *_), each in zip(found, said, strict=True)
                if (fault_name, size) == (name, place)
            ]
            others = [each - fault.follows - {fault.word} for each in here]
            named.append(f"{np.mean([fault.word in each for each in here]):.0%}")
            wrong.append(f"{np.mean([bool(each) for each in others]):.0%}")
            which.update(word for each in others for word in each)
        count = 3 * len(sources)
        often = ", ".join(f"{word} {times / count:.0%}" for word, times in which.most_common(3))
        sizes = ", ".join(f"{size:g}" for size in fault.strengths)
        print(
            f"| {name} | {sizes} | {fault.word} | {', '.join(named) if fault.word else ''} "
            f"| {', '.join(wrong)} | {often} |"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
