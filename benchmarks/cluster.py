"""Ray beside the local pipeline, and what is left when workers, nodes or the driver are killed.

python benchmarks/cluster.py KODAK_FOLDER [--photos 192] [--rounds 3] [--disturbances 3] [--overhead]

Speed: photos of 800 × 533 are made from the pictures in the folder and measured (lite, iqa, iqa_plus) into
empty stores, by the local pipeline and by Ray on this machine, in turn; photos a second by the wall clock,
without and with the start of Ray, medians over rounds.

Overhead, and nothing else with --overhead: what Ray adds to each photo, by how many photos are a task; the
image quality alone is measured (iqa), so that little else is in the way. From the first report to the last,
so that no start counts.

Disturbances: a simulated cluster of a head and two nodes on this machine (`ray.cluster_utils`) measures with
the command line, while a worker, a node, or the driver is killed at a random moment; then the command runs
again. Then three processes share the folder without Ray (`--shard`), at unequal speed, and one of them is
killed. Ends with 1 where the set of (fingerprint, content hash, vector) is not that of the local pipeline.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from unittest import mock

import numpy as np
import ray
from PIL import Image
from ray.cluster_utils import Cluster

from phototriage.cluster import extraction
from phototriage.cluster.extraction import ClusterOptions, extract_on_ray
from phototriage.features import ExtractorOptions, FeatureStore, MultiFeatureExtractor, build_extractors

FEATURES = ("iqa", "iqa_plus", "lite")
TASKS = (8, 32, 128)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--disturbances", type=int, default=3)
    parser.add_argument("--overhead", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch) / "photos"
        write_photos(options.folder, photos, options.photos)
        if options.overhead:
            overhead(photos, Path(scratch), options.rounds)
            return
        speed(photos, Path(scratch), options.rounds)
        same = [
            disturbed(photos, Path(scratch), what, number)
            for number in range(options.disturbances)
            for what in ("worker", "node", "driver")
        ]
        same.append(sharded(photos, Path(scratch)))
    sys.exit(not all(same))


def write_photos(pictures: Path, folder: Path, count: int) -> None:
    """Photos of 800 × 533, each a little different."""
    folder.mkdir()
    sources = sorted(pictures.glob("*.png"))
    for number in range(count):
        with Image.open(sources[number % len(sources)]) as picture:
            small = picture.convert("RGB").resize((800, 533))
        noise = np.random.default_rng(number).normal(0, 4, (533, 800, 3))
        pixels = (np.asarray(small, float) + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:05d}.jpg", quality=90)


def speed(photos: Path, scratch: Path, rounds: int) -> None:
    count = len(list(photos.iterdir()))
    seconds: dict[str, list[float]] = {"local": [], "ray": [], "ray with its start": []}
    for number in range(rounds):
        began = time.monotonic()
        MultiFeatureExtractor(FEATURES, cache_dir=scratch / f"local-{number}")(
            {path.name: path for path in photos.iterdir()}
        )
        seconds["local"].append(time.monotonic() - began)
        began = time.monotonic()
        ray.init("local", include_dashboard=False, log_to_driver=False)
        started = time.monotonic()
        store = scratch / f"ray-{number}"
        extract_on_ray(str(photos), ClusterOptions(features=FEATURES, store=store, cache_dir=store))
        ended = time.monotonic()
        ray.shutdown()
        seconds["ray"].append(ended - started)
        seconds["ray with its start"].append(ended - began)
    local = median(seconds["local"])
    print(f"\n{count} photos of 800 × 533, {os.cpu_count()} cores, medians of {rounds}\n")
    print("| engine | photos/s | of local |\n|---|---|---|")
    for name, found in seconds.items():
        print(f"| {name} | {count / median(found):.1f} | {local / median(found):.2f} |")


def overhead(photos: Path, scratch: Path, rounds: int) -> None:
    files = {path.name: path for path in photos.iterdir()}
    ray.init("local", include_dashboard=False, log_to_driver=False)
    milliseconds: dict[str | int, list[float]] = {}
    for number in range(rounds):
        store = scratch / f"local-{number}"
        local = MultiFeatureExtractor(("iqa",), cache_dir=store)
        milliseconds.setdefault("local", []).append(steady(partial(local, files)))
        for size in TASKS:
            store = scratch / f"{size}-{number}"
            options = ClusterOptions(features=("iqa",), store=store, cache_dir=store)
            with mock.patch.multiple(extraction, _PHOTOS_PER_TASK=size, _LEAST_PHOTOS_PER_TASK=size):
                found = steady(partial(extract_on_ray, str(photos), options))
            milliseconds.setdefault(size, []).append(found)
    ray.shutdown()
    alone = median(milliseconds.pop("local"))
    print(f"\n{len(files)} photos of 800 × 533, {os.cpu_count()} cores, iqa alone, medians of {rounds}; ")
    print(f"local {alone:.1f} ms a photo\n")
    print("| photos of a task | more than local, ms a photo |\n|---|---|")
    for each, times in milliseconds.items():
        print(f"| {each} | {median(times) - alone:.1f} |")


def steady(run: Callable[..., object]) -> float:
    """Milliseconds a photo, from the first report of photos that are done to the last."""
    reports: list[tuple[float, int]] = []

    def on_progress(done: int, _: int) -> None:
        if done:
            reports.append((time.monotonic(), done))

    run(on_progress=on_progress)
    (began, before), (ended, after) = reports[0], reports[-1]
    return 1e3 * (ended - began) / max(1, after - before)


def stored(cache_dir: Path) -> set[tuple[str, str, bytes]]:
    """(fingerprint, content hash, vector), of everything in a store."""
    extractors = build_extractors(FEATURES, ExtractorOptions(), cache_dir)
    stores = [FeatureStore(cache_dir, each.block) for each in extractors]
    return {
        (store.block.fingerprint, digest, store.vectors([digest]).tobytes())
        for store in stores
        for digest in store.content_hashes
    }


def kill(what: str, cluster: Cluster, driver: "subprocess.Popen[bytes]") -> None:
    """Kills the driver; a node and everything on it; or a process that decodes or measures."""
    if what == "driver":
        driver.kill()
    elif what == "node":
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    else:
        found = subprocess.run(
            ["pgrep", "-f", "ray::MapWorker"], capture_output=True, text=True, check=False
        ).stdout.split()
        if found:
            os.kill(int(random.choice(found)), signal.SIGKILL)


def disturbed(photos: Path, scratch: Path, what: str, number: int) -> bool:
    store = scratch / f"{what}-{number}"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(2):
            cluster.add_node(num_cpus=1)
        command = [
            *(sys.executable, "-m", "phototriage", "features", "extract", str(photos), "--engine", "ray"),
            *("--address", cluster.address, "--features", *FEATURES, "--cache_dir", str(store)),
        ]
        began = time.monotonic()
        driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not list(store.rglob("part-*")) and driver.poll() is None:
            time.sleep(0.1)
        time.sleep(random.Random(number).uniform(0, 2))
        under_way = driver.poll() is None
        kill(what, cluster, driver)
        first = driver.wait()
        between = len(stored(store))
        second = subprocess.run(command, capture_output=True, check=False).returncode
        took = time.monotonic() - began
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]
    same = stored(store) == stored(scratch / "local-0")
    print(
        f"{what} killed {'under way' if under_way else 'too late'}: exit code {first}, {between} vectors; "
        f"again: {second}, {'the same set' if same else 'ANOTHER SET'} after {took:.0f} s",
        flush=True,
    )
    return same and second == 0


def sharded(photos: Path, scratch: Path) -> bool:
    """Three processes, of which one is slow and the first is killed once a unit of work is done."""
    store = scratch / "shards"
    began = time.monotonic()
    machines = []
    for number, nice in enumerate((0, 0, 15), 1):
        command = [
            *("nice", "-n", str(nice), sys.executable, "-m", "phototriage", "features", "extract"),
            *(str(photos), "--shard", f"{number}/3", "--features", *FEATURES, "--workers", "1"),
            *("--cache_dir", str(store)),
        ]
        machines.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    while not list(store.glob("shards/*/*.sqlite")) and machines[0].poll() is None:
        time.sleep(0.1)
    machines[0].kill()
    codes = [each.wait() for each in machines]
    took = time.monotonic() - began
    same = stored(store) == stored(scratch / "local-0")
    print(
        f"three shards, the first killed: exit codes {codes}, {'the same set' if same else 'ANOTHER SET'} "
        f"after {took:.0f} s",
        flush=True,
    )
    return same and codes[1:] == [0, 0]


if __name__ == "__main__":
    main()
