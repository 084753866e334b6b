import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.features.conftest import tiny_weights  # noqa: F401

from phototriage.cli import main
from phototriage.evaluation import ScorerReport, evaluate_scorers, ranker_scorer
from phototriage.features import ExtractorOptions, MultiFeatureExtractor
from phototriage.labels import official_split, read_labels
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.training import train
from phototriage.simulation.release import write_release

Cli = Callable[..., tuple[int, str, str]]

ALL, CLIP, IQA = "tiny: clip+resnet+iqa", "tiny: clip", "tiny: iqa"
CONFIG = MultiFeatureConfig(
    mlp_hidden_dims=(8,),
    input_normalization="standardize",
    loss="bradley_terry",
    learning_rate=0.01,
    max_epochs=3,
    min_agreement=0.5,
)
SETTINGS = """\
ranker:
  mlp_hidden_dims: [8]
  input_normalization: standardize
  loss: bradley_terry
  learning_rate: 0.01
  max_epochs: 3
  min_agreement: 0.5
"""


@dataclass(frozen=True)
class Workplace:
    """A miniature release of 24 series (6 of them official validation), tiny weights, settings, a cache."""

    folder: Path
    weights: Path

    @property
    def root(self) -> Path:
        return self.folder / "PhotoTriage"

    @property
    def options(self) -> ExtractorOptions:
        return ExtractorOptions(weights_dir=self.weights, runtime="torch", device="cpu")

    def arguments(self, *more: object) -> list[str]:
        """The command line, but for the output folder."""
        options = ("--presets", self.folder / "tiny.yaml", "--folds", 3, "--weights_dir", self.weights,
                   "--runtime", "torch", "--device", "cpu", "--cache_dir", self.folder / "cache")  # fmt: skip
        return [str(each) for each in ("benchmark", self.root, *options, *more)]

    def report(self, name: str = "out") -> dict[str, Any]:
        return dict(json.loads((self.folder / name / "report.json").read_text()))


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, tiny_weights: Path) -> Workplace:  # noqa: F811
    """With a finished benchmark in out/."""
    place = Workplace(tmp_path_factory.mktemp("benchmark"), tiny_weights)
    write_release(place.root, series=24, val_series=6, seed=1, width=96, height=64)
    (place.folder / "tiny.yaml").write_text(SETTINGS)
    assert main(place.arguments("--output_dir", place.folder / "out")) == 0
    return place


def test_the_report_names_everything(workplace: Workplace) -> None:
    page = (workplace.folder / "out" / "report.md").read_text()
    headings = [line for line in page.splitlines() if line.startswith(("# ", "## "))]
    assert headings == [
        "# PhotoTriage benchmark",
        "## Beside published figures",
        "## Labels",
        "## Features",
        "## What was trained",
        "## Official validation",
        "## 3 folds over all series",
        "## In-sample, for contrast",
        "## How it was made",
    ]
    figures = workplace.report()["official"]["scorers"][ALL]
    value, low, high = (100 * figures["accuracy"][key] for key in ("value", "low", "high"))
    pairs = len((workplace.root / "train_val" / "val_pairlist.txt").read_text().splitlines())
    assert f"| {ALL} | official validation: {pairs} pairs of 6 series; trained on" in page
    assert f" | this run | {value:.1f} ({low:.1f}–{high:.1f}) | " in page
    assert "| VGG-16 siamese, end to end | the paper's own split;" in page
    assert "| sharpness | about 4,000 pairs of released training series; nothing learned |" in page
    assert "| tiny: clip | 24 → 8 → 1 | standardize, bradley_terry, soft labels | agreement ≥ 0.5" in page
    for entry in workplace.report()["entries"].values():
        for block in entry["blocks"]:
            assert f"| {block['name']} | {block['fingerprint']} | {len(block['columns'])} |" in page
    assert "(single rater)" not in page  # no ceiling from so few pairs
    others = len(workplace.report()["official"]["scorers"]) - 1
    assert page.count("\n- accuracy: ") == 2 * others  # paired differences, with intervals
    assert "- command: `" in page
    assert "python 3." in page


def test_fgaesthetics_is_enough(workplace: Workplace, cli: Cli, tmp_path: Path) -> None:
    """Its label files with other columns, its photos in folders of their own, and no pairlist."""
    release = workplace.root / "train_val"
    rows = [
        line.split()
        for side in ("train", "val")
        for line in (release / f"{side}_pairlist.txt").read_text().splitlines()
    ]
    root = tmp_path / "FGAesthetics"
    (root / "label").mkdir(parents=True)
    sides = {"train": range(1, 13), "val": range(13, 19), "test": range(19, 25)}
    for side, series in sides.items():
        lines = [" ".join(row) + "\n" for row in rows if int(row[0]) in series]
        (root / "label" / f"natural_{side}.txt").write_text("".join(lines))
    for photo in (release / "train_val_imgs").iterdir():
        folder = root / "Natural" / photo.name[:6]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, folder / f"{photo.stem}.jpg")
    arguments = workplace.arguments("--output_dir", tmp_path / "out", "--features", "iqa")
    arguments[1] = str(root)
    code, out, err = cli(*arguments)
    assert code == 0, err
    assert "that these are PhotoTriage's pairs is not proved" in err
    assert "On the test of Natural: " in out
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (found["official"], found["in_sample"]) == (None, None)
    assert (found["natural"]["series"], found["natural_in_sample"]["series"]) == (6, 18)
    assert found["folds"]["series"] == 24

    labels = read_labels(root)
    split = labels.released_split("natural", CONFIG.seed)
    assert {int(series) for series in split.validation.series} == set(sides["val"])
    features = MultiFeatureExtractor(["iqa"], cache_dir=workplace.folder / "cache")(labels.photo_files(root))
    scorer = ranker_scorer(IQA, train(split, features, CONFIG).ranker, features)
    _same(found["natural"]["scorers"][IQA], evaluate_scorers(split.test, [scorer]).scorers[0])

    page = (tmp_path / "out" / "report.md").read_text()
    pairs = len(split.test)
    assert f"| {IQA} | test of FGAesthetics' Natural: {pairs} pairs of 6 series; trained on its train" in page
    assert "## Test of FGAesthetics' Natural\n" in page
    assert "| FGAesQ | test of FGAesthetics' Natural, which in the paper also counts video frames;" in page
    assert "## Official validation" not in page

    # With the pairlists beside, the pairs are proved, and both published splits are evaluated.
    for side in ("train", "val"):
        shutil.copy(release / f"{side}_pairlist.txt", root)
    code, out, err = cli(*arguments, "--on", "official", "natural")
    assert code == 0, err
    assert f"FGAesthetics' Natural is PhotoTriage: 100.0% of its {len(rows)} rows" in err
    both = json.loads((tmp_path / "out" / "report.json").read_text())
    assert both["official"]["scorers"][IQA] != both["natural"]["scorers"][IQA]
    assert both["natural"] == found["natural"]
    assert f"{IQA}: was trained before" in err


def _same(found: dict[str, Any], expected: ScorerReport) -> None:
    assert found.keys() == expected.figures.keys()
    for name, figure in expected.figures.items():
        # The order in which sums are added up differs in the last bit.
        assert found[name] == (None if figure is None else pytest.approx(asdict(figure), abs=1e-12))


def test_the_figures_are_those_of_the_library(workplace: Workplace) -> None:
    from phototriage.experiments.cross_validation import cross_validated
    from phototriage.ranker.training import train

    labels = read_labels(workplace.root)
    split = official_split(labels.comparisons, labels.official_test_series, CONFIG.seed)
    assert labels.photo_root is not None
    files = {photo: labels.photo_root / photo for photo in labels.comparisons.photos}
    report = workplace.report()
    for name, measured in ((ALL, ("clip", "resnet", "iqa")), (CLIP, ("clip",)), (IQA, ("iqa",))):
        features = MultiFeatureExtractor(measured, workplace.options, workplace.folder / "cache")(files)
        ranker = train(split, features, CONFIG).ranker
        scorer = ranker_scorer(name, ranker, features)
        _same(report["official"]["scorers"][name], evaluate_scorers(split.test, [scorer]).scorers[0])
        learned = labels.comparisons.in_series([*split.train.series, *split.validation.series])
        _same(report["in_sample"]["scorers"][name], evaluate_scorers(learned, [scorer]).scorers[0])
        folds = cross_validated(name, labels.comparisons, features, CONFIG, 3)
        _same(report["folds"]["scorers"][name], evaluate_scorers(labels.comparisons, [folds]).scorers[0])
    assert list(report["official"]["lead"]) == [*list(report["official"]["scorers"])[:-3], CLIP, IQA]
    assert report["official"]["reference"] == ALL
    assert report["official"]["seen_series"] == 0


def test_only_matched_votes_are_worth_learning_from(workplace: Workplace) -> None:
    alignment = workplace.report()["labels"]["alignment"]
    assert (alignment["series"], alignment["aligned"]) == (24, 24)
    assert 0.35 < alignment["raw"]["share"] < 0.65
    assert alignment["matched"]["share"] > 0.9
    assert alignment["matched_clear"]["share"] > 0.97
    page = (workplace.folder / "out" / "report.md").read_text()
    row = f"| same winner, votes joined by raw ids (50 % is chance) | {alignment['raw']['pairs']} pairs |"
    assert f"{row} {alignment['raw']['share']:.1%} |" in page


def test_a_second_run_trains_nothing(workplace: Workplace, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def untouched(*inputs: object, **options: object) -> None:
        raise AssertionError("trained anew")

    before = workplace.report()
    for place in ("training_run", "cross_validation"):
        monkeypatch.setattr(f"phototriage.experiments.{place}.train", untouched)
    code, out, err = cli(*workplace.arguments("--output_dir", workplace.folder / "out"))
    assert code == 0
    assert f"{ALL}: was trained before" in err
    assert "On the official validation: " in out
    after = workplace.report()
    assert {**after, "made": None} == {**before, "made": None}


def test_after_ctrl_c_what_was_trained_is_kept(
    workplace: Workplace, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = 0

    def second_is_stopped(*inputs: Any, **options: Any) -> object:
        nonlocal trained
        trained += 1
        if trained == 2:
            raise KeyboardInterrupt
        return train(*inputs, **options)

    monkeypatch.setattr("phototriage.experiments.training_run.train", second_is_stopped)
    arguments = workplace.arguments("--output_dir", workplace.folder / "stopped", "--on", "official")
    assert cli(*arguments)[0] == 130
    assert not (workplace.folder / "stopped" / "report.md").exists()
    code, _, err = cli(*arguments)
    assert code == 0
    assert trained == 4  # one, the interrupted one, and the two that were left
    assert f"{ALL}: was trained before" in err
    found, whole = workplace.report("stopped"), workplace.report()
    assert found["official"] == whole["official"]
    assert found["folds"] is None
    assert "folds over" not in (workplace.folder / "stopped" / "report.md").read_text()


def test_a_run_folder_can_be_trained_again(workplace: Workplace, cli: Cli, tmp_path: Path) -> None:
    entry = workplace.report()["entries"][CLIP]
    assert [block["name"] for block in entry["blocks"]] == ["clip"]
    config = workplace.folder / "out" / entry["run"] / "config.yaml"
    code, _, err = cli("train", "--config", config, "--output_dir", tmp_path / "again",
                       "--cache_dir", workplace.folder / "cache")  # fmt: skip
    assert code == 0, err
    results = json.loads((tmp_path / "again" / "test_results.json").read_text())
    own = list(results["scorers"].values())[-1]
    assert own == workplace.report()["official"]["scorers"][CLIP]


def test_other_settings_are_trained_anew(workplace: Workplace, cli: Cli, tmp_path: Path) -> None:
    shutil.copytree(workplace.folder / "out", tmp_path / "out")
    (tmp_path / "tiny.yaml").write_text(SETTINGS.replace("0.01", "0.02"))
    arguments = workplace.arguments("--on", "official", "--output_dir", tmp_path / "out")
    arguments[arguments.index("--presets") + 1] = str(tmp_path / "tiny.yaml")
    code, _, err = cli(*arguments)
    assert code == 0
    assert "was trained before" not in err
    runs = {path.name for path in (tmp_path / "out").glob("runs-*/tiny-*")}
    assert len(runs) == 6


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    workplace: Workplace, cli: Cli, tmp_path: Path
) -> None:
    arguments = workplace.arguments("--dry_run", "--output_dir", tmp_path / "out")
    arguments[arguments.index("--cache_dir") + 1] = str(tmp_path / "cache")
    code, out, _ = cli(*arguments)
    assert code == 0
    lines = out.splitlines()
    labels = read_labels(workplace.root).comparisons
    photos = len(labels.photos)
    assert lines[0] == f"labels: {len(labels)} pairs of 24 series, 6 of them the official validation"
    assert lines[1].startswith(
        f"tiny: measure {photos} of {photos} photos (clip 24, resnet 32, iqa 4 numbers), about "
    )
    assert [line.partition(",")[0] for line in lines[2:5]] == [
        f"{name}: train 4 times" for name in (ALL, CLIP, IQA)
    ]
    assert lines[5].startswith("in all at most about ")
    assert lines[6] == f"the report would be {tmp_path / 'out' / 'report.md'}, and report.json beside it"
    assert not (tmp_path / "out").exists()
    (tmp_path / "again.yaml").write_text(SETTINGS)
    arguments = workplace.arguments("--dry_run")
    arguments.insert(arguments.index("--presets") + 1, str(tmp_path / "again.yaml"))
    code, out, _ = cli(*arguments)
    assert code == 0
    assert out.splitlines()[1].startswith(f"again: measure 0 of {photos} photos")
    assert out.count(": measure ") == 1  # the second preset measures the same


def _table(root: Path, path: Path, series: range) -> Path:
    rng = np.random.default_rng(0)
    keys = [key for key in read_labels(root).comparisons.photos if int(key[:6]) in series]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([
            ("series", "photo", "one", "other"),
            *((int(key[:6]), int(key[7:9]), *rng.uniform(size=2)) for key in keys),
        ])  # fmt: skip
    return path


def test_photos_that_are_missing_are_counted(workplace: Workplace, cli: Cli, tmp_path: Path) -> None:
    root = Path(shutil.copytree(workplace.root, tmp_path / "PhotoTriage"))
    images = root / "train_val" / "train_val_imgs"
    for name in ("000002-01.JPG", "000007-02.JPG"):
        (images / name).unlink()
    settings, out = workplace.folder / "tiny.yaml", tmp_path / "out"
    arguments = ("benchmark", root, "--presets", settings, "--features", "iqa", "--folds", 3,
                 "--cache_dir", tmp_path / "cache", "--output_dir", out)  # fmt: skip
    photos = len(read_labels(root).comparisons.photos)
    code, _, err = cli(*arguments)
    assert code == 1
    assert (
        f"2 of {photos} labeled photos are not in {images}, the first is 000002-01.JPG: complete the "
        "folder, or continue without them with --allow_missing" in err
    )
    code, _, err = cli(*arguments, "--allow_missing")
    assert code == 3
    report = json.loads((out / "report.json").read_text())
    assert list(report["unmeasured"]) == ["000002-01.JPG", "000007-02.JPG"]
    assert report["folds"]["uncovered_pairs"] > 0
    page = (tmp_path / "out" / "report.md").read_text()
    assert f"{photos - 2} of {photos} labeled photos have features. The first of the others is 000002" in page
    assert list(report["entries"]) == ["tiny: iqa"]


def test_a_photo_that_cannot_be_read_stops_it(workplace: Workplace, cli: Cli, tmp_path: Path) -> None:
    root = Path(shutil.copytree(workplace.root, tmp_path / "PhotoTriage"))
    (root / "train_val" / "train_val_imgs" / "000003-01.JPG").write_bytes(b"no photo")
    code, _, err = cli("benchmark", root, "--presets", workplace.folder / "tiny.yaml", "--features", "iqa",
                       "--cache_dir", tmp_path / "cache", "--output_dir", tmp_path / "out")  # fmt: skip
    assert code == 1
    assert "labeled photos have no features, the first is 000003-01.JPG: fix them" in err
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_benchmarked_is_said_at_once(workplace: Workplace, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    pairlists = tmp_path / "pairlists"
    shutil.copytree(workplace.root / "train_val", pairlists, ignore=shutil.ignore_patterns("train_val_imgs"))
    without = Path(shutil.copytree(pairlists, tmp_path / "without"))
    (without / "val_pairlist.txt").unlink()
    own = tmp_path / "own.csv"
    own.write_text("photo_a,photo_b,winner\na.jpg,b.jpg,a\n")
    table = _table(workplace.root, tmp_path / "train.csv", range(1, 19))
    tiny = ("--presets", workplace.folder / "tiny.yaml")
    for arguments, said in (
        ((tmp_path / "nowhere",), f"{tmp_path / 'nowhere'} does not exist"),
        ((tmp_path / "empty",), f"{tmp_path / 'empty'}: no labels were found here; labels are a folder"),
        ((own,), "the benchmark is on a PhotoTriage release folder"),
        ((without,), "there is no val_pairlist.txt, and so no official validation: put it beside"),
        ((pairlists,), "there are no photos (train_val/train_val_imgs/000001-01.JPG and so on): give their"),
        ((pairlists, "--photos", tmp_path / "no"), f"there are no photos ({tmp_path / 'no'}): give their"),
        ((workplace.root, "--folds", 25), "25 folds need as many series without a common photo"),
        ((workplace.root, "--folds", 1), "cross-validation needs at least 2 folds, not 1"),
        ((workplace.root, "--presets", "ful"), "there is no preset 'ful': choose from best, deep"),
        ((workplace.root, "--presets", "full", "full"), "--presets needs one or more of different names"),
        ((workplace.root, "--on"), "--on needs official, natural, folds, or several"),
        (
            (workplace.root, "--feature_table", table, "--allow_missing", *tiny),
            "not one pair of the official validation has features: measure its photos, or do without by --on",
        ),
        ((workplace.root, "--feature_table", table, *tiny), "labeled photos have no features, the first is"),
    ):  # fmt: skip
        code, out, err = cli("benchmark", *arguments, "--output_dir", tmp_path / "out")
        assert (code in (1, 2), out) == (True, ""), err
        assert said in err
    assert not (tmp_path / "out" / "report.md").exists()


def test_folds_alone_need_no_official_validation(workplace: Workplace, cli: Cli, tmp_path: Path) -> None:
    pairlists = tmp_path / "pairlists"
    shutil.copytree(workplace.root / "train_val", pairlists, ignore=shutil.ignore_patterns("train_val_imgs"))
    table = _table(pairlists, tmp_path / "train.csv", range(1, 19))
    (pairlists / "val_pairlist.txt").unlink()
    settings = workplace.folder / "tiny.yaml"
    code, _, err = cli("benchmark", pairlists, "--feature_table", table, "--on", "folds", "--folds", 2,
                       "--presets", settings, "--output_dir", tmp_path / "out")  # fmt: skip
    assert code == 0, err
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["official"], report["in_sample"]) == (None, None)
    assert report["folds"]["series"] == 18
    assert report["labels"]["alignment"] is None
