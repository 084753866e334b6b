"""How often a real photo scores higher than itself spoilt: seven kinds of fault at three strengths.

python benchmarks/degradations.py CLIVE_FOLDER KODAK_FOLDER [EVERY [WEIGHTS_FOLDER [CACHE_FOLDER]]]

kodak's pictures are clean; clive's are phone photos with faults of their own, so that less light, say, may
well mend one. EVERY takes every so manieth of clive's photos. WEIGHTS_FOLDER holds squeezenet1_1.safetensors:
with it a ranker on a backbone's features is judged too. Every ranker taught by clive scores a photo by a
model that never saw it. Equal scores count half; 95 % intervals of a bootstrap over photos; gains are over
the first row, paired, in bold where they leave 0 out. A crop is scored as a photo of its own, at its own
size: what is asked is whether a score notices that the edge of the scene was lost, and half is what one that
cannot would get.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from candidates import Candidate, Fixed, Sum, candidates, drawn_bursts, learned
from learned_choices import FIRST
from phototriage.evaluation.resampling import REPLICATES
from phototriage.features import EXTRACTORS, ExtractorOptions, Features, MultiFeatureExtractor
from phototriage.features.extractors.spec import FeatureExtractor
from phototriage.features.registry import build_extractors
from phototriage.photos import load
from phototriage.simulation.camera import blur_by_motion, from_linear, to_linear
from squeezenet import SPEC, squeezenet_extractor
from training_choices import Array, clive_opinions, interval

Photo = NDArray[np.uint8]


def gaussian_blur(photo: Photo, sigma: float, _: np.random.Generator) -> Photo:
    """Lengths are pixels of a photo whose long side is 800."""
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), sigma * max(photo.shape) / 800), np.uint8)


def motion_blur(photo: Photo, length: float, rng: np.random.Generator) -> Photo:
    kernel = blur_by_motion(length * max(photo.shape) / 800, rng.uniform(0, 180))
    light = cv2.filter2D(to_linear(photo), -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    return from_linear(np.asarray(light, np.float32))


def jpeg(photo: Photo, quality: float, _: np.random.Generator) -> Photo:
    packed = cv2.imencode(".jpg", photo[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)[:, :, ::-1])


def exposure(photo: Photo, stops: float, _: np.random.Generator) -> Photo:
    return from_linear(to_linear(photo) * np.float32(2.0**stops))


def noise(photo: Photo, levels: float, rng: np.random.Generator) -> Photo:
    grain = levels * rng.standard_normal(photo.shape, np.float32)
    return np.clip(np.rint(photo + grain), 0, 255).astype(np.uint8)


def crop(photo: Photo, share: float, rng: np.random.Generator) -> Photo:
    """A part at a random place, with this share of both sides."""
    height, width = (round(share * side) for side in photo.shape[:2])
    top, left = rng.integers(0, photo.shape[0] - height + 1), rng.integers(0, photo.shape[1] - width + 1)
    return np.ascontiguousarray(photo[top : top + height, left : left + width])


KINDS: dict[str, tuple[Callable[[Photo, float, np.random.Generator], Photo], tuple[float, ...]]] = {
    "gaussian blur, px": (gaussian_blur, (0.8, 1.6, 3.2)),
    "motion blur, px": (motion_blur, (4, 8, 16)),
    "JPEG quality": (jpeg, (50, 25, 10)),
    "underexposed, EV": (exposure, (-0.7, -1.4, -2.1)),
    "overexposed, EV": (exposure, (0.5, 1.0, 1.5)),
    "noise, levels": (noise, (5, 12, 25)),
    "crop, share of the sides": (crop, (0.9, 0.75, 0.5)),
}
VARIANTS = [(kind, strength) for kind, (_, strengths) in KINDS.items() for strength in strengths]


def main(clive: Path, kodak: Path, every: int, weights: Path | None, cache: Path) -> None:
    files = {path.name: path for path in sorted((clive / "photos").iterdir())[::every]}
    sources = {"kodak": sorted(kodak.glob("*.png")), "clive": list(files.values())}
    opinions = clive_opinions(clive, cache)
    models = candidates(opinions, drawn_bursts(cache))
    names = ["iqa", "iqa_plus"]
    options = ExtractorOptions(weights_dir=weights)
    if weights is not None:
        EXTRACTORS["squeezenet"] = replace(SPEC, build=partial(squeezenet_extractor, size=800))
        names.append("squeezenet")
        everything = MultiFeatureExtractor(names, options, cache)(
            {photo: clive / "photos" / photo for photo in opinions.features.photos}
        )
        models.append(
            learned("SqueezeNet, iqa, iqa_plus: clive", replace(opinions, features=everything), None, FIRST)
        )
    extractors = build_extractors(names, options, cache)
    for source, paths in sources.items():
        features = measured(paths, extractors)
        right = np.stack([clean_wins(model, features, paths) for model in models])
        report(source, [model.name for model in models], right)


def measured(paths: list[Path], extractors: tuple[FeatureExtractor, ...]) -> Features:
    """All photos' features, and those of all variants of each, in the order of `VARIANTS`, behind its own."""
    cv2.setNumThreads(1)
    rows = []
    for path in paths:
        shown = list(versions(load(path, 800).pixels, path.name))
        parts = [extractor([extractor.prepare(pixels) for pixels in shown]) for extractor in extractors]
        rows.append(np.hstack(parts))
    keys = tuple(f"{path.name} {version}" for path in paths for version in range(1 + len(VARIANTS)))
    return Features(keys, np.vstack(rows), tuple(extractor.block for extractor in extractors))


def versions(photo: Photo, name: str) -> Iterator[Photo]:
    yield photo
    for number, (kind, strength) in enumerate(VARIANTS):
        seed = [number, *name.encode()]
        yield KINDS[kind][0](photo, strength, np.random.default_rng(seed))


def clean_wins(model: Candidate | Sum | Fixed, features: Features, paths: list[Path]) -> Array:
    """(photos, variants): 1 where the clean one scores higher, ½ where equal, 0 where lower."""
    folds = model.fold_of
    by_fold = [
        model.scores(features, fold).reshape(len(paths), -1)
        for fold in range(max(folds.values(), default=0) + 1)
    ]
    scores = np.stack([by_fold[folds.get(path.name, 0)][row] for row, path in enumerate(paths)])
    return np.asarray((1 + np.sign(scores[:, :1] - scores[:, 1:])) / 2)


def report(source: str, names: list[str], right: Array) -> None:
    """right: (models, photos, variants)."""
    photos = right.shape[1]
    drawn = np.random.default_rng(0).integers(0, photos, (REPLICATES, photos))
    weight = np.stack([np.ones(photos), *(np.bincount(rows, minlength=photos) for rows in drawn)])
    shares = 100 * np.einsum("rp,mpv->mrv", weight, right) / photos  # models, 1 + replicates, variants
    kinds = list(KINDS)
    of_kind = {kind: [n for n, (other, _) in enumerate(VARIANTS) if other == kind] for kind in kinds}
    groups: Mapping[str, list[int]] = {
        "all": list(range(len(VARIANTS))),
        "all but crops": [n for n, (kind, _) in enumerate(VARIANTS) if not kind.startswith("crop")],
        **of_kind,
    }
    print(f"\n### {source}: {photos} photos, clean above spoilt %\n")
    header = ["scorer", "all", "gain over the first", "all but crops", "gain over the first", *kinds]
    table = [header]
    for name, samples in zip(names, shares, strict=True):
        cells = [name]
        for group, columns in groups.items():
            mean, first = samples[:, columns].mean(axis=1), shares[0][:, columns].mean(axis=1)
            cells.append(interval(mean, "%"))
            if group.startswith("all"):
                cells.append("" if name == names[0] else interval(mean - first, "%", "+"))
        table.append(cells)
    print(aligned(table))
    print(f"\nBy strength, {source}:\n")
    rows = [["scorer", *(f"{kind.split(',')[0]} {strength:g}" for kind, strength in VARIANTS)]]
    rows += [
        [name, *(interval(samples[:, n], "%") for n in range(len(VARIANTS)))]
        for name, samples in zip(names, shares, strict=True)
    ]
    print(aligned([list(column) for column in zip(*rows, strict=True)]), flush=True)


def aligned(table: list[list[str]]) -> str:
    """Markdown whose columns also line up on a terminal."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
    lines.insert(1, "-|-".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" if n != 1 else f"|-{line}-|" for n, line in enumerate(lines))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(
            Path(sys.argv[1]),
            Path(sys.argv[2]),
            int(sys.argv[3]) if len(sys.argv) > 3 else 1,
            Path(sys.argv[4]) if len(sys.argv) > 4 and sys.argv[4] != "-" else None,
            Path(sys.argv[5] if len(sys.argv) > 5 else scratch),
        )
