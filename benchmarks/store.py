"""How long the feature store and the index take.

python benchmarks/store.py

Loads 13,000 vectors of 1540 numbers, as PhotoTriage's photos have, from stores of 1 and of 100 parts, and
looks 10,000 and 100,000 unchanged files up in the index. Prints the least and the median of several rounds
that alternate; files are in the page cache, as in a second run. Some 0.5 GB of disk and of memory.
"""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from phototriage.features import Block, FeatureStore
from phototriage.features.cache.index import PhotoIndex

PHOTOS, NUMBERS, ROUNDS = 13_000, 1540, 9


def main() -> None:
    rng = np.random.default_rng(0)
    block = Block("all", "benchmark/1", tuple(f"number_{number}" for number in range(NUMBERS)))
    hashes = [rng.bytes(16).hex() for _ in range(PHOTOS)]
    vectors = rng.normal(size=(PHOTOS, NUMBERS)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        work: dict[str, Callable[[], object]] = {}
        for parts in (1, 100):
            place = Path(folder) / f"store-{parts}"
            store = FeatureStore(place, block)
            for rows in np.array_split(np.arange(PHOTOS), parts):
                store.add([hashes[row] for row in rows], vectors[rows])
            # Without merging, or the second round would find one part.
            work[f"load {PHOTOS:,} × {NUMBERS} from {parts} part{'s' * (parts > 1)}"] = partial(
                FeatureStore, place, block, merge=False
            )
        work[f"gather {PHOTOS:,} × {NUMBERS} in another order"] = lambda: store.vectors(hashes[::-1])
        status = Path(__file__).stat()
        for count in (10_000, 100_000):
            place = Path(folder) / f"index-{count}"
            files = [
                (Path(f"/home/somebody/Pictures/2026/{number // 200}/IMG_{number}.jpg"), status)
                for number in range(count)
            ]
            with PhotoIndex(place) as index:
                index.remember(((*file, hashes[0]) for file in files), {})
            work[f"look {count:,} files up"] = partial(look_up, place, files)
        times: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(ROUNDS):
            for name, do in work.items():
                times[name].append(seconds_of(do))
        # Last and once, for the loading needs the parts.
        merge = FeatureStore(Path(folder) / "store-100", block, merge=False).compact
        times["merge the 100 parts, flushed to disk"] = [seconds_of(merge)]
    print(f"| {'work':<45} | least, s | median, s |\n|---|---|---|")
    for name, seconds in times.items():
        print(f"| {name:<45} | {min(seconds):8.3f} | {np.median(seconds):9.3f} |")


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def look_up(place: Path, files: list[tuple[Path, os.stat_result]]) -> None:
    with PhotoIndex(place) as index:
        assert None not in index.content_hashes(files)


if __name__ == "__main__":
    main()
