"""Ranked series as pictures, with what `rank` says below each photo, for people to judge.

python benchmarks/contact_sheets.py OUT_FOLDER PHOTO_FOLDER... [--bursts FULLSIZE_FOLDER]

Every sub-folder of the photo folders is one series. With --bursts, five frames of each full-size photo with
an even number follow: two sound takes and three that are mildly spoilt, by faults that the number decides.
Each series becomes one PNG, best photo first.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from phototriage import Ranking, RankOptions, rank_folder
from phototriage.photos import load
from phototriage.series import RankedPhoto, RankedSeries
from verdicts import PLACES, write_burst

WIDTH, LINES = 400, 9
FRAMES = 3
"""Spoilt frames that a burst keeps."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--bursts", type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for folder in arguments.folders:
            draw(
                rank_folder(folder, RankOptions(by_folder=True, cache_dir=Path(work, "cache"))), arguments.out
            )
        if arguments.bursts:
            draw(bursts_of(arguments.bursts, Path(work)), arguments.out)


def bursts_of(fullsize: Path, work: Path) -> Ranking:
    for photo in sorted(fullsize.glob("*.jpg")):
        if int(photo.stem) % 2:
            continue
        burst = work / "bursts" / photo.stem
        write_burst(photo, burst)
        rng = np.random.default_rng(int(photo.stem))
        spoilt = rng.permutation(np.arange(2, len(PLACES)))
        for place in spoilt[FRAMES:]:
            (burst / f"{place}.jpg").unlink()
        for place in spoilt[:FRAMES]:
            name = PLACES[place].replace(" ", "_").replace("σ", "sigma").replace("−", "-")
            (burst / f"{place}.jpg").rename(burst / f"{name}.jpg")
    return rank_folder(work / "bursts", RankOptions(by_folder=True, cache_dir=work / "cache"))


def draw(ranking: Ranking, out: Path) -> None:
    for series in ranking.series:
        sheet_of(ranking.root, series).save(out / f"{ranking.root.name}-{series.name.replace('/', '-')}.png")


def sheet_of(root: Path, series: RankedSeries) -> Image.Image:
    pictures = [fitted(root / each.photo) for each in series.photos]
    font = ImageFont.load_default(15)
    height = max(picture.height for picture in pictures)
    sheet = Image.new("RGB", (len(pictures) * (WIDTH + 8), height + LINES * 20), "white")
    canvas = ImageDraw.Draw(sheet)
    for place, (picture, each) in enumerate(zip(pictures, series.photos, strict=True)):
        left = place * (WIDTH + 8)
        sheet.paste(picture, (left, 0))
        for line, text in enumerate(caption_of(each)):
            canvas.text((left + 4, height + 4 + 20 * line), text, "black", font)
    return sheet


def fitted(path: Path) -> Image.Image:
    """The whole photo, and below it the middle of it at 1:1."""
    pixels = load(path, None).pixels
    height, width = pixels.shape[:2]
    whole = cv2.resize(pixels, (WIDTH, round(height * WIDTH / width)), interpolation=cv2.INTER_AREA)
    top, left = max(height // 2 - 120, 0), max(width // 2 - WIDTH // 2, 0)
    detail = pixels[top : top + 240, left : left + WIDTH]
    both = np.full((len(whole) + len(detail), WIDTH, 3), 255, np.uint8)
    both[: len(whole)] = whole
    both[len(whole) :, : detail.shape[1]] = detail
    return Image.fromarray(both)


def caption_of(each: RankedPhoto) -> list[str]:
    mark = f"{each.verdict}{', alternative' if each.alternative else ''}"
    return [f"{each.rank}. {Path(each.photo).stem}: {mark} {each.probability_best:.2f}", *each.phrases]


if __name__ == "__main__":
    main()
