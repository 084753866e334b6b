"""The inputs of a benchmark, checked before hours of measuring."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from phototriage.errors import FeatureError, LabelError, ModelError
from phototriage.features import ExtractorOptions
from phototriage.labels import Labels, k_folds
from phototriage.labels.reading import PUBLISHED_SPLITS
from phototriage.plain_values import with_values
from phototriage.ranker.config import MultiFeatureConfig
from phototriage.ranker.presets import preset_names, read_preset, read_settings

__all__ = ["BenchmarkPreset", "check_labels", "default_parts", "photo_files", "read_presets"]


_AS_USUAL = ExtractorOptions()


@dataclass(frozen=True)
class BenchmarkPreset:
    """Named settings: how to train, what to measure (None: the default) and how."""

    name: str
    config: MultiFeatureConfig = field(default_factory=MultiFeatureConfig)
    features: tuple[str, ...] | None = None
    options: ExtractorOptions = field(default_factory=ExtractorOptions)


def read_presets(
    names: Sequence[str],
    features: tuple[str, ...] | None = None,
    options: ExtractorOptions = _AS_USUAL,
) -> list[BenchmarkPreset]:
    """Presets by name, or by the path of a YAML file.

    Their measuring settings override `options`; `features` overrides their features. Raises ModelError for
    an unknown preset, for invalid settings, for duplicate names, and for an empty list.
    """
    presets = []
    for name in names:
        path = Path(name)
        is_file = name not in preset_names() and path.suffix in (".yaml", ".yml")
        sections = read_settings(path) if is_file else read_preset(name)
        for section in ("labels", "split", "init", "finetuning"):
            # A run's config.yaml has both sections; here the release folder and --on define them.
            sections.pop(section, None)
        preset = BenchmarkPreset(
            path.stem if is_file else name,
            with_values(MultiFeatureConfig(), sections.get("ranker", {}), f"{name}, ranker"),
            features,
            with_values(options, sections.get("extractor", {}), f"{name}, extractor"),
        )
        measuring = {} if features else {"features": sections.get("features")}
        presets.append(with_values(preset, measuring, name))
    found = [preset.name for preset in presets]
    if not found or len(set(found)) < len(found):
        raise ModelError(f"--presets needs one or more of different names, not {', '.join(found) or 'none'}")
    return presets


def default_parts(labels: Labels) -> tuple[str, ...]:
    """What a benchmark evaluates on: every published split that the labels can have, and folds."""
    official = ("official",) if labels.kind == "release" else ()
    return (*official, *(("natural",) if labels.natural else ()), "folds")


def check_labels(labels: Labels, on: Collection[str], folds: int, seeds: Collection[int]) -> None:
    """Raises LabelError unless they are PhotoTriage's or FGAesthetics' and can be split as requested."""
    if labels.kind not in ("release", "fgaesthetics"):
        raise LabelError(
            "the benchmark is on a PhotoTriage release folder, with train_pairlist.txt and val_pairlist.txt, "
            "or on FGAesthetics' Natural, with natural_train.txt, natural_val.txt and natural_test.txt; "
            "for labels of your own use `phototriage evaluate --comparisons TABLE --folds 5`"
        )
    if "official" in on and not labels.official_test_series:
        raise LabelError(
            "there is no val_pairlist.txt, and so no official validation: put it beside train_pairlist.txt, "
            "or do without by --on folds"
        )
    for seed in seeds:
        for which in PUBLISHED_SPLITS:
            if which in on:
                labels.released_split(which, seed)
        if "folds" in on:
            k_folds(labels.comparisons, folds, seed)


def photo_files(labels: Labels, photos: str | Path | None, *, allow_missing: bool) -> dict[str, Path]:
    """The file of each labeled photo.

    Raises FeatureError if there is no folder of photos, or if files are missing and that is not allowed.
    """
    folder = Path(photos) if photos else labels.photo_root
    if folder is None or not folder.is_dir():
        raise FeatureError(
            f"there are no photos ({folder or 'train_val/train_val_imgs/000001-01.JPG and so on'}): "
            "give their folder by --photos, or ready numbers by --feature_table"
        )
    files = labels.photo_files(folder)
    missing = [photo for photo, path in files.items() if not path.exists()]
    if missing and (not allow_missing or len(missing) == len(files)):
        raise FeatureError(
            f"{len(missing):,} of {len(files):,} labeled photos are not in {folder}, the first is "
            f"{missing[0]}: complete the folder, or continue without them with --allow_missing"
        )
    return files
