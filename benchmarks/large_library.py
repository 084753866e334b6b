"""How long a large library takes whose photos were all measured before.

python benchmarks/large_library.py [--photos 100000]

Writes that many small files and, straight into the cache, made-up numbers, captures and looks for them:
bursts of one to six takes. Then `phototriage rank` runs on them as a person would run it, in a process of its
own; where its time goes is told by a profile of a second run.
"""

import argparse
import cProfile
import pstats
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from phototriage.cli import main as phototriage
from phototriage.features import ExtractorOptions, FeatureStore, build_extractors
from phototriage.features.cache.index import Content, PhotoIndex
from phototriage.photos import Capture, CaptureTime

_PER_FOLDER = 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=100_000)
    count = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as scratch:
        folder, cache_dir = Path(scratch) / "photos", Path(scratch) / "cache"
        fill(folder, cache_dir, count)
        command = ["rank", str(folder), "--cache_dir", str(cache_dir), "--quiet", "--csv"]
        for _ in range(3):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-m", "phototriage", *command, f"{scratch}/r.csv"], check=True)
            print(
                f"{count:,} photos found, grouped, ranked and written: {time.perf_counter() - started:.1f} s"
            )
        series = {line.split(",")[0] for line in Path(scratch, "r.csv").read_text().splitlines()[1:]}
        print(f"{len(series):,} series and single photos\n")
        with cProfile.Profile() as profile:
            phototriage([*command, f"{scratch}/again.csv"])
        pstats.Stats(profile).sort_stats("cumulative").print_stats("phototriage", 25)
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


def fill(folder: Path, cache_dir: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    takes = rng.integers(1, 7, count)
    burst = np.repeat(np.arange(count), takes)[:count]
    second = 120.0 * burst + np.arange(count) % 6
    start = datetime(2020, 1, 1)
    names = [f"{number:06d}" for number in range(count)]
    hashes = [f"{number:032x}" for number in range(count)]
    files = []
    for number, name in enumerate(names):
        path = folder / f"{number // _PER_FOLDER:03d}" / f"IMG_{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        files.append((path, path.stat(), hashes[number]))
    contents = {
        digest: Content(
            Capture(CaptureTime(start + timedelta(seconds=float(at)), None), "Maker", "Model", "1"), None
        )
        for digest, at in zip(hashes, second, strict=True)
    }
    with PhotoIndex(cache_dir) as index:
        index.remember(files, contents)
    for extractor in build_extractors(["iqa", "iqa_plus", "look"], ExtractorOptions(), cache_dir):
        scene = rng.normal(size=(burst[-1] + 1, extractor.block.dim)).astype(np.float32)
        numbers = scene[burst] + rng.normal(0, 0.1, (count, extractor.block.dim)).astype(np.float32)
        if extractor.block.name == "look":
            numbers[:, :90] /= np.linalg.norm(numbers[:, :90], axis=1, keepdims=True)
        else:
            numbers = np.abs(numbers)
        FeatureStore(cache_dir, extractor.block).add(hashes, numbers)


if __name__ == "__main__":
    main()
