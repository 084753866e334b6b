"""What the workers of a cluster do: decode photos, measure them, and write parts of the store."""

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from phototriage.cluster.source import UNREADABLE, Item, is_local, read_item, reason_of
from phototriage.errors import Failure, FeatureError, OutputError
from phototriage.features import Block, ExtractorOptions, FeatureStore, build_extractors
from phototriage.features.cache.part import write_part
from phototriage.features.decoding_pool import DecodingPool, Prepared
from phototriage.features.extractors.spec import FeatureExtractor, view_of

__all__ = ["Batch", "Decode", "DecodeAndInfer", "Infer", "Job", "Outcome", "outcomes_of", "task"]

Batch = dict[str, NDArray[Any]]
"""As Ray Data hands it on: column → values.

Photos and outcomes are handed on some at a time, as one value, so that Ray takes them on at once."""

_AT_ONCE = 32
_SPOOLED = 32
"""Photos from elsewhere that are read ahead; twice as many lie in a worker's temporary folder."""


@dataclass(frozen=True)
class Job:
    """What every worker must know.

    blocks: what the driver would measure; a worker that would measure otherwise refuses. store: where the
    parts go. finished: per block, the content hashes that need not be measured. cache_dir: of the worker, for
    weights and exported networks. decoders: decoding processes of a worker.
    """

    features: tuple[str, ...]
    options: ExtractorOptions
    blocks: tuple[Block, ...]
    store: Path
    finished: tuple[frozenset[str], ...]
    cache_dir: Path
    decoders: int = 1

    def extractors(self) -> tuple[FeatureExtractor, ...]:
        """The extractors. Raises FeatureError, with both names, if the driver's measure otherwise."""
        found = build_extractors(self.features, self.options, self.cache_dir)
        for ours, theirs in zip(self.blocks, (each.block for each in found), strict=True):
            if ours != theirs:
                raise FeatureError(
                    f"a worker would measure {theirs.name} as {theirs.fingerprint}, and not as "
                    f"{ours.fingerprint}: install the same version of phototriage and its libraries on all "
                    "machines"
                )
        return found


@dataclass(frozen=True)
class Outcome:
    """What became of a photo. content_hash: empty if it could not be read. failure: empty if it could.

    capture: of a photo that was read, as `Capture.to_json` writes it. fault: why it is no usable photo, which
    will be so the next time.
    """

    key: str
    content_hash: str = ""
    capture: str = ""
    fault: str = ""
    failure: str = ""
    warning: str = ""


def task(items: Sequence[Item]) -> pa.Table:
    """Items as `Decode` takes them. Names are bytes, for they need not be Unicode."""
    return pa.table(
        {
            "key": pa.array([os.fsencode(each.key) for each in items], pa.binary()),
            "place": pa.array([os.fsencode(each.place) for each in items], pa.binary()),
            "kind": [each.kind for each in items],
            "group": [each.group for each in items],
        }
    )


class Decode:
    """Reads and decodes photos in processes of their own, so that a hostile file ends none but these."""

    def __init__(self, job: Job) -> None:
        self._steps = job.extractors()
        self._finished = job.finished
        self._pool = DecodingPool(job.decoders)

    def __call__(self, batch: Batch) -> Iterator[Batch]:
        """Items → photos that are ready to be measured, or failures."""
        columns = (batch[name] for name in ("key", "place", "kind", "group"))
        items = [
            Item(os.fsdecode(key), os.fsdecode(place), str(kind), int(group))
            for key, place, kind, group in zip(*columns, strict=True)
        ]
        for ready in _chunks(self._prepared(items), _AT_ONCE):
            yield {"photos": _one(ready)}

    def _prepared(self, items: Sequence[Item]) -> Iterator[Prepared | Failure]:
        yield from self._run({each.key: Path(each.place) for each in items if is_local(each)})
        with TemporaryDirectory(prefix="phototriage-") as spool, ThreadPoolExecutor(1) as reader:
            read = self._read((each for each in items if not is_local(each)), Path(spool))
            chunks = _chunks(read, _SPOOLED)
            none: list[tuple[str, Path] | Failure] = []
            upcoming = reader.submit(next, chunks, none)
            while some := upcoming.result():
                upcoming = reader.submit(next, chunks, none)
                yield from (each for each in some if isinstance(each, Failure))
                # By files, for two photos of an archive may have one name.
                names = {str(each[1]): each[0] for each in some if not isinstance(each, Failure)}
                for each in self._run({path: Path(path) for path in names}):
                    yield replace(each, photo=names[each.photo])
                    Path(each.photo).unlink()

    def _run(self, photos: dict[str, Path]) -> Iterator[Prepared | Failure]:
        steps = [each.prepare for each in self._steps]
        views = [view_of(each) for each in self._steps]
        return self._pool.run(photos, steps, self._finished, views=views, ahead=2 * _AT_ONCE)

    @staticmethod
    def _read(items: Iterable[Item], spool: Path) -> Iterator[tuple[str, Path] | Failure]:
        """The photos of items from elsewhere, as files in a folder."""
        number = 0
        for item in items:
            photos = read_item(item)
            while True:
                try:
                    key, data = next(photos)
                except StopIteration:
                    break
                except UNREADABLE as error:
                    yield Failure(item.key, f"cannot be read: {reason_of(error)}")
                    break
                path = spool / str(number)
                number += 1
                try:
                    path.write_bytes(data)
                except OSError as error:
                    raise OutputError(
                        f"cannot write {path}: {error.strerror}; free some space there, or choose another "
                        "folder with TMPDIR"
                    ) from error
                yield key, path


class Infer:
    """Measures prepared photos and writes the vectors; what is handed on says that they are on disk."""

    def __init__(self, job: Job) -> None:
        self._extractors = job.extractors()
        self._folders = [FeatureStore.folder_of(job.store, block) for block in job.blocks]

    def __call__(self, batch: Batch) -> Batch:
        """Photos → outcomes, as JSON."""
        photos = [each for some in batch["photos"] for each in some]
        return {"outcomes": _one(json.dumps([asdict(each) for each in self._measured(photos)]))}

    def _measured(self, photos: Sequence[Prepared | Failure]) -> list[Outcome]:
        faults: dict[str, str] = {}
        for step, (extractor, folder) in enumerate(zip(self._extractors, self._folders, strict=True)):
            arrays = {
                each.content_hash: array
                for each in photos
                if isinstance(each, Prepared) and (array := each.arrays[step]) is not None
            }
            if not arrays:
                continue
            vectors = extractor(list(arrays.values()))
            finite = np.isfinite(vectors).all(axis=1)
            hashes = np.array(list(arrays))
            faults |= dict.fromkeys(
                hashes[~finite].tolist(), f"its {extractor.block.name} features are not finite numbers"
            )
            if finite.any():
                write_part(folder, extractor.block, hashes[finite].tolist(), vectors[finite])
        return [_outcome(each, faults) for each in photos]


class DecodeAndInfer:
    """Both on one machine: while one batch is measured, the next is decoded."""

    def __init__(self, job: Job) -> None:
        self._decode, self._infer = Decode(job), Infer(job)

    def __call__(self, batch: Batch) -> Iterator[Batch]:
        """Items → outcomes."""
        for ready in self._decode(batch):
            yield self._infer(ready)


def outcomes_of(batch: Batch) -> list[Outcome]:
    """What workers said."""
    return [Outcome(**each) for some in batch["outcomes"] for each in json.loads(some)]


def _outcome(photo: Prepared | Failure, faults: dict[str, str]) -> Outcome:
    if isinstance(photo, Failure):
        return Outcome(photo.photo, failure=photo.reason)
    return Outcome(
        photo.photo,
        photo.content_hash,
        photo.capture.to_json(),
        photo.fault or "",
        faults.get(photo.content_hash, ""),
        photo.warnings[0] if photo.warnings else "",
    )


def _one(value: object) -> NDArray[Any]:
    column = np.empty(1, object)
    column[0] = value
    return column


def _chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(values)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
