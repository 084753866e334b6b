"""Whether the `detail` numbers tell faults that only full size shows, and what weight people give them.

python benchmarks/detail.py SHARED_FOLDER

The folder holds fullsize/ (photos of several megapixels), kodak/ and opinions/tid2013.csv. Each photo is
brought to 2,400 pixels, framed a little otherwise, spoilt in one way, and saved as JPEG. The first table has
the share of photos where a number is on the right side of that of a sound take, and where it is so by more
than two sound takes differ in 95 % of the photos. The second has the share of pairs in which the embedded
ranker puts the sound take first, by weights of noise and acutance: odd photos chose them, even ones confirm.
The third has what TID2013's observers say: log-odds of being preferred to other pictures of the same scene.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lite_sizes import TAKES as SPOILT
from lite_sizes import noise
from phototriage.features import DETAIL_COLUMNS, ExtractorOptions, build_extractors, measure_detail
from phototriage.features.block import LONG_SIDE
from phototriage.features.extractors.detail import DETAIL_SIDE
from phototriage.photos import decode, load
from phototriage.photos.geometry import fitted_size, shrink
from phototriage.ranker import load_embedded_ranker
from phototriage.series.full_size import ACUTANCE_LOG_ODDS, NOISE_LOG_ODDS

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float64] | NDArray[np.float32]
Spoil = Callable[[Pixels, np.random.Generator], Pixels]
NOISE, ACUTANCE, BLUR, MOTION = range(4)
PSNRS = (33, 30, 27, 24, 21)  # of TID2013's levels, dB


def main(shared: Path) -> None:
    numbers, scores = takes(sorted((shared / "fullsize").glob("*.jpg")))
    told_apart(numbers)
    order(numbers, scores)
    opinions(shared)


def blurred(photo: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), sigma), np.uint8)


TAKES: dict[str, Spoil] = {
    "sound": SPOILT["sound"],
    "sound again": SPOILT["sound"],
    **{name: SPOILT[name] for name in ("noise σ .03", "noise σ .055", "blur σ 1.3 px", "shake 5 px")},
}
FAULTS = list(TAKES)[2:]


def takes(photos: list[Path]) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
    """Take → float (photos, columns) of `detail`, and (photos,) log-odds of the embedded ranker."""
    ranker = load_embedded_ranker()
    extractors = build_extractors([block.name for block in ranker.blocks], ExtractorOptions(), Path())
    numbers: dict[str, list[Numbers]] = {name: [] for name in TAKES}
    scores: dict[str, list[float]] = {name: [] for name in TAKES}
    for path in photos:
        whole = load(path, DETAIL_SIDE).pixels
        height, width = whole.shape[:2]
        for place, (name, spoil) in enumerate(TAKES.items()):
            rng = np.random.default_rng([int(path.stem), place])
            top, left = rng.integers(0, height // 50), rng.integers(0, width // 50)
            take = spoil(whole[top : top + height * 49 // 50, left : left + width * 49 // 50], rng)
            jpeg = cv2.imencode(".jpg", cv2.cvtColor(take, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 95])
            data = jpeg[1].tobytes()
            numbers[name].append(measure_detail(decode(data, DETAIL_SIDE, grey=True).pixels))
            small = decode(data, None).pixels
            small = shrink(small, fitted_size(small.shape[1], small.shape[0], LONG_SIDE))
            row = np.hstack([extractor([extractor.prepare(small)]) for extractor in extractors])
            scores[name].append(float(ranker.scores_of(row)[0]) / ranker.temperature)
    return (
        {name: np.array(each, float) for name, each in numbers.items()},
        {name: np.array(each) for name, each in scores.items()},
    )


def told_apart(numbers: dict[str, Numbers]) -> None:
    print("\n| fault | number | on the right side % | beyond sound takes % | sound | with the fault |")
    print("|---|---|---|---|---|---|")
    for fault, column, sign in (
        ("noise σ .03", NOISE, 1),
        ("noise σ .055", NOISE, 1),
        ("blur σ 1.3 px", ACUTANCE, -1),
        ("blur σ 1.3 px", BLUR, 1),
        ("shake 5 px", ACUTANCE, -1),
        ("shake 5 px", MOTION, 1),
    ):
        sound, again, spoilt = (numbers[name][:, column] for name in ("sound", "sound again", fault))
        least = np.percentile(np.abs(again - sound), 95)
        right, beyond = (100 * np.mean(sign * (spoilt - sound) > limit) for limit in (0, least))
        medians = f"{np.median(sound):.2f} | {np.median(spoilt):.2f}"
        print(f"| {fault} | {DETAIL_COLUMNS[column]} | {right:.0f} | {beyond:.0f} | {medians} |")


def order(numbers: dict[str, Numbers], scores: dict[str, Numbers]) -> None:
    for half, rows in (("odd photos", slice(0, None, 2)), ("even photos", slice(1, None, 2))):
        print(f"\n| noise a level | acutance | {half}: {' | '.join(FAULTS)} |")
        print("|" + "---|" * (2 + len(FAULTS)))
        chosen = (-NOISE_LOG_ODDS, ACUTANCE_LOG_ODDS)
        for by_noise, by_acutance in ((0, 0), (0.1, 0), (0.2, 0), (0, 1), (0.05, 1), chosen, (0.2, 1)):
            total = {
                name: scores[name] - by_noise * each[:, NOISE] + by_acutance * each[:, ACUTANCE]
                for name, each in numbers.items()
            }
            shares = [
                np.mean([total[sound][rows] > total[fault][rows] for sound in ("sound", "sound again")])
                for fault in FAULTS
            ]
            cells = " | ".join(f"{100 * share:.0f}" for share in shares)
            print(f"| {by_noise:g} | {by_acutance:g} | {cells} |")


def opinions(shared: Path) -> None:
    """The slopes within scenes, of noise and blur made again at the PSNRs of TID2013's levels."""
    table = pd.read_csv(shared / "opinions" / "tid2013.csv").set_index(["scene", "distortion", "level"])[
        "mos"
    ]
    rows = []
    for scene in range(1, 19):
        photo = load(next((shared / "kodak").rglob(f"{scene:02d}.*")), None).pixels
        top, left = (photo.shape[0] - 384) // 2, (photo.shape[1] - 512) // 2
        sound = photo[max(0, top) :, max(0, left) :][:512, :512]
        reference = measured(sound)
        for level, psnr in enumerate(PSNRS, 1):
            spread = 10 ** (-psnr / 20)
            for fault, spoilt, column in (
                (1, noise(spread)(sound, np.random.default_rng(scene)), NOISE),
                (8, blurred_to(sound, 255 * spread), ACUTANCE),
            ):
                mos = table[scene, fault, level]
                rows.append(
                    (scene, fault, np.log(mos / (9 - mos)), measured(spoilt)[column] - reference[column])
                )
    found = pd.DataFrame(rows, columns=["scene", "fault", "log_odds", "number"])
    print("\n| TID2013, 18 scenes | log-odds a unit |")
    print("|---|---|")
    for fault, name in ((1, "noise, a grey level"), (8, "acutance")):
        here = found[found["fault"] == fault]
        x, y = (here[each] - here.groupby("scene")[each].transform("mean") for each in ("number", "log_odds"))
        print(f"| {name} | {(x * y).sum() / (x * x).sum():+.3f} |")


def measured(photo: Pixels) -> NDArray[np.float32]:
    return measure_detail(np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.uint8))


def blurred_to(photo: Pixels, error: float) -> Pixels:
    """Blurred so far that the root mean square difference is `error`, in levels."""
    low, high = 0.1, 30.0
    for _ in range(18):
        sigma = float(np.sqrt(low * high))
        found = blurred(photo, sigma)
        if np.sqrt(np.mean((found.astype(float) - photo) ** 2)) < error:
            low = sigma
        else:
            high = sigma
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
