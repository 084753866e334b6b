"""What ranking a folder costs, beside one decode, the bare network and image quality, each measured alone.

python benchmarks/rank_speed.py KODAK_FOLDER [--photos 24] [--rounds 3] [--series 4]

Photos of 800 × 533 and of 12 megapixels are made from the pictures in the folder, and every sub-folder of
`--series` takes is one series, so that all photos compete. In every round, in turn:

decode     the photo at 800 pixels, as the pipeline has it
network    EfficientNet-Lite0 on ready pixels, one thread, batches of 16
iqa        the four image-quality numbers
iqa_plus   the sixteen further ones, which the default ranker reads too
detail     decoding in grey for 2,400 pixels, and the `detail` numbers
rank       `rank_folder` into an empty cache, with a decoding process per core

and the same `rank` again, with everything in the cache. Milliseconds of CPU a photo, of all processes,
medians over rounds. The ratio is rank ÷ (decode + network + image quality), where image quality is iqa
alone, or iqa and iqa_plus. All of it runs in the environment of decoding processes, lest what is measured
alone costs more than in them.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from PIL import Image

SIZES = {"800 × 533": (800, 533), "12 megapixels": (4243, 2828)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--series", type=int, default=4)
    options = parser.parse_args()
    from phototriage.features.decoding_pool import ENVIRONMENT

    if ENVIRONMENT.items() - os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ENVIRONMENT})
    cv2.setNumThreads(1)
    pictures = sorted(options.folder.rglob("*.png"))
    print("| photos | decode | network | iqa | iqa_plus | detail | rank | again | ratio | with iqa_plus |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, size in SIZES.items():
        with tempfile.TemporaryDirectory() as place:
            photos = write_photos(pictures, Path(place) / "photos", size, options.photos, options.series)
            rounds = [measure(photos, Path(place)) for _ in range(options.rounds)]
        found = {arm: 1000 * median(each[arm] for each in rounds) / len(photos) for arm in rounds[0]}
        least = found["decode"] + found["network"] + found["iqa"]
        cells = " | ".join(f"{found[arm]:.1f}" for arm in rounds[0])
        ratios = " | ".join(f"{found['rank'] / each:.2f}" for each in (least, least + found["iqa_plus"]))
        print(f"| {name} | {cells} | {ratios} |", flush=True)


def write_photos(
    pictures: list[Path], folder: Path, size: tuple[int, int], count: int, series: int
) -> list[Path]:
    photos = []
    for number in range(count):
        path = folder / f"{number // series:03d}" / f"{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(pictures[number % len(pictures)]) as picture:
            upright = picture.rotate(90, expand=True) if picture.height > picture.width else picture
            upright.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(path, quality=92)
        photos.append(path)
    return photos


def measure(photos: list[Path], place: Path) -> dict[str, float]:
    """Seconds of all photos, by arm."""
    # Imported here, because every decoding process imports this module, and that of the command is light.
    from phototriage import RankOptions, rank_folder
    from phototriage.features import (
        ExtractorOptions,
        build_extractors,
        measure_detail,
        measure_iqa,
        measure_iqa_plus,
    )
    from phototriage.features.block import LONG_SIDE
    from phototriage.features.extractors.detail import DETAIL_SIDE
    from phototriage.photos import decode

    data = [path.read_bytes() for path in photos]
    pixels = [decode(each, LONG_SIDE).pixels for each in data]
    (lite,) = build_extractors(["lite"], ExtractorOptions(), place)
    prepared = [lite.prepare(each) for each in pixels]
    lite(prepared[:1])
    cache = place / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    options = RankOptions(by_folder=True, cache_dir=cache)
    return {
        "decode": cpu(lambda: [decode(each, LONG_SIDE) for each in data]),
        "network": cpu(lambda: lite(prepared)),
        "iqa": cpu(lambda: [measure_iqa(each) for each in pixels]),
        "iqa_plus": cpu(lambda: [measure_iqa_plus(each) for each in pixels]),
        "detail": cpu(lambda: [measure_detail(decode(each, DETAIL_SIDE, grey=True).pixels) for each in data]),
        "rank": cpu(lambda: rank_folder(photos[0].parents[1], options)),
        "again": cpu(lambda: rank_folder(photos[0].parents[1], options)),
    }


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU time of this process and of those it started and has ended."""
    before = os.times()
    work()
    after = os.times()
    return sum(np.subtract(after[:4], before[:4]))


if __name__ == "__main__":
    main()
