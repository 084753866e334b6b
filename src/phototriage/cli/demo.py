"""`phototriage demo`."""

from dataclasses import dataclass
from pathlib import Path

from phototriage.cli.feature_source import FeatureSource, OptionalPath
from phototriage.cli.label_source import LabelSource
from phototriage.cli.progress import note
from phototriage.exit_code import ExitCode
from phototriage.extras import require
from phototriage.labels import split_by_series
from phototriage.outputs import print_evaluation, print_ranking, ranking_csv, write_text
from phototriage.ranker.presets import preset_config
from phototriage.series import Series, Shot, rank_series
from phototriage.simulation import write_bursts
from phototriage.simulation.release import write_release

__all__ = ["Command"]

_BURSTS = 120
_RELEASED, _OFFICIAL_TEST = 120, 20
_SIDES = (0.6, 0.15, 0.25)  # larger than usual: a tenth of few bursts would be too small


@dataclass(frozen=True)
class Command:
    """Try everything on simulated bursts, without any data.

    Draws scenes, photographs each scene several times with known faults, and simulates reviewers. Then
    measures image quality, trains a ranker on the reviewers' choices, evaluates it on unseen bursts, and
    ranks one of them.
    """

    output: Path = Path("outputs/demo")
    """The output folder; existing bursts and features in it are reused."""
    release: OptionalPath = None
    """Only write a simulated PhotoTriage release to this new folder: photos, pairlists, and votes with
    permuted ids, for the commands of docs/researchers.md. It takes a minute."""

    def run(self) -> int:
        if self.release:
            return _write_release(self.release)
        require("train")
        # Imported here so that --help does not wait for torch and matplotlib.
        from phototriage.evaluation import evaluate_ranker
        from phototriage.experiments.evaluation_plots import accuracy_chart
        from phototriage.experiments.run_folder import write_run
        from phototriage.outputs.contact_sheet import contact_sheet
        from phototriage.ranker.training import train

        bursts = self.output / "bursts"
        if not (bursts / "comparisons.csv").exists():
            note(f"photographing {_BURSTS} drawn scenes, two to six takes each …")
            write_bursts(bursts, series=_BURSTS, seed=2026)
        inputs = LabelSource(comparisons=bursts / "comparisons.csv", photos=bursts / "photos")
        labels = inputs.labels()
        source = FeatureSource(cache_dir=self.output / "cache")
        features = inputs.read_features(labels, source, ["iqa", "iqa_plus"])
        note(f"{len(features)} photos measured, {len(labels.comparisons)} pairs reviewed by simulated people")

        recipe = preset_config("best")
        split = split_by_series(labels.comparisons, recipe.seed, _SIDES)
        training = train(split, features, recipe)
        evaluation = evaluate_ranker("trained here", training.ranker, split.test, features)
        report = evaluation.report
        write_run(self.output / "run", training, evaluation, split, features)
        accuracy_chart(report, self.output / "accuracy.png")
        print(f"\nOn {report.series} bursts that it never saw:")
        print_evaluation(report)

        ranked = rank_series(
            [
                Series(name, "series", tuple(Shot(photo, (photo,)) for photo in photos), None)
                for name, photos in split.test.photos_by_series().items()
            ],
            features,
            training.ranker,
        )
        shown = max(ranked, key=lambda series: len(series.photos))
        write_text(ranking_csv(ranked), self.output / "ranking.csv")
        contact_sheet(
            shown,
            {each.photo: bursts / "photos" / each.photo for each in shown.photos},
            self.output / "ranked_series.png",
        )
        print("\nOne of them, ranked:")
        print_ranking([shown])
        print(_WHAT_NEXT.format(output=self.output))
        return ExitCode.DONE


def _write_release(folder: Path) -> int:
    note(f"photographing {_RELEASED} drawn scenes, two to six takes each …")
    write_release(folder, _RELEASED, _OFFICIAL_TEST, seed=2026)
    print(_WHAT_NEXT_OF_RELEASE.format(folder=folder))
    return ExitCode.DONE


_WHAT_NEXT_OF_RELEASE = """
{folder} is laid out like PhotoTriage. Its photos are drawn, and figures on them say nothing about real ones.

Try next
  phototriage labels {folder}
  phototriage train --root {folder} --features iqa iqa_plus --preset best --output_dir outputs/simulated
  phototriage train --root {folder}     the specification; CLIP and ResNet need their weights"""

_WHAT_NEXT = """
Open
  {output}/ranked_series.png            that burst, best take first
  {output}/accuracy.png                 what was learned, beside scores that learn nothing
  {output}/run/training_curves.png      how the training went
  {output}/bursts/truth.csv             what was really wrong with every take

Try next
  phototriage rank {output}/bursts/photos --top 2
  phototriage rank {output}/bursts/photos --model {output}/run/best_model.pt --csv ranking.csv
  phototriage evaluate --comparisons {output}/bursts/comparisons.csv --photos {output}/bursts/photos
  phototriage rank ~/Pictures           your own photos; they are never changed"""
