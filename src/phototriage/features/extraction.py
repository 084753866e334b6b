"""From photos on disk to their features: what the store has is taken from there, the rest is measured."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np

from phototriage.errors import Failure
from phototriage.features.block import Features
from phototriage.features.cache.index import PhotoIndex
from phototriage.features.cache.store import FeatureStore, default_cache_dir
from phototriage.features.decoding_pool import DecodingPool
from phototriage.features.extractors.spec import FeatureExtractor
from phototriage.features.lookup import Measured, look_up
from phototriage.features.measuring import Measuring
from phototriage.features.options import ExtractorOptions
from phototriage.features.registry import DEFAULT_FEATURES, build_extractors
from phototriage.features.tuned import TunedWeights

__all__ = ["Alternatives", "MultiFeatureExtractor", "OnProgress", "Photos", "extract"]

Photos = Mapping[str, str | os.PathLike[str]]
"""Key → file."""

Alternatives = Mapping[str, Photos]
"""Photo → other files that show the same, by keys of their own, the first to try first."""

OnProgress = Callable[[int, int], None]
"""Called with (photos done, photos in all). Photos that the store already has are done at once.
An alternative counts as one more photo from when it is needed."""

_NO_ALTERNATIVES: Alternatives = MappingProxyType({})


def extract(
    photos: Photos,
    extractors: Sequence[FeatureExtractor],
    cache_dir: str | os.PathLike[str],
    *,
    alternatives: Alternatives = _NO_ALTERNATIVES,
    workers: int | None = None,
    pool: DecodingPool | None = None,
    batch_size: int = 1,
    known: Features | None = None,
    in_store: Collection[str] = (),
    on_progress: OnProgress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Features:
    """The features of `photos`, computed once and kept in `cache_dir`.

    Args:
        photos: key → file. A file that cannot be used ends up in the result's `failures`.
        extractors: what to measure; their blocks stand in this order in the result.
        cache_dir: the place of the store; see `FeatureStore` and `PhotoIndex`.
        alternatives: for some of the photos, what to measure where the file cannot be used: the first usable
            one stands in the result at the photo's place, under its own key, and in `replaced`. The files
            that were passed over are in `failures`.
        workers: decoding processes, at least 1; by default one per core.
        pool: the decoding processes, which stay for other calls; by default `workers` of its own.
        batch_size: photos that the extractors get at once, at least.
        known: features of photos among these, with content hashes and captures, as they were found a moment
            ago: such a photo is not looked up again.
        in_store: names of blocks whose vectors are left in the store (`Features.in_store`).
        on_progress: see `OnProgress`.
        on_note: called with one line about anything that was mended on the way, or wrong with new photos.

    An interrupted run keeps what it had put on disk, all but the last five seconds; run it again to go on.
    Raises OutputError where the store cannot be written, FeatureError where a network cannot be had,
    ValueError for no extractors, no workers, or alternatives that fit no photo or have the key of another.
    """
    if not extractors:
        raise ValueError("extract needs at least one extractor")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    _check_alternatives(photos, alternatives)
    cache_dir = Path(cache_dir)
    stores = [FeatureStore(cache_dir, extractor.block) for extractor in extractors]
    for part in (part for store in stores for part in store.torn):
        done = "left out" if part.exists() else "set aside"  # where the folder lets nothing be renamed
        on_note(f"{done} a damaged part of the feature store, its photos are measured again: {part}")
    outcomes: dict[str, Measured | Failure] = {}
    warnings: dict[str, str] = {}
    tried: set[str] = set()

    def on_batch() -> None:
        on_progress(len(outcomes), len(tried))

    own = DecodingPool(workers, on_note) if pool is None else nullcontext(pool)
    with PhotoIndex(cache_dir, on_note) as index, own as pool:
        for files in _rounds(photos, alternatives, outcomes):
            tried.update(files)
            found = look_up(files, stores, index, known)
            outcomes.update(found.outcomes)
            on_batch()
            if not found.unmeasured:
                continue
            measuring = Measuring(extractors, stores, index, found.unmeasured, outcomes)
            measuring.decode_and_run(pool, batch_size, on_batch)
            warnings.update(measuring.warnings)
    if warnings:
        first, warning = next(iter(warnings.items()))
        on_note(
            f"photos used although something is wrong with them: {len(warnings):,}, the first "
            f"{first}: {warning}"
        )
    return _features(photos, alternatives, outcomes, stores, in_store)


def _check_alternatives(photos: Photos, alternatives: Alternatives) -> None:
    if unknown := alternatives.keys() - photos.keys():
        raise ValueError(f"alternatives for {min(unknown)!r}, which is none of the photos")
    keys = [*photos, *(key for others in alternatives.values() for key in others)]
    if len(set(keys)) < len(keys):
        raise ValueError("an alternative has the key of another file")


def _rounds(
    photos: Photos, alternatives: Alternatives, outcomes: Mapping[str, object]
) -> Iterator[dict[str, str]]:
    """The files to try next, key → file: all photos, then alternatives of what failed in `outcomes`."""
    untried = {photo: iter(others.items()) for photo, others in alternatives.items()}
    latest: dict[str, str] = {photo: photo for photo in untried}
    # Texts, for to make a Path takes microseconds, and a library has a million photos.
    yield {key: path if isinstance(path, str) else os.fspath(path) for key, path in photos.items()}
    while True:
        files = {}
        for photo, others in untried.items():
            if isinstance(outcomes[latest[photo]], Failure) and (other := next(others, None)):
                latest[photo], path = other
                files[other[0]] = os.fspath(path)
        if not files:
            return
        yield files


def _features(
    photos: Photos,
    alternatives: Alternatives,
    outcomes: Mapping[str, Measured | Failure],
    stores: Sequence[FeatureStore],
    in_store: Collection[str],
) -> Features:
    measured: dict[str, Measured] = {}
    replaced: dict[str, str] = {}
    failures: list[Failure] = []
    for photo in photos:
        for key in (photo, *alternatives.get(photo, ())):
            outcome = outcomes[key]
            if isinstance(outcome, Failure):
                failures.append(outcome)
                continue
            measured[key] = outcome
            if key != photo:
                replaced[photo] = key
            break
    content_hashes = tuple(each.content_hash for each in measured.values())
    copied = [store for store in stores if store.block.name not in in_store]
    ends = np.cumsum([0, *(store.block.dim for store in copied)]).tolist()
    matrix = np.empty((len(measured), ends[-1]), np.float32)
    for store, end in zip(copied, ends[1:], strict=True):
        store.vectors(content_hashes, matrix[:, end - store.block.dim : end])
    return Features(
        photos=tuple(measured),
        matrix=matrix,
        blocks=tuple(store.block for store in copied),
        failures=tuple(failures),
        content_hashes=content_hashes,
        captures=tuple(each.capture for each in measured.values()),
        replaced=replaced,
        in_store=tuple(store.in_store(content_hashes) for store in stores if store not in copied),
    )


@dataclass(frozen=True)
class MultiFeatureExtractor:
    """Any subset of the extractors, as one.

    features: names of EXTRACTORS, in any order. options: how they measure. cache_dir: the store.
    tuned: weights in place of pretrained ones.
    """

    features: Sequence[str] = DEFAULT_FEATURES
    options: ExtractorOptions = field(default_factory=ExtractorOptions)
    cache_dir: str | os.PathLike[str] = field(default_factory=default_cache_dir)
    tuned: Sequence[TunedWeights] = ()

    @cached_property
    def extractors(self) -> tuple[FeatureExtractor, ...]:
        """The extractors, in the order in which their numbers are concatenated. Raises FeatureError."""
        return build_extractors(self.features, self.options, self.cache_dir, self.tuned)

    @property
    def dim(self) -> int:
        """Numbers per photo; 1540 by default."""
        return sum(extractor.block.dim for extractor in self.extractors)

    def __call__(
        self,
        photos: Photos,
        *,
        alternatives: Alternatives = _NO_ALTERNATIVES,
        workers: int | None = None,
        pool: DecodingPool | None = None,
        known: Features | None = None,
        in_store: Collection[str] = (),
        on_progress: OnProgress = lambda done, total: None,
        on_note: Callable[[str], None] = lambda note: None,
    ) -> Features:
        """`extract` with these extractors."""
        return extract(
            photos,
            self.extractors,
            self.cache_dir,
            alternatives=alternatives,
            workers=workers,
            pool=pool,
            batch_size=self.options.inference_batch_size,
            known=known,
            in_store=in_store,
            on_progress=on_progress,
            on_note=on_note,
        )
