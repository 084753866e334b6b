"""Reads labels of any kind, and reports what each step kept."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pandas as pd

from phototriage.choices import default_choices_dir
from phototriage.clear_pairs import MIN_AGREEMENT, MIN_REVIEWERS
from phototriage.errors import LabelError
from phototriage.labels.alignment import AlignmentSummary, align
from phototriage.labels.comparisons import COLUMNS, Comparisons
from phototriage.labels.decisions import DecisionLabels, read_decisions
from phototriage.labels.fgaesthetics import (
    LABEL_FILES,
    Natural,
    Numbering,
    find_natural,
    read_natural,
)
from phototriage.labels.filtering import clear_comparisons, clear_majority
from phototriage.labels.own_table import read_own_table
from phototriage.labels.pairlist import read_pairlists
from phototriage.labels.photo_files import has_numbered_photos, photo_files
from phototriage.labels.reasons import PairReasons, pair_reasons
from phototriage.labels.release import Release, find_release, photo_key, photo_root
from phototriage.labels.reviews import read_reviews
from phototriage.labels.splits import Split, official_split
from phototriage.labels.votes import VoteTable, is_vote_table, read_vote_table

__all__ = ["Labels", "Step", "read_labels"]

_ACCEPTED = (
    "labels are a folder of the PhotoTriage release (with train_pairlist.txt or val_pairlist.txt), "
    "a folder with FGAesthetics' natural_train.txt, natural_val.txt and natural_test.txt, "
    "a folder of photos about which you decided in phototriage review, "
    "its vote table next to its pairlists, or your own table "
    "(.csv, .tsv or .parquet: photo_a, photo_b and preference, winner, or votes_a and votes_b)"
)

_FEW = 0.9
"""A smaller share of series with matched votes is a warning sign; see benchmarks/alignment_nulls.py."""


PublishedSplit = Literal["official", "natural"]
"""PhotoTriage's, which tests on val_pairlist.txt; that of FGAesthetics' Natural."""

PUBLISHED_SPLITS: tuple[PublishedSplit, ...] = ("official", "natural")


@dataclass(frozen=True)
class Step:
    """Counts after one step of reading; None if a count does not apply."""

    name: str
    rows: int | None
    pairs: int | None
    series: int | None
    photos: int | None


@dataclass(frozen=True)
class Labels:
    """Labels and how they were read.

    Fields:
        comparisons: all comparisons, unfiltered, as evaluation needs them. For training, apply
            ``filter_comparisons``.
        kind: 'release' (PhotoTriage, preferences from its pairlists), 'fgaesthetics' (preferences from the
            label files of its part "Natural"), 'votes' (assumed to be aligned), 'own', or 'decisions' (of a
            person about a folder of photos).
        steps: what each step kept; the last steps show what the training filter will keep.
        notes: single lines for people about what was chosen, skipped or merged.
        alignment: the result of matching votes to photos, if that was done.
        official_test_series: the series of val_pairlist.txt, PhotoTriage's official test.
        photo_root: the folder that photo keys are relative to, if known.
        files: all files that were read; an output must not overwrite them.
        natural: FGAesthetics' part "Natural", if its label files are there.
        reasons: why people chose as they did, where votes that name reasons were matched to photos.
    """

    comparisons: Comparisons
    kind: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    alignment: AlignmentSummary | None
    official_test_series: frozenset[str]
    photo_root: Path | None
    files: tuple[Path, ...]
    natural: Natural | None = None
    reasons: PairReasons | None = None

    def test_series(self, which: PublishedSplit) -> frozenset[str]:
        """The test series of a published split; none if the labels do not have it."""
        if which == "official":
            return self.official_test_series
        return self.natural.sides["test"] if self.natural else frozenset()

    def released_split(
        self,
        which: PublishedSplit,
        seed: int,
        comparisons: Comparisons | None = None,
        contents: Mapping[str, str] | None = None,
    ) -> Split:
        """A published split: PhotoTriage's official one, see `official_split`, or FGAesthetics' of Natural.

        Args:
            comparisons: only these; by default all.

        Raises:
            LabelError: the labels do not have that split, or a side is empty.
        """
        chosen = self.comparisons if comparisons is None else comparisons
        if which == "official":
            return official_split(chosen, self.official_test_series, seed, contents=contents)
        if self.natural is None:
            raise LabelError(
                f"there is no split of FGAesthetics: {', '.join(LABEL_FILES.values())} are not in the folder"
            )
        return Split(*(chosen.in_series(series) for series in self.natural.sides.values()))

    def photo_files(self, folder: Path) -> dict[str, Path]:
        """The file of each labeled photo in the folder, see `photo_files`."""
        numbering = self.natural.numbering if self.natural else Numbering()
        return photo_files(folder, self.comparisons.photos, numbering)


def read_labels(
    path: str | Path,
    *,
    min_agreement: float = MIN_AGREEMENT,
    min_reviewers: int = MIN_REVIEWERS,
    assume_aligned: bool = False,
    choices_dir: str | os.PathLike[str] | None = None,
) -> Labels:
    """Reads the labels at ``path``, of any kind.

    Args:
        path: a PhotoTriage release folder, a folder with FGAesthetics' label files of "Natural",
            PhotoTriage's aggregated vote table, the user's own table (CSV or Parquet), or a folder of photos
            about which a person decided. Pairlists in the folder of a vote table are used with it, and prove
            what FGAesthetics' label files mean. If a folder has both single reviews and a vote table, the one
            with more votes is used.
        min_agreement, min_reviewers: the filter that the steps report on; the comparisons stay unfiltered.
        assume_aligned: reads votes without a pairlist as if their ids were photo numbers, with the share of
            the votes as the preference. Only for votes known to be sound; PhotoTriage's published votes are
            not. Votes with a pairlist are always matched.
        choices_dir: where a person's decisions are kept; by default the folder that `phototriage review`
            uses.

    Raises:
        LabelError: there are no labels at path, they are malformed, they are votes without a pairlist, or
            FGAesthetics' label files are not the pairs of the pairlists beside them.
    """
    try:
        filters = _Filters(min_agreement, min_reviewers)
        return _read(Path(path), filters, assume_aligned, Path(choices_dir or default_choices_dir()))
    except OSError as error:
        raise LabelError(f"{error.filename or path} cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True)
class _Filters:
    min_agreement: float
    min_reviewers: int

    def __str__(self) -> str:
        return f"agreement ≥ {self.min_agreement:g}, ≥ {self.min_reviewers} reviewers"


def _read(path: Path, filters: _Filters, assume_aligned: bool, choices_dir: Path) -> Labels:
    if path.is_dir():
        release = find_release(path)
        natural = find_natural(path)
        if not (release.pairlists or natural):
            if not (release.reviews or release.vote_table) and (decided := read_decisions(path, choices_dir)):
                return _of_decisions(path, decided, filters)
        elif not release.pairlists:
            return _read_natural(path, natural, filters)
        return _read_release(release, filters, assume_aligned, natural)
    if not path.exists():
        raise LabelError(f"{path} does not exist; {_ACCEPTED}")
    if path.suffix.lower() == ".csv" and is_vote_table(path):
        release = replace(find_release(path.parent), reviews=(), vote_table=path)
        return _read_release(release, filters, assume_aligned)
    if path.suffix.lower() in (".csv", ".tsv", ".parquet"):
        return _read_own(path, filters)
    raise LabelError(f"{path} is no file of labels; {_ACCEPTED}")


def _read_release(
    release: Release,
    filters: _Filters,
    assume_aligned: bool,
    natural_files: Mapping[str, Path] = MappingProxyType({}),
) -> Labels:
    notes: list[str] = []
    steps: list[Step] = []
    votes, reasoned = _read_votes(release, steps, notes)
    if votes:
        steps += _vote_steps(votes, filters)
    if not release.pairlists:
        if not votes:
            raise LabelError(f"{release.folder}: no labels were found here; {_ACCEPTED}")
        if not assume_aligned:
            raise LabelError(
                f"{release.folder}: there are votes here but no train_pairlist.txt or val_pairlist.txt. "
                "The ids in PhotoTriage's votes are a random permutation of the photos within each series, "
                "so votes alone do not show which photo won; put the pairlists next to them, "
                "or, for votes whose ids are known to be sound, convert them with "
                "`phototriage labels PATH --assume_aligned --output TABLE`"
            )
        notes.append("assume_aligned is set: the ids of the votes are used as photo numbers, unchecked")
        comparisons = _shares(votes)
        steps += _final_steps(comparisons, filters)
        root = photo_root(release.folder)
        return Labels(
            comparisons, "votes", tuple(steps), tuple(notes), None, frozenset(), root, release.files
        )

    comparisons = read_pairlists(release.pairlists)
    steps.append(_step("pairlists", comparisons, rows=len(comparisons)))
    natural = read_natural(natural_files, comparisons) if natural_files else None
    if natural:
        steps += _natural_steps(natural)
        notes.append(natural.proof)
    official = frozenset[str]()
    if release.val_pairlist:
        official = frozenset(read_pairlists([release.val_pairlist]).series)
    else:
        notes.append("val_pairlist.txt was not found: there is no official test")
    summary = reasons = None
    if votes:
        comparisons, summary, photo_of = align(comparisons, votes)
        # Reviews and vote table have the same ids.
        reasons = pair_reasons(reasoned, photo_of) if reasoned else None
        if summary.aligned < _FEW * summary.series or not summary.series:
            notes.append(
                f"votes and pairlists do not fit together: of {summary.series} series that have both, "
                f"{summary.aligned} could be matched; the others use their preferences alone. "
                "Are both from the same release?"
            )
        without = votes.rows[~votes.rows["series"].isin(list(comparisons.series))]
        steps.append(_vote_step("votes of series without a pairlist, skipped", without, rows=True))
        steps.append(
            _step("pairs whose votes were matched to photos", comparisons.select(comparisons.votes > 0))
        )
    else:
        notes.append("no votes were found: the training filter uses the preferences alone")
    steps += _final_steps(comparisons, filters)
    return Labels(
        comparisons,
        "release",
        tuple(steps),
        tuple(notes),
        summary,
        official,
        _root(release.folder, natural),
        (*release.files, *natural_files.values()),
        natural,
        reasons,
    )


def _read_natural(folder: Path, files: Mapping[str, Path], filters: _Filters) -> Labels:
    natural = read_natural(files, None)
    steps = [*_natural_steps(natural), *_final_steps(natural.comparisons, filters)]
    return Labels(
        natural.comparisons,
        "fgaesthetics",
        tuple(steps),
        (natural.proof,),
        None,
        frozenset(),
        _root(folder, natural),
        tuple(files.values()),
        natural,
    )


def _root(folder: Path, natural: Natural | None) -> Path | None:
    """The folder of the photos; FGAesthetics' lie anywhere below."""
    return photo_root(folder) or (folder if natural and has_numbered_photos(folder) else None)


def _natural_steps(natural: Natural) -> list[Step]:
    return [
        _step(LABEL_FILES[side], natural.comparisons.in_series(series), rows=natural.rows[side])
        for side, series in natural.sides.items()
    ]


def _read_votes(
    release: Release, steps: list[Step], notes: list[str]
) -> tuple[VoteTable | None, VoteTable | None]:
    """The votes to use, and those that name reasons: only the vote table does."""
    if not release.reviews:
        table = read_vote_table(release.vote_table) if release.vote_table else None
        return table, table
    read = read_reviews(release.reviews)
    steps.append(Step("single reviews", read.reviews, None, len(release.reviews), None))
    if read.undecided:
        notes.append(f"{read.undecided} reviews chose neither photo and are left out")
    if not release.vote_table:
        return read.votes, None
    table = read_vote_table(release.vote_table)
    used, left_aside = ("the single reviews", release.vote_table.name)
    # Either may contain only part of the votes; the release was computed from all of them.
    if table.total > read.votes.total:
        used, left_aside = left_aside, used
    notes.append(f"votes are in two places; {used} has more of them, {left_aside} is left aside")
    return table if table.total > read.votes.total else read.votes, table


def _read_own(path: Path, filters: _Filters) -> Labels:
    own = read_own_table(path)
    notes = []
    if own.merged:
        notes.append(
            f"rows that repeated a pair and were merged with it: {own.merged}; "
            f"pairs whose rows named different winners: {own.contradictions}"
        )
    steps = [
        Step("rows in the table", own.rows, None, None, None),
        *_final_steps(own.comparisons, filters),
    ]
    return Labels(own.comparisons, "own", tuple(steps), tuple(notes), None, frozenset(), None, (path,))


def _of_decisions(folder: Path, decided: DecisionLabels, filters: _Filters) -> Labels:
    steps = [
        Step("photos that you decided about", None, None, None, decided.photos),
        *_final_steps(decided.comparisons, filters),
    ]
    return Labels(decided.comparisons, "decisions", tuple(steps), (), None, frozenset(), folder, ())


def _shares(votes: VoteTable) -> Comparisons:
    merged = votes.merged()
    merged = merged[merged["votes_low"] + merged["votes_high"] > 0]
    rows = [
        (series, photo_key(int(series), low + 1), photo_key(int(series), high + 1), a / (a + b), a, b, 0, 0)
        for series, low, high, a, b in merged.itertuples(index=False)
    ]
    if not rows:
        raise LabelError("the vote table holds no vote")
    return Comparisons(pd.DataFrame(rows, columns=list(COLUMNS)))


def _vote_steps(votes: VoteTable, filters: _Filters) -> list[Step]:
    rows, merged = votes.rows, votes.merged()
    agreed = rows[clear_majority(rows["left"], rows["right"], filters.min_agreement, filters.min_reviewers)]
    clear = clear_majority(
        merged["votes_low"], merged["votes_high"], filters.min_agreement, filters.min_reviewers
    )
    kept = merged[clear].rename(columns={"low": "first", "high": "second"})
    return [
        _vote_step("votes per ordered pair", rows, rows=True),
        _vote_step(f"ordered pairs, {filters}", agreed, rows=True),
        _vote_step("the same after merging both orders of a pair", kept, rows=False),
    ]


def _vote_step(name: str, votes: pd.DataFrame, *, rows: bool) -> Step:
    pairs = {
        (series, frozenset(ids))
        for series, *ids in votes[["series", "first", "second"]].itertuples(index=False)
    }
    photos = {(series, photo) for series, ids in pairs for photo in ids}
    count = len(votes) if rows else None
    return Step(name, count, len(pairs), len({series for series, _ in pairs}), len(photos))


def _final_steps(comparisons: Comparisons, filters: _Filters) -> list[Step]:
    """All comparisons, and those that the training filter will keep."""
    clear = clear_comparisons(comparisons, filters.min_agreement, filters.min_reviewers)
    voted = comparisons.votes > 0
    steps = [_step("comparisons", comparisons), _step("to train on", comparisons.select(clear))]
    if voted.any() and not voted.all():
        steps.append(_step("of these by their votes", comparisons.select(clear & voted)))
        steps.append(_step("of these by their preference", comparisons.select(clear & ~voted)))
    return steps


def _step(name: str, comparisons: Comparisons, rows: int | None = None) -> Step:
    return Step(name, rows, len(comparisons), len(comparisons.series), len(comparisons.photos))
