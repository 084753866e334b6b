"""`phototriage labels`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.choices import default_choices_dir
from phototriage.clear_pairs import MIN_AGREEMENT, MIN_REVIEWERS
from phototriage.cli.feature_source import OptionalPath
from phototriage.cli.progress import note
from phototriage.errors import OptionError
from phototriage.exit_code import ExitCode
from phototriage.labels import read_labels
from phototriage.outputs import check_destinations, print_labels

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Read people's preferences, align and check them, and write them as one table.

    Shows what each step kept. The ids in PhotoTriage's public votes are permuted relative to its photos. The
    command corrects them by matching the votes to the released preferences, and shows how well the match
    worked.
    """

    path: Annotated[Path, tyro.conf.Positional]
    """A PhotoTriage release folder, its vote table, your own CSV or Parquet file of comparisons, or a folder
    of photos that you reviewed."""
    output: OptionalPath = None
    """Write the comparisons to this .csv or .parquet file."""
    min_agreement: float = MIN_AGREEMENT
    """Pairs count as clear in the printed table if at least this share of the votes agree."""
    min_reviewers: int = MIN_REVIEWERS
    """Pairs count as clear in the printed table if they have at least this many votes."""
    choices_dir: Path = field(default_factory=default_choices_dir)
    """Where your decisions in phototriage review are kept."""
    assume_aligned: bool = False
    """Without a pairlist, use the photo ids of votes as they are. Only for votes known to be sound."""

    def run(self) -> int:
        check_destinations(self.output)
        labels = read_labels(
            self.path,
            min_agreement=self.min_agreement,
            min_reviewers=self.min_reviewers,
            assume_aligned=self.assume_aligned,
            choices_dir=self.choices_dir,
        )
        if self.output and self.output.resolve() in {file.resolve() for file in labels.files}:
            raise OptionError(f"{self.output} is one of the files that were read: choose another --output")
        for text in labels.notes:
            note(text)
        if self.output:
            labels.comparisons.write(self.output)
            count = len(labels.comparisons)
            note(f"wrote {count:,} comparison{'s' * (count > 1)} to {self.output}")
        print_labels(labels)
        return ExitCode.DONE
