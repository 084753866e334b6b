"""What input size, stages and pooling of EfficientNet-Lite0 are worth, and what they cost.

python benchmarks/lite_sizes.py CLIVE_FOLDER FULLSIZE_FOLDER CACHE_FOLDER

CLIVE_FOLDER holds photos/ of 500 × 500, ratings.csv and comparisons.csv. A ridge regression learns the mean
opinions of four fifths of the groups of photos and predicts the fifth; leave-one-out inside the four chooses
its strength. The table has Spearman with the opinions, mean over five divisions, and 95 % intervals of a
bootstrap over groups.

FULLSIZE_FOLDER holds photos of several megapixels. Each is brought to 2,400 pixels, spoilt in six ways, and
shrunk as the pipeline shrinks it. The second table has the share of photos whose sound take, framed a little
otherwise, comes before the spoilt one, by two rankers: a ridge regression on the differences between takes of
other photos, and one that clive taught.

CACHE_FOLDER keeps the features: clive_SIDE.npz and fullsize_SIDE.npz with `names`, `mean` and `std`, float32
(n, 784), and `stages`, the stage of each column. Needs onnx and scikit-learn.
"""

import sys
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import rankdata
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from phototriage.features.extractors.lite import GRAPH
from phototriage.features.extractors.preprocessing import Whole
from phototriage.features.options import ExtractorOptions
from phototriage.features.registry import build_extractors
from phototriage.features.runtime.efficientnet_lite import STAGES, load_folded
from phototriage.photos import load

Array = NDArray[np.float64]
Pixels = NDArray[np.uint8]

NAMES = [stage.name for stage in STAGES]
TAKEN = NAMES[1:]
SIDES = (224, 320, 384, 448, 500)
ENLARGED = (640, 800)
FULL_SIDES = (448, 512, 640, 800)
SEEDS, FOLDS, REPLICATES = 5, 5, 2000
ALPHAS = np.logspace(1, 5, 9)
WORKING_SIDE = 2400


def main(clive: Path, fullsize: Path, cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    opinions = pd.read_csv(clive / "ratings.csv").set_index("photo")["mos"]
    pairs = pd.read_csv(clive / "comparisons.csv")
    group_of = dict(zip(pairs["photo_a"], pairs["series"], strict=True))
    group_of |= dict(zip(pairs["photo_b"], pairs["series"], strict=True))
    photos = sorted(group_of)
    groups = np.unique([group_of[photo] for photo in photos], return_inverse=True)[1]
    mos = opinions[photos].to_numpy(float)

    sets = {side: clive_features(clive, photos, side, cache) for side in (*SIDES, *ENLARGED)}
    choices: dict[str, Array] = {
        f"{side}{' (enlarged)' if side in ENLARGED else ''}, s2–s7, mean": columns(found, TAKEN, "mean")
        for side, found in sets.items()
    }
    for side in (448, 500):
        choices[f"{side}, s2–s7, mean and std"] = columns(sets[side], TAKEN, "mean", "std")
        choices[f"{side}, s2–s7, std"] = columns(sets[side], TAKEN, "std")
    subsets = [NAMES, *(NAMES[start:] for start in range(2, 7)), NAMES[1:4], NAMES[1:5], NAMES[1:6]]
    for stages in [*subsets, ["s4"], ["s5"], ["s6"]]:
        choices[f"500, {spanned(stages)}, mean"] = columns(sets[500], stages, "mean")
    opinion_table(choices, mos, groups, "500, s2–s7, mean")

    spoilt = {side: fullsize_features(fullsize, side, cache) for side in FULL_SIDES}
    cases = [(side, TAKEN) for side in FULL_SIDES] + [(512, TAKEN[:3]), (512, TAKEN[3:]), (512, TAKEN[4:5])]
    by_name = {
        f"{side}, {spanned(stages)}": (
            columns(spoilt[side], stages, "mean"),
            columns(sets[500], stages, "mean"),
        )
        for side, stages in cases
    }
    fault_table(by_name, mos)
    speed_table(fullsize)


def ridge() -> Pipeline:
    return make_pipeline(StandardScaler(), RidgeCV(ALPHAS))


# Features


def clive_features(clive: Path, photos: list[str], side: int, cache: Path) -> Mapping[str, NDArray[Any]]:
    def pixels(photo: str) -> Pixels:
        whole = load(clive / "photos" / photo, 800).pixels
        if side in ENLARGED:
            return np.asarray(Image.fromarray(whole).resize((side, side), Image.Resampling.BICUBIC))
        return Whole(side)(whole)

    return cached(cache / f"clive_{side}.npz", photos, pixels)


def fullsize_features(folder: Path, side: int, cache: Path) -> Mapping[str, NDArray[Any]]:
    takes = [f"{path.name}/{take}" for path in sorted(folder.glob("*.jpg")) for take in TAKES]

    def pixels(name: str) -> Pixels:
        photo, _, take = name.partition("/")
        rng = np.random.default_rng([int(Path(photo).stem), list(TAKES).index(take)])
        whole = working(folder / photo)
        height, width = whole.shape[:2]
        top, left = rng.integers(0, height // 50), rng.integers(0, width // 50)  # framed a little otherwise
        spoilt = TAKES[take](whole[top : top + height * 49 // 50, left : left + width * 49 // 50], rng)
        scale = 800 / max(spoilt.shape[:2])
        spoilt = np.asarray(
            cv2.resize(spoilt, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        return Whole(side)(spoilt)

    return cached(cache / f"fullsize_{side}.npz", takes, pixels)


@lru_cache(maxsize=1)
def working(path: Path) -> Pixels:
    return load(path, WORKING_SIDE).pixels


def noise(spread: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    return lambda photo, rng: clipped(
        photo + np.float32(spread * 255) * rng.standard_normal(photo.shape, np.float32)
    )


def shaken(photo: Pixels, rng: np.random.Generator, length: int = 5) -> Pixels:
    angle = rng.uniform(0, np.pi)
    kernel = np.zeros((length + 2, length + 2))
    for along in np.linspace(-length / 2, length / 2, 50):
        x, y = length / 2 + 0.5 + along * np.cos(angle), length / 2 + 0.5 + along * np.sin(angle)
        kernel[round(y), round(x)] += 1
    return np.asarray(cv2.filter2D(photo, -1, kernel / kernel.sum()), np.uint8)


def brighter(stops: float) -> Callable[[Pixels, np.random.Generator], Pixels]:
    light = (np.arange(256) / 255) ** 2.2 * 2**stops
    return lambda photo, rng: clipped(255 * light.clip(0, 1) ** (1 / 2.2))[photo]


def clipped(values: Array) -> Pixels:
    return values.round().clip(0, 255).astype(np.uint8)


TAKES: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "sound": lambda photo, rng: photo,
    "noise σ .03": noise(0.03),
    "noise σ .055": noise(0.055),
    "blur σ 1.3 px": lambda photo, rng: np.asarray(cv2.GaussianBlur(photo, (0, 0), 1.3), np.uint8),
    "shake 5 px": shaken,
    "+.8 EV": brighter(0.8),
    "−.8 EV": brighter(-0.8),
}


def cached(path: Path, names: list[str], pixels: Callable[[str], Pixels]) -> Mapping[str, NDArray[Any]]:
    if not path.exists():
        session = stage_session()

        def pooled(photo: Pixels) -> tuple[Array, Array]:
            outputs = session.run(NAMES, {"photos": photo[None]})
            return (
                np.concatenate([output[0].mean(axis=(1, 2)) for output in outputs]),
                np.concatenate([output[0].std(axis=(1, 2)) for output in outputs]),
            )

        with ThreadPool() as pool:
            mean, std = map(np.stack, zip(*pool.imap(pooled, map(pixels, names)), strict=True))
        stages = [stage.name for stage in STAGES for _ in range(stage.outputs)]
        np.savez(path, names=names, mean=mean, std=std, stages=stages)
        print(f"measured {path.name}", file=sys.stderr, flush=True)
    return dict(np.load(path))


def stage_session() -> onnxruntime.InferenceSession:
    """The graph with the stages' outputs in place of their means, and its weights inside."""
    model = onnx.load(GRAPH, load_external_data=False)
    weights = load_folded()
    for tensor in model.graph.initializer:
        if tensor.name in weights:
            tensor.CopyFrom(onnx.numpy_helper.from_array(weights[tensor.name], tensor.name))
    outputs = [onnx.ValueInfoProto(name=name) for name in NAMES]
    del model.graph.output[:]
    model.graph.output.extend(outputs)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )


def columns(found: Mapping[str, NDArray[Any]], stages: list[str], *kinds: str) -> Array:
    chosen = np.isin(found["stages"], stages)
    return np.hstack([found[kind][:, chosen] for kind in kinds]).astype(float)


def spanned(stages: list[str]) -> str:
    return f"{stages[0]}–{stages[-1]}" if len(stages) > 1 else stages[0]


# Tables


def opinion_table(choices: Mapping[str, Array], mos: Array, groups: NDArray[np.int64], against: str) -> None:
    folds = [np.random.default_rng(seed).permutation(groups.max() + 1) % FOLDS for seed in range(SEEDS)]
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    samples = [
        np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])
        for _ in range(REPLICATES)
    ]
    correlations = {}
    for name, matrix in choices.items():
        predicted = np.stack([out_of_fold(matrix, mos, fold_of[groups]) for fold_of in folds])
        correlations[name] = np.array(
            [spearman(predicted, mos)] + [spearman(predicted[:, s], mos[s]) for s in samples]
        )
    print("| long side, stages, pooling | numbers | Spearman (95 %) | against the one in bold (95 %) |")
    print("|---|---|---|---|")
    for name, found in correlations.items():
        less = found - correlations[against]
        shown = f"**{name}**" if name == against else name
        print(
            f"| {shown} | {choices[name].shape[1]} | {interval(found)} | {interval(less, '+')} |", flush=True
        )
    print()


def out_of_fold(matrix: Array, target: Array, fold: NDArray[np.int64]) -> Array:
    predicted = np.empty(len(target))
    for held in range(FOLDS):
        model = ridge().fit(matrix[fold != held], target[fold != held])
        predicted[fold == held] = model.predict(matrix[fold == held])
    return predicted


def spearman(predicted: Array, mos: Array) -> float:
    """Mean over divisions."""
    truth = rankdata(mos)
    return float(np.mean([np.corrcoef(rankdata(row), truth)[0, 1] for row in predicted]))


def interval(values: Array, sign: str = "") -> str:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def fault_table(cases: Mapping[str, tuple[Array, Array]], mos: Array) -> None:
    """cases: name → the takes' numbers, (photos × takes, d), and the same numbers of clive's photos."""
    kinds = [take for take in TAKES if take != "sound"]
    print("| long side, stages, taught by | " + " | ".join(kinds) + " |")
    print("|---" * (len(kinds) + 1) + "|")
    for name, (found, of_clive) in cases.items():
        takes = found.reshape(-1, len(TAKES), found.shape[1])
        worse = takes[:, 1:] - takes[:, :1]
        fold = np.arange(len(takes)) % 8
        right = np.empty(worse.shape[:2])
        for held in range(8):
            known = worse[fold != held].reshape(-1, worse.shape[2])
            scale = known.std(axis=0)
            model = RidgeCV(ALPHAS, fit_intercept=False).fit(known / scale, np.ones(len(known)))
            right[fold == held] = worse[fold == held] / scale @ model.coef_ > 0
        print_shares(f"{name}, faults of other photos", right)
        scores = ridge().fit(of_clive, mos).predict(found).reshape(takes.shape[:2])
        print_shares(f"{name}, clive at 500", scores[:, :1] > scores[:, 1:])
    print()


def print_shares(name: str, right: NDArray[Any]) -> None:
    print(f"| {name} | " + " | ".join(f"{share:.0%}" for share in right.mean(axis=0)) + " |", flush=True)


def speed_table(fullsize: Path) -> None:
    """Of 32 photos of 800 × 533: one core's time alone, and the extractor's, with a thread per core."""
    first = next(iter(sorted(fullsize.glob("*.jpg"))))
    photo = np.asarray(cv2.resize(load(first, 800).pixels, (800, 533)), np.uint8)
    (extractor,) = build_extractors(["lite"], ExtractorOptions(), Path())
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    weights = {name: onnxruntime.OrtValue.ortvalue_from_numpy(each) for name, each in load_folded().items()}
    settings.add_external_initializers(list(weights), list(weights.values()))
    bare = onnxruntime.InferenceSession(GRAPH, settings, providers=["CPUExecutionProvider"])
    print("| long side | preparing | bare, one core | bare, all cores | extractor, all cores | ratio |")
    print("|---|---|---|---|---|---|")
    for side in FULL_SIDES:
        ready = [Whole(side)(photo)] * 32
        prepare = fastest(partial(Whole(side), photo), time.thread_time, 10)
        alone = fastest(partial(bare.run, None, {"photos": ready[0][None]}), time.thread_time, 10)
        extractor(ready)
        with ThreadPool() as pool:
            both, ours = [], []
            for _ in range(5):
                both.append(
                    fastest(
                        partial(pool.map, lambda one: bare.run(None, {"photos": one[None]}), ready, 1),
                        time.perf_counter,
                        1,
                    )
                    / 32
                )
                ours.append(fastest(partial(extractor, ready), time.perf_counter, 1) / 32)
        ratio = np.median(np.array(ours) / np.array(both))
        values = [f"{1000 * each:.1f} ms" for each in (prepare, alone, np.median(both), np.median(ours))]
        print(f"| {side} | " + " | ".join(values) + f" | {ratio:.2f} |", flush=True)


def fastest(work: Callable[[], object], clock: Callable[[], float], times: int) -> float:
    found = []
    for _ in range(times):
        began = clock()
        work()
        found.append(clock() - began)
    return min(found)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main(*map(Path, sys.argv[1:4]))
