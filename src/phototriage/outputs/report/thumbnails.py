"""Small pictures of photos, for pages."""

import io
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from phototriage.atomic_write import atomic_write
from phototriage.errors import OutputError
from phototriage.features import Failure
from phototriage.features.decoding_pool import DecodingPool
from phototriage.photos.geometry import fitted_size, shrink

__all__ = ["THUMBNAIL_SIDE", "Thumbnail", "ThumbnailCache", "encode_thumbnail", "thumbnails"]

THUMBNAIL_SIDE = 320
"""Long side in pixels, about the size of a landscape photo in a filmstrip."""

# 7 to 8 kB per photo; at quality 60, a page is a fifth larger and looks the same.
_QUALITY = 50


@dataclass(frozen=True)
class Thumbnail:
    """A picture as the bytes of a WebP file (upright, sRGB), and its size in pixels."""

    webp: bytes
    width: int
    height: int

    @classmethod
    def of(cls, webp: bytes) -> "Thumbnail":
        """Raises OSError if the bytes are not a picture."""
        with Image.open(io.BytesIO(webp)) as picture:
            return cls(webp, *picture.size)


class ThumbnailCache:
    """Thumbnails by the content hash of their photo: <cache_dir>/thumbnails/320-50/<2 digits>/<hash>.webp."""

    def __init__(self, cache_dir: Path) -> None:
        self._folder = cache_dir / "thumbnails" / f"{THUMBNAIL_SIDE}-{_QUALITY}"

    def get(self, content_hash: str) -> Thumbnail | None:
        """The thumbnail, if it is cached and intact."""
        try:
            return Thumbnail.of(self._path(content_hash).read_bytes())
        except OSError:
            return None

    def keep(self, content_hash: str, thumbnail: Thumbnail) -> None:
        """Caches a thumbnail if the folder is writable; otherwise it is created again next time."""
        with suppress(OutputError), atomic_write(self._path(content_hash)) as file:
            file.write(thumbnail.webp)

    def _path(self, content_hash: str) -> Path:
        return self._folder / content_hash[:2] / f"{content_hash}.webp"


def encode_thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Encodes pixels, uint8 RGB (h, w, 3), as WebP with a long side of at most THUMBNAIL_SIDE: uint8 (n,)."""
    height, width, _ = pixels.shape
    small = shrink(pixels, fitted_size(width, height, THUMBNAIL_SIDE))
    file = io.BytesIO()
    Image.fromarray(small).save(file, "WEBP", quality=_QUALITY, method=4)
    return np.frombuffer(file.getvalue(), np.uint8)


def thumbnails(
    photos: Mapping[str, Path],
    on_progress: Callable[[int, int], None],
    *,
    workers: int | None = None,
    cache: ThumbnailCache | None = None,
    content_hashes: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, Thumbnail | Failure]]:
    """Yields (key, thumbnail or the reason for its absence) in the order of `photos`, with few in memory.

    Args:
        photos: key → file.
        on_progress: called with the number of finished thumbnails and the total.
        workers: processes that create thumbnails; by default one per core.
        cache: caches the thumbnails; by default there is no cache.
        content_hashes: key → content hash of the file, if known; photos in the cache are then not read.
    """
    hashes = content_hashes or {}
    kept = {photo for photo in photos if cache and photo in hashes and cache.get(hashes[photo])}
    done = len(kept)
    on_progress(done, len(photos))
    early: dict[str, Thumbnail | Failure] = {}
    with closing(
        _made({photo: photos[photo] for photo in photos if photo not in kept}, workers, cache)
    ) as made:
        for photo in photos:
            if cache and photo in kept:
                yield photo, cache.get(hashes[photo]) or Failure(photo, "its thumbnail was removed meanwhile")
                continue
            while photo not in early:
                ready, outcome = next(made)
                early[ready] = outcome
                done += 1
                on_progress(done, len(photos))
            yield photo, early.pop(photo)


def _made(
    photos: Mapping[str, Path], workers: int | None, cache: ThumbnailCache | None
) -> Generator[tuple[str, Thumbnail | Failure]]:
    """Thumbnails in the order in which they finish."""
    if not photos:
        return
    with DecodingPool(workers) as pool:
        for outcome in pool.run(photos, [encode_thumbnail], [frozenset()]):
            if isinstance(outcome, Failure):
                yield outcome.photo, outcome
            elif (encoded := outcome.arrays[0]) is None:
                yield outcome.photo, Failure(outcome.photo, outcome.fault or "it cannot be decoded")
            else:
                thumbnail = Thumbnail.of(encoded.tobytes())
                if cache:
                    cache.keep(outcome.content_hash, thumbnail)
                yield outcome.photo, thumbnail
