"""`phototriage learn`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.choices import default_choices_dir
from phototriage.cli.feature_source import OptionalInt
from phototriage.cli.moved_folders import moved_folders
from phototriage.cli.progress import note, progress
from phototriage.cli.rank import Grouping
from phototriage.cli.standard_output import shown
from phototriage.errors import OptionError
from phototriage.features import ExtractorOptions, default_cache_dir
from phototriage.learn import CHOICES, RATINGS, LearnOptions, learn_from
from phototriage.personal.learned import (
    STAYS,
    default_personal_dir,
    forget,
    keep_learned,
    load_learned,
    ranker_file,
    retires,
)
from phototriage.rank import RankOptions

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Make the ranker your own: learn from what you decided, and say by how much it helps.

    It learns from your decisions in phototriage review and from the ratings, flags and labels that you gave
    your photos over the years, and it compares photos only within their series. Every fourth series teaches
    nothing: on these, your own ranker has to be better than the default one. If it is, phototriage rank and
    review use it from then on.

        phototriage learn ~/Pictures
        phototriage learn ~/Pictures --from choices ratings "Lightroom Catalog.lrcat"
        phototriage learn --show
        phototriage learn --forget

    Your photos, sidecars and catalogues are only read.
    """

    folders: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """The folders of the photos that you decided about, with all their sub-folders."""
    sources: Annotated[tuple[str, ...], tyro.conf.arg(name="from", metavar="SOURCE ...")] = (CHOICES, RATINGS)
    """What to learn from: choices (of phototriage review), ratings (in sidecars and in the photos), a
    Lightroom catalogue (.lrcat), a table of photos and ratings, flags or labels (.csv, .tsv, .parquet)."""
    map: Annotated[tuple[str, ...], tyro.conf.arg(metavar="OLD=NEW ...")] = ()
    """For a catalogue of another machine: what its folders are called here, as D:/Photos=/home/me/Photos."""
    show: bool = False
    """Say what your own ranker has learned, and do nothing else."""
    forget: bool = False
    """Remove your own ranker; what you decided stays."""
    dry_run: bool = False
    """Learn and say how good it is, but keep nothing; with --forget, say what would be removed."""
    choices_dir: Path = field(default_factory=default_choices_dir)
    """Where your decisions are kept."""
    personal_dir: Path = field(default_factory=default_personal_dir)
    """Where your own ranker is kept."""
    cache_dir: Path = field(default_factory=default_cache_dir)
    """The feature store."""
    workers: OptionalInt = None
    """Number of processes that decode photos; by default one per core."""
    grouping: Grouping = field(default_factory=Grouping)
    extractors: ExtractorOptions = field(default_factory=ExtractorOptions)

    def run(self) -> int:
        if self.show and self.forget:
            raise OptionError("--show and --forget are two commands: give one of them")
        if (self.show or self.forget) and self.folders:
            raise OptionError("--show and --forget need no folder")
        if self.show:
            return self._show()
        if self.forget:
            return self._forget()
        if not self.folders:
            raise OptionError("name the folders of the photos that you decided about")
        options = LearnOptions(
            sources=self.sources,
            moved=tuple(map(moved_folders, self.map)),
            rank=RankOptions(
                gap=self.grouping.gap,
                similarity=self.grouping.similarity,
                by_folder=self.grouping.by_folder,
                choices_dir=self.choices_dir,
                extractors=self.extractors,
                cache_dir=self.cache_dir,
                workers=self.workers,
            ),
        )
        with progress("features") as on_progress:
            learned = learn_from(self.folders, options, on_progress=on_progress, on_note=note)
        stays = retires(learned, self.personal_dir)
        with shown():
            print("\n".join(learned.findings if stays else learned.lines))
        if stays:
            note(STAYS)
        elif self.dry_run:
            note(f"would write {ranker_file(self.personal_dir)}")
        else:
            note(f"kept in {keep_learned(learned, self.personal_dir)}")
        return 0

    def _show(self) -> int:
        learned = load_learned(self.personal_dir)
        if learned is None:
            note(f"nothing was learned yet: there is no {ranker_file(self.personal_dir)}")
            return 0
        with shown():
            print(f"learned {learned.at[:10]} by phototriage {learned.by}")
            print("\n".join(learned.lines))
        return 0

    def _forget(self) -> int:
        file = ranker_file(self.personal_dir)
        if self.dry_run and file.exists():
            note(f"would remove {file}")
        elif not self.dry_run and forget(self.personal_dir):
            note(f"removed {file}; rank and review use the default ranker again")
        else:
            note(f"there is nothing to forget: no {file}")
        return 0
