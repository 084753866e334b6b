"""Ranks a folder of photos: finds its shots, measures them, groups them into series and ranks each series."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phototriage.errors import NoUsablePhotoError, OptionError
from phototriage.features import (
    ExtractorOptions,
    Failure,
    Features,
    MultiFeatureExtractor,
    OnProgress,
    check_blocks,
    default_cache_dir,
)
from phototriage.outputs.ranking import ranking_csv, ranking_document, ranking_json
from phototriage.outputs.summary import RankingFigures, ranking_figures
from phototriage.photos import discover
from phototriage.ranker import TrainedRanker, load_embedded_ranker, load_ranker
from phototriage.series import (
    DEFAULT_GAP,
    RankedSeries,
    Series,
    Shot,
    group,
    merge_copies,
    rank_series,
    series_by_folder,
    shots_of,
)

__all__ = ["RankOptions", "Ranking", "rank_folder"]

_MEASURED_BESIDES = ("look", "iqa_plus")
"""Whatever the ranker needs: the first finds series, the second is what reasons rest on."""


@dataclass(frozen=True)
class RankOptions:
    """How a folder is ranked. Raises OptionError for a value that cannot work.

    model: a ranker file (.safetensors, .pt) or the folder of a training run; None is the embedded ranker.
    keep: picks per series, ≥ 1.
    gap: seconds within which photos of one series follow each other, by one camera's clock, ≥ 0.
    similarity: how alike photos of one series are at least, in [0, 1]; None is the default of `group`.
    by_folder: take every sub-folder for one series, whatever is in it.
    features: names of blocks to measure besides those that ranking needs.
    extractors: how photos are measured. cache_dir: where that is kept. workers: processes that decode photos,
    ≥ 1; None is one per core.
    """

    model: str | os.PathLike[str] | None = None
    keep: int = 1
    gap: float = DEFAULT_GAP
    similarity: float | None = None
    by_folder: bool = False
    features: Sequence[str] = ()
    extractors: ExtractorOptions = field(default_factory=ExtractorOptions)
    cache_dir: str | os.PathLike[str] = field(default_factory=default_cache_dir)
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise OptionError(f"keep must be at least 1, not {self.keep}")
        if not self.gap >= 0:
            raise OptionError(f"gap must be seconds, 0 or more, not {self.gap:g}")
        if self.similarity is not None and not 0 <= self.similarity <= 1:
            raise OptionError(f"similarity must lie between 0 and 1, not at {self.similarity:g}")
        if self.workers is not None and self.workers < 1:
            raise OptionError(f"workers must be at least 1, not {self.workers}")


@dataclass(frozen=True)
class Ranking:
    """A ranked folder.

    folder: what the names of photos are relative to. model: the file of the ranker, or "embedded".
    series: each ranked by itself, in the order of the folder. failures: photos and sub-folders that could not
    be used. notes: lines for people about the run. features: the numbers of every ranked photo, how it was
    taken and its content hash. detail: the `detail` block of the photos that compete in a series.
    """

    folder: Path
    model: str
    series: tuple[RankedSeries, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    features: Features
    detail: Features

    @property
    def figures(self) -> RankingFigures:
        """Counts, and the space that the photos beside the picks take."""
        return ranking_figures(self.folder, self.series)

    def document(self) -> dict[str, Any]:
        """The ranking as docs/ranking.schema.json describes it, of plain values."""
        return ranking_document(self.folder, self.model, self.series, self.failures)

    def to_json(self) -> str:
        """What `phototriage rank --json` writes."""
        return ranking_json(self.document())

    def to_csv(self) -> str:
        """What `phototriage rank --csv` writes: a line per photo."""
        return ranking_csv(self.series)


def rank_folder(
    folder: str | os.PathLike[str],
    options: RankOptions | None = None,
    *,
    on_progress: OnProgress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Ranking:
    """Finds the series of a folder, with all its sub-folders, and ranks each, best first.

    The files of one moment (RAW and JPEG, edited versions) are one shot, measured by the first of them that
    can be used; equal files are one photo. Photos that compete in a series are then looked at again, at full
    size; those that stand alone or are kept whole are not. Photos are measured once and kept in the cache,
    so a second run, or one after an interruption, measures only what is new. Nothing is written but that
    cache. Photos are decoded in processes that import the calling program: guard it with
    `if __name__ == "__main__":`.

    Args:
        folder: of photos, JPEG, PNG, TIFF, WebP, AVIF, HEIC, MPO or RAW.
        options: by default those of `RankOptions`.
        on_progress: called with photos measured so far, and in all. A photo that is to be looked at at full
            size counts as one more from when that is known.
        on_note: called with a line for people; all of them are in the result too.

    Raises:
        PhotoError: the folder cannot be read or holds no photo.
        NoUsablePhotoError: not one of its photos can be used.
        ModelError: the ranker cannot be read. FeatureError: what it needs cannot be measured.
        OutputError: the cache cannot be written.
    """
    options = options or RankOptions()
    folder = Path(folder)
    ranker = load_ranker(Path(options.model)) if options.model else load_embedded_ranker()
    notes: list[str] = []
    unreadable: list[Failure] = []

    def note(text: str) -> None:
        if text not in notes:  # a photo that is read twice is complained of once
            notes.append(text)
            on_note(text)

    photos = discover(
        folder, on_failure=lambda path, reason: unreadable.append(Failure(path, reason)), on_note=note
    )
    progress = _Progress(on_progress)
    shots, features = _measured(folder, shots_of(folder, photos), ranker, options, progress, note)
    failures = (*unreadable, *features.failures)
    if not len(features):
        raise NoUsablePhotoError(failures, len(shots))
    series = _grouped(shots, features, options)
    detail = _full_size(folder, series, options, progress.more(), note)
    return Ranking(
        folder,
        str(options.model or "embedded"),
        rank_series(series, features, ranker, keep=options.keep, detail=detail),
        failures,
        tuple(notes),
        features,
        detail,
    )


class _Progress:
    """Two passes over photos, told as one."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._before = self._now = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        self._now = (self._before[0] + done, self._before[1] + total)
        self._on_progress(*self._now)

    def more(self) -> OnProgress:
        """What is told from now on comes on top."""
        self._before = self._now
        return self


def _measured(
    folder: Path,
    shots: Sequence[Shot],
    ranker: TrainedRanker,
    options: RankOptions,
    on_progress: OnProgress,
    on_note: Callable[[str], None],
) -> tuple[list[Shot], Features]:
    """Measures each shot's photo, or the next of its files where that one cannot be used."""
    needed = (*(block.name for block in ranker.blocks), *options.features, *_MEASURED_BESIDES)
    extractor = MultiFeatureExtractor(
        tuple(dict.fromkeys(needed)), options.extractors, Path(options.cache_dir)
    )
    check_blocks(ranker.blocks, [each.block for each in extractor.extractors])

    features = extractor(
        {shot.photo: folder / shot.photo for shot in shots},
        alternatives={
            shot.photo: {file: folder / file for file in shot.files[1:]} for shot in shots if shot.files[1:]
        },
        workers=options.workers,
        on_progress=on_progress,
        on_note=on_note,
    )
    return [shot.measured_by(features.replaced.get(shot.photo, shot.photo)) for shot in shots], features


def _full_size(
    folder: Path,
    series: Sequence[Series],
    options: RankOptions,
    on_progress: OnProgress,
    on_note: Callable[[str], None],
) -> Features:
    """The `detail` block of the photos that compete with others."""
    photos = [
        shot.photo for each in series if each.kind == "series" and len(each.shots) > 1 for shot in each.shots
    ]
    detail = MultiFeatureExtractor(("detail",), options.extractors, Path(options.cache_dir))(
        {photo: folder / photo for photo in photos},
        workers=options.workers,
        on_progress=on_progress,
        on_note=on_note,
    )
    if detail.failures:
        first = detail.failures[0]
        on_note(
            f"photos ranked without a look at full size: {len(detail.failures):,}, the first "
            f"{first.photo}: {first.reason}"
        )
    return detail


def _grouped(shots: Sequence[Shot], features: Features, options: RankOptions) -> list[Series]:
    """The series of the shots that have features; copies of a photo are one."""
    shots = merge_copies([shot for shot in shots if shot.photo in features], features.content_hash_of)
    rows = features.rows(shot.photo for shot in shots)
    captures = [features.captures[row] for row in rows] if features.captures else []
    if options.by_folder:
        return series_by_folder(shots, captures)
    blocks = {block.name: block for block in features.blocks}
    return group(
        shots,
        captures,
        features.select([blocks["look"]])[rows],
        gap=options.gap,
        similarity=options.similarity,
        embeddings=features.select([blocks["clip"]])[rows] if "clip" in blocks else None,
    )
