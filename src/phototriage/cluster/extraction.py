"""Measures the photos of a source on Ray Data, into the store that `rank` and `train` read."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from phototriage.cluster.source import Item, Source, find_photos, without_credentials
from phototriage.cluster.work import Batch, Decode, DecodeAndInfer, Infer, Job, Outcome, outcomes_of
from phototriage.errors import Failure, FeatureError, OptionError, PhototriageError
from phototriage.extras import extra
from phototriage.features import (
    DEFAULT_FEATURES,
    ExtractorOptions,
    FeatureStore,
    OnProgress,
    build_extractors,
    default_cache_dir,
)
from phototriage.features.cache.index import Content, PhotoIndex
from phototriage.features.lookup import look_up
from phototriage.photos import Capture

__all__ = ["ClusterOptions", "Extracted", "check_address", "extract_on_ray"]

_ITEMS_PER_TASK = 128
_SECONDS_PER_SAVE = 5.0
_SECONDS_TO_CONNECT = 30


@dataclass(frozen=True)
class ClusterOptions:
    """What to measure with, and where. Raises OptionError for an invalid value.

    address: of a running cluster (host:port, or ray://host:port); None starts one on this machine.
    features, extractors: what to measure. store: where the numbers go; every machine must see this folder
    under the same path. cache_dir: on each machine, for weights and exported networks.
    workers: actors; None is one per core. cpus_per_worker: cores of an actor, each of which decodes.
    gpus_per_worker: of an actor that runs networks; with 0, networks run where photos are decoded.
    """

    address: str | None = None
    features: Sequence[str] = DEFAULT_FEATURES
    extractors: ExtractorOptions = field(default_factory=ExtractorOptions)
    store: str | os.PathLike[str] = field(default_factory=default_cache_dir)
    cache_dir: str | os.PathLike[str] = field(default_factory=default_cache_dir)
    workers: int | None = None
    cpus_per_worker: int = 1
    gpus_per_worker: float = 0.0

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise OptionError(f"must be at least 1, not {self.workers}", "workers")
        if self.cpus_per_worker < 1:
            raise OptionError(f"must be at least 1, not {self.cpus_per_worker}", "cpus_per_worker")
        if self.gpus_per_worker < 0:
            raise OptionError(f"must be 0 or more, not {self.gpus_per_worker:g}", "gpus_per_worker")


@dataclass(frozen=True)
class Extracted:
    """photos: that have features now. read: how many photos were read in this run. failures: the others."""

    photos: int
    read: int
    failures: tuple[Failure, ...]


def extract_on_ray(
    source: str,
    options: ClusterOptions,
    *,
    on_progress: OnProgress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Extracted:
    """Measures the photos of a source that the store lacks.

    The vectors, fingerprints and the store are those of `MultiFeatureExtractor`: a worker decodes with the
    same limits, and writes a part of the store before it says so. So whatever is killed, the same call goes
    on, and reads again at most what was under way. Photos of a local folder are known by path, size and
    times, as ever, and are not read again; those of other sources are read, and measured only if the store
    lacks their contents.

    Args:
        source: see `find_photos`.
        options: what to measure with.
        on_progress: called with (photos done, photos in all); an archive counts as one until it was read.
        on_note: called with lines for people.

    Raises:
        PhotoError: nothing is there. FeatureError: a worker would measure otherwise, or cannot.
        OutputError: the store cannot be written. MissingExtraError: Ray is not installed.
    """
    with extra("ray"):
        import ray  # noqa: F401 - before a long listing
    found = find_photos(source)
    store, cache_dir = Path(options.store).absolute(), Path(options.cache_dir).absolute()
    extractors = build_extractors(options.features, options.extractors, cache_dir)
    stores = [FeatureStore(store, each.block) for each in extractors]
    with PhotoIndex(store, on_note) as index:
        run = _Run(found, index, on_progress)
        items = run.start(stores)
        if items:
            job = Job(
                tuple(each.block.name for each in extractors),
                options.extractors,
                tuple(each.block for each in extractors),
                store,
                tuple(each.content_hashes for each in stores),
                cache_dir,
                options.cpus_per_worker,
            )
            with _cluster(options), _translated():
                run.collect(_outcomes(items, job, options))
    if run.warnings:
        key, warning = next(iter(run.warnings.items()))
        on_note(
            f"photos used although something is wrong with them: {len(run.warnings):,}, the first "
            f"{key}: {warning}"
        )
    return run.result()


class _Run:
    """What is known of the photos of a source, by now."""

    def __init__(self, source: Source, index: PhotoIndex, on_progress: OnProgress) -> None:
        self._source, self._index, self._on_progress = source, index, on_progress
        self._files: dict[str, tuple[Path, os.stat_result]] = {}
        self._failures = list(source.failures)
        self._unsaved: list[Outcome] = []
        self._done = self._measured = self._containers = 0
        self.warnings: dict[str, str] = {}

    def start(self, stores: Sequence[FeatureStore]) -> list[Item]:
        """The items that must be read."""
        items = self._source.items
        self._containers = sum(each.kind != "file" for each in items)
        if self._source.root is None:
            return list(items)
        files = {each.key: each.place for each in items if each.kind == "file"}
        known = look_up(files, stores, self._index)
        self._files = known.unmeasured
        for outcome in known.outcomes.values():
            if isinstance(outcome, Failure):
                self._failures.append(outcome)
            else:
                self._done += 1
        self._show()
        return [each for each in items if each.kind != "file" or each.key in self._files]

    def collect(self, outcomes: Iterator[Outcome]) -> None:
        """Takes in what workers say, and remembers it every few seconds."""
        saved = time.monotonic()
        try:
            for each in outcomes:
                self._measured += 1
                if reason := each.failure or each.fault:
                    self._failures.append(Failure(each.key, reason))
                else:
                    self._done += 1
                if each.warning:
                    self.warnings[each.key] = each.warning
                self._unsaved.append(each)
                if time.monotonic() > saved + _SECONDS_PER_SAVE:
                    self._save()
                    saved = time.monotonic()
                self._show()
        finally:
            self._save()

    def result(self) -> Extracted:
        """How it ended."""
        return Extracted(self._done, self._measured, tuple(self._failures))

    def _show(self) -> None:
        done = self._done + len(self._failures) - len(self._source.failures)
        self._on_progress(done, max(done, len(self._source.items) - self._containers))

    def _save(self) -> None:
        read = [each for each in self._unsaved if each.content_hash and not each.failure]
        self._index.remember(
            ((*self._files[each.key], each.content_hash) for each in read if each.key in self._files),
            {
                each.content_hash: Content(Capture.from_json(each.capture), each.fault or None)
                for each in read
            },
        )
        self._unsaved.clear()


def _outcomes(items: Sequence[Item], job: Job, options: ClusterOptions) -> Iterator[Outcome]:
    with extra("ray"):
        import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)  # what it says is for its makers
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    rows = [{"key": each.key, "place": each.place, "kind": each.kind} for each in items]
    tasks = max(1, min(len(rows), -(-len(rows) // _ITEMS_PER_TASK)))
    data: ray.data.Dataset = ray.data.from_items(rows, override_num_blocks=tasks)
    how: dict[str, Any] = {"fn_constructor_args": (job,), "batch_format": "numpy", "batch_size": None}
    decoding = ray.data.ActorPoolStrategy(
        min_size=1, max_size=options.workers or _most("CPU", options.cpus_per_worker)
    )
    if options.gpus_per_worker:
        inferring = ray.data.ActorPoolStrategy(min_size=1, max_size=_most("GPU", options.gpus_per_worker))
        data = data.map_batches(Decode, num_cpus=options.cpus_per_worker, compute=decoding, **how)
        data = data.map_batches(Infer, num_gpus=options.gpus_per_worker, compute=inferring, **how)
    else:
        data = data.map_batches(DecodeAndInfer, num_cpus=options.cpus_per_worker, compute=decoding, **how)
    for batch in data.iter_batches(batch_size=None, batch_format="numpy"):
        yield from outcomes_of(cast("Batch", batch))


def _most(resource: str, each: float) -> int:
    """How many actors that take so much of a resource the cluster has room for."""
    with extra("ray"):
        import ray

    there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(there.get(resource, 1) // each))


@contextmanager
def _cluster(options: ClusterOptions) -> Iterator[None]:
    """Connects to a cluster, or starts one on this machine and ends it afterwards."""
    # Ray reports its use to its makers, unless told otherwise before it starts.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What its core prints while it recovers is for its makers.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    with extra("ray"):
        import ray

    started = not ray.is_initialized()
    if started:
        check_address(options.address)
        try:
            ray.init(
                address=options.address or "local",
                num_cpus=None if options.address else options.workers,
                include_dashboard=False if options.address is None else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            raise FeatureError(
                f"no Ray cluster answers at {without_credentials(str(options.address))}: "
                f"{without_credentials(str(error).splitlines()[0])}"
            ) from error
    try:
        yield
    finally:
        if started:
            ray.shutdown()


def check_address(address: str | None) -> None:
    """Raises FeatureError if nobody answers at HOST:PORT; Ray itself would try for minutes."""
    host, _, port = (address or "").rpartition("://")[2].rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError) as error:
        raise FeatureError(
            f"no Ray cluster answers at {without_credentials(str(address))}: {error}; "
            "`ray status` on its head node says whether it runs"
        ) from error


@contextmanager
def _translated() -> Iterator[None]:
    """Raises what a worker raised on purpose, in place of Ray's account of it."""
    with extra("ray"):
        from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, PhototriageError):
            cause = getattr(cause, "cause", None) or cause.__cause__
        if cause is not None:
            raise cause from error
        text = without_credentials(str(error).strip().splitlines()[-1])
        raise FeatureError(f"the cluster gave up: {text}") from error
