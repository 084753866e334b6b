"""A ranked folder as CSV and JSON."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from phototriage.csv_cells import guarded
from phototriage.exit_code import ExitCode
from phototriage.features import Failure
from phototriage.personal.gate import Gate
from phototriage.series import RankedPhoto, RankedSeries, Reason

__all__ = ["SCHEMA_VERSION", "ranking_csv", "ranking_document", "ranking_json"]

SCHEMA_VERSION = 1
"""Of the JSON document, docs/ranking.schema.json; readers of a version can read its later documents too."""

_OF_GATE = ("series", "default", "personal", "lead", "low", "high")
_OF_PHOTO = tuple(each.name for each in fields(RankedPhoto) if each.name != "decided")
"""Without what is decided: the outcome says it of every photo."""
_OF_REASON = tuple(each.name for each in fields(Reason))
_COLUMNS = (
    "series",
    "photo",
    "rank",
    "score",
    "probability_best",
    "verdict",
    "kind",
    "reasons",
    "files",
    "alternative",
    "decision",
    "outcome",
    "faces",
    "eyes_closed",
)


def ranking_csv(ranked: Sequence[RankedSeries]) -> str:
    """One line per photo, best first within a series.

    `reasons` are phrases; `files` are all files of the photo, the measured one first; "; " joins both.
    `alternative` is true or false. `decision` is what a person says of the photo, empty where they say
    nothing; `outcome` is the verdict after a person's decisions. `faces` is how many were measured, 16 at
    most, `eyes_closed` how many of the main ones have closed eyes; both are empty for photos that were not
    searched. Text is `guarded` against spreadsheets.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(_COLUMNS)
    for series in ranked:
        lines.writerows(
            (
                guarded(series.name),
                guarded(each.photo),
                each.rank,
                f"{each.score:.6f}",
                f"{each.probability_best:.6f}",
                each.verdict,
                series.kind,
                guarded("; ".join(each.phrases)),
                guarded("; ".join(each.files)),
                "true" if each.alternative else "false",
                each.decision.words if each.decision else "",
                each.outcome,
                *(("", "") if each.faces is None else (len(each.faces), len(each.blinks))),
            )
            for each in series.photos
        )
    return text.getvalue()


def ranking_document(
    folder: Path,
    model: str,
    ranked: Sequence[RankedSeries],
    failures: Sequence[Failure],
    exit_code: ExitCode,
    *,
    decisions: bool = False,
    gate: Gate | None = None,
) -> dict[str, Any]:
    """A ranked folder as plain values, in the format of docs/ranking.schema.json.

    decisions: whether a person's decisions were looked for. gate: how a person's own ranker did beside the
    default one; None where another one ranked.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "exit_code": int(exit_code),
        "folder": str(folder),
        "model": model,
        "gate": gate and {name: getattr(gate, name) for name in _OF_GATE},
        "decisions": decisions,
        "series": [
            {
                "name": series.name,
                "kind": series.kind,
                "taken": series.captured_at.isoformat() if series.captured_at else None,
                "too_close": series.too_close,
                "photos": [_photo_values(each) for each in series.photos],
                "swaps": [asdict(swap) for swap in series.swaps],
            }
            for series in ranked
        ],
        "failures": [asdict(failure) for failure in failures],
    }


def _photo_values(photo: RankedPhoto) -> dict[str, Any]:
    # Not `asdict`, which copies every value and takes five times as long.
    values = {name: getattr(photo, name) for name in _OF_PHOTO}
    values["reasons"] = tuple({name: getattr(each, name) for name in _OF_REASON} for each in photo.reasons)
    values["faces"] = photo.faces and tuple(asdict(each) for each in photo.faces)
    values["decision"] = photo.decision and asdict(photo.decision)
    values["outcome"] = photo.outcome
    return values


def ranking_json(document: Mapping[str, Any]) -> str:
    """The text of a `ranking_document`."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
