"""Measures the photos of a source on Ray Data, into the store that `rank` and `train` read."""

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from phototriage.cluster.connection import cluster, set_environment, translated
from phototriage.cluster.source import Item, Source, find_photos, is_local, without_credentials
from phototriage.cluster.work import Batch, Decode, DecodeAndInfer, Infer, Job, Outcome, outcomes_of, task
from phototriage.errors import Failure, OptionError, PhotoError
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

__all__ = ["ClusterOptions", "Extracted", "extract_on_ray"]

_PHOTOS_PER_TASK = 128
_TASKS_PER_WORKER = 4
_LEAST_PHOTOS_PER_TASK = 16
_SECONDS_PER_SAVE = 5.0


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
        on_progress: called with (photos done, photos in all); of those in archives, only what was read.
        on_note: called with lines for people.

    Raises:
        PhotoError: nothing is there. FeatureError: a worker would measure otherwise, or cannot.
        OutputError: the store cannot be written. MissingExtraError: Ray is not installed.
    """
    set_environment(options.address)
    with extra("ray"):
        import ray  # noqa: F401 - before a long listing
    found = find_photos(source, on_note)
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
            with (
                cluster(options.address, options.workers and options.workers * options.cpus_per_worker),
                translated(),
                closing(_outcomes(items, job, options)) as outcomes,
            ):
                run.collect(outcomes)
    extracted = run.result()
    if not extracted.photos and not extracted.failures:
        raise PhotoError(f"{without_credentials(source)} contains no photo")
    if run.warnings:
        key, warning = next(iter(run.warnings.items()))
        on_note(
            f"photos used although something is wrong with them: {len(run.warnings):,}, the first "
            f"{key}: {warning}"
        )
    return extracted


class _Run:
    """What is known of the photos of a source, by now."""

    def __init__(self, source: Source, index: PhotoIndex, on_progress: OnProgress) -> None:
        self._source, self._index, self._on_progress = source, index, on_progress
        self._photos = sum(each.photos for each in source.items)
        self._files: dict[str, tuple[Path, os.stat_result]] = {}
        self._failures = list(source.failures)
        self._unsaved: list[Outcome] = []
        self._done = self._measured = 0
        self.warnings: dict[str, str] = {}

    def start(self, stores: Sequence[FeatureStore]) -> list[Item]:
        """The items that must be read."""
        items = self._source.items
        known = look_up({each.key: each.place for each in items if is_local(each)}, stores, self._index)
        self._files = known.unmeasured
        for outcome in known.outcomes.values():
            if isinstance(outcome, Failure):
                self._failures.append(outcome)
            else:
                self._done += 1
        self._show()
        return [each for each in items if not is_local(each) or each.key in self._files]

    def collect(self, batches: Iterator[Sequence[Outcome]]) -> None:
        """Takes in what workers say, and remembers it every few seconds."""
        saved = time.monotonic()
        try:
            for batch in batches:
                self._take(batch)
                if time.monotonic() > saved + _SECONDS_PER_SAVE:
                    self._save()
                    saved = time.monotonic()
                self._show()
        finally:
            self._save()

    def _take(self, outcomes: Sequence[Outcome]) -> None:
        self._unsaved += outcomes
        self._measured += len(outcomes)
        for each in outcomes:
            if reason := each.failure or each.fault:
                self._failures.append(Failure(each.key, reason))
            else:
                self._done += 1
            if each.warning:
                self.warnings[each.key] = each.warning

    def result(self) -> Extracted:
        """How it ended."""
        return Extracted(self._done, self._measured, tuple(self._failures))

    def _show(self) -> None:
        done = self._done + len(self._failures) - len(self._source.failures)
        self._on_progress(done, max(done, self._photos))

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


def _outcomes(
    items: Sequence[Item], job: Job, options: ClusterOptions
) -> Generator[Sequence[Outcome], None, None]:
    with extra("ray"):
        import ray.data

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what it says is for its makers
    most = _most("CPU", options.cpus_per_worker)
    workers = options.workers or most
    tables = [task(each) for each in _tasks(items, workers)]
    data: ray.data.Dataset = ray.data.from_arrow(tables)
    data.context.enable_progress_bars = False
    data.context.print_on_execution_start = False
    data.context.target_max_block_size = 1  # each value that a worker yields is handed on at once
    how: dict[str, Any] = {"fn_constructor_args": (job,), "batch_format": "numpy", "batch_size": None}
    decoding = _actors(min(workers, len(tables)))
    if options.gpus_per_worker:
        inferring = _actors(_most("GPU", options.gpus_per_worker))
        data = data.map_batches(Decode, num_cpus=options.cpus_per_worker, compute=decoding, **how)
        how["batch_size"] = 1  # value, of many photos; with a GPU, Ray insists on a number
        # No core for itself: Ray would give it one, and all are taken by those that decode.
        data = data.map_batches(Infer, num_cpus=0, num_gpus=options.gpus_per_worker, compute=inferring, **how)
    else:
        data = data.map_batches(DecodeAndInfer, num_cpus=options.cpus_per_worker, compute=decoding, **how)
    try:
        for batch in data.iter_batches(batch_size=None, batch_format="numpy"):
            yield outcomes_of(cast("Batch", batch))
    finally:
        # After Ctrl-C its thread goes on, and crashes the process if Ray ends meanwhile.
        for thread in threading.enumerate():
            if thread.name == f"StreamingExecutor-{data.get_dataset_id()}":
                cast("Any", thread).shutdown(force=True)


def _tasks(items: Sequence[Item], workers: int) -> Iterator[Sequence[Item]]:
    """What is read at a time: some photos, or one archive or row group.

    Of few photos, the tasks are smaller, so that all workers end at about the same time.
    """
    photos = [each for each in items if each.kind == "file"]
    fair = -(-len(photos) // (_TASKS_PER_WORKER * workers))
    size = min(max(fair, _LEAST_PHOTOS_PER_TASK), _PHOTOS_PER_TASK)
    yield from ([each] for each in items if each.kind != "file")
    yield from (photos[start : start + size] for start in range(0, len(photos), size))


def _actors(most: int) -> Any:
    with extra("ray"):
        from ray.data import ActorPoolStrategy

    return ActorPoolStrategy(min_size=1, max_size=most, initial_size=most)


def _most(resource: str, each: float) -> int:
    """How many actors that take so much of a resource the cluster has room for."""
    with extra("ray"):
        import ray

    nodes = [node["Resources"].get(resource, 0) for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    # An actor has its share of one node; .1 goes into 1 ten times, whatever floats say.
    most = sum(int(has / each + 1e-9) for has in nodes)
    if not most:
        raise OptionError(
            f"no machine of the cluster has {each:g} {resource}, at most {max(nodes, default=0):g}",
            f"{resource.lower()}s_per_worker",
        )
    return most
