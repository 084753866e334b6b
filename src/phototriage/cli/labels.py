"""`phototriage labels`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.clear_pairs import MIN_AGREEMENT, MIN_REVIEWERS
from phototriage.cli.feature_source import OptionalPath
from phototriage.cli.progress import note
from phototriage.errors import OutputError
from phototriage.labels import read_labels
from phototriage.outputs import check_destinations, print_labels

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Read people's preferences, mend and check them, and write them as one table.

    Shows what each step kept. The ids in PhotoTriage's public votes are permuted against its photos; they are
    put right here by matching the votes to the released preferences, and how well that went is shown.
    """

    path: Annotated[Path, tyro.conf.Positional]
    """A PhotoTriage release folder, its vote table, or your own CSV or Parquet of comparisons."""
    output: OptionalPath = None
    """Write the comparisons here, as .csv or .parquet."""
    min_agreement: float = MIN_AGREEMENT
    """What counts as clear in the table shown: the least share of votes for the majority."""
    min_reviewers: int = MIN_REVIEWERS
    """What counts as clear in the table shown: the least number of votes."""
    assume_aligned: bool = False
    """Take the photo ids of votes as they are, where no pairlist stands beside them: only for votes known to
    be sound."""

    def run(self) -> int:
        check_destinations(self.output)
        labels = read_labels(
            self.path,
            min_agreement=self.min_agreement,
            min_reviewers=self.min_reviewers,
            assume_aligned=self.assume_aligned,
        )
        if self.output and self.output.resolve() in {file.resolve() for file in labels.files}:
            raise OutputError(f"{self.output} is one of the files that were read: choose another --output")
        for text in labels.notes:
            note(text)
        if self.output:
            labels.comparisons.write(self.output)
            count = len(labels.comparisons)
            note(f"wrote {count:,} comparison{'s' * (count > 1)} to {self.output}")
        print_labels(labels)
        return 0
