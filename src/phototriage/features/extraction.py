"""From photos on disk to their features: what the store has is taken from there, the rest is measured."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from phototriage.errors import FeatureError
from phototriage.features.block import Failure, Features
from phototriage.features.decoding_pool import DecodingPool, Prepared
from phototriage.features.extractor import FeatureExtractor
from phototriage.features.index import PhotoIndex
from phototriage.features.store import FeatureStore

__all__ = ["OnProgress", "extract"]

OnProgress = Callable[[int, int], None]
"""Called with (photos done, photos in all); photos that the store already has are done at once."""

_PHOTOS_PER_PART = 256
_SECONDS_PER_PART = 5.0


def extract(
    photos: Mapping[str, Path],
    extractors: Sequence[FeatureExtractor],
    cache_dir: Path,
    *,
    workers: int | None = None,
    on_progress: OnProgress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Features:
    """The features of `photos`, computed once and kept in `cache_dir`.

    Args:
        photos: key → file. A file that cannot be used ends up in the result's `failures`.
        extractors: what to measure; their blocks stand in this order in the result.
        cache_dir: the place of the store; see `FeatureStore` and `PhotoIndex`.
        workers: decoding processes, at least 1; by default one per core.
        on_progress: see `OnProgress`.
        on_note: called with one line about anything that was mended on the way.

    An interrupted run keeps what it had measured; run it again to go on.
    Raises FeatureError where not one photo could be used, OutputError where the store cannot be written.
    """
    stores = [FeatureStore(cache_dir, extractor.block) for extractor in extractors]
    for part in (part for store in stores for part in store.torn):
        on_note(f"set aside a damaged part of the feature store, its photos are measured again: {part}")
    with PhotoIndex(cache_dir) as index:
        run = _Run(extractors, stores, index)
        run.look_up(photos)
        on_progress(run.finished, len(photos))
        if run.unknown:
            steps = [extractor.prepare for extractor in extractors]
            finished = [store.content_hashes for store in stores]
            max_side = max(extractor.max_side for extractor in extractors)
            with DecodingPool(steps, finished, max_side, workers) as pool:
                batch: list[Prepared | Failure] = []
                last_part = time.monotonic()
                try:
                    for result in pool.run({key: photos[key] for key in run.unknown}):
                        batch.append(result)
                        on_progress(run.finished + len(batch), len(photos))
                        if len(batch) >= _PHOTOS_PER_PART or time.monotonic() > last_part + _SECONDS_PER_PART:
                            full, batch, last_part = batch, [], time.monotonic()
                            run.keep(full)
                finally:
                    run.keep(batch)  # also after Ctrl-C
    if photos and not run.hashes:
        first = next(iter(run.failures.values()))
        raise FeatureError(
            f"not one of {len(photos)} photos could be used; the first, {first.photo}: {first.reason}"
        )
    usable = [key for key in photos if key in run.hashes]
    return Features(
        photos=tuple(usable),
        matrix=np.hstack([store.vectors([run.hashes[key] for key in usable]) for store in stores]),
        blocks=tuple(extractor.block for extractor in extractors),
        failures=tuple(run.failures[key] for key in photos if key in run.failures),
    )


class _Run:
    """How far an extraction is: each photo is in exactly one of `unknown`, `hashes` and `failures`."""

    def __init__(
        self, extractors: Sequence[FeatureExtractor], stores: Sequence[FeatureStore], index: PhotoIndex
    ) -> None:
        self._extractors, self._stores, self._index = extractors, stores, index
        self.unknown: dict[str, tuple[Path, os.stat_result]] = {}
        self.hashes: dict[str, str] = {}
        self.failures: dict[str, Failure] = {}

    @property
    def finished(self) -> int:
        return len(self.hashes) + len(self.failures)

    def look_up(self, photos: Mapping[str, Path]) -> None:
        for key, path in photos.items():
            try:
                status = path.stat()
            except OSError as error:
                self.failures[key] = Failure(key, f"cannot be read: {error.strerror}")
                continue
            digest = self._index.content_hash(path, status)
            if digest and all(digest in store for store in self._stores):
                self.hashes[key] = digest
            else:
                self.unknown[key] = (path, status)

    def keep(self, results: Sequence[Prepared | Failure]) -> None:
        """Finishes prepared photos and puts them on disk."""
        read = [result for result in results if isinstance(result, Prepared)]
        failures = [result for result in results if isinstance(result, Failure)]
        for step, (extractor, store) in enumerate(zip(self._extractors, self._stores, strict=True)):
            # Copies of one photo are prepared more than once and kept once.
            arrays = {
                each.content_hash: array
                for each in read
                if (array := each.arrays[step]) is not None and each.content_hash not in store
            }
            if not arrays:
                continue
            vectors = extractor(list(arrays.values()))
            sound = np.isfinite(vectors).all(axis=1)
            hashes = np.array(list(arrays))
            store.add(hashes[sound].tolist(), vectors[sound])
            broken = set(hashes[~sound].tolist())
            failures += [
                Failure(each.photo, f"its {extractor.block.name} features are not finite numbers")
                for each in read
                if each.content_hash in broken
            ]
        for failure in failures:
            self.failures.setdefault(failure.photo, failure)
            del self.unknown[failure.photo]
        done = [each for each in read if each.photo not in self.failures]
        self._index.remember((*self.unknown.pop(each.photo), each.content_hash) for each in done)
        self.hashes |= {each.photo: each.content_hash for each in done}
