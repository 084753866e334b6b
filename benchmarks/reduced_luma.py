"""Whether `detail` tells faults apart as well on luma that the JPEG decoder halved as on area averages.

python benchmarks/reduced_luma.py FULLSIZE_FOLDER

The photos of 4,800 pixels and more are spoilt at their full size, as much as `benchmarks/detail.py` does at
2,400 pixels, and saved as JPEG. Each number is shown as its median over photos, for both ways of decoding,
with the share of photos in which it is on the right side of that of two sound takes, framed differently.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from phototriage.features import measure_detail
from phototriage.features.extractors.detail import DETAIL_SIDE
from phototriage.photos import decode, load
from phototriage.photos.geometry import fitted_size, shrink

NUMBERS = {"noise": 1, "acutance": -1, "blur": 1, "motion_length": 1}
"""Column → whether a fault raises it."""
TOLD_BY = {
    "noise σ .03": ("noise",),
    "blur σ 1.3 px": ("acutance", "blur"),
    "shake 5 px": ("acutance", "motion_length"),
}

Pixels = NDArray[np.uint8]


def main(folder: Path) -> None:
    photos = [
        pixels
        for path in sorted(folder.glob("*.jpg"))
        if max((pixels := load(path, None).pixels).shape) > 2 * DETAIL_SIDE
    ]
    found = {
        way: np.array([[measure(take) for take in takes(photo)] for photo in photos])
        for way, measure in WAYS.items()
    }
    print(f"{len(photos)} photos\n")
    print("| decoded | fault | number | sound | with the fault | on the right side % |")
    print("|---|---|---|---|---|---|")
    for way, numbers in found.items():
        for place, (fault, columns) in enumerate(TOLD_BY.items()):
            for column in columns:
                values = NUMBERS[column] * numbers[:, :, list(NUMBERS).index(column)]
                right = (values[:, 2 + place] > values[:, :2].max(axis=1)).mean()
                sound, spoilt = np.abs(np.median(values[:, [0, 2 + place]], axis=0))
                print(f"| {way} | {fault} | {column} | {sound:.2f} | {spoilt:.2f} | {100 * right:.0f} |")


def takes(photo: Pixels) -> list[bytes]:
    """Two sound ones, and one with each fault."""
    scale = max(photo.shape) / DETAIL_SIDE
    height, width = photo.shape[:2]
    coarse = np.random.default_rng(0).normal(0, 0.03 * 255, (int(height / scale), int(width / scale), 3))
    noise = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    length = round(5 * scale)
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1 / length
    made = (
        photo,
        photo[height // 50 :, width // 50 :],
        np.clip(photo + noise, 0, 255).astype(np.uint8),
        cv2.GaussianBlur(photo, (0, 0), 1.3 * scale),
        cv2.filter2D(photo, -1, line),
    )
    quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
    return [
        cv2.imencode(".jpg", cv2.cvtColor(each, cv2.COLOR_RGB2BGR), quality)[1].tobytes() for each in made
    ]


def averaged(data: bytes) -> NDArray[np.float32]:
    whole = decode(data, None, grey=True).pixels
    return measure_detail(shrink(whole, fitted_size(whole.shape[1], whole.shape[0], DETAIL_SIDE)))


def halved(data: bytes) -> NDArray[np.float32]:
    return measure_detail(decode(data, DETAIL_SIDE, grey=True).pixels)


WAYS = {"whole": averaged, "halved": halved}

if __name__ == "__main__":
    main(Path(sys.argv[1]))
