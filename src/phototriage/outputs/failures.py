"""The unusable photos as CSV."""

import csv
import io
from collections.abc import Sequence

from phototriage.csv_cells import guarded
from phototriage.features import Failure

__all__ = ["failures_csv"]


def failures_csv(failures: Sequence[Failure]) -> str:
    """One line per photo, `photo,reason`; only the header if all photos were usable."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["photo", "reason"])
    lines.writerows([guarded(failure.photo), guarded(failure.reason)] for failure in failures)
    return text.getvalue()
