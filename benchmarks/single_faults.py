"""At which thresholds a photo by itself is called blurred, too dark or too bright.

python benchmarks/single_faults.py FULLSIZE_FOLDER KODAK_FOLDER CLIVE_FOLDER

Sound photos are those of the first two folders, and those of clive whose mean opinion is in the top quarter.
Each is also spoilt in known ways (lengths are pixels of a photo whose long side is 800). A number's threshold
is the one that flags at most 1 % of the sound photos; it is chosen on four fifths of the photos and judged on
the others. Of clive's photos in the bottom quarter of opinions, people say what they think, not why.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from degradations import Photo, exposure, gaussian_blur, motion_blur
from phototriage.features.extractors.iqa_plus import IQA_PLUS, IQA_PLUS_COLUMNS
from phototriage.photos import load
from phototriage.web.faults import faults_of_numbers

FOLDS = 5
MOST_FALSE_ALARMS = 0.01
SPOILT = {
    "blurred": (
        ("gaussian, σ 1.5 px", lambda photo, rng: gaussian_blur(photo, 1.5, rng)),
        ("gaussian, σ 2.5 px", lambda photo, rng: gaussian_blur(photo, 2.5, rng)),
        ("gaussian, σ 4 px", lambda photo, rng: gaussian_blur(photo, 4, rng)),
        ("motion, 12 px", lambda photo, rng: motion_blur(photo, 12, rng)),
        ("motion, 24 px", lambda photo, rng: motion_blur(photo, 24, rng)),
    ),
    "too dark": tuple(
        (f"{stops} EV", lambda photo, rng, stops=stops: exposure(photo, stops, rng)) for stops in (-2, -3, -4)
    ),
    "too bright": tuple(
        (f"+{stops} EV", lambda photo, rng, stops=stops: exposure(photo, stops, rng)) for stops in (1.5, 2, 3)
    ),
}
NUMBERS = {
    "blurred": (("smoothness_half", 1), ("smoothness", 1), ("sharpest_half", -1), ("sharpest", -1)),
    "too dark": (("brightness", -1), ("shadow", -1), ("clipped_shadows", 1)),
    "too bright": (("brightness", 1), ("shadow", 1), ("clipped_highlights", 1)),
}
"""By fault, the numbers that may tell it, and whether they rise (1) or fall (−1) with it."""

Values = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("fullsize", "kodak", "clive"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    opinion = pd.read_csv(arguments.clive / "ratings.csv").set_index("photo")["mos"]
    low, high = opinion.quantile([0.25, 0.75])
    groups = {
        "fullsize": sorted(arguments.fullsize.glob("*.jpg")),
        "kodak": sorted(arguments.kodak.glob("*.png")),
        "clive, best": [arguments.clive / "photos" / name for name in sorted(opinion[opinion >= high].index)],
        "clive, worst": [arguments.clive / "photos" / name for name in sorted(opinion[opinion <= low].index)],
    }
    measured = {name: np.array([numbers_of(path) for path in paths]) for name, paths in groups.items()}
    sound = np.concatenate([values for name, values in measured.items() if name != "clive, worst"])
    # (photos, variants, numbers): the sound photo, then all of its spoilt versions.
    print(f"{len(sound)} sound photos\n")
    fold = np.random.default_rng(0).permutation(len(sound)) % FOLDS
    print("| fault | number | threshold | false alarms, % | caught, % |\n|---|---|---|---|---|")
    for fault, numbers in NUMBERS.items():
        for number, sign in numbers:
            print(f"| {fault} | {number} | {judged(sound, fold, fault, number, sign)} |")
    print(
        "\nas `faults_of` says:\n\n| photos | blurred, % | too dark, % | too bright, % |\n|---|---|---|---|"
    )
    for name, values in measured.items():
        print(f"| {name} ({len(values)}) | {shares(values[:, 0])} |")
    for place, (_, version) in enumerate(versions(), 1):
        print(f"| sound, {version} | {shares(sound[:, place])} |")


def versions() -> list[tuple[str, str]]:
    """Of every spoilt version its fault and its name."""
    return [(fault, name) for fault, ways in SPOILT.items() for name, _ in ways]


def numbers_of(path: Path) -> Values:
    """(1 + versions, numbers) of a photo and its spoilt versions."""
    photo: Photo = load(path, 800).pixels
    rng = np.random.default_rng(sum(path.name.encode()))
    spoilt = [spoil(photo, rng) for ways in SPOILT.values() for _, spoil in ways]
    shown = [photo, *spoilt]
    return np.asarray(IQA_PLUS([IQA_PLUS.prepare(pixels) for pixels in shown]), np.float64)


def judged(sound: Values, fold: NDArray[np.intp], fault: str, number: str, sign: int) -> str:
    """Threshold of all photos, false alarms and catches of photos that had no part in theirs."""
    values = sign * sound[:, :, IQA_PLUS_COLUMNS.index(number)]
    places = [place for place, (each, _) in enumerate(versions(), 1) if each == fault]
    flagged = np.empty((len(sound), values.shape[1]), bool)
    for held_out in range(FOLDS):
        threshold = np.quantile(values[fold != held_out, 0], 1 - MOST_FALSE_ALARMS)
        flagged[fold == held_out] = values[fold == held_out] > threshold
    threshold = sign * np.quantile(values[:, 0], 1 - MOST_FALSE_ALARMS)
    names = [name for each, name in versions() if each == fault]
    caught = ", ".join(
        f"{name}: {100 * flagged[:, place].mean():.0f}" for name, place in zip(names, places, strict=True)
    )
    return f"{threshold:.3f} | {100 * flagged[:, 0].mean():.1f} | {caught}"


def shares(values: Values) -> str:
    columns: Mapping[str, Values] = {name: values[:, place] for place, name in enumerate(IQA_PLUS_COLUMNS)}
    return " | ".join(f"{100 * found.mean():.1f}" for found in faults_of_numbers(columns).values())


if __name__ == "__main__":
    main()
