"""Writes what a person decided, for other programs and for training."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from phototriage.choices import FolderChoices
from phototriage.errors import OutputError
from phototriage.exit_code import ExitCode
from phototriage.outputs.picks import How, plan_picks, write_picks
from phototriage.outputs.ranking import ranking_csv, ranking_document, ranking_json
from phototriage.outputs.sidecars import (
    SidecarOptions,
    plan_sidecars,
    undo_sidecars,
    write_sidecars,
)
from phototriage.series import RankedSeries, only_decided
from phototriage.web.session import ReviewSession

__all__ = ["PICKS_FOLDER", "document_text", "export_picks", "export_sidecars", "undo_export"]

PICKS_FOLDER = "phototriage-picks"
"""Where copies and links of picks go, below the reviewed folder: a request from the page names no path."""

Document = Literal["ranking.csv", "ranking.json", "comparisons.csv"]


def document_text(session: ReviewSession, name: Document) -> str:
    """The ranking with the decisions, or the comparisons that `train` reads."""
    ranking = session.ranking
    if name == "comparisons.csv":
        from phototriage.labels.decisions import decided_comparisons  # with pandas, which takes long to load

        return decided_comparisons(_choices(session)).to_csv()
    if name == "ranking.csv":
        return ranking_csv(session.decided())
    return ranking_json(
        ranking_document(
            ranking.folder,
            ranking.model,
            session.decided(),
            ranking.failures,
            ExitCode.of(left_out=ranking.failures),
            decisions=True,
            gate=ranking.gate,
        )
    )


def export_sidecars(session: ReviewSession, options: SidecarOptions, *, dry_run: bool) -> dict[str, Any]:
    """Marks the photos of decided series in sidecars, by the rules of `phototriage rank --xmp`."""
    root = session.ranking.root
    series, gone = _there(root, only_decided(session.decided()))
    changes = plan_sidecars(root, series, options)
    result = None if dry_run else write_sidecars(root, changes)
    return _view(
        [
            _change(
                change.sidecar,
                change.action,
                ", ".join(f"{name} {value}".strip() for name, value in change.edits.items()),
                change.reason,
            )
            for change in changes
            if change.action != "keep"
        ],
        written=len(result.written) if result else 0,
        failures=result.failures if result else (),
        gone=gone,
    )


def export_picks(session: ReviewSession, how: How, *, dry_run: bool) -> dict[str, Any]:
    """Copies or links the picks of decided series into PICKS_FOLDER."""
    root = session.ranking.root
    into = root / PICKS_FOLDER
    if into.is_symlink():
        raise OutputError(f"{PICKS_FOLDER} is a link: remove it")
    series, gone = _there(root, only_decided(session.decided()))
    planned = plan_picks(root, series, into, how)
    result = None if dry_run else write_picks(root, into, planned)
    return _view(
        [
            _change(pick.target.relative_to(into).as_posix(), pick.action)
            for pick in planned
            if pick.action != "keep"
        ],
        written=len(result.written) if result else 0,
        failures=[(target.relative_to(into).as_posix(), reason) for target, reason in result.failures]
        if result
        else (),
        into=PICKS_FOLDER,
        gone=gone,
    )


def undo_export(session: ReviewSession, *, dry_run: bool) -> dict[str, Any]:
    """Takes back the last sidecars of the folder."""
    undone = undo_sidecars(session.ranking.root, dry_run=dry_run)
    actions: Mapping[str, tuple[str, ...]] = {
        "restore": undone.restored,
        "remove": undone.removed,
        "take our marks back": undone.partly,
    }
    changes = [_change(file, action) for action, files in actions.items() for file in files]
    return _view(
        changes + [_change(file, "leave alone", reason=reason) for file, reason in undone.left_alone],
        written=0 if dry_run else len(changes),
        failures=undone.failures,
    )


def _view(
    changes: Sequence[Mapping[str, str]],
    *,
    written: int,
    failures: Iterable[tuple[str, str]],
    into: str = "",
    gone: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "changes": changes,
        "written": written,
        "failures": [{"file": file, "reason": reason} for file, reason in failures],
        "into": into,
        "gone": gone,
    }


def _change(file: str, action: str, marks: str = "", reason: str = "") -> dict[str, str]:
    return {"file": file, "action": action, "marks": marks, "reason": reason}


def _there(root: Path, ranked: Iterable[RankedSeries]) -> tuple[list[RankedSeries], list[str]]:
    """The series with the files that are still there, and the photos of which no file is.

    A photo that was deleted or moved since it was measured gets no sidecar: it would lie there for nothing.
    """
    series: list[RankedSeries] = []
    gone: list[str] = []
    for each in ranked:
        photos = []
        for photo in each.photos:
            files = tuple(file for file in photo.files if (root / file).exists())
            if files:
                photos.append(replace(photo, files=files))
            else:
                gone.append(photo.photo)
        series.append(replace(each, photos=tuple(photos)))
    return series, gone


def _choices(session: ReviewSession) -> FolderChoices:
    return session.journal.choices(session.photos)
