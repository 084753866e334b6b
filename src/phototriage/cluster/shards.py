"""Measuring a folder on a few machines that share it, without a cluster.

The photos are split into some hundred units by their names, and machines take units by `Leases`. Of what is
done there is an index each, <cache_dir>/shards/<job>/<unit>.sqlite, which has one writer.
"""

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from phototriage.atomic_write import atomic_write
from phototriage.cluster.extraction import Extracted
from phototriage.cluster.leases import Leases, record
from phototriage.errors import Failure, OptionError
from phototriage.features import (
    DEFAULT_FEATURES,
    ExtractorOptions,
    FeatureStore,
    OnProgress,
    build_extractors,
    default_cache_dir,
)
from phototriage.features.cache.index import PhotoIndex, read_shard
from phototriage.features.decoding_pool import DecodingPool
from phototriage.features.extractors.spec import FeatureExtractor
from phototriage.features.lookup import Measured, look_up
from phototriage.features.measuring import Measuring
from phototriage.photos import photo_names

__all__ = ["ShardOptions", "extract_shard"]

_UNITS = 256
_NOT_READ = "could not be read by the machine that tried"


@dataclass(frozen=True)
class ShardOptions:
    """Which part of a folder this machine begins with, and what to measure. Raises OptionError.

    shard, shards: number `shard` of about `shards` machines, from 1. Each begins with its part and then goes
    on with what the others have not begun.
    features, extractors: what to measure. cache_dir: the folder that the machines share.
    workers: decoding processes; None is one per core.
    lease_seconds: how long a machine may be silent before another takes over its unit. Longer than a network
    file system may show old contents of a file (60 for NFS).
    """

    shard: int
    shards: int
    features: Sequence[str] = DEFAULT_FEATURES
    extractors: ExtractorOptions = field(default_factory=ExtractorOptions)
    cache_dir: str | os.PathLike[str] = field(default_factory=default_cache_dir)
    workers: int | None = None
    lease_seconds: float = 90.0

    def __post_init__(self) -> None:
        if not 1 <= self.shard <= self.shards:
            raise OptionError(f"must be from 1/{self.shards} on, not {self.shard}/{self.shards}", "shard")
        if self.workers is not None and self.workers < 1:
            raise OptionError(f"must be at least 1, not {self.workers}", "workers")


@dataclass(frozen=True)
class _Unit:
    """name: of its files. photos: paths below the folder → files."""

    name: str
    photos: Mapping[str, str]


def extract_shard(
    folder: str | os.PathLike[str],
    options: ShardOptions,
    *,
    on_progress: OnProgress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Extracted:
    """Measures the photos of a folder beside other machines, until all are done.

    The vectors are those of `MultiFeatureExtractor`, in the same store. A unit with the same names as one
    that is done is not looked at again; whoever reads the store later notices photos that were edited.

    Args:
        folder: all machines must see it under the same path.
        options: see `ShardOptions`.
        on_progress: called with (photos done by all machines, photos in all).
        on_note: called with lines for people.

    Raises:
        PhotoError: there is no photo. OutputError: the shared folder cannot be written.
        FeatureError: a network cannot be had, or the store cannot be read.
    """
    folder, cache_dir = Path(folder).absolute(), Path(options.cache_dir)
    unreadable: list[Failure] = []
    names = photo_names(
        folder, on_failure=lambda path, why: unreadable.append(Failure(path, why)), on_note=on_note
    )
    extractors = build_extractors(options.features, options.extractors, cache_dir)
    # Merged by a later reader: of several machines, each would write all vectors anew.
    stores = [FeatureStore(cache_dir, each.block, merge=False) for each in extractors]
    job = cache_dir / "shards" / _digest([str(folder), *(store.folder.name for store in stores)])
    units = _units(folder, names)
    begin = len(units) * (options.shard - 1) // options.shards
    leases = Leases(job, options.lease_seconds)
    waiting = False
    with DecodingPool(options.workers, on_note) as pool:
        work = _Work(job, extractors, stores, pool, options, lambda done: on_progress(done, len(names)))
        while True:
            done, taken = leases.look()
            finished = sum(len(each.photos) for each in units if each.name in done)
            on_progress(finished, len(names))
            left = [each for each in (*units[begin:], *units[:begin]) if each.name not in done]
            if not left:
                break
            for unit in left:
                with leases.lease(unit.name, taken.get(unit.name, 0)) as mine:
                    if mine:
                        work.measure(unit, finished)
                        break
            else:
                if not waiting:
                    on_note(f"waiting for other machines: {len(left)} of {len(units)} units of work")
                    waiting = True
                time.sleep(leases.seconds_per_look)
    failures = list(_failures(units, job, work.failures))
    return Extracted(len(names) - len(failures), work.read, (*unreadable, *failures))


def _units(folder: Path, names: Sequence[str]) -> list[_Unit]:
    split: list[dict[str, str]] = [{} for _ in range(_UNITS)]
    for name in names:
        split[zlib.crc32(os.fsencode(name)) % _UNITS][name] = str(folder / name)
    return [
        _Unit(f"{number:03}-{_digest(list(photos))}", photos) for number, photos in enumerate(split) if photos
    ]


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]


def _failures(units: Sequence[_Unit], job: Path, known: Mapping[str, Failure]) -> Iterator[Failure]:
    """The photos of all units that cannot be used, whoever found that out."""
    for unit in units:
        files, contents = read_shard(record(job, unit.name))
        faults = {content_hash: fault for content_hash, _, fault, _ in contents}
        hashes = {row[0]: row[4] for row in files}
        for key, path in unit.photos.items():
            content_hash = hashes.get(os.fsencode(path))
            if key in known:
                yield known[key]
            elif content_hash is None:
                yield Failure(key, _NOT_READ)
            elif (fault := faults.get(content_hash)) is not None:
                yield Failure(key, fault)


class _Work:
    """Measures units. read: how many photos were read. failures: those that cannot be used."""

    def __init__(
        self,
        job: Path,
        extractors: Sequence[FeatureExtractor],
        stores: Sequence[FeatureStore],
        pool: DecodingPool,
        options: ShardOptions,
        on_done: Callable[[int], None],
    ) -> None:
        self._job, self._extractors, self._stores, self._pool = job, extractors, stores, pool
        self._batch_size, self._on_done = options.extractors.inference_batch_size, on_done
        self.read = 0
        self.failures: dict[str, Failure] = {}

    def measure(self, unit: _Unit, before: int) -> None:
        """Puts the vectors of a unit into the store, then the index that says what its files are.

        before: photos that were done before.
        """
        number = unit.name.partition("-")[0]
        older = sorted(self._job.glob(f"{number}-*.sqlite"))
        # An index of this machine alone, on its own disk, for SQLite is not safe on network file systems.
        with TemporaryDirectory(prefix="phototriage-") as scratch:
            for path in older:
                with suppress(FileNotFoundError):  # another machine was faster
                    (Path(scratch) / "index.sqlite").write_bytes(path.read_bytes())
            outcomes: dict[str, Measured | Failure]
            with PhotoIndex(Path(scratch)) as index:
                found = look_up(unit.photos, self._stores, index)
                outcomes = found.outcomes
                self.read += len(found.unmeasured)
                if found.unmeasured:
                    measuring = Measuring(self._extractors, self._stores, index, found.unmeasured, outcomes)
                    measuring.decode_and_run(
                        self._pool, self._batch_size, lambda: self._on_done(before + len(outcomes))
                    )
            with atomic_write(record(self._job, unit.name)) as file:
                file.write(index.path.read_bytes())
        for path in older:
            with suppress(OSError):
                path.unlink()
        self.failures |= {key: each for key, each in outcomes.items() if isinstance(each, Failure)}
