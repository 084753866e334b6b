"""Ratings, flags and labels that a person gave photos, in sidecars and in the photos."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from phototriage.errors import OutputError
from phototriage.labels.marks import flag_stars_label
from phototriage.labels.sourced import SourcedDecision, SourceReading, best_version, last_said, time_of
from phototriage.printable import printable
from phototriage.xmp.embedded import embedded_marks
from phototriage.xmp.packet import Packet
from phototriage.xmp.sidecar_names import SidecarNames
from phototriage.xmp.signs import XMP_SIGNS
from phototriage.xmp.video import video_of

__all__ = ["read_ratings"]

_DATE = "xmp:MetadataDate"
_MOST_BYTES = 64 << 20


def read_ratings(
    folder: Path,
    photos: Sequence[str],
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> SourceReading:
    """What sidecars of any spelling, embedded XMP and EXIF say of photos, as a person or a program marked
    them.

    Whatever this program wrote itself is among it: `comparisons_of` leaves that out. Sidecars and photo count
    by the date of their metadata (`xmp:MetadataDate`, else the time of the sidecar), so that the later mark
    stands; without dates, a sidecar outvotes its photo. darktable's duplicates are versions of the photo, of
    which the best counts. Files that are missing or damaged say nothing; sidecars that cannot be read are
    counted in a note.

    Args:
        folder: the photo folder.
        photos: paths below it, with `/`, of all files of the shots: RAW files and edits have their own marks.
        on_progress: called with (photos done, all photos).

    Raises:
        OutputError: a sub-folder cannot be read.
    """
    names = SidecarNames(folder, "adobe")
    unread: dict[str, str] = {}
    left_out: Counter[str] = Counter()

    @cache
    def of_sidecar(sidecar: str) -> SourcedDecision | None:
        try:
            return _of_sidecar(folder, sidecar)
        except OutputError as error:
            unread[sidecar] = str(error)
            return None

    decisions = []
    for done, photo in enumerate(photos):
        on_progress(done, len(photos))
        sidecars = [sidecar for sidecar, exists in names.of([photo]).items() if exists]
        said = [_of_photo(folder, photo), *filter(None, map(of_sidecar, sidecars))]
        decision, contradictions = last_said(said)
        if versions := [each for each in map(of_sidecar, names.duplicates([photo])) if each is not None]:
            decision = best_version([decision, *versions])
        if contradictions:
            left_out["older marks that a later one of the same photo contradicts"] += contradictions
        if decision:
            decisions.append(replace(decision, photo=unicodedata.normalize("NFC", photo)))
        else:
            left_out["photos without a rating, flag or label"] += 1
    notes = []
    if unread:
        first, reason = next(iter(unread.items()))
        notes.append(f"sidecars that cannot be read: {len(unread):,}, the first {printable(first)}: {reason}")
    return SourceReading(
        tuple(decisions), len(decisions), left_out, tuple(notes), "ratings in sidecars and photos"
    )


def _of_photo(folder: Path, photo: str) -> SourcedDecision:
    marks = embedded_marks(folder / photo, (_DATE,))
    return _decision(marks, photo, time_of(marks.pop(_DATE, "")))


def _of_sidecar(folder: Path, sidecar: str) -> SourcedDecision | None:
    """None for the sidecar of a video. Raises OutputError, with only the reason, if it cannot be read."""
    path = folder / sidecar
    try:
        status = path.stat()
        if status.st_size > _MOST_BYTES:
            raise OutputError(f"it is larger than {_MOST_BYTES >> 20} MiB")
        packet = Packet(path.read_bytes())
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from error
    if video_of(packet):
        return None
    marks = {name: value for name in XMP_SIGNS if (value := packet.get(name))}
    return _decision(marks, sidecar, time_of(packet.get(_DATE)) or _modified_at(status.st_mtime))


def _decision(marks: Mapping[str, str], source: str, at: datetime | None) -> SourcedDecision:
    flag, stars, label = flag_stars_label(marks)
    return SourcedDecision(source, flag, stars, label, at, source)


def _modified_at(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
