"""Ranks folders of damaged and hostile files, and watches memory, time and what is said of each file.

python benchmarks/hostile.py [FOLDER] [--mutants 3000] [--seconds 300] [--seed 0]

The seeds are pictures made here, in every format, and the files of FOLDER up to 3 MB. Each mutant is a seed
with flipped bits, a cut, a piece of another file, a wrong length, zeros, or another size in its header. They
are ranked 200 at a time, with hand-made bombs among the first, until there are enough mutants or the time is
up. Ends with 1 where a run failed, a file was neither ranked nor named, or one changed.
"""

import argparse
import hashlib
import io
import random
import re
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from phototriage import RankOptions, rank_folder
from phototriage.errors import NoUsablePhotoError

MUTANTS_PER_RUN = 200
LARGEST_SEED = 3_000_000
SECONDS_PER_SAMPLE = 0.02
DIED = "the decoder died on it"
JARGON = re.compile(r"^\W*\d+\W*$|decoder error|pixel mode|code not yet|Errno|Error\b|b'")


@dataclass
class Figures:
    """What a campaign found. Peaks are in bytes of resident memory: of the decoding processes together, and
    of the process that ranks. problems: one line each; none is what should be."""

    mutants: int = 0
    ranked: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest_run: float = 0.0
    peak_of_workers: int = 0
    peak_of_parent: int = 0
    problems: list[str] = field(default_factory=list)


def own_seeds() -> dict[str, bytes]:
    """Name → a picture of 240 × 160 pixels in one of the formats."""
    y, x = np.mgrid[0:160, 0:240]
    noise = np.random.default_rng(0).integers(0, 40, (160, 240, 3))
    pixels = (np.stack([x // 2, y, 200 - x // 2], axis=-1) + noise).astype(np.uint8)
    picture = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    wanted: list[tuple[str, Image.Image, dict[str, object]]] = [
        ("a.jpg", picture, {"exif": exif}),
        ("progressive.jpg", picture, {"progressive": True}),
        ("cmyk.jpg", picture.convert("CMYK"), {}),
        ("a.png", picture, {"exif": exif}),
        ("palette.png", picture.quantize(64), {}),
        ("alpha.png", picture.convert("RGBA"), {}),
        ("plain.tif", picture, {}),
        ("lzw.tif", picture, {"compression": "tiff_lzw"}),
        ("zip.tif", picture, {"compression": "tiff_deflate"}),
        ("jpeg.tif", picture, {"compression": "jpeg"}),
        ("deep.tif", Image.fromarray(pixels[..., 0].astype(np.uint16) * 257), {}),
        ("a.webp", picture, {}),
        ("lossless.webp", picture, {"lossless": True}),
        ("a.avif", picture, {"speed": 10}),
        ("a.bmp", picture, {}),
    ]
    seeds = {}
    for name, image, options in wanted:
        file = io.BytesIO()
        kind = {"jpg": "JPEG", "tif": "TIFF"}.get(name.rpartition(".")[2], name.rpartition(".")[2].upper())
        image.save(file, kind, **options)
        seeds[name] = file.getvalue()
    return seeds


def bombs() -> dict[str, bytes]:
    """Name → a small file that claims a large picture."""
    seeds = own_seeds()
    thin = [(256, 1), (257, 150_000_000), (258, 1), (259, 1), (262, 1), (273, 8), (277, 1), (279, 9)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in thin)
    directory = struct.pack("<H", len(thin)) + entries + bytes(4)
    strips = struct.pack("<HHHII", 1, 273, 4, 20_000_000, 64) + bytes(4)
    return {
        "bomb-webp.webp": with_size(seeds["lossless.webp"], 9700, 16383),
        "bomb-png.png": with_size(seeds["alpha.png"], 12_000, 13_000),
        "bomb-bmp.bmp": with_size(seeds["a.bmp"], 12_000, 13_000),
        "bomb-tiff.tif": with_size(seeds["plain.tif"], 12_000, 13_000),
        "bomb-jpeg.jpg": with_size(seeds["progressive.jpg"], 12_000, 13_000),
        "bomb-thin.tif": b"II*\0" + struct.pack("<I", 24) + bytes(16) + directory,
        "bomb-strips.tif": b"II*\0" + struct.pack("<I", 8) + strips + bytes(80_000_100),
    }


def with_size(data: bytes, width: int, height: int) -> bytes:
    """A file that claims another size where its header is known; other files as they are."""
    new = bytearray(data)
    if data.startswith(b"\x89PNG"):
        struct.pack_into(">II", new, 16, width, height)
        struct.pack_into(">I", new, 29, zlib.crc32(new[12:29]))
    elif data.startswith(b"BM"):
        struct.pack_into("<ii", new, 18, width, height)
    elif data.startswith(b"\xff\xd8") and (found := re.search(rb"\xff[\xc0-\xc2]..\x08", data, re.DOTALL)):
        struct.pack_into(">HH", new, found.end(), height & 0xFFFF, width & 0xFFFF)
    elif data[12:16] == b"VP8L":
        struct.pack_into("<I", new, 21, (width - 1 & 0x3FFF) | (height - 1 & 0x3FFF) << 14)
    elif data[12:16] == b"VP8 ":
        struct.pack_into("<HH", new, 26, width & 0x3FFF, height & 0x3FFF)
    elif data.startswith(b"II*\0"):
        directory = struct.unpack_from("<I", data, 4)[0]
        for tag, value in ((256, width), (257, height)):
            at = data.find(struct.pack("<H", tag), directory)
            if 0 < at < len(data) - 12:
                struct.pack_into("<HHII", new, at, tag, 4, 1, value)
    elif (at := data.find(b"ispe")) > 0:
        struct.pack_into(">II", new, at + 8, width, height)
    return bytes(new)


def mutant(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """A seed with one to three kinds of damage."""
    data = bytearray(chance.choice(seeds) or b"\0")
    for _ in range(chance.choice([1, 1, 2, 3])):
        near = chance.choice([64, 512, len(data)])  # headers are short, and matter most
        at = chance.randrange(min(near, len(data)))
        match chance.randrange(6):
            case 0:
                for _ in range(chance.choice([1, 4, 32])):
                    data[chance.randrange(min(near, len(data)))] ^= 1 << chance.randrange(8)
            case 1:
                del data[max(1, chance.randrange(len(data))) :]
            case 2:
                other = chance.choice(seeds)
                start = chance.randrange(len(other) or 1)
                data[at : at + chance.randrange(200)] = other[start : start + chance.randrange(200)]
            case 3:
                value = chance.choice([0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF])
                field = struct.pack(chance.choice("<>") + chance.choice("HI").replace("H", "I"), value)
                data[at : at + 4] = field
            case 4:
                length = chance.choice([16, 512, 8192])
                data[at : at + length] = bytes(len(data[at : at + length]))
            case _:
                sides = [chance.choice([0, 1, 9000, 16383, 60_000]) for _ in range(2)]
                with_other_size = with_size(bytes(data), *sides) if len(data) > 40 else bytes(data)
                data = bytearray(with_other_size)
    return bytes(data)


def resident(pid: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0


def watch(ended: threading.Event, figures: Figures) -> None:
    """Keeps the peaks of this process and of those that it started."""
    here = Path("/proc/self/task")
    while not ended.wait(SECONDS_PER_SAMPLE):
        children: set[int] = set()
        for task in here.iterdir():
            try:
                children.update(map(int, (task / "children").read_text().split()))
            except OSError:
                continue
        figures.peak_of_workers = max(figures.peak_of_workers, sum(map(resident, children)))
        figures.peak_of_parent = max(figures.peak_of_parent, resident(int(here.resolve().parts[2])))


def run_one(files: dict[str, bytes], place: Path, figures: Figures) -> None:
    """Ranks one folder of files."""
    folder = place / "photos"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    began = time.monotonic()
    try:
        ranking = rank_folder(folder, RankOptions(cache_dir=place / "cache"))
        failures = ranking.failures
        ranked = {file for each in ranking.series for photo in each.photos for file in photo.files}
    except NoUsablePhotoError as error:
        failures, ranked = error.failures, set()
    except Exception as error:  # noqa: BLE001 - whatever stops a run is what is looked for
        figures.problems.append(f"a run ended with {error!r:.200}")
        return
    seconds = time.monotonic() - began
    figures.slowest_run = max(figures.slowest_run, seconds)
    figures.ranked += len(ranked)
    figures.refused.update(failure.reason for failure in failures)
    figures.problems += [f"jargon: {failure.reason}" for failure in failures if JARGON.search(failure.reason)]
    told = ranked | {failure.photo for failure in failures}
    figures.problems += [f"neither ranked nor named: {name}" for name in files.keys() - told]
    for name, data in files.items():
        if hashlib.sha256((folder / name).read_bytes()).digest() != hashlib.sha256(data).digest():
            figures.problems.append(f"changed: {name}")
        (folder / name).unlink()
    folder.rmdir()


def campaign(
    folder: Path | None,
    mutants: int,
    seconds: float,
    seed: int,
    on_run: Callable[[Figures], None] = lambda figures: None,
    per_run: int = MUTANTS_PER_RUN,
) -> Figures:
    """Ranks mutants until there are enough, or the time is up."""
    chance = random.Random(seed)
    seeds = {**own_seeds()}
    if folder is not None:
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        seeds |= {path.name: path.read_bytes() for path in found if path.stat().st_size <= LARGEST_SEED}
    by_suffix: dict[str, list[bytes]] = {}
    for name, data in seeds.items():
        by_suffix.setdefault(Path(name).suffix.lower(), []).append(data)
    figures = Figures()
    ended = threading.Event()
    watcher = threading.Thread(target=watch, args=(ended, figures), daemon=True)
    watcher.start()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        files = bombs()
        while figures.mutants < mutants and time.monotonic() < began + seconds:
            for _ in range(min(per_run, mutants - figures.mutants)):
                suffix = chance.choice(sorted(by_suffix))
                files[f"{figures.mutants:06d}{suffix}"] = mutant(by_suffix[suffix], chance)
                figures.mutants += 1
            run_one(files, Path(place), figures)
            files = {}
            figures.seconds = time.monotonic() - began
            on_run(figures)
    ended.set()
    watcher.join()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--mutants", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    figures = campaign(
        options.folder,
        options.mutants,
        options.seconds,
        options.seed,
        lambda so_far: print(f"{so_far.mutants} mutants, {so_far.seconds:.0f} s", file=sys.stderr),
    )
    print(f"mutants {figures.mutants}, ranked {figures.ranked}, refused {figures.refused.total()}")
    print(f"decoders that died: {sum(n for reason, n in figures.refused.items() if DIED in reason)}")
    print(f"seconds {figures.seconds:.0f}, slowest run {figures.slowest_run:.1f}")
    print(
        f"peak memory: decoding processes together {figures.peak_of_workers / 1e6:.0f} MB, "
        f"ranking process {figures.peak_of_parent / 1e6:.0f} MB"
    )
    for reason, count in figures.refused.most_common():
        print(f"{count:6} {reason}")
    for problem in figures.problems:
        print(f"PROBLEM {problem}")
    sys.exit(1 if figures.problems else 0)


if __name__ == "__main__":
    main()
