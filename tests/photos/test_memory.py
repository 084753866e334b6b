import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phototriage.errors import PhotoError
from phototriage.photos import MAX_DECODING_BYTES, decode, read_capture, webp_bytes

WIDTH, HEIGHT = 3000, 2000

MEASURE = """
import re, sys
from pathlib import Path
from phototriage.photos import decode
def peak():
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
data, small = (Path(name).read_bytes() for name in sys.argv[1:3])
decode(small, 40)
reserved = [0]
before = peak()
decode(data, 400, reserve=reserved.append)
print(peak() - before, max(reserved) - len(data))
"""


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("TIFF", "RGB", {}),
        ("TIFF", "RGBA", {"compression": "tiff_lzw"}),
        ("TIFF", "1", {}),
        ("TIFF", "F", {}),
        ("PNG", "P", {"compress_level": 1}),
        ("PNG", "I;16", {"compress_level": 1}),
        ("JPEG", "RGB", {}),
        ("JPEG", "CMYK", {"progressive": True}),
        ("WEBP", "RGBA", {"method": 0}),
        ("AVIF", "RGB", {"speed": 10}),
    ],
)
def test_what_is_reserved_is_enough_and_not_twice_too_much(
    tmp_path: Path, kind: str, mode: str, options: dict[str, object]
) -> None:
    slope = np.add.outer(np.arange(HEIGHT) // 16, np.arange(WIDTH) // 16).astype(np.uint8)
    image = Image.fromarray(slope.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(slope)
    image = image if mode == "I;16" else image.convert(mode)
    for name, each in (("large", image), ("small", image.resize((60, 40)))):
        (tmp_path / name).write_bytes(saved(each, kind, **options))
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "large"), str(tmp_path / "small")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    taken, reserved = map(int, run.stdout.split())
    assert taken < reserved + 4e6
    assert reserved < 2 * taken + 10e6


def webp_of(width: int, height: int) -> bytes:
    """A lossless WebP of one color that claims to be larger than it is."""
    data = saved(Image.new("RGB", (16, 16)), "WEBP", lossless=True)
    at = data.index(b"VP8L") + 9  # behind the chunk's size and the signature: 14 bits each, less one
    return data[:at] + struct.pack("<I", (width - 1) | (height - 1) << 14) + data[at + 4 :]


def tiff_of(width: int, height: int, bits: int, samples: int = 1) -> bytes:
    """A TIFF whose one strip ends with the file."""
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, 1), (273, 8), (277, samples)]
    tags += [(278, height), (279, 64)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 72) + bytes(64) + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (webp_of(9700, 16383), "a WebP of so many pixels takes"),
        (tiff_of(1, 150_000_000, bits=1), "1 × 150000000 pixels take"),
        (tiff_of(3, 50_000_000, bits=1), "3 × 50000000 pixels take"),
        (tiff_of(12_000, 13_000, bits=32), "12000 × 13000 pixels take"),
    ],
)
def test_what_takes_too_much_memory_is_refused_before_it_is_decoded(data: bytes, size: str) -> None:
    reserved: list[int] = []
    with pytest.raises(PhotoError, match=rf"^too large: {size} \d\.\d GB of memory to decode, "):
        decode(data, 800, reserve=reserved.append)
    assert reserved == []
    assert read_capture(data).time is None


def test_the_largest_photos_of_medium_format_cameras_fit() -> None:
    reserved: list[int] = []
    with pytest.raises(PhotoError, match="incomplete"):
        # Its header promises 14204 × 10652 pixels of 8 bits, uncompressed; its 453 MB are not there.
        decode(tiff_of(14_204, 10_652, bits=8), 800, reserve=reserved.append)
    assert reserved[0] < MAX_DECODING_BYTES


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0II*\0"}])
def test_the_size_of_a_webp_is_known_before_it_is_opened(options: dict[str, object]) -> None:
    data = saved(Image.new("RGB", (300, 200)), "WEBP", **options)
    assert webp_bytes(data) == round(20.5 * 300 * 200)
    assert webp_bytes(saved(Image.new("RGB", (300, 200)), "PNG")) == 0
    assert webp_bytes(data[:20]) == 0
