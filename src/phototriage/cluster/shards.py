"""Measuring a folder on a few machines that share it, without a cluster.

The photos are split into some hundred units by their names. <cache_dir>/shards/<job>/ holds two kinds of
files, and each has one writer:

    <unit>.sqlite    what the photos of a unit are, as an index: the unit is done
    <unit>.N.lease   a machine is at the unit; N counts the machines that were

A machine takes a unit by creating its lease, which only one can. While it works, it writes a new number into
the lease every few seconds. A lease that another machine sees unchanged for a while, by its own clock, is
void, and creating the next N takes the unit over. So neither locks nor equal clocks are needed. If a machine
that was given up works on, both measure the same photos, and the store holds equal rows twice.
"""

import hashlib
import json
import os
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from phototriage.atomic_write import atomic_write
from phototriage.cluster.extraction import Extracted
from phototriage.errors import Failure, OptionError, OutputError
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
_RENEWALS_PER_LEASE = 9
_LEASE = re.compile(r"(?P<unit>.+)\.(?P<number>\d+)\.lease")
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
    leases = _Leases(job, options.lease_seconds)
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
                time.sleep(options.lease_seconds / _RENEWALS_PER_LEASE)
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
        files, contents = read_shard(_record(job, unit.name))
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


def _record(job: Path, unit: str) -> Path:
    return job / f"{unit}.sqlite"


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
            with atomic_write(_record(self._job, unit.name)) as file:
                file.write(index.path.read_bytes())
        for path in older:
            with suppress(OSError):
                path.unlink()
        self.failures |= {key: each for key, each in outcomes.items() if isinstance(each, Failure)}


class _Leases:
    """The leases of this machine, and what it saw of those of others."""

    def __init__(self, job: Path, seconds: float) -> None:
        self._job, self._seconds, self._owner = job, seconds, uuid4().hex
        self._seen: dict[Path, tuple[bytes, float]] = {}

    def look(self) -> tuple[set[str], dict[str, int]]:
        """The units that are done, and the latest lease of each of the others; in one listing."""
        try:
            self._job.mkdir(parents=True, exist_ok=True)
            there = os.listdir(self._job)  # noqa: PTH208
        except OSError as error:
            raise OutputError(f"cannot use {self._job}: {error.strerror}") from error
        taken: dict[str, int] = {}
        for each in filter(None, map(_LEASE.fullmatch, there)):
            taken[each["unit"]] = max(taken.get(each["unit"], 0), int(each["number"]))
        return {name.removesuffix(".sqlite") for name in there if name.endswith(".sqlite")}, taken

    @contextmanager
    def lease(self, unit: str, latest: int) -> Iterator[bool]:
        """Takes a unit, of which `latest` is the latest lease, or 0; False where it is not to be had."""
        if latest and not self._is_void(self._path(unit, latest)):
            yield False
            return
        path = self._path(unit, latest + 1)
        if not self._created(path):
            yield False
            return
        ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(path, ended), daemon=True)
        renewing.start()
        try:
            yield not _record(self._job, unit).exists()  # it may have been done since the listing
        finally:
            ended.set()
            renewing.join()
            for number in range(1, latest + 2):
                with suppress(OSError):  # what stays becomes void
                    self._path(unit, number).unlink()

    def _created(self, path: Path) -> bool:
        """Whether this machine created a file, and no other one did. Raises OutputError where none can."""
        try:
            self._create(path)
        except FileExistsError:
            return False
        except OSError as lost:
            # Some network file systems have another error for a file that is there, or was a moment ago
            # (EPERM of sshfs). Where a name that nobody else uses can be created, it was that.
            own = self._job / f"{self._owner}.test"
            try:
                self._create(own)
                own.unlink()
            except OSError as error:
                raise OutputError(f"cannot write {path}: {error.strerror}") from lost
            return False
        return True

    def _create(self, path: Path) -> None:
        file = path.open("xb")
        try:
            with file:
                file.write(f"{self._owner} 0".encode())
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _path(self, unit: str, number: int) -> Path:
        return self._job / f"{unit}.{number}.lease"

    def _renew(self, path: Path, ended: threading.Event) -> None:
        number = 0
        while not ended.wait(self._seconds / _RENEWALS_PER_LEASE):
            number += 1
            with suppress(OSError), path.open("r+b") as file:  # where it cannot be written, it becomes void
                file.write(f"{self._owner} {number}".encode())

    def _is_void(self, path: Path) -> bool:
        try:
            content = path.read_bytes()
        except OSError:  # it ended
            return False
        now = time.monotonic()
        before, since = self._seen.get(path, (None, now))
        if content != before:
            self._seen[path] = content, now
            return False
        return now > since + self._seconds
