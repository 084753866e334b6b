"""Which damage to a JPEG is found, and what decoding by OpenCV costs beside Pillow.

python benchmarks/damaged_jpegs.py KODAK_FOLDER CLIVE_FOLDER

Every second of kodak's pictures as a JPEG of 768 × 512, one of 2304 × 1536 and a progressive one, each spoilt
as cards, copies and downloads spoil files; how many of them are refused. Then the sound ones and clive's
photos, which must not be. Last the processor's time of a decode: medians over rounds in turn.
"""

import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from PIL import Image

from phototriage.errors import PhotoError
from phototriage.photos import decode
from phototriage.photos.jpeg import decode_jpeg, reduction

END = b"\xff\xd9"
ROUNDS = 5
LONG_SIDE = 800


def encoded(picture: Path, size: tuple[int, int], **options: object) -> bytes:
    file = io.BytesIO()
    with Image.open(picture) as image:
        image.convert("RGB").resize(size).save(file, "JPEG", **{"quality": 92, **options})
    return file.getvalue()


def spoilt(data: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    half = len(data) // 2
    yield "cut off at 60 %", data[: len(data) * 6 // 10]
    yield "cut off at 60 %, and ended", data[: len(data) * 6 // 10] + END
    yield "the last 200 bytes cut off", data[:-200]
    yield "the second half zeros", data[:half] + bytes(len(data) - half)
    yield "4096 bytes 0xFF", data[:half] + b"\xff" * 4096 + data[half + 4096 :]
    yield "4096 bytes of noise", data[:half] + rng.bytes(4096) + data[half + 4096 :]
    yield "4096 bytes gone", data[:half] + data[half + 4096 :]
    yield "512 bytes zeros", data[:half] + bytes(512) + data[half + 512 :]
    yield "one bit turned", data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :]
    yield "sound", data
    yield "sound, without the mark of its end", data.removesuffix(END)
    yield "sound, with 1000 bytes behind it", data + bytes(1000)


def is_refused(data: bytes) -> bool:
    try:
        decode(data, LONG_SIDE)
    except PhotoError:
        return True
    return False


def by_opencv(data: bytes, scale: int) -> None:
    decode_jpeg(data, scale, grey=False)


def by_pillow(data: bytes, scale: int) -> None:
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (image.width // scale, image.height // scale))
        np.asarray(image)


def main() -> None:
    cv2.setNumThreads(1)
    pictures = sorted(Path(sys.argv[1]).glob("*.png"))[::2]
    rng = np.random.default_rng(0)
    found: dict[str, list[bool]] = {}
    for picture in pictures:
        for size, options in (((768, 512), {}), ((2304, 1536), {}), ((768, 512), {"progressive": True})):
            for fault, data in spoilt(encoded(picture, size, **options), rng):
                found.setdefault(fault, []).append(is_refused(data))
    clive = [path.read_bytes() for path in sorted((Path(sys.argv[2]) / "photos").iterdir())]
    found["clive"] = [is_refused(data) for data in clive]
    found["clive, without the mark of their end"] = [is_refused(data.removesuffix(END)) for data in clive]
    print("| | files | refused |\n|---|---|---|")
    for fault, refused in found.items():
        print(f"| {fault} | {len(refused)} | {sum(refused)} |")
    print("\n| | OpenCV, ms | Pillow, ms |\n|---|---|---|")
    for size in ((800, 533), (4000, 3000)):
        files = [encoded(picture, size) for picture in pictures]
        scale = reduction(*size, LONG_SIDE, grey=False)
        times: dict[str, list[float]] = {"by_opencv": [], "by_pillow": []}
        for _ in range(ROUNDS):
            for way in (by_opencv, by_pillow):
                start = time.process_time()
                for data in files:
                    way(data, scale)
                times[way.__name__].append(1000 * (time.process_time() - start) / len(files))
        opencv, pillow = median(times["by_opencv"]), median(times["by_pillow"])
        print(f"| {size[0]} × {size[1]} | {opencv:.2f} | {pillow:.2f} |")


if __name__ == "__main__":
    main()
