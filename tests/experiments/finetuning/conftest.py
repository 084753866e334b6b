from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from phototriage.experiments.finetuning.model import FineTuned
from phototriage.features import ExtractorOptions, Features
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.preprocessing import Whole
from phototriage.labels import Comparisons, Split
from phototriage.ranker import MultiFeatureConfig, TrainedRanker
from phototriage.ranker.training import train

CONFIG = MultiFeatureConfig(
    mlp_hidden_dims=(4,), dropout=0.2, input_normalization="standardize", loss="bradley_terry",
    batch_size=8, max_epochs=2, patience=9, min_agreement=0.5, min_reviewers=0, learning_rate=1e-3,
)  # fmt: skip


class Tiny(torch.nn.Module):
    """Three convolutions in a list, and a layer behind it."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.stem = torch.nn.Conv2d(3, 4, 3, 2)
            self.stages = torch.nn.ModuleList(torch.nn.Conv2d(4, 4, 3, 2) for _ in range(3))
            self.last = torch.nn.Linear(4, 5)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        hidden = self.stem(photos)
        for stage in self.stages:
            hidden = torch.tanh(stage(hidden))
        return self.last(hidden.mean(dim=(2, 3)))


@dataclass(frozen=True)
class Bench:
    """A ranker trained on frozen numbers, and all that fine-tunes it."""

    extractor: NetworkExtractor
    features: Features
    split: Split
    ranker: TrainedRanker
    pixels: Callable[[str], NDArray[np.uint8]]

    def model(self, stage: str = "layer2", config: MultiFeatureConfig = CONFIG, **how: Any) -> FineTuned:
        ranker = replace(self.ranker, config=config)
        return FineTuned(
            ranker, {"tiny": self.extractor}, {"tiny": stage}, self.features, self.pixels, "cpu", **how
        )


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Steps are so small that threads would mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Two photos a series, lying or upright; the brighter one, by a little, is preferred."""
    rng = np.random.default_rng(0)
    photos: dict[str, NDArray[np.uint8]] = {}
    rows = []
    for series in range(24):
        shape = (48, 64, 3) if series % 3 else (64, 48, 3)
        scene = rng.integers(0, 200, shape)
        a, b = (f"{series:02d}-{place}.jpg" for place in (1, 2))
        photos |= {a: (scene + 30).astype(np.uint8), b: (scene + 10).astype(np.uint8)}
        first, second, preference = (a, b, 0.9) if rng.random() < 0.5 else (b, a, 0.1)
        rows.append((str(series), first, second, preference))
    table = pd.DataFrame(rows, columns=["series", "photo_a", "photo_b", "preference"])
    comparisons = Comparisons(table.assign(votes_a=0, votes_b=0, rank_a=0, rank_b=0))
    sides = [
        comparisons.in_series([str(each) for each in range(*ends)]) for ends in ((16,), (16, 20), (20, 24))
    ]
    extractor = NetworkExtractor(
        "tiny", 1, "none", "mean", tuple(f"tiny_{place}" for place in range(5)), Whole(64), (0.5,) * 3,
        (0.25,) * 3, Tiny, ExtractorOptions(runtime="torch", device="cpu"), tmp_path_factory.mktemp("cache"),
    )  # fmt: skip
    numbers = extractor([extractor.prepare(each) for each in photos.values()])
    constant = replace(extractor.block, name="other", columns=("other",))
    brightness = np.array([[each.mean()] for each in photos.values()], np.float32)
    features = Features(tuple(photos), np.hstack([brightness, numbers]), (constant, extractor.block))
    split = Split(*sides)
    return Bench(extractor, features, split, train(split, features, CONFIG).ranker, photos.__getitem__)
