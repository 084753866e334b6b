"""The speed of training: ours, a plain loop over pairs, and nothing but the matrix products.

    python benchmarks/training.py --root PhotoTriage

12,000 pairs of the release in their series (without it, of drawn series of the same sizes), random features
of 1540 numbers, and preferences that follow a direction in them. All three use the specification's network
and batch size and the same threads, and take turns epoch by epoch, so that whatever else the machine does
falls on all of them. The figures are for 30 epochs, from the median of the epochs measured; the accuracy is
that after the last epoch measured. Seconds of the processor stand beside those of the clock, since they are
less at the mercy of what else runs.
"""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, Dataset

from phototriage.features import Block, Features
from phototriage.labels import Comparisons, Split, read_labels
from phototriage.ranker import MultiFeatureConfig, compute_pairwise_accuracy
from phototriage.ranker.dataset import MultiFeaturePairwiseDataset
from phototriage.ranker.state import EpochRecord
from phototriage.ranker.training import train

DIM, PAIRS, EPOCHS = 1540, 12_000, 30
SERIES_SIZES = {2: 0.612, 3: 0.229, 4: 0.102, 5: 0.034, 6: 0.017, 7: 0.005, 8: 0.001}  # the release's


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--root", type=Path, help="a PhotoTriage release folder; its pair lists suffice")
    options.add_argument("--epochs", type=int, default=6, help="epochs to measure of each")
    options.add_argument("--threads", type=int, help="of torch; by default as many as it takes itself")
    chosen = options.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    split, features = data(released(chosen.root) if chosen.root else drawn())
    config = MultiFeatureConfig(
        max_epochs=chosen.epochs, patience=chosen.epochs, min_agreement=0.5, min_reviewers=0
    )
    pairs = MultiFeaturePairwiseDataset.of(split.train, features)
    photos = [len(batch.photos) for batch in pairs.batches(config.batch_size, np.random.default_rng(0))]
    print(
        f"{len(pairs):,} pairs, {len(pairs.matrix):,} photos, {len(photos)} batches of {np.mean(photos):.0f} "
        f"distinct photos on average, {torch.get_num_threads()} threads"
    )
    bare, loop = bare_epochs(photos), loop_epochs(pairs, split, features, config)
    spent: dict[str, list[tuple[float, float]]] = {"ours": [], "loop over pairs": [], "matrix products": []}
    accuracy: dict[str, float] = {}
    started = now()

    def take_turns(record: EpochRecord) -> None:
        nonlocal started
        spent["ours"].append(since(started))
        accuracy["ours"] = record.validation_accuracy
        for name, epochs in (("loop over pairs", loop), ("matrix products", bare)):
            started = now()
            accuracy[name] = next(epochs)
            spent[name].append(since(started))
        started = now()

    train(split, features, config, on_epoch=take_turns)
    clock, processor = ({name: median(each) for name, each in of.items()} for of in transposed(spent))
    for name in spent:
        reached = "" if np.isnan(accuracy[name]) else f", validation accuracy {accuracy[name]:.1%}"
        print(
            f"{name:16} {EPOCHS * clock[name]:6.1f} s, {clock[name] / clock['ours']:.2f} of ours; "
            f"processor {EPOCHS * processor[name]:6.1f} s, {processor[name] / processor['ours']:.2f}{reached}"
        )


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(started: tuple[float, float]) -> tuple[float, float]:
    clock, processor = now()
    return clock - started[0], processor - started[1]


def transposed(spent: dict[str, list[tuple[float, float]]]) -> list[dict[str, list[float]]]:
    return [{name: [each[place] for each in epochs] for name, epochs in spent.items()} for place in (0, 1)]


def released(root: Path) -> list[tuple[str, str, str]]:
    table = read_labels(root).comparisons.table
    return list(zip(table["series"], table["photo_a"], table["photo_b"], strict=True))


def drawn() -> list[tuple[str, str, str]]:
    """Pairs of drawn series, every photo of a series with every other."""
    sizes = np.random.default_rng(0).choice(
        list(SERIES_SIZES), 5000, p=np.array(list(SERIES_SIZES.values())) / sum(SERIES_SIZES.values())
    )
    return [
        (str(series), f"{series}/{a}", f"{series}/{b}")
        for series, size in enumerate(sizes)
        for b in range(size)
        for a in range(b)
    ]


def data(rows: list[tuple[str, str, str]]) -> tuple[Split, Features]:
    """The first 12,000 pairs and what is left of their last series for training, the rest to judge by."""
    table = pd.DataFrame(rows, columns=["series", "photo_a", "photo_b"])
    photos = pd.unique(table[["photo_a", "photo_b"]].to_numpy().ravel())
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(len(photos), DIM)).astype(np.float32)
    quality = pd.Series(matrix @ rng.normal(size=DIM).astype(np.float32) / np.sqrt(DIM), index=photos)
    lead = quality[table["photo_a"]].to_numpy() - quality[table["photo_b"]].to_numpy()
    table = table.assign(preference=1 / (1 + np.exp(-4 * lead)), votes_a=0, votes_b=0, rank_a=0, rank_b=0)
    series = table["series"].unique()
    of_training = table["series"].isin(table["series"].iloc[:PAIRS].unique())
    others = [name for name in series if name not in set(table["series"][of_training])]
    split = Split(
        Comparisons(table[of_training]),
        *(Comparisons(table[table["series"].isin(side)]) for side in (others[1:], others[:1])),
    )
    return split, Features(tuple(photos), matrix, (Block("drawn", "drawn", tuple(map(str, range(DIM)))),))


def loop_epochs(
    pairs: MultiFeaturePairwiseDataset, split: Split, features: Features, config: MultiFeatureConfig
) -> Iterator[float]:
    """The usual way: a DataLoader that stacks the features of both photos of each pair. Gives the validation
    accuracy after each epoch."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.LayerNorm(DIM),
        *(nn.Linear(DIM, 512), nn.ReLU(), nn.Dropout(config.dropout)),
        *(nn.Linear(512, 256), nn.ReLU(), nn.Dropout(config.dropout)),
        *(nn.Linear(256, 1), nn.Flatten(0)),
    )
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    loader = DataLoader(_Pairs(pairs), batch_size=config.batch_size, shuffle=True)
    judged = MultiFeaturePairwiseDataset.of(split.validation, features)
    while True:
        network.train()
        for first, second, preference in loader:
            loss = F.margin_ranking_loss(
                network(first), network(second), torch.sign(preference - 0.5), margin=1.0
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            scores = network(torch.from_numpy(judged.matrix)).numpy()
        yield compute_pairwise_accuracy(scores[judged.row_a] - scores[judged.row_b], judged.preference)


class _Pairs(Dataset[tuple[NDArray[np.float32], NDArray[np.float32], np.float32]]):
    def __init__(self, pairs: MultiFeaturePairwiseDataset) -> None:
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32], np.float32]:
        pairs = self._pairs
        return pairs.matrix[pairs.row_a[index]], pairs.matrix[pairs.row_b[index]], pairs.preference[index]


def bare_epochs(photos: list[int]) -> Iterator[float]:
    """The matrix products of an epoch: each layer forward, its weights' gradient, its inputs' gradient."""
    weights = [torch.randn(narrow, wide) for wide, narrow in ((DIM, 512), (512, 256), (256, 1))]
    while True:
        for count in photos:
            for weight in weights:
                inputs, gradient = torch.ones(count, weight.shape[1]), torch.ones(count, weight.shape[0])
                inputs @ weight.T
                gradient.T @ inputs
                gradient @ weight
        yield float("nan")


if __name__ == "__main__":
    main()
