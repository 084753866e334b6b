"""`phototriage features extract`."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from phototriage.cli.feature_source import OptionalInt, OptionalPath
from phototriage.cli.moved_folders import moved_folders
from phototriage.cli.progress import note, note_failures, progress
from phototriage.errors import Failure, OptionError
from phototriage.exit_code import ExitCode
from phototriage.features import DEFAULT_FEATURES, ExtractorOptions, MultiFeatureExtractor, OnProgress
from phototriage.outputs.failures import failures_csv
from phototriage.outputs.text_file import check_destinations, write_text
from phototriage.photos import discover

__all__ = ["Extract"]


@dataclass(frozen=True)
class Extract:
    """Measure photos ahead of time, here or on a cluster, into the store that every command reads.

    Run it again after any interruption: what is in the store is not measured again. On Ray, SOURCE may also
    be a URI (s3://bucket/photos), a Parquet table of paths or bytes, or .tar archives. On Ray and with
    --shard, every machine must see SOURCE and --cache_dir under the same paths.
    """

    source: Annotated[str, tyro.conf.Positional]
    """A folder of photos, with all its sub-folders."""
    engine: Literal["local", "ray"] = "local"
    """local: the processes of this machine. ray: Ray Data, here or on a cluster (needs the extra `ray`)."""
    shard: Annotated[str | None, tyro.conf.arg(metavar="I/N")] = None
    """Measure beside other machines that share SOURCE and --cache_dir: this is number I of about N."""
    address: Annotated[str | None, tyro.conf.arg(metavar="HOST:PORT")] = None
    """The Ray cluster to use; without it, Ray starts on this machine."""
    map: Annotated[str | None, tyro.conf.arg(metavar="OLD=NEW")] = None
    """Photos known below the folder OLD lie below NEW now: unchanged ones are not read again."""
    features: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME ...")] = DEFAULT_FEATURES
    """Features to measure."""
    workers: OptionalInt = None
    """Processes that decode, or Ray actors; by default one per core."""
    cpus_per_worker: int = 1
    """Cores of each Ray actor, each of which decodes."""
    gpus_per_worker: float = 0.0
    """GPU of each Ray actor that runs networks, such as 0.5; other actors then decode."""
    failures: OptionalPath = None
    """Write the unusable photos, with the reasons, as CSV; - for standard output."""
    options: ExtractorOptions = field(default_factory=ExtractorOptions)

    def run(self, cache_dir: Path) -> int:
        check_destinations(self.failures)
        if self.map is not None:
            self._take_over(self.map, cache_dir)
        with progress("features") as on_progress:
            if self.shard is not None:
                photos, failures = self._beside_others(self.shard, cache_dir, on_progress)
            elif self.engine == "ray":
                photos, failures = self._on_ray(cache_dir, on_progress)
            else:
                photos, failures = self._here(cache_dir, on_progress)
        if self.failures:
            write_text(failures_csv(failures), self.failures)
        note_failures(failures)
        note(f"photos with features: {photos:,}; {len(failures):,} left out")
        return ExitCode.of(left_out=failures)

    def _take_over(self, mapping: str, cache_dir: Path) -> None:
        from phototriage.features.cache.moved import take_over

        if self.shard is not None:
            raise OptionError("is for a single machine: run it once without --shard", "map")
        old, new = moved_folders(mapping)
        if not Path(new).is_dir():
            raise OptionError(f"needs a folder behind the =, and there is none at {new}", "map")
        known, there = take_over(old, new, cache_dir, note)
        if not known:
            raise OptionError(f"no photo is known below {old}", "map")
        note(f"known below {old}: {known:,} photos; unchanged below {new}: {there:,}")

    def _here(self, cache_dir: Path, on_progress: OnProgress) -> tuple[int, tuple[Failure, ...]]:
        self._check_no_ray()
        folder = Path(self.source)
        unreadable: list[Failure] = []
        photos = discover(
            folder, on_failure=lambda path, reason: unreadable.append(Failure(path, reason)), on_note=note
        )
        features = MultiFeatureExtractor(self.features, self.options, cache_dir)(
            {path.relative_to(folder).as_posix(): path for path in photos},
            workers=self.workers,
            on_progress=on_progress,
            on_note=note,
        )
        return len(features), (*unreadable, *features.failures)

    def _beside_others(
        self, shard: str, cache_dir: Path, on_progress: OnProgress
    ) -> tuple[int, tuple[Failure, ...]]:
        from phototriage.cluster.shards import ShardOptions, extract_shard

        if self.engine == "ray":
            raise OptionError("--shard is for machines without --engine ray, which splits the work itself")
        self._check_no_ray()
        numbers = re.fullmatch(r"(\d{1,4})/(\d{1,4})", shard, re.ASCII)
        if not numbers:
            raise OptionError(f"must be I/N, such as 2/3, not {shard!r}", "shard")
        options = ShardOptions(
            shard=int(numbers[1]),
            shards=int(numbers[2]),
            features=self.features,
            extractors=self.options,
            cache_dir=cache_dir,
            workers=self.workers,
        )
        extracted = extract_shard(self.source, options, on_progress=on_progress, on_note=note)
        return extracted.photos, extracted.failures

    def _check_no_ray(self) -> None:
        if self.address or self.gpus_per_worker or self.cpus_per_worker != 1:
            raise OptionError("--address, --cpus_per_worker and --gpus_per_worker need --engine ray")

    def _on_ray(self, cache_dir: Path, on_progress: OnProgress) -> tuple[int, tuple[Failure, ...]]:
        from phototriage.cluster.extraction import ClusterOptions, extract_on_ray

        options = ClusterOptions(
            address=self.address,
            features=self.features,
            extractors=self.options,
            store=cache_dir,
            cache_dir=cache_dir,
            workers=self.workers,
            cpus_per_worker=self.cpus_per_worker,
            gpus_per_worker=self.gpus_per_worker,
        )
        extracted = extract_on_ray(self.source, options, on_progress=on_progress, on_note=note)
        return extracted.photos, extracted.failures
