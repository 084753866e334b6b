"""From photos on disk to their features: what the store has is taken from there, the rest is measured."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import Failure
from phototriage.features.block import Features
from phototriage.features.cache.index import Content, PhotoIndex
from phototriage.features.cache.store import FeatureStore, default_cache_dir
from phototriage.features.decoding_pool import DecodingPool, Prepared
from phototriage.features.options import ExtractorOptions
from phototriage.features.registry import DEFAULT_FEATURES, FeatureExtractor, build_extractors

__all__ = ["MultiFeatureExtractor", "OnProgress", "extract"]

OnProgress = Callable[[int, int], None]
"""Called with (photos done, photos in all); photos that the store already has are done at once."""

_PHOTOS_PER_BATCH = 32
_PHOTOS_PER_PART = 256
_SECONDS_PER_PART = 5.0


def extract(
    photos: Mapping[str, Path],
    extractors: Sequence[FeatureExtractor],
    cache_dir: Path,
    *,
    workers: int | None = None,
    batch_size: int = 1,
    on_progress: OnProgress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Features:
    """The features of `photos`, computed once and kept in `cache_dir`.

    Args:
        photos: key → file. A file that cannot be used ends up in the result's `failures`.
        extractors: what to measure; their blocks stand in this order in the result.
        cache_dir: the place of the store; see `FeatureStore` and `PhotoIndex`.
        workers: decoding processes, at least 1; by default one per core.
        batch_size: photos that the extractors get at once, at least.
        on_progress: see `OnProgress`.
        on_note: called with one line about anything that was mended on the way, or wrong with new photos.

    An interrupted run keeps what it had put on disk, all but the last five seconds; run it again to go on.
    Raises OutputError where the store cannot be written, FeatureError where a network cannot be had,
    ValueError for no extractors or no workers.
    """
    if not extractors:
        raise ValueError("extract needs at least one extractor")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    stores = [FeatureStore(cache_dir, extractor.block) for extractor in extractors]
    for part in (part for store in stores for part in store.torn):
        done = "left out" if part.exists() else "set aside"  # where the folder lets nothing be renamed
        on_note(f"{done} a damaged part of the feature store, its photos are measured again: {part}")
    with PhotoIndex(cache_dir, on_note) as index:
        run = _Run(extractors, stores, index)
        run.look_up(photos)
        on_progress(run.finished, len(photos))
        if run.unknown:
            steps = [extractor.prepare for extractor in extractors]
            finished = [store.content_hashes for store in stores]
            batch_size = max(batch_size, _PHOTOS_PER_BATCH)
            with DecodingPool(steps, finished, workers, ahead=2 * batch_size, on_note=on_note) as pool:
                run.measure_all(
                    pool.run({key: photos[key] for key in run.unknown}),
                    batch_size,
                    lambda: on_progress(run.finished, len(photos)),
                )
    if run.complaints:
        first, complaint = next(iter(run.complaints.items()))
        on_note(
            f"photos used although something is wrong with them: {len(run.complaints):,}, the first "
            f"{first}: {complaint}"
        )
    usable = [key for key in photos if key in run.hashes]
    return Features(
        photos=tuple(usable),
        matrix=np.hstack([store.vectors([run.hashes[key] for key in usable]) for store in stores]),
        blocks=tuple(extractor.block for extractor in extractors),
        failures=tuple(run.failures[key] for key in photos if key in run.failures),
        content_hashes=tuple(run.hashes[key] for key in usable),
        captures=tuple(run.contents[run.hashes[key]].capture for key in usable),
    )


@dataclass(frozen=True)
class MultiFeatureExtractor:
    """Any subset of the extractors, as one.

    features: names of EXTRACTORS, in any order. options: how they measure. cache_dir: the store.
    """

    features: Sequence[str] = DEFAULT_FEATURES
    options: ExtractorOptions = field(default_factory=ExtractorOptions)
    cache_dir: Path = field(default_factory=default_cache_dir)

    @cached_property
    def extractors(self) -> tuple[FeatureExtractor, ...]:
        """The extractors, in the order in which their numbers are concatenated. Raises FeatureError."""
        return build_extractors(self.features, self.options, self.cache_dir)

    @property
    def dim(self) -> int:
        """Numbers per photo; 1540 by default."""
        return sum(extractor.block.dim for extractor in self.extractors)

    def __call__(
        self,
        photos: Mapping[str, Path],
        *,
        workers: int | None = None,
        on_progress: OnProgress = lambda done, total: None,
        on_note: Callable[[str], None] = lambda note: None,
    ) -> Features:
        """`extract` with these extractors."""
        return extract(
            photos,
            self.extractors,
            self.cache_dir,
            workers=workers,
            batch_size=self.options.inference_batch_size,
            on_progress=on_progress,
            on_note=on_note,
        )


class _Run:
    """How far an extraction is: each photo is in exactly one of `unknown`, `hashes` and `failures`.

    Photos that were measured and are not on disk yet are unknown still. `contents` knows every photo of
    `hashes`.
    """

    def __init__(
        self, extractors: Sequence[FeatureExtractor], stores: Sequence[FeatureStore], index: PhotoIndex
    ) -> None:
        self._extractors, self._stores, self._index = extractors, stores, index
        self.unknown: list[str] = []
        self.hashes: dict[str, str] = {}
        self.contents: dict[str, Content] = {}
        self.failures: dict[str, Failure] = {}
        self.complaints: dict[str, str] = {}
        self._found: dict[str, tuple[Path, os.stat_result]] = {}
        self._read: dict[str, tuple[str, Content]] = {}
        self._vectors: list[dict[str, NDArray[np.float32]]] = [{} for _ in stores]

    @property
    def finished(self) -> int:
        on_the_way = sum(content.fault is None for _, content in self._read.values())
        return len(self.hashes) + len(self.failures) + on_the_way

    def look_up(self, photos: Mapping[str, Path]) -> None:
        for key, path in photos.items():
            try:
                self._found[key] = (path, path.stat())
            except OSError as error:
                self.failures[key] = Failure(key, f"cannot be read: {error.strerror}")
        digests = self._index.content_hashes(self._found.values())
        self.contents = self._index.contents([digest for digest in digests if digest])
        for key, digest in zip(self._found, digests, strict=True):
            content = self.contents.get(digest) if digest else None
            if content and content.fault is not None:
                self.failures[key] = Failure(key, content.fault)
            elif digest and content and all(digest in store for store in self._stores):
                self.hashes[key] = digest
            else:
                self.unknown.append(key)

    def measure_all(
        self, results: Iterable[Prepared | Failure], batch_size: int, on_batch: Callable[[], None]
    ) -> None:
        """Measures photos as they become ready, and puts them on disk every few seconds.

        Where they come so slowly that a batch is not full by then, it is measured as it is.
        """
        batch: list[Prepared | Failure] = []
        last_flush = last_measured = time.monotonic()
        try:
            for result in results:
                batch.append(result)
                if len(batch) >= batch_size or time.monotonic() > last_measured + _SECONDS_PER_PART:
                    full, batch = batch, []
                    self._measure(full)
                    on_batch()
                    last_measured = time.monotonic()
                if len(self._read) >= _PHOTOS_PER_PART or time.monotonic() > last_flush + _SECONDS_PER_PART:
                    self._flush()
                    last_flush = time.monotonic()
            self._measure(batch)
            on_batch()
        finally:
            self._flush()  # also after Ctrl-C, or an error in a later batch

    def _measure(self, results: Sequence[Prepared | Failure]) -> None:
        """Turns prepared photos into vectors."""
        read = [result for result in results if isinstance(result, Prepared)]
        failures = [result for result in results if isinstance(result, Failure)]
        failures += [Failure(each.photo, each.fault) for each in read if each.fault is not None]
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
            sound = [bool(np.isfinite(vector).all()) for vector in vectors]
            self._vectors[step] |= {
                content_hash: vector
                for content_hash, vector, finite in zip(arrays, vectors, sound, strict=True)
                if finite
            }
            broken = {content_hash for content_hash, finite in zip(arrays, sound, strict=True) if not finite}
            failures += [
                Failure(each.photo, f"its {extractor.block.name} features are not finite numbers")
                for each in read
                if each.content_hash in broken
            ]
        self.complaints |= {each.photo: each.complaints[0] for each in read if each.complaints}
        for failure in failures:
            self.failures.setdefault(failure.photo, failure)
        self._read |= {
            each.photo: (each.content_hash, Content(each.capture, each.fault))
            for each in read
            if each.fault is not None or each.photo not in self.failures
        }

    def _flush(self) -> None:
        """Puts measured photos on disk; from then on they are finished.

        Ctrl-C may stop it anywhere; called again, it does what was left.
        """
        for vectors, store in zip(self._vectors, self._stores, strict=True):
            if vectors:
                store.add(list(vectors), np.stack(list(vectors.values())))
                vectors.clear()
        contents = dict(self._read.values())
        self._index.remember(
            ((*self._found[photo], digest) for photo, (digest, _) in self._read.items()), contents
        )
        self.contents |= contents
        self.hashes |= {
            photo: digest for photo, (digest, content) in self._read.items() if content.fault is None
        }
        self._read.clear()
