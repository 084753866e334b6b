"""A person's own ranker, as it is kept."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import platformdirs

from phototriage.errors import ModelError, OutputError
from phototriage.personal.gate import Gate
from phototriage.ranker import TrainedRanker, load_ranker_and_notes, save_ranker

__all__ = [
    "STAYS",
    "Learned",
    "default_personal_dir",
    "forget",
    "is_switched_off",
    "keep_learned",
    "load_learned",
    "ranker_file",
    "retires",
    "supersedes",
]

STAYS = (
    "your own ranker stays as it is, since it has learned from other photos too: name all of their folders "
    "to phototriage learn, or first remove it with phototriage learn --forget"
)
_VARIABLE = "PHOTOTRIAGE_PERSONAL"
_FILE = "ranker.safetensors"


@dataclass(frozen=True)
class Learned:
    """A person's own ranker, and what it rests on.

    ranker: the corrected one. gate: how it did beside the default ranker on series that never taught it.
    series: how many were decided, those kept for the gate included. pairs: of photos, in them. sources: what
    was read and why not the rest, a line each. words: what it learned, a line each. at: when it learned,
    UTC, ISO 8601. by: the version of phototriage.
    """

    ranker: TrainedRanker
    gate: Gate
    series: int
    pairs: int
    sources: tuple[str, ...]
    words: tuple[str, ...]
    at: str
    by: str

    @property
    def findings(self) -> tuple[str, ...]:
        """What was learned, from what, and at last how good it is, for people."""
        counts = f"series that you decided: {self.series:,} ({self.pairs:,} pairs of photos)"
        return (counts, *self.sources, *self.words, self.gate.finding)

    @property
    def lines(self) -> tuple[str, ...]:
        """The findings of a ranker that is kept, and at last whether it is used, for people."""
        if self.gate.is_open and is_switched_off():
            use = f"{self.gate.finding}; {_VARIABLE} is off: rank and review use the default ranker"
        else:
            use = self.gate.verdict
        return (*self.findings[:-1], use)


def default_personal_dir() -> Path:
    """Where a person's own ranker is kept: the folder `personal` in the platform's folder for user data."""
    return platformdirs.user_data_path("phototriage", appauthor=False) / "personal"


def is_switched_off() -> bool:
    """Whether $PHOTOTRIAGE_PERSONAL is `off`: the person's own ranker is then not used by itself."""
    return os.environ.get(_VARIABLE, "").lower() in ("off", "0", "false", "no")


def ranker_file(personal_dir: Path) -> Path:
    """The file of a person's own ranker, which may not exist."""
    return personal_dir / _FILE


def keep_learned(learned: Learned, personal_dir: Path) -> Path:
    """Writes a person's own ranker in place of an earlier one, whole or not at all; returns its file.

    Raises OutputError if that cannot be done.
    """
    notes = {
        "gate": asdict(learned.gate),
        "series": learned.series,
        "pairs": learned.pairs,
        "sources": list(learned.sources),
        "words": list(learned.words),
        "at": learned.at,
        "by": learned.by,
    }
    file = ranker_file(personal_dir)
    try:
        personal_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{personal_dir} cannot be made: {error.strerror or error}") from error
    save_ranker(learned.ranker, file, notes)
    return file


def load_learned(personal_dir: Path) -> Learned | None:
    """A person's own ranker; None where nothing was learned yet. Raises ModelError if it cannot be read."""
    file = ranker_file(personal_dir)
    if not file.exists():
        return None
    ranker, notes = load_ranker_and_notes(file)
    try:
        return Learned(
            ranker,
            Gate(**notes["gate"]),
            int(notes["series"]),
            int(notes["pairs"]),
            tuple(map(str, notes["sources"])),
            tuple(map(str, notes["words"])),
            str(notes["at"]),
            str(notes["by"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{file} does not say how it was learned ({error!r})") from error


def supersedes(learned: Learned, personal_dir: Path) -> bool:
    """Whether the ranker that is kept, if there is one, learned from no photo from which this one did not."""
    kept = _readable(personal_dir)
    return kept is None or _covers(learned, kept)


def retires(learned: Learned, personal_dir: Path) -> bool:
    """Whether a ranker that passed its test, with other photos too, would give way to this one, which did
    not."""
    kept = _readable(personal_dir)
    if kept is None or not kept.gate.is_open or learned.gate.is_open:
        return False
    return not _covers(learned, kept)


def _readable(personal_dir: Path) -> Learned | None:
    """The ranker that is kept; None if there is none that is of any use."""
    try:
        return load_learned(personal_dir)
    except ModelError:
        return None


def _covers(learned: Learned, kept: Learned) -> bool:
    return bool(np.isin(kept.ranker.seen_contents, learned.ranker.seen_contents).all())


def forget(personal_dir: Path) -> bool:
    """Removes a person's own ranker; returns whether there was one. Raises OutputError if that fails."""
    file = ranker_file(personal_dir)
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputError(f"{file} cannot be removed: {error.strerror or error}") from error
    return True
