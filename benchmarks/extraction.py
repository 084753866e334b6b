"""How fast photos become features, against what the cores allow and against what most people write.

python benchmarks/extraction.py KODAK_FOLDER [possible] [others] [iqa] [unchanged] [memory]
    [--photos 48 192] [--rounds 3] [--many 5000] [--unchanged 10000]

Full-size random weights (the time does not depend on their values); photos of 800 × 533 and of 12 megapixels
made from the pictures in the folder. All of the parts, or those that are named:

possible   clip + resnet + iqa against what the cores allow where nothing waits: the network and the
           preparing, each alone, one after the other. A row per size and number of photos.
others     the same against what most people write, of the first number of photos
iqa        image quality alone
unchanged  a second run over so many photos
memory     the peak, over many photos

The arms of the first two; every one runs in every round, in turn:

ours       extract() into an empty store: decoding processes, started in the measured time, and
           onnxruntime, with the networks loaded
network    our runtime alone on ready tensors: the same without decoding
prepared   decoding, preparing and iqa alone, in processes that run already
start      the start of the decoding processes alone, with a photo for each
bare       onnxruntime alone on ready tensors, as it comes (a photo shared by all threads), batches of 16
plain      one photo at a time, three separate opens, eager torch, batch 1
batched    the same, but eager torch in batches of 16
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

# Nothing heavy is imported here: every decoding process imports this script, and the command's is light.

PARTS = ("possible", "others", "iqa", "unchanged", "memory")
SIZES = {"800 × 533": (800, 533), "12 megapixels": (4000, 3000)}

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
    parser = argparse.ArgumentParser()
    parser.add_argument("kodak", type=Path)
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS))
    parser.add_argument("--photos", type=at_least_one, nargs="+", default=[48, 192])
    parser.add_argument("--rounds", type=at_least_one, default=3)
    parser.add_argument("--many", type=at_least_one, default=5000)
    parser.add_argument("--unchanged", type=at_least_one, default=10_000)
    arguments = parser.parse_args()
    parts = arguments.parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"unknown part {min(unknown)!r}: choose from {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        export_networks(random_weights(folder / "weights"), folder / "cache")
        if "possible" in parts:
            against_possible(arguments.kodak, folder, arguments.photos, arguments.rounds)
        if "others" in parts:
            against_others(arguments.kodak, folder, arguments.photos[0], arguments.rounds)
        if "iqa" in parts:
            image_quality_alone(arguments.kodak, folder, arguments.rounds)
        if "unchanged" in parts:
            unchanged_folder(arguments.kodak, folder, arguments.unchanged)
        if "memory" in parts:
            peak_memory(arguments.kodak, folder, ["iqa"], (500, arguments.many))
            peak_memory(arguments.kodak, folder, ["clip", "resnet", "iqa"], (100, 500))


def at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def random_weights(folder: Path) -> Path:
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, ResNetConfig, ResNetModel

    torch.manual_seed(0)
    CLIPVisionModelWithProjection(CLIPVisionConfig()).save_pretrained(folder / "clip-vit-base-patch32")
    ResNetModel(ResNetConfig()).save_pretrained(folder / "resnet-50")
    return folder


def export_networks(weights: Path, cache: Path) -> None:
    import numpy as np

    from phototriage.features import ExtractorOptions, build_extractors

    options = ExtractorOptions(weights_dir=weights, device="cpu")
    for each in build_extractors(("clip", "resnet"), options, cache):
        each([each.prepare(np.zeros((64, 64, 3), np.uint8))])


def make_photos(kodak: Path, folder: Path, size: tuple[int, int], count: int) -> dict[str, Path]:
    from PIL import Image, ImageOps

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


def against_possible(kodak: Path, folder: Path, counts: Iterable[int], rounds: int) -> None:
    print("clip + resnet + iqa, seconds: medians of the rounds; the ratio is the median of their ratios\n")
    print("| photos | ours | network | prepared | start | (network + prepared) ÷ ours |")
    print("|---|---|---|---|---|---|")
    for size in SIZES:
        for count in counts:
            seconds = measured(kodak, folder, size, count, rounds, ("ours", "network", "prepared", "start"))
            rows = zip(seconds["ours"], seconds["network"], seconds["prepared"], strict=True)
            ratio = median((network + prepared) / ours for ours, network, prepared in rows)
            cells = " | ".join(f"{median(each):.2f}" for each in seconds.values())
            print(f"| {count} of {size} | {cells} | {ratio:.3f} |", flush=True)
    print()


def against_others(kodak: Path, folder: Path, count: int, rounds: int) -> None:
    for size in SIZES:
        seconds = measured(
            kodak, folder, size, count, rounds, ("ours", "network", "bare", "plain", "batched")
        )
        print(f"{size}, clip + resnet + iqa, {count} photos, {rounds} rounds\n")
        print("| arm | photos/s, median | ours against it: median of the rounds' ratios |")
        print("|---|---|---|")
        for arm, values in seconds.items():
            ratio = median(other / one for one, other in zip(seconds["ours"], values, strict=True))
            print(f"| {arm} | {count / median(values):.2f} | {ratio:.2f} |", flush=True)
        print()


def measured(
    kodak: Path, folder: Path, size: str, count: int, rounds: int, arms: Sequence[str]
) -> dict[str, list[float]]:
    """Arm → seconds of all photos, per round."""
    from extraction_arms import Arms
    from phototriage.features import ExtractorOptions
    from phototriage.features.decoding_pool import DecodingPool

    with tempfile.TemporaryDirectory(dir=folder) as place, DecodingPool() as pool:
        photos = make_photos(kodak, Path(place) / "photos", SIZES[size], count)
        options = ExtractorOptions(weights_dir=folder / "weights", device="cpu")
        ready = Arms(photos, options, folder / "cache", pool, "bare" in arms)
        seconds: dict[str, list[float]] = {arm: [] for arm in arms}
        for _ in range(rounds):
            for arm, values in seconds.items():
                run: Callable[[], None] = getattr(ready, arm)
                started = time.perf_counter()
                run()
                values.append(time.perf_counter() - started)
    return seconds


def image_quality_alone(kodak: Path, folder: Path, rounds: int) -> None:
    import cv2

    from phototriage.features import MultiFeatureExtractor, measure_iqa
    from phototriage.photos import decode

    photos = make_photos(kodak, folder / "iqa", SIZES["800 × 533"], 400)
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
