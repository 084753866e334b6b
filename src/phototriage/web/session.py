"""A ranked folder under review: its series, and a person's decisions about them as they are made."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from phototriage.choices import (
    ChoiceStore,
    Context,
    Decision,
    Flag,
    Grouping,
    Label,
    Manner,
    Mark,
    Marking,
    NoneOfThese,
    PhotoIdentity,
    Tie,
)
from phototriage.photos import Capture
from phototriage.rank import Ranking
from phototriage.series import (
    RankedSeries,
    Series,
    SeriesState,
    rank_series,
    regroup,
    state_of,
    with_decisions,
)
from phototriage.web.errors import RequestError
from phototriage.web.journal import Change, Journal

__all__ = ["PhotoMark", "ReviewSession", "ShownSeries", "random_id"]


def random_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_urlsafe(9)


@dataclass(frozen=True)
class PhotoMark:
    """What a person says of a photo with one key; None leaves that property as it is."""

    photo: str
    flag: Flag | None = None
    stars: int | None = None
    label: Label | None = None


@dataclass(frozen=True)
class ShownSeries:
    """A series as it is shown.

    id: random. photos: the ids of its photos, best first. by_hand: whether a person merged or split it.
    """

    id: str
    ranked: RankedSeries
    photos: tuple[str, ...]
    by_hand: bool


class ReviewSession:
    """The photos of a folder by random ids, and what is decided about them.

    Use it within `turn`, one thread at a time.

    Args:
        ranking: the folder, ranked without a person's decisions.
        store: where the decisions are; only this session uses this connection.
        keep: picks per series, as it was ranked with.
        ranker: the name and the version of the ranker, for the store.
    """

    def __init__(self, ranking: Ranking, store: ChoiceStore, *, keep: int = 1, ranker: str = "") -> None:
        self.ranking = ranking
        self._keep = keep
        self.ranker = ranker
        ranked = [photo for series in ranking.series for photo in series.photos]
        self._names = {random_id(): photo.photo for photo in ranked}
        self._ids = {name: photo for photo, name in self._names.items()}
        self._files = {photo.photo: photo.files for photo in ranked}
        self.sizes = {file: _size(ranking.root / file) for files in self._files.values() for file in files}
        features = ranking.features
        self._captures: Mapping[str, Capture] = dict(
            zip(features.photos, features.captures or (), strict=True)
        )
        self._hashes = features.content_hash_of
        self.journal = Journal(
            store,
            {
                photo: PhotoIdentity.of(name, self._hashes[name], self.sizes[name], self._captures[name])
                for photo, name in self._names.items()
            },
        )
        self._ranked = dict(zip(ranking.found, ranking.series, strict=True))
        self._series_ids: dict[Series, str] = {}
        self._grouped: dict[str, tuple[str, ...]] | None = None
        self._series: dict[str, ShownSeries] = {}
        self._home: dict[str, str] = {}
        self._regroup()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keeps other threads out, and takes in what other windows decided."""
        with self.journal.turn():
            self._regroup()
            yield
            self._regroup()

    @property
    def series(self) -> Mapping[str, ShownSeries]:
        """The series by their ids, in the order of the folder."""
        return self._series

    @property
    def photos(self) -> Mapping[str, str]:
        """Id → path below the folder, of all photos."""
        return self._names

    def name(self, photo: str) -> str:
        """The path of a photo below the folder. Raises RequestError for an unknown id."""
        if photo not in self._names:
            raise RequestError(404, "there is no such photo")
        return self._names[photo]

    def path(self, photo: str) -> Path:
        """The file of a photo. Raises RequestError for an unknown id."""
        return self.ranking.root / self.name(photo)

    def content_hash(self, photo: str) -> str:
        """The hash of its file when it was measured. Raises RequestError for an unknown id."""
        return self._hashes[self.name(photo)]

    def capture(self, photo: str) -> Capture:
        """How a photo was taken. Raises RequestError for an unknown id."""
        return self._captures[self.name(photo)]

    def shown(self, series: str) -> ShownSeries:
        """A series. Raises RequestError for an unknown id."""
        if series not in self._series:
            raise RequestError(
                404, "there is no such series; it may have been merged or split", "series_gone"
            )
        return self._series[series]

    def home(self, photo: str) -> ShownSeries:
        """The series of a photo. Raises RequestError for an unknown id."""
        self.name(photo)
        return self._series[self._home[photo]]

    def decision(self, photo: str) -> Decision:
        """What the person says of a photo."""
        return self.journal.decision(photo)

    def state(self, series: ShownSeries) -> SeriesState:
        """How far a series is decided."""
        return state_of(
            [replace(self.decision(photo), tied=self.journal.is_tied(photo)) for photo in series.photos]
        )

    def suggested(self, series: ShownSeries) -> tuple[str, ...]:
        """The photos that the ranker would pick of those that the person does not reject."""
        decisions = {photo: self.decision(photo) for photo in series.photos}
        out = {
            self._names[photo]: Decision("reject")
            for photo, each in decisions.items()
            if each.flag == "reject" or each.none_of_these
        }
        (left,) = with_decisions([series.ranked], out)
        both = zip(series.photos, left.photos, strict=True)
        return tuple(photo for photo, ranked in both if ranked.outcome == "pick")

    def decided(self) -> tuple[RankedSeries, ...]:
        """The series with what the person decided about them."""
        decisions = {self._names[photo]: each for photo, each in self.journal.decisions().items()}
        return with_decisions([each.ranked for each in self._series.values()], decisions)

    def since(self, revision: int) -> Change:
        """What changed after a revision, here and elsewhere."""
        return self.journal.since(revision)

    def mark(self, series: str, shown: Sequence[str], marks: Sequence[PhotoMark]) -> None:
        """Flags, rates or labels photos of a series."""
        home = self.shown(series)
        self._check_members(home, [mark.photo for mark in marks])
        numbers = self._numbers([mark.photo for mark in marks])
        made = tuple(
            Mark(number, mark.flag, mark.stars, mark.label)
            for number, mark in zip(numbers, marks, strict=True)
        )
        self.journal.append(Marking(made, self._context(home, shown, _manner(marks, self.suggested(home)))))

    def accept(self, series: str, shown: Sequence[str]) -> None:
        """Picks what is suggested."""
        home = self.shown(series)
        suggested = self.suggested(home)
        if not suggested:
            raise RequestError(
                400, "nothing is suggested here: every photo is kept or rejected", "nothing_suggested"
            )
        marks = tuple(Mark(number, "pick") for number in self._numbers(suggested))
        self.journal.append(Marking(marks, self._context(home, shown, "accepted")))

    def none_of_these(self, series: str, shown: Sequence[str]) -> None:
        """Says that no photo of a series is worth keeping."""
        home = self.shown(series)
        manner: Manner = "against" if self.suggested(home) else ""
        numbers = self._numbers(home.photos)
        self.journal.append(NoneOfThese(numbers, self._context(home, shown, manner)))

    def tie(self, series: str, photos: Sequence[str]) -> None:
        """Says that the person cannot tell which of these photos is best."""
        home = self.shown(series)
        self._check_members(home, photos)
        self.journal.append(Tie(self._numbers(photos), self._context(home, photos, "")))

    def merge(self, series: Sequence[str]) -> None:
        """Makes one series of several."""
        if len(set(series)) < 2:
            raise RequestError(400, "it takes two series to merge")
        photos = [photo for each in dict.fromkeys(series) for photo in self.shown(each).photos]
        self.journal.append(Grouping((self._numbers(photos),)))

    def split(self, series: str, photos: Sequence[str]) -> None:
        """Makes some photos of a series a series of their own."""
        home = self.shown(series)
        self._check_members(home, photos)
        rest = [photo for photo in home.photos if photo not in photos]
        if not photos or not rest:
            raise RequestError(400, "name some photos of the series, not all of them", "nothing_to_split")
        self.journal.append(Grouping((self._numbers(rest), self._numbers(photos))))

    def _numbers(self, photos: Sequence[str]) -> tuple[int, ...]:
        return self.journal.numbers(photos)

    def _context(self, series: ShownSeries, shown: Sequence[str], manner: Manner) -> Context:
        for photo in shown:
            self.name(photo)
        return Context(self._numbers(shown), self._numbers(self.suggested(series)), self.ranker, manner)

    @staticmethod
    def _check_members(series: ShownSeries, photos: Sequence[str]) -> None:
        if not photos or not {*photos} <= {*series.photos}:
            raise RequestError(400, "name photos of that series")

    def _regroup(self) -> None:
        groups = self.journal.groups()
        if groups == self._grouped:
            return
        self._grouped = groups
        names = {
            self._names[photo]: tuple(self._names[each] for each in members)
            for photo, members in groups.items()
        }
        series = regroup(self.ranking.found, names, self._captured_at)
        new = [each for each in series if each not in self._ranked]
        ranking = self.ranking
        ranked = rank_series(
            new,
            ranking.features,
            ranking.ranker,
            keep=self._keep,
            detail=ranking.detail,
            faces=ranking.faces,
        )
        self._ranked |= dict(zip(new, ranked, strict=True))
        shown = []
        for each in series:
            ranked_series = self._ranked[each]
            photos = tuple(self._ids[photo.photo] for photo in ranked_series.photos)
            series_id = self._series_ids.setdefault(each, random_id())
            shown.append(ShownSeries(series_id, ranked_series, photos, photos[0] in groups))
        self._series = {each.id: each for each in shown}
        self._home = {photo: each.id for each in shown for photo in each.photos}

    def _captured_at(self, name: str) -> datetime | None:
        time = self._captures[name].time
        return time.local if time else None


def _manner(marks: Sequence[PhotoMark], suggested: Sequence[str]) -> Manner:
    """How marks stand to a suggestion."""
    if not suggested or not any(mark.flag for mark in marks):
        return ""
    against = any(
        (mark.flag == "pick" and mark.photo not in suggested)
        or (mark.flag == "reject" and mark.photo in suggested)
        for mark in marks
    )
    return "against" if against else "agreed"


def _size(path: Path) -> int:
    """Bytes; 0 for a file that is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
