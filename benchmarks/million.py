"""How long, and in how much memory, `phototriage rank` ranks a library whose photos were all measured before.

python benchmarks/million.py [--photos 1000000] [--folder FOLDER] [--profile]

Writes that many empty files and, straight into the cache, made-up numbers, captures and looks for them:
bursts of one to six takes, of which a third is spoilt, a thousand photos in a folder. Then `phototriage rank`
runs on them as a person would run it, in a process of its own. With --folder the library is kept, and used
again if it is there.
"""

import argparse
import cProfile
import hashlib
import os
import pstats
import resource
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
_AT_ONCE = 20_000
_START = datetime(2000, 1, 1)
_BLOCKS = ("lite", "iqa", "iqa_plus", "look", "detail")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = arguments.folder or Path(scratch)
        folder, cache_dir = place / "photos", place / "cache"
        if not folder.exists():
            fill(folder, cache_dir, arguments.photos)
        count = sum(len(files) for _, _, files in os.walk(folder))
        command = ["rank", str(folder), "--cache_dir", str(cache_dir), "--quiet", "--csv"]
        if arguments.profile:
            with cProfile.Profile() as profile:
                phototriage([*command, f"{scratch}/profiled.csv"])
            statistics = pstats.Stats(profile)
            statistics.sort_stats("cumulative").print_stats("phototriage", 45)
            statistics.sort_stats("tottime").print_stats(40)
            return
        for _ in range(arguments.runs):
            started = time.perf_counter()
            program = [sys.executable, "-m", "phototriage"]
            subprocess.run([*program, *command, f"{scratch}/r.csv"], check=True)
            seconds = time.perf_counter() - started
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            print(
                f"{count:,} photos ranked and written: {seconds:.1f} s, at most "
                f"{used.ru_maxrss / 1e6:.2f} GB in memory, {used.ru_utime + used.ru_stime:.0f} s of "
                "processor time so far",
                flush=True,
            )
        written = Path(scratch, "r.csv").read_bytes()
        series = {line.split(b",")[0] for line in written.splitlines()[1:]}
        print(f"{len(series):,} series and single photos, SHA-256 {hashlib.sha256(written).hexdigest()[:16]}")


def fill(folder: Path, cache_dir: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    takes = rng.integers(1, 7, count)
    burst = np.repeat(np.arange(count), takes)[:count]
    second = 120.0 * burst + np.arange(count) % 6
    stores = [
        FeatureStore(cache_dir, extractor.block)
        for extractor in build_extractors(_BLOCKS, ExtractorOptions(), cache_dir)
    ]
    for start in range(0, count, _AT_ONCE):
        numbers = np.arange(start, min(start + _AT_ONCE, count))
        hashes = [f"{number * 2654435761 % 2**32:08x}{number:024x}" for number in numbers.tolist()]
        files = []
        for number, digest in zip(numbers.tolist(), hashes, strict=True):
            path = folder / f"{number // _PER_FOLDER:04d}" / f"IMG_{number:07d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            files.append((path, path.stat(), digest))
        captures = [
            Capture(CaptureTime(_START + timedelta(seconds=at), None), "Maker", "Model", "1")
            for at in second[numbers].tolist()
        ]
        with PhotoIndex(cache_dir) as index:
            index.remember(files, dict(zip(hashes, (Content(each, None) for each in captures), strict=True)))
        scenes, scene = np.unique(burst[numbers], return_inverse=True)
        for store in stores:
            # By burst, so that one that goes on in the next piece has the same scene there.
            drawn = np.stack(
                [np.random.default_rng([1, int(each)]).random(store.block.dim) for each in scenes]
            )
            # A third of the takes is spoilt, so that there is something to tell of it.
            spread = np.where(numbers % 3, 0.02, 0.02 if store.block.name == "look" else 0.2)[:, None]
            values = drawn[scene] + spread * rng.normal(size=(len(numbers), store.block.dim))
            if store.block.name == "look":
                values[:, :90] -= 0.5
                values[:, :90] /= np.linalg.norm(values[:, :90], axis=1, keepdims=True)
            store.add(
                hashes,
                np.abs(values).astype(np.float32)
                if store.block.name != "look"
                else values.astype(np.float32),
            )


if __name__ == "__main__":
    main()
