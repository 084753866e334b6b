"""How fast photos become features, against the ceiling and against what most people write.

python benchmarks/extraction.py KODAK_FOLDER [--photos 48] [--rounds 3] [--many 5000] [--unchanged 10000]

Full-size random weights (the time does not depend on their values); photos of 800 × 533 and of 12 megapixels
made from the pictures in the folder. Every arm runs in every round, in turn; medians over rounds. Arms:

ours       extract() into an empty store: decoding processes, started in the measured time, and
           onnxruntime, with the networks loaded
bare       onnxruntime alone on ready tensors, as it comes (a photo shared by all threads), batches of 16
ceiling    our runtime alone on ready tensors: the same without decoding
prepared   decoding, preparing and iqa alone, in processes that run already
possible   what the cores allow where nothing waits: ceiling and prepared one after the other
plain      one photo at a time, three separate opens, eager torch, batch 1
batched    the same, but eager torch in batches of 16

Then: image quality alone, int8, an unchanged folder, and peak memory over many photos.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from PIL import Image, ImageOps

from phototriage.features import ExtractorOptions, MultiFeatureExtractor, extract, measure_iqa
from phototriage.features.decoding_pool import DecodingPool
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.spec import view_of
from phototriage.photos import decode

PEAK = """
import sys
from pathlib import Path
from phototriage.features import ExtractorOptions, MultiFeatureExtractor

def peak(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

if __name__ == "__main__":
    workers = {}
    def watch(done, total):
        for task in Path("/proc/self/task").iterdir():
            for child in (task / "children").read_text().split():
                workers[child] = peak(child)
    photos = {path.name: path for path in Path(sys.argv[1]).iterdir()}
    options = ExtractorOptions(weights_dir=Path(sys.argv[3]), device="cpu")
    MultiFeatureExtractor(sys.argv[4:], options, Path(sys.argv[2]))(photos, on_progress=watch)
    print(peak("self"), max(workers.values()))
"""


def main() -> None:
    import torch  # not above: the decoding processes import this file

    parser = argparse.ArgumentParser()
    parser.add_argument("kodak", type=Path)
    parser.add_argument("--photos", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=5000)
    parser.add_argument("--unchanged", type=int, default=10_000)
    arguments = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}\n")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        options = ExtractorOptions(weights_dir=random_weights(folder / "weights"), device="cpu")
        for name, size in (("800 × 533", (800, 533)), ("12 megapixels", (4000, 3000))):
            photos = make_photos(arguments.kodak, folder / name, size, arguments.photos)
            compare_pipelines(name, photos, options, folder, arguments.rounds)
        small = make_photos(arguments.kodak, folder / "iqa", (800, 533), 400)
        image_quality_alone(small, folder, arguments.rounds)
        unchanged_folder(arguments.kodak, folder, arguments.unchanged)
        peak_memory(arguments.kodak, folder, ["iqa"], (500, arguments.many))
        peak_memory(arguments.kodak, folder, ["clip", "resnet", "iqa"], (100, 500))


def random_weights(folder: Path) -> Path:
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, ResNetConfig, ResNetModel

    torch.manual_seed(0)
    CLIPVisionModelWithProjection(CLIPVisionConfig()).save_pretrained(folder / "clip-vit-base-patch32")
    ResNetModel(ResNetConfig()).save_pretrained(folder / "resnet-50")
    return folder


def make_photos(kodak: Path, folder: Path, size: tuple[int, int], count: int) -> dict[str, Path]:
    folder.mkdir(parents=True)
    pictures = [Image.open(path).convert("RGB") for path in sorted(kodak.glob("*.png"))]
    photos = {}
    for number in range(count):
        path = folder / f"{number:05d}.jpg"
        picture = ImageOps.fit(pictures[number % len(pictures)], size, Image.Resampling.BICUBIC)
        picture.save(path, quality=90)
        with path.open("ab") as file:
            file.write(str(number).encode())  # another content for every file; no decoder minds
        photos[path.name] = path
    return photos


def compare_pipelines(
    name: str, photos: dict[str, Path], options: ExtractorOptions, folder: Path, rounds: int
) -> None:
    import onnxruntime

    from phototriage.features.cache.exported import find_exported
    from phototriage.features.runtime.torch_runtime import FromPixels, start_torch

    cache = folder / "cache"
    extractors = MultiFeatureExtractor(("clip", "resnet", "iqa"), options, cache).extractors
    networks = [each for each in extractors if isinstance(each, NetworkExtractor)]
    pixels = [decode(path.read_bytes(), 800).pixels for path in photos.values()]
    prepared = [[each.prepare(photo) for photo in pixels] for each in networks]
    for each, arrays in zip(networks, prepared, strict=True):
        each(arrays[:16])  # exported and started, for all arms alike
    eager = [start_torch(FromPixels(each.build(), each.mean, each.std).eval(), "cpu") for each in networks]

    def ours() -> None:
        with tempfile.TemporaryDirectory() as empty:
            extract(photos, extractors, Path(empty))

    def ceiling() -> None:
        for each, arrays in zip(networks, prepared, strict=True):
            each(arrays)

    exported = [find_exported(cache, each.block) for each in networks]
    sessions = [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in exported]

    def bare() -> None:
        for session, arrays in zip(sessions, prepared, strict=True):
            for start in range(0, len(arrays), 16):
                session.run(None, {session.get_inputs()[0].name: np.stack(arrays[start : start + 16])})

    def opened_three_times(batch: int) -> None:
        paths = list(photos.values())
        for start in range(0, len(paths), batch):
            some = paths[start : start + batch]
            for each, infer in zip(networks, eager, strict=True):
                infer(np.stack([each.prepare(whole_decode(path)) for path in some]))
            for path in some:
                measure_iqa(whole_decode(path))

    pool = DecodingPool(None)

    def preparing() -> None:
        steps, views = [each.prepare for each in extractors], [view_of(each) for each in extractors]
        for _ in pool.run(photos, steps, [frozenset()] * len(steps), views=views):
            pass

    arms: dict[str, Callable[[], None]] = {
        "ours": ours,
        "bare": bare,
        "ceiling": ceiling,
        "prepared": preparing,
        "plain": lambda: opened_three_times(1),
        "batched": lambda: opened_three_times(16),
    }
    rates: dict[str, list[float]] = {arm: [] for arm in arms}
    with pool:
        preparing()  # its processes have started
        for _ in range(rounds):
            for arm, run in arms.items():
                started = time.perf_counter()
                run()
                rates[arm].append(len(photos) / (time.perf_counter() - started))
    alone = zip(rates["ceiling"], rates["prepared"], strict=True)
    rates["possible"] = [1 / (1 / network + 1 / preparing) for network, preparing in alone]
    print(f"{name}, clip + resnet + iqa, {len(photos)} photos, {rounds} rounds\n")
    print("| arm | photos/s, median | ours against it: median of the rounds' ratios |")
    print("|---|---|---|")
    for arm, values in rates.items():
        ratio = median(one / other for one, other in zip(rates["ours"], values, strict=True))
        print(f"| {arm} | {median(values):.2f} | {ratio:.2f} |", flush=True)
    print()


def whole_decode(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


def image_quality_alone(photos: dict[str, Path], folder: Path, rounds: int) -> None:
    rates, arithmetic = [], []
    for number in range(rounds):
        started = time.perf_counter()
        MultiFeatureExtractor(("iqa",), cache_dir=folder / f"iqa-cache-{number}")(photos)
        rates.append(len(photos) / (time.perf_counter() - started))
        cv2.setNumThreads(1)
        pixels = decode(next(iter(photos.values())).read_bytes(), 800).pixels
        started = time.perf_counter()
        for _ in range(50):
            measure_iqa(pixels)
        arithmetic.append((time.perf_counter() - started) / 50 * 1000)
    print(
        f"image quality alone, {len(photos)} photos of 800 × 533, with the start of the processes: "
        f"{median(rates):.0f} photos/s; arithmetic {median(arithmetic):.1f} ms a photo on one core\n"
    )


def unchanged_folder(kodak: Path, folder: Path, count: int) -> None:
    make_photos(kodak, folder / "unchanged", (120, 80), count)
    command = [sys.executable, "-m", "phototriage", "rank", str(folder / "unchanged")]
    command += ["--cache_dir", str(folder / "unchanged-cache"), "--csv", str(folder / "ranking.csv")]
    command += ["--top", "3"]
    seconds = []
    for _ in range(4):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - started)
    print(
        f"phototriage rank on {count} photos of 120 × 80: first run {seconds[0]:.1f} s; "
        f"unchanged {median(seconds[1:]):.2f} s\n"
    )


def peak_memory(kodak: Path, folder: Path, features: list[str], counts: tuple[int, int]) -> None:
    (folder / "peak.py").write_text(PEAK)
    for count in counts:
        make_photos(kodak, folder / f"many-{count}", (800, 533), count)
        done = subprocess.run(
            [
                sys.executable,
                folder / "peak.py",
                folder / f"many-{count}",
                folder / "cache",
                folder / "weights",
                *features,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        own, workers = done.stdout.split()
        print(
            f"peak memory, {' + '.join(features)} of {count} photos: {own} MB, "
            f"and {workers} MB in the largest worker"
        )
        shutil.rmtree(folder / f"many-{count}")


if __name__ == "__main__":
    main()
