"""Plans the change of every sidecar before any is written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from phototriage.errors import OutputError
from phototriage.outputs.sidecars.file import SidecarFile, digest, read_sidecar
from phototriage.outputs.sidecars.marks import SidecarOptions, respect, wanted_marks
from phototriage.outputs.sidecars.runs import Entry, Mark, runs_of
from phototriage.series import RankedPhoto, RankedSeries
from phototriage.xmp.embedded import embedded_marks
from phototriage.xmp.packet import Packet
from phototriage.xmp.sidecar_names import SidecarNames
from phototriage.xmp.signs import KIND_OF_SIGN

__all__ = ["SidecarChange", "plan_sidecars"]

Action = Literal["create", "update", "remove", "keep", "leave alone"]


@dataclass(frozen=True)
class SidecarChange:
    """The planned change of one sidecar.

    action: `keep` if it is already right; `leave alone` if it must not be touched; `remove` if we created it
    and it needs no marks now. edits: property → new value; an empty value removes the property.
    reason: why some marks are not written. files: the files of its photos. is_fault: whether the reason is a
    fault of the file or its folder, not a mark that a person gave.
    entry: the journal entry; its marks are all of our marks that the sidecar will contain.
    """

    action: Action
    entry: Entry
    edits: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    files: tuple[str, ...] = ()
    is_fault: bool = False

    @property
    def sidecar(self) -> str:
        """The sidecar's path relative to the folder, with `/`."""
        return self.entry.sidecar


def plan_sidecars(
    folder: Path, ranked: Iterable[RankedSeries], options: SidecarOptions
) -> tuple[SidecarChange, ...]:
    """Plans the marks in the sidecars of ranked photos; writes nothing.

    A mark from earlier runs that no longer applies reverts to the value before it. Photos outside the ranking
    keep their marks. A value counts as ours while it is the value that we wrote last. If the ranking and the
    sidecars are the same as in the last run, every change is `keep`.

    Returns: a change per sidecar, in the order of the photos; none for sidecars that need no marks.
    Raises OutputError if a folder or the journal of earlier runs cannot be read.
    """
    photos = [photo for series in ranked for photo in series.photos]
    names = SidecarNames(folder, options.name)
    history = _history(folder)
    claims: dict[str, list[tuple[RankedPhoto, dict[str, str]]]] = defaultdict(list)
    sidecars_of = {}
    for photo in photos:
        sidecars_of[photo.photo] = names.of(photo.files)
        for sidecar in sidecars_of[photo.photo]:
            claims[sidecar].append((photo, _wanted(photo, options)))
    changes: dict[str, SidecarChange] = {}
    for photo in photos:
        wanted = _wanted(photo, options)
        # A sidecar without our marks that needs no marks does not have to be read.
        sidecars = [each for each in sidecars_of[photo.photo] if wanted or each in history]
        if not sidecars:
            continue
        states = [_state(folder, each, history.get(each, ())) for each in sidecars]
        own: dict[str, str] = {}
        if wanted and not options.overwrite_ratings:
            for file in photo.files:
                own |= embedded_marks(folder / file)
            for state in states:
                own |= {name: value for name, value in state.own().items() if value}
        allowed, reason = respect(wanted, own)
        for state in states:
            files = tuple(dict.fromkeys(file for each, _ in claims[state.sidecar] for file in each.files))
            if any(marks != wanted for _, marks in claims[state.sidecar]):
                others = next(each.photo for each, marks in claims[state.sidecar] if marks != wanted)
                change = state.change({}, f"{others} shares it, and has another verdict", files)
            else:
                change = state.change(allowed, reason, files)
            if change:
                changes.setdefault(state.sidecar, change)
    return tuple(changes.values())


def _wanted(photo: RankedPhoto, options: SidecarOptions) -> dict[str, str]:
    alternative = photo.alternative and photo.outcome == "close"
    return wanted_marks(photo.outcome, alternative, options, photo.decision)


@dataclass(frozen=True)
class _State:
    """The current sidecar. file, packet: None if it does not exist. refusal: why it must not be touched."""

    sidecar: str
    file: SidecarFile | None = None
    packet: Packet | None = None
    last: Entry | None = None
    refusal: str = ""

    def ours(self) -> dict[str, Mark]:
        """The marks of earlier runs that still have our value."""
        if not (self.last and self.packet):
            return {}
        return {mark.name: mark for mark in self.last.marks if self.packet.get(mark.name) == mark.value}

    def own(self) -> dict[str, str]:
        """The marks of a person, or of a program on their behalf."""
        ours = self.ours()
        return {name: self._value(name) for name in KIND_OF_SIGN if name not in ours}

    def change(self, marks: Mapping[str, str], reason: str, files: tuple[str, ...]) -> SidecarChange | None:
        """The change that leaves exactly these marks of ours in the sidecar."""
        if self.refusal:
            return self._left_alone(self.refusal, files, is_fault=True)
        ours = self.ours()
        edits = {name: mark.was for name, mark in ours.items() if name not in marks}
        edits |= {name: value for name, value in marks.items() if self._value(name) != value}
        if not edits:
            if self.file and marks:
                return SidecarChange("keep", self._entry(digest(self.file.data)), {}, reason, files)
            return self._left_alone(reason, files) if reason else None
        untouched = bool(self.last and self.last.created and self._before() == self.last.after)
        created = untouched or self.file is None
        if created and not marks:
            return SidecarChange("remove", self._entry("", created=True), edits, reason, files)
        try:
            packet = Packet(self.file.data) if self.file else Packet()
            for name, value in edits.items():
                packet.set(name, value)
        except OutputError as error:
            return self._left_alone(str(error), files, is_fault=True)
        # A value that was already right is not ours and will not be reverted.
        after = tuple(
            Mark(name, value, ours[name].was if name in ours else self._value(name))
            for name, value in marks.items()
            if name in ours or name in edits
        )
        entry = self._entry(digest(packet.to_bytes()), created, after)
        return SidecarChange("update" if self.file else "create", entry, edits, reason, files)

    def _value(self, name: str) -> str:
        return self.packet.get(name) if self.packet else ""

    def _before(self) -> str:
        return digest(self.file.data if self.file else None)

    def _entry(self, after: str, created: bool = False, marks: tuple[Mark, ...] = ()) -> Entry:
        mode = self.file.mode if self.file else None
        return Entry(self.sidecar, self._before(), after, mode, created, marks)

    def _left_alone(self, reason: str, files: tuple[str, ...], *, is_fault: bool = False) -> SidecarChange:
        return SidecarChange("leave alone", self._entry(self._before()), {}, reason, files, is_fault)


def _state(folder: Path, sidecar: str, history: Sequence[Entry]) -> _State:
    file = packet = None
    try:
        if file := read_sidecar(folder, sidecar):
            packet = Packet(file.data)
    except OutputError as error:
        return _State(sidecar, file, refusal=str(error))
    current = digest(file.data if file else None)
    # An entry that was announced but never executed does not count; the previous one does.
    carried_out = (entry for entry in reversed(history) if entry.before != current or entry.after == current)
    return _State(sidecar, file, packet, next(carried_out, None))


def _history(folder: Path) -> dict[str, list[Entry]]:
    """The entries of all runs so far for every sidecar, from first to last."""
    history = defaultdict(list)
    for run in runs_of(folder):
        for entry in run.entries:
            history[entry.sidecar].append(entry)
    return history
