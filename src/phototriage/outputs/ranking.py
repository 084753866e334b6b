"""A ranked folder as CSV and JSON."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from phototriage.features import Failure
from phototriage.series import RankedSeries

__all__ = ["ranking_csv", "ranking_json"]


def ranking_csv(ranked: Sequence[RankedSeries]) -> str:
    """One line per photo, `series,photo,rank,score,probability_best`; best first within a series."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["series", "photo", "rank", "score", "probability_best"])
    for series in ranked:
        for each in series.photos:
            lines.writerow(
                [series.name, each.photo, each.rank, f"{each.score:.6f}", f"{each.probability_best:.6f}"]
            )
    return text.getvalue()


def ranking_json(
    folder: Path, model: str, ranked: Sequence[RankedSeries], failures: Sequence[Failure]
) -> str:
    """One document: `folder`, `model`, `series` (each `name` and `photos`, best first) and `failures`."""
    document: dict[str, Any] = {
        "folder": str(folder),
        "model": model,
        "series": [asdict(series) for series in ranked],
        "failures": [asdict(failure) for failure in failures],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
