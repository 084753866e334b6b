"""How fast a GPU turns photos into features, and how many cores it takes to feed it.

python benchmarks/gpu.py PHOTO_FOLDER [--photos 512] [--device cuda] [--batches 16 64 128]

Full-size random weights for CLIP and ResNet (the time does not depend on their values), the real ones for
`lite`. Tables: each network alone on ready tensors, by batch size; half precision beside full precision;
the whole way from files into an empty store by the number of decoding processes, at 800 × 533 and at 12
megapixels, beside decoding alone.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from extraction import make_photos, random_weights
from phototriage.features import ExtractorOptions, MultiFeatureExtractor, extract
from phototriage.features.block import PhotoView
from phototriage.features.decoding_pool import DecodingPool
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.photos import decode

BLOCKS = ("clip", "resnet", "lite")
SIZES = (("800 × 533", (800, 533)), ("12 megapixels", (4000, 3000)))


def main() -> None:
    import torch  # not above: the decoding processes import this file

    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=512)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64, 128])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 8, 16])
    arguments = parser.parse_args()
    name = torch.cuda.get_device_name() if arguments.device == "cuda" else arguments.device
    print(f"{name}, torch {torch.__version__}\n", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        weights = random_weights(folder / "weights")
        photos = {
            label: make_photos(arguments.folder, folder / label, size, arguments.photos)
            for label, size in SIZES
        }
        pixels = [decode(path.read_bytes(), 800).pixels for path in list(photos[SIZES[0][0]].values())[:256]]

        def options(batch: int) -> ExtractorOptions:
            return ExtractorOptions(
                weights_dir=weights, device=arguments.device, runtime="torch", inference_batch_size=batch
            )

        networks_alone(pixels, [options(batch) for batch in arguments.batches], folder / "cache")
        half_precision(pixels[:64], options(64), folder / "cache")
        whole_way(photos, options(64), arguments.workers, folder)


def networks_alone(pixels: Sequence[np.ndarray], settings: Sequence[ExtractorOptions], cache: Path) -> None:
    print("| network | batch | photos/s on ready tensors |\n|---|---|---|")
    for block in BLOCKS:
        for options in settings:
            (network,) = MultiFeatureExtractor((block,), options, cache).extractors
            arrays = [network.prepare(photo) for photo in pixels]
            network(arrays[: 2 * options.inference_batch_size])  # loads it, and settles the precision
            rates = []
            for _ in range(3):
                started = time.perf_counter()
                network(arrays)
                rates.append(len(arrays) / (time.perf_counter() - started))
            print(f"| {block} | {options.inference_batch_size} | {median(rates):.0f} |", flush=True)


def half_precision(pixels: Sequence[np.ndarray], options: ExtractorOptions, cache: Path) -> None:
    """How near half precision comes; a first call is in full, a second one in half precision if it may be."""
    print("\n| network | least cosine with full precision | largest difference, of the largest value |")
    print("|---|---|---|")
    for block in BLOCKS:
        (network,) = MultiFeatureExtractor((block,), options, cache).extractors
        assert isinstance(network, NetworkExtractor)
        arrays = [network.prepare(photo) for photo in pixels]
        full, half = network(arrays), network(arrays)
        cosines = (full * half).sum(1) / np.linalg.norm(full, axis=1) / np.linalg.norm(half, axis=1)
        far = np.abs(full - half).max() / np.abs(full).max()
        print(f"| {block} | {cosines.min():.6f} | {far:.2e} |", flush=True)


def whole_way(
    photos: dict[str, dict[str, Path]], options: ExtractorOptions, workers: Sequence[int], folder: Path
) -> None:
    print("\n| photos | processes | decoding alone, photos/s | into the store, photos/s |\n|---|---|---|---|")
    for label, paths in photos.items():
        extractor = MultiFeatureExtractor(BLOCKS, options, folder / "warm")
        extractor(dict(list(paths.items())[:128]))  # loads the networks
        for count in workers:
            some = dict(list(paths.items())[: 64 * count])
            started = time.perf_counter()
            with DecodingPool(count) as pool:
                list(pool.run(some, [nothing], [frozenset()], views=[PhotoView()]))
            alone = len(some) / (time.perf_counter() - started)
            started = time.perf_counter()
            extract(
                some, extractor.extractors, folder / f"cache-{label}-{count}", workers=count, batch_size=64
            )
            whole = len(some) / (time.perf_counter() - started)
            print(f"| {label} | {count} | {alone:.0f} | {whole:.0f} |", flush=True)


def nothing(pixels: np.ndarray) -> np.ndarray:
    return pixels[:1, :1].copy()


if __name__ == "__main__":
    main()
