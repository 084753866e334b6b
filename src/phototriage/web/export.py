"""Writes what a person decided, for other programs and for training."""

from collections.abc import Mapping
from typing import Any, Literal

from phototriage.choices import FolderChoices
from phototriage.errors import OutputError
from phototriage.exit_code import ExitCode
from phototriage.labels.decisions import decided_comparisons
from phototriage.outputs.picks import How, plan_picks, write_picks
from phototriage.outputs.ranking import ranking_csv, ranking_document, ranking_json
from phototriage.outputs.sidecars import (
    SidecarOptions,
    plan_sidecars,
    undo_sidecars,
    write_sidecars,
)
from phototriage.series import RankedSeries, only_decided, with_decisions
from phototriage.web.session import ReviewSession

__all__ = ["PICKS_FOLDER", "document_text", "export_picks", "export_sidecars", "undo_export"]

PICKS_FOLDER = "phototriage-picks"
"""Where copies and links of picks go, below the reviewed folder: a request from the page names no path."""

Document = Literal["ranking.csv", "ranking.json", "comparisons.csv"]


def document_text(session: ReviewSession, name: Document) -> str:
    """The ranking with the decisions, or the comparisons that `train` reads."""
    ranking = session.ranking
    if name == "comparisons.csv":
        return decided_comparisons(_choices(session)).to_csv()
    if name == "ranking.csv":
        return ranking_csv(_decided(session))
    return ranking_json(
        ranking_document(
            ranking.folder,
            ranking.model,
            _decided(session),
            ranking.failures,
            ExitCode.of(left_out=ranking.failures),
            decisions=True,
            gate=ranking.gate,
        )
    )


def export_sidecars(session: ReviewSession, options: SidecarOptions, *, dry_run: bool) -> dict[str, Any]:
    """Marks the photos of decided series in sidecars, by the rules of `phototriage rank --xmp`."""
    root = session.ranking.root
    changes = plan_sidecars(root, only_decided(_decided(session)), options)
    view: dict[str, Any] = {
        "changes": [
            {
                "file": change.sidecar,
                "action": change.action,
                "marks": ", ".join(f"{name} {value}".strip() for name, value in change.edits.items()),
                "reason": change.reason,
            }
            for change in changes
            if change.action != "keep"
        ],
        "written": 0,
        "failures": [],
        "into": "",
    }
    if not dry_run:
        result = write_sidecars(root, changes)
        view["written"] = len(result.written)
        view["failures"] = [{"file": file, "reason": reason} for file, reason in result.failures]
    return view


def export_picks(session: ReviewSession, how: How, *, dry_run: bool) -> dict[str, Any]:
    """Copies or links the picks of decided series into PICKS_FOLDER."""
    root = session.ranking.root
    into = root / PICKS_FOLDER
    if into.is_symlink():
        raise OutputError(f"{PICKS_FOLDER} is a link: remove it")
    planned = plan_picks(root, only_decided(_decided(session)), into, how)
    view: dict[str, Any] = {
        "changes": [
            {
                "file": pick.target.relative_to(into).as_posix(),
                "action": pick.action,
                "marks": "",
                "reason": "",
            }
            for pick in planned
            if pick.action != "keep"
        ],
        "written": 0,
        "failures": [],
        "into": PICKS_FOLDER,
    }
    if not dry_run:
        result = write_picks(root, into, planned)
        view["written"] = len(result.written)
        view["failures"] = [
            {"file": target.relative_to(into).as_posix(), "reason": reason}
            for target, reason in result.failures
        ]
    return view


def undo_export(session: ReviewSession, *, dry_run: bool) -> dict[str, Any]:
    """Takes back the last sidecars of the folder."""
    undone = undo_sidecars(session.ranking.root, dry_run=dry_run)
    actions: Mapping[str, tuple[str, ...]] = {
        "restore": undone.restored,
        "remove": undone.removed,
        "take our marks back": undone.partly,
    }
    changes = [
        {"file": file, "action": action, "marks": "", "reason": ""}
        for action, files in actions.items()
        for file in files
    ]
    changes += [
        {"file": file, "action": "leave alone", "marks": "", "reason": reason}
        for file, reason in undone.left_alone
    ]
    return {
        "changes": changes,
        "written": 0 if dry_run else len(changes) - len(undone.left_alone),
        "failures": [{"file": file, "reason": reason} for file, reason in undone.failures],
        "into": "",
    }


def _decided(session: ReviewSession) -> tuple[RankedSeries, ...]:
    decisions = {session.name(photo): each for photo, each in session.journal.decisions().items()}
    return with_decisions([each.ranked for each in session.series.values()], decisions)


def _choices(session: ReviewSession) -> FolderChoices:
    return session.journal.choices(session.photos)
