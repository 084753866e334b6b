"""Learning from what a person decided, as one function: from folders to their own ranker."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

import phototriage
from phototriage.choices import Context, FolderChoices, photos_of
from phototriage.errors import LabelError, OptionError
from phototriage.features import Features, OnProgress
from phototriage.labels import Comparisons
from phototriage.labels.catalogue import read_catalogue
from phototriage.labels.marks_table import read_marks_table
from phototriage.labels.ratings import read_ratings
from phototriage.labels.sourced import SourceReading
from phototriage.outputs.sidecars import written_marks
from phototriage.personal.drift import evidence
from phototriage.personal.history import PersonalHistory, comparisons_of
from phototriage.personal.learned import Learned
from phototriage.personal.learning import Lesson, learn
from phototriage.rank import DEFAULT, PERSONAL, Ranking, RankOptions, rank_folder

__all__ = [
    "CHOICES",
    "RATINGS",
    "Known",
    "LearnOptions",
    "Study",
    "known_of",
    "learn_from",
    "stable_names",
    "study",
]

CHOICES, RATINGS = "choices", "ratings"
_CATALOGUE = ".lrcat"
_TABLES = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class LearnOptions:
    """What to learn from. Raises OptionError for an invalid value.

    sources: any of `choices` (made in `phototriage review`), `ratings` (in sidecars and photos), and files:
    Lightroom catalogues (.lrcat) and tables (.csv, .tsv, .parquet). Without `choices`, series that were
    merged and split by hand do not count either. moved: (old, new) beginnings of paths,
    for a catalogue of another machine. rank: how photos are measured and grouped; its model and keep do not
    count.
    """

    sources: Sequence[str | os.PathLike[str]] = (CHOICES, RATINGS)
    moved: Sequence[tuple[str, str]] = ()
    rank: RankOptions = field(default_factory=RankOptions)

    def __post_init__(self) -> None:
        if not self.sources:
            raise OptionError("needs choices, ratings, a catalogue or a table", "from")
        for source in (os.fspath(each) for each in self.sources):
            if source in (CHOICES, RATINGS):
                continue
            if Path(source).suffix.lower() not in (_CATALOGUE, *_TABLES):
                raise OptionError(
                    f"takes choices, ratings, a Lightroom catalogue ({_CATALOGUE}) or a table "
                    f"({', '.join(_TABLES)}), not {source}",
                    "from",
                )
            if not Path(source).exists():
                raise OptionError(f"names {source}, which does not exist", "from")


def learn_from(
    folders: Sequence[str | os.PathLike[str]],
    options: LearnOptions | None = None,
    *,
    on_progress: OnProgress = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Learned:
    """Learns a person's own ranker from what they decided about the photos of folders.

    Photos are compared only within the series that `rank_folder` finds in a folder. Every fourth series, by
    its photos, teaches nothing and judges what was learned. Recent decisions count more. Nothing is written
    but the cache of measurements: `personal.keep_learned` keeps the result.

    Args:
        folders: the folders of the photos; of copies of a series in several, the first counts.
        options: the default is `LearnOptions()`.
        on_progress, on_note: as of `rank_folder`, for each folder. Where nothing teaches, the notes also say
            what was read and why not the rest.

    Raises:
        LabelError: nothing was decided that teaches anything, or a source cannot be read.
        PhotoError, FeatureError, OutputError: as of `rank_folder`.
    """
    options = options or LearnOptions()
    known = [
        _ranked(Path(folder), options, on_progress, on_note)
        for folder in dict.fromkeys(os.fspath(each) for each in folders)
    ]
    found = study(known)
    if not found.learned.pairs:
        for line in found.learned.sources:
            on_note(line)
        raise LabelError(
            "nothing was decided that teaches anything: pick photos in phototriage review, or name another "
            "source with --from"
        )
    return found.learned


@dataclass(frozen=True, eq=False)
class Known:
    """A folder, and what is said of its photos elsewhere than on the review page.

    ranking: by the default ranker; its choices are what was decided on the page. readings: of other sources.
    written: what this program wrote into sidecars, as `written_marks` has it.
    """

    ranking: Ranking
    readings: tuple[SourceReading, ...] = ()
    written: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Study:
    """What decisions teach, as they are by now.

    lesson: with the correction and its uncertainty. learned: as `personal.keep_learned` keeps it, of no pairs
    where nothing was decided. decided: the names of the series about which something was decided, as
    `stable_names` has them.
    """

    lesson: Lesson
    learned: Learned
    decided: frozenset[str]


def known_of(
    ranking: Ranking, options: LearnOptions, on_note: Callable[[str], None] = lambda note: None
) -> Known:
    """Reads what the sources of the options say of a ranked folder.

    Raises LabelError if one cannot be read.
    """
    files = [file for series in ranking.found for shot in series.shots for file in shot.files]
    readings = [
        _reading(source, ranking.folder, files, options)
        for source in (os.fspath(each) for each in options.sources)
        if source != CHOICES
    ]
    return Known(ranking, tuple(readings), written_marks(ranking.folder, files, on_note))


def study(known: Sequence[Known]) -> Study:
    """Learns from all that is known of some folders; nothing is read or written."""
    histories = [
        comparisons_of(each.ranking.found, each.readings, each.ranking.choices, written=each.written)
        for each in known
    ]
    lines = tuple(dict.fromkeys(line for each in histories for line in each.lines))
    whole = _together([each.ranking for each in known], histories)
    lesson = learn(
        known[0].ranking.ranker,
        whole.features,
        whole.series_of,
        whole.comparisons,
        whole.evidence,
        full_size=whole.full_size,
        unjudged=whole.unjudged,
        keys=whole.keys,
    )
    learned = Learned(
        ranker=lesson.ranker,
        gate=lesson.gate,
        series=lesson.taught + lesson.kept,
        pairs=len(whole.comparisons),
        sources=lines,
        words=lesson.words,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        by=phototriage.__version__,
    )
    return Study(lesson, learned, frozenset(whole.evidence))


def _ranked(
    folder: Path, options: LearnOptions, on_progress: OnProgress, on_note: Callable[[str], None]
) -> Known:
    ranking = rank_folder(
        folder,
        replace(options.rank, model=DEFAULT, decisions=CHOICES in options.sources),
        on_progress=on_progress,
        on_note=on_note,
    )
    if ranking.failures:
        on_note(f"{folder}: {len(ranking.failures):,} left out; phototriage rank names them")
    return known_of(ranking, options, on_note)


def _reading(source: str, folder: Path, files: Sequence[str], options: LearnOptions) -> SourceReading:
    if source == RATINGS:
        return read_ratings(folder, files)
    if Path(source).suffix.lower() == _CATALOGUE:
        return read_catalogue(Path(source), folder, files, map=options.moved)
    return read_marks_table(Path(source), folder, files, map=options.moved)


@dataclass(frozen=True, eq=False)
class _Together:
    """What is known of all folders, as `personal.learn` takes it.

    Series are named by their contents, so that the same ones judge when the folder has moved. keys: photo →
    its path below its own folder.
    """

    features: Features
    series_of: dict[str, str]
    comparisons: Comparisons
    evidence: dict[str, float]
    full_size: dict[str, float]
    unjudged: set[str]
    keys: dict[str, str]


def _together(rankings: Sequence[Ranking], histories: Sequence[PersonalHistory]) -> _Together:
    now = datetime.now(UTC)
    blocks = rankings[0].ranker.blocks
    photos: list[str] = []
    hashes: list[str] = []
    matrices = []
    tables = []
    series_of: dict[str, str] = {}
    weights: dict[str, float] = {}
    full_size: dict[str, float] = {}
    unjudged: set[str] = set()
    keys: dict[str, str] = {}
    for ranking, history in zip(rankings, histories, strict=True):
        prefix = f"{ranking.folder}/" if len(rankings) > 1 else ""
        name_of = {name: stable for name, stable in stable_names(ranking).items() if stable not in weights}
        for series in ranking.series:
            if series.name in name_of and series.kind == "series":
                series_of |= {prefix + one.photo: name_of[series.name] for one in series.photos}
        table = history.comparisons.table
        table = table[table["series"].isin(list(name_of))]
        tables.append(
            table.assign(
                series=table["series"].map(name_of),
                photo_a=prefix + table["photo_a"],
                photo_b=prefix + table["photo_b"],
            )
        )
        for name in table["series"].unique():
            weights[name_of[name]] = history.evidence[name] * evidence(history.decided_at[name], now)
        full_size |= {prefix + photo: value for photo, value in _full_size(ranking)}
        unjudged |= {series_of[prefix + one] for one in _shown_by_own(ranking) if prefix + one in series_of}
        keys |= {prefix + one: one for one in ranking.features.photos} if prefix else {}
        photos += [prefix + one for one in ranking.features.photos]
        hashes += ranking.features.content_hashes or ()
        matrices.append(ranking.features.select(blocks))
    return _Together(
        Features(tuple(photos), np.vstack(matrices), blocks, content_hashes=tuple(hashes)),
        series_of,
        Comparisons(pd.concat(tables, ignore_index=True)),
        weights,
        full_size,
        unjudged,
        keys,
    )


def stable_names(ranking: Ranking) -> dict[str, str]:
    """Name of a series → the smallest content hash of its photos, which it keeps where the folder moves."""
    hash_of = ranking.features.content_hash_of
    return {each.name: min(hash_of[one.photo] for one in each.photos) for each in ranking.series}


def _full_size(ranking: Ranking) -> Iterator[tuple[str, float]]:
    """The photos, and by how much the full size, with its noise, blur and faces, moves their log-odds."""
    ranker, features = ranking.ranker, ranking.features
    alone = dict(zip(features.photos, ranker.scores(features).tolist(), strict=True))
    for series in ranking.series:
        for each in series.photos:
            yield each.photo, (each.score - alone[each.photo]) / ranker.temperature


def _shown_by_own(ranking: Ranking) -> Iterator[str]:
    """Photos that the person decided about where their own ranker had made a suggestion."""
    choices = ranking.choices or FolderChoices()
    for event in choices.history.counting():
        context = getattr(event.action, "context", Context())
        if context.ranker.startswith(PERSONAL) and context.suggested:
            for number in photos_of(event.action):
                if number in choices.names:
                    yield choices.names[number]
