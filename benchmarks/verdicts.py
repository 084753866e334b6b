"""What `rank` says of mildly spoilt photos.

python benchmarks/verdicts.py FULLSIZE_FOLDER [WORK_FOLDER]

Makes a burst of each photo at 2,400 pixels: two sound takes, framed a little differently, and one per fault.
Ranks them as JPEG files, as `phototriage rank` does. Odd photos were seen while the thresholds of words were
chosen, even ones were not; the default ranker learned from 16 of them.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from lite_sizes import TAKES, working
from phototriage import Ranking, RankOptions, rank_folder

WORDS = {
    "noise σ .03": {"noisier"},
    "noise σ .055": {"noisier"},
    "blur σ 1.3 px": {"softer", "out of focus", "motion blur"},
    "shake 5 px": {"softer", "out of focus", "motion blur"},
    "+.8 EV": {"brighter", "too bright", "highlights blown"},
    "−.8 EV": {"darker", "too dark", "shadows blocked"},
}
"""Words that name the fault."""

PLACES = ("sound", "again", *WORDS)


def main(fullsize: Path, work: Path) -> None:
    photos = sorted(fullsize.glob("*.jpg"))
    for photo in photos:
        write_burst(photo, work / "bursts" / photo.stem)
    ranking = rank_folder(work / "bursts", RankOptions(by_folder=True, cache_dir=work / "cache"))
    for half, chosen in (("odd", 1), ("even", 0)):
        report(half, ranking, {path.stem for path in photos if int(path.stem) % 2 == chosen})


def write_burst(photo: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    whole = working(photo)
    height, width = whole.shape[:2]
    for place, name in enumerate(PLACES):
        rng = np.random.default_rng([int(photo.stem), place])
        top, left = rng.integers(0, height // 50), rng.integers(0, width // 50)
        framed = whole[top : top + height * 49 // 50, left : left + width * 49 // 50]
        take = TAKES["sound" if name == "again" else name](framed, rng)
        Image.fromarray(take).save(folder / f"{place}.jpg", quality=95)


def report(half: str, ranking: Ranking, stems: set[str]) -> None:
    bursts = [
        {PLACES[int(Path(each.photo).stem)]: each for each in series.photos}
        for series in ranking.series
        if series.name.partition("/")[0] in stems
    ]
    print(f"\n{half} photos: {len(bursts)} bursts\n")
    print("| fault | below both sound takes % | close % | named % |")
    print("|---|---|---|---|")
    for fault, words in WORDS.items():
        found = [
            (
                burst[fault].rank > max(burst["sound"].rank, burst["again"].rank),
                burst[fault].verdict == "close",
                bool(words & {reason.words for reason in burst[fault].reasons}),
            )
            for burst in bursts
            if burst[fault].verdict != "pick"
        ]
        picked = sum(burst[fault].verdict == "pick" for burst in bursts)
        below, close, named = 100 * np.mean([*found, *[(False, False, False)] * picked], axis=0)
        print(f"| {fault} | {below:.0f} | {close:.0f} | {named:.0f} |")
    frames = [each for burst in bursts for each in burst.values()]
    sound = [burst[name] for burst in bursts for name in ("sound", "again")]
    starred = sum(each.verdict == "pick" or each.alternative for each in frames)
    picks = sum(each.verdict == "pick" for each in sound)
    wrong = sum(any(reason.is_fault for reason in each.reasons) for each in sound)
    print(f"\nthe pick is a sound take in {picks} of {len(bursts)} bursts")
    print(f"a fault is said of {wrong} of {len(sound)} sound takes")
    print(f"five or four stars: {starred} of {len(frames)} frames")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else folder))
