"""Plans the change of every sidecar before any is written."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from phototriage.xmp.signs import XMP_SIGNS, says_something
from phototriage.xmp.video import video_of

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
    folder: Path,
    ranked: Iterable[RankedSeries],
    options: SidecarOptions,
    on_note: Callable[[str], None] = lambda note: None,
) -> tuple[SidecarChange, ...]:
    """Plans the marks in the sidecars of ranked photos; writes nothing.

    A mark from earlier runs that no longer applies reverts to the value before it. Photos outside the ranking
    keep their marks. A value counts as ours while it is the value that we wrote last. If the ranking and the
    sidecars are the same as in the last run, every change is `keep`. Beside a sidecar that cannot be written
    no second one is created.

    Returns: a change per sidecar, in the order of the photos; none for sidecars that need no marks.
    `on_note` is called with a line for each earlier run whose journal is damaged: its marks count as a
    person's. Raises OutputError if a folder cannot be read.
    """
    photos = [photo for series in ranked for photo in series.photos]
    names = SidecarNames(folder, options.name)
    history = _history(folder, on_note)
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
        sidecars = {
            each: there for each, there in sidecars_of[photo.photo].items() if wanted or each in history
        }
        if not sidecars:
            continue
        states = [_state(folder, each, there, history.get(each, ())) for each, there in sidecars.items()]
        # That of a video is named only where it takes the place of the photo's.
        states = [each for each in states if not each.of_video] or states
        own: dict[str, str] = {}
        if wanted and not options.overwrite_ratings:
            duplicates = [_state(folder, each, True, ()) for each in names.duplicates(photo.files)]
            own = _own_marks([folder / file for file in photo.files], [*states, *duplicates])
        allowed, reason = respect(wanted, own)
        unread = next((each for each in states if each.is_unread), None)
        stuck = unread or next((each for each in states if each.refused(allowed)), None)
        for state in states:
            if stuck and not state.exists:
                continue
            files = tuple(dict.fromkeys(file for each, _ in claims[state.sidecar] for file in each.files))
            if any(marks != wanted for _, marks in claims[state.sidecar]):
                others = next(each.photo for each, marks in claims[state.sidecar] if marks != wanted)
                change = state.change({}, f"{others} shares it, and has another verdict", files)
            elif unread and state is not unread:
                change = state.left_alone(f"{unread.sidecar} {unread.refusal}", files)
            else:
                change = state.change(allowed, reason, files)
            if change and state is stuck and not all(each.exists for each in states):
                change = replace(change, reason=f"{change.reason}; no second sidecar is made beside it")
            if change:
                changes.setdefault(state.sidecar, change)
    return tuple(changes.values())


def _own_marks(files: Sequence[Path], states: Sequence["_State"]) -> dict[str, str]:
    """What a person marked in photos and sidecars: a sidecar outvotes the photo, a mark the lack of one."""
    embedded: dict[str, str] = {}
    sidecars: dict[str, str] = {}
    for marks, into in (
        *((embedded_marks(file), embedded) for file in files),
        *((state.own(), sidecars) for state in states),
    ):
        for name, value in marks.items():
            if value and not says_something(name, into.get(name, "")):
                into[name] = value
    return embedded | sidecars


def _wanted(photo: RankedPhoto, options: SidecarOptions) -> dict[str, str]:
    alternative = photo.alternative and photo.outcome == "close"
    return wanted_marks(photo.outcome, alternative, options, photo.decision)


@dataclass(frozen=True)
class _State:
    """The current sidecar. exists: whether there is a file, link or folder of that name.

    packet: None if it does not exist or cannot be read. refusal: why it must not be written.
    of_video: whether it says that it belongs to a video of the same name.
    """

    sidecar: str
    exists: bool
    file: SidecarFile
    packet: Packet | None = None
    last: Entry | None = None
    refusal: str = ""
    of_video: bool = False

    @property
    def is_unread(self) -> bool:
        """Whether it may hold marks that are not known."""
        return self.exists and not self.packet and not self.of_video

    def ours(self) -> dict[str, Mark]:
        """The marks of earlier runs that still have our value."""
        if not (self.last and self.packet):
            return {}
        return {mark.name: mark for mark in self.last.marks if self.packet.get(mark.name) == mark.value}

    def own(self) -> dict[str, str]:
        """The marks of a person, or of a program on their behalf."""
        ours = self.ours()
        return {name: self._value(name) for name in XMP_SIGNS if name not in ours}

    def refused(self, marks: Mapping[str, str]) -> bool:
        """Whether it is a sidecar of the photo, lacks these marks and must not get them."""
        return self.exists and bool(self.refusal) and bool(self._edits(marks))

    def change(self, marks: Mapping[str, str], reason: str, files: tuple[str, ...]) -> SidecarChange | None:
        """The change that leaves exactly these marks of ours in the sidecar."""
        if self.exists and not self.packet:
            return self.left_alone(self.refusal, files, is_fault=True)
        edits = self._edits(marks)
        if not edits:
            if self.packet and marks:
                return SidecarChange("keep", self._entry(self._before()), {}, reason, files)
            return self.left_alone(reason, files) if reason else None
        if self.refusal:
            return self.left_alone(self.refusal, files, is_fault=True)
        ours = self.ours()
        untouched = bool(self.last and self.last.created and self._before() == self.last.after)
        created = untouched or self.file.data is None
        if created and not marks:
            return SidecarChange("remove", self._entry("", created=True), edits, reason, files)
        try:
            packet = Packet(self.file.data) if self.file.data is not None else Packet()
            for name, value in edits.items():
                packet.set(name, value)
        except OutputError as error:
            return self.left_alone(str(error), files, is_fault=True)
        # A value that was already right is not ours and will not be reverted.
        after = tuple(
            Mark(name, value, ours[name].was if name in ours else self._value(name))
            for name, value in marks.items()
            if name in ours or name in edits
        )
        entry = self._entry(digest(packet.to_bytes()), created, after)
        return SidecarChange("update" if self.packet else "create", entry, edits, reason, files)

    def left_alone(self, reason: str, files: tuple[str, ...], *, is_fault: bool = False) -> SidecarChange:
        """No change, with the reason."""
        return SidecarChange("leave alone", self._entry(self._before()), {}, reason, files, is_fault)

    def _edits(self, marks: Mapping[str, str]) -> dict[str, str]:
        edits = {name: mark.was for name, mark in self.ours().items() if name not in marks}
        return edits | {name: value for name, value in marks.items() if self._value(name) != value}

    def _value(self, name: str) -> str:
        return self.packet.get(name) if self.packet else ""

    def _before(self) -> str:
        return digest(self.file.data)

    def _entry(self, after: str, created: bool = False, marks: tuple[Mark, ...] = ()) -> Entry:
        return Entry(self.sidecar, self._before(), after, self.file.mode, created, marks)


def _state(folder: Path, sidecar: str, exists: bool, history: Sequence[Entry]) -> _State:
    file = read_sidecar(folder, sidecar)
    packet = None
    refusal = file.refusal
    if file.data is not None:
        try:
            packet = Packet(file.data)
        except OutputError as error:
            return _State(sidecar, True, file, refusal=refusal or str(error))
        refusal = refusal or packet.fault
        if kind := video_of(packet):
            return _State(sidecar, True, file, refusal=f"belongs to the {kind} of that name", of_video=True)
    current = digest(file.data)
    # An entry that was announced but never executed does not count; the previous one does.
    carried_out = (entry for entry in reversed(history) if entry.before != current or entry.after == current)
    return _State(sidecar, exists, file, packet, next(carried_out, None), refusal)


def _history(folder: Path, on_note: Callable[[str], None]) -> dict[str, list[Entry]]:
    """The entries of all runs so far for every sidecar, from first to last."""
    history = defaultdict(list)
    for run in runs_of(folder, on_note):
        for entry in run.entries:
            history[entry.sidecar].append(entry)
    return history
