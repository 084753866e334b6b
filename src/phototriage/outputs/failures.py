"""The photos that could not be used, for programs."""

import csv
import io
from collections.abc import Sequence

from phototriage.features import Failure

__all__ = ["failures_csv"]


def failures_csv(failures: Sequence[Failure]) -> str:
    """One line per photo, `photo,reason`; only the header where all could be used."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["photo", "reason"])
    lines.writerows([failure.photo, failure.reason] for failure in failures)
    return text.getvalue()
