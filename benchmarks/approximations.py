"""What two shortcuts do to the features: decoding JPEG at a fraction of its size, and CLIP in 8 bits.

python benchmarks/approximations.py LARGE_PHOTOS CLIVE_FOLDER

LARGE_PHOTOS: a folder of photos of 4 megapixels and more, of any format; each is made a JPEG first. Random
full-size weights stand for CLIP and ResNet, so their rows say how the shortcuts carry through a network of
that shape, not through the trained one.
"""

import io
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedded_model import RECIPE
from extraction import random_weights
from phototriage.errors import PhotoError
from phototriage.evaluation import ranker_scorer
from phototriage.features import ExtractorOptions, FeatureExtractor, Features, MultiFeatureExtractor
from phototriage.labels import read_labels, split_by_series
from phototriage.photos import decode, discover
from phototriage.ranker.training import train

LARGE = 4_000_000
QUALITY = 92


def main(large: Path, clive: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        options = ExtractorOptions(weights_dir=random_weights(Path(scratch) / "weights"), device="cpu")
        scaled_decoding(large, options, Path(scratch))
        eight_bits(clive, options, Path(scratch))


def scaled_decoding(folder: Path, options: ExtractorOptions, cache: Path) -> None:
    whole: list[NDArray[np.uint8]] = []
    scaled: list[NDArray[np.uint8]] = []
    for path in discover(folder):
        try:
            photo = decode(path.read_bytes(), None)
        except PhotoError:
            continue
        if photo.width * photo.height >= LARGE:
            file = io.BytesIO()
            Image.fromarray(photo.pixels).save(file, "JPEG", quality=QUALITY)
            scaled.append(decode(file.getvalue(), 800).pixels)
            height, width = scaled[-1].shape[:2]
            full = np.asarray(Image.open(file))
            whole.append(
                np.asarray(cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
            )
    print(f"{len(whole)} photos of {LARGE // 1_000_000} megapixels and more, as JPEG: decoded at a fraction,")
    print("then area-averaged to 800 pixels, against decoded whole and then area-averaged\n")
    print("| feature | largest change |\n|---|---|")
    for extractor in MultiFeatureExtractor(("clip", "resnet", "iqa", "iqa_plus"), options, cache).extractors:
        before, after = (features_of(extractor, pixels) for pixels in (whole, scaled))
        if extractor.block.dim > 100:
            print(f"| {extractor.block.name} | cosine down to {cosines(before, after).min():.5f} |")
        else:
            for column, name in enumerate(extractor.block.columns):
                change = np.abs(after - before)[:, column].max()
                largest = before[:, column].max()
                print(f"| {extractor.block.name} {name} | {change:.4f} (values to {largest:.2f}) |")


def eight_bits(clive: Path, options: ExtractorOptions, cache: Path) -> None:
    comparisons = read_labels(clive / "comparisons.csv").comparisons
    photos = comparisons.photos
    pixels = [decode((clive / "photos" / photo).read_bytes(), 800).pixels for photo in photos]
    found = {}
    for precision in ("fp32", "int8"):
        chosen = replace(options, precision=precision)
        (extractor,) = MultiFeatureExtractor(("clip",), chosen, cache).extractors
        # One block, so that a ranker trained on the one may be given the other.
        found[precision] = Features(photos, features_of(extractor, pixels), (extractor.block,))
    split = split_by_series(comparisons, 0, (0.6, 0.1, 0.3))
    ranker = train(split, found["fp32"], RECIPE).ranker
    swapped = replace(found["int8"], blocks=found["fp32"].blocks)
    scores = [ranker_scorer("", ranker, features).scores for features in (found["fp32"], swapped)]
    table = split.test.table
    leads = [table["photo_a"].map(dict(each)) - table["photo_b"].map(dict(each)) for each in scores]
    tops = [
        {series: max(group, key=each.__getitem__) for series, group in split.test.photos_by_series().items()}
        for each in scores
    ]
    same_order = np.mean(np.sign(leads[0]) == np.sign(leads[1]))
    same_top = np.mean([tops[0][series] == tops[1][series] for series in tops[0]])
    cosine = cosines(found["fp32"].matrix, found["int8"].matrix).min()
    print(
        f"\nCLIP in 8 bits against float32, {len(photos)} photos, a ranker trained on the latter: "
        f"cosine down to {cosine:.4f}; {same_order:.1%} of {len(table)} held-out pairs in the same order; "
        f"{same_top:.1%} of {len(tops[0])} groups with the same first photo"
    )


def features_of(extractor: FeatureExtractor, pixels: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    return extractor([extractor.prepare(photo) for photo in pixels])


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
