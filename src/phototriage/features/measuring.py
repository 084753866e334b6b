"""From prepared photos to features on disk."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import Failure
from phototriage.features.cache.index import Content, PhotoIndex
from phototriage.features.cache.store import FeatureStore
from phototriage.features.decoding_pool import DecodingPool, Prepared
from phototriage.features.extractors.spec import FeatureExtractor, view_of
from phototriage.features.lookup import Measured

__all__ = ["PHOTOS_PER_BATCH", "Measuring"]

PHOTOS_PER_BATCH = 32
_PHOTOS_PER_PART = 256
_SECONDS_PER_PART = 5.0


class Measuring:
    """Measures photos batch by batch, and puts them on disk every few seconds.

    Args:
        extractors, stores: what to measure, and where each keeps it.
        index: remembers what the files hold.
        files: photo → file and its status, taken before it was read.
        outcomes: gets what became of each photo.

    `warnings` tells what was wrong with photos that are used all the same.
    """

    def __init__(
        self,
        extractors: Sequence[FeatureExtractor],
        stores: Sequence[FeatureStore],
        index: PhotoIndex,
        files: Mapping[str, tuple[Path, os.stat_result]],
        outcomes: dict[str, Measured | Failure],
    ) -> None:
        self._outcomes = outcomes
        self.warnings: dict[str, str] = {}
        self._extractors, self._stores, self._files = extractors, stores, files
        self._unsaved = _Unsaved(stores, index, files)

    def decode_and_run(self, pool: DecodingPool, batch_size: int, on_batch: Callable[[], None]) -> None:
        """Decodes the files in a pool and measures them, at least `batch_size` at once."""
        at_once = max(batch_size, PHOTOS_PER_BATCH)
        prepared = pool.run(
            {key: path for key, (path, _) in self._files.items()},
            [extractor.prepare for extractor in self._extractors],
            [store.content_hashes for store in self._stores],
            views=[view_of(extractor) for extractor in self._extractors],
            ahead=2 * at_once,
        )
        self.run(prepared, at_once, on_batch)

    def run(
        self, results: Iterable[Prepared | Failure], batch_size: int, on_batch: Callable[[], None]
    ) -> None:
        """Measures photos as they become ready.

        Where they come so slowly that a batch is not full in a few seconds, it is measured as it is.
        """
        batch: list[Prepared | Failure] = []
        last_save = last_measured = time.monotonic()
        try:
            for result in results:
                batch.append(result)
                if len(batch) >= batch_size or time.monotonic() > last_measured + _SECONDS_PER_PART:
                    full, batch = batch, []
                    self._measure(full)
                    on_batch()
                    last_measured = time.monotonic()
                if len(self._unsaved) >= _PHOTOS_PER_PART or time.monotonic() > last_save + _SECONDS_PER_PART:
                    self._unsaved.save()
                    last_save = time.monotonic()
            self._measure(batch)
            on_batch()
        finally:
            self._unsaved.save()  # also after Ctrl-C, or an error in a later batch

    def _measure(self, results: Sequence[Prepared | Failure]) -> None:
        read = [result for result in results if isinstance(result, Prepared)]
        failures = {result.photo: result for result in results if isinstance(result, Failure)}
        failures |= {each.photo: Failure(each.photo, each.fault) for each in read if each.fault is not None}
        for step, (extractor, store) in enumerate(zip(self._extractors, self._stores, strict=True)):
            vectors = _vectors(extractor, store, step, read)
            for each in read:
                if each.content_hash in vectors and not np.isfinite(vectors[each.content_hash]).all():
                    reason = f"its {extractor.block.name} features are not finite numbers"
                    failures.setdefault(each.photo, Failure(each.photo, reason))
            self._unsaved.vectors[step] |= {
                content_hash: vector for content_hash, vector in vectors.items() if np.isfinite(vector).all()
            }
        self.warnings |= {each.photo: each.warnings[0] for each in read if each.warnings}
        self._outcomes.update(failures)
        self._outcomes.update(
            (each.photo, Measured(each.content_hash, each.capture))
            for each in read
            if each.photo not in failures
        )
        self._unsaved.contents |= {
            each.photo: (each.content_hash, Content(each.capture, each.fault))
            for each in read
            if each.fault is not None or each.photo not in failures
        }


def _vectors(
    extractor: FeatureExtractor, store: FeatureStore, step: int, read: Sequence[Prepared]
) -> dict[str, NDArray[np.float32]]:
    """Content hash → vector of the photos that the store lacks."""
    # Copies of one photo are prepared more than once and kept once.
    arrays = {
        each.content_hash: array
        for each in read
        if (array := each.arrays[step]) is not None and each.content_hash not in store
    }
    return dict(zip(arrays, extractor(list(arrays.values())), strict=True)) if arrays else {}


class _Unsaved:
    """What was measured and is not on disk yet.

    vectors: per store, content hash → vector. contents: photo → content hash and what else its file holds.
    """

    def __init__(
        self,
        stores: Sequence[FeatureStore],
        index: PhotoIndex,
        files: Mapping[str, tuple[Path, os.stat_result]],
    ) -> None:
        self._stores, self._index, self._files = stores, index, files
        self.vectors: list[dict[str, NDArray[np.float32]]] = [{} for _ in stores]
        self.contents: dict[str, tuple[str, Content]] = {}

    def __len__(self) -> int:
        return len(self.contents)

    def save(self) -> None:
        """Puts all of it on disk, vectors first: what the index knows, the stores have.

        Ctrl-C may stop it anywhere; called again, it does what was left.
        """
        for vectors, store in zip(self.vectors, self._stores, strict=True):
            if vectors:
                store.add(list(vectors), np.stack(list(vectors.values())))
                vectors.clear()
        self._index.remember(
            ((*self._files[photo], content_hash) for photo, (content_hash, _) in self.contents.items()),
            dict(self.contents.values()),
        )
        self.contents.clear()
