import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from phototriage.cli import main
from phototriage.simulation import write_bursts


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line; gives its exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        sys.stdout.flush()
        output = capfd.readouterr()
        return code, output.out, output.err

    return run


@pytest.fixture(scope="session")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve small simulated bursts with labels."""
    folder = tmp_path_factory.mktemp("bursts") / "bursts"
    write_bursts(folder, series=12, seed=1, width=120, height=80)
    return folder


@pytest.fixture
def own_labels(tmp_path: Path) -> tuple[Path, Path]:
    """A table of comparisons and a feature table: 60 series of two photos, preferred by their number."""
    rng = np.random.default_rng(0)
    photos = [(f"s{series}", f"s{series}/{name}.jpg", rng.uniform()) for series in range(60) for name in "ab"]
    features = pd.DataFrame(photos, columns=["series", "photo", "number"]).assign(noise=rng.uniform(size=120))
    features.to_csv(tmp_path / "features.csv", index=False)
    rows = [
        (a[0], a[1], b[1], 0.9 if a[2] > b[2] else 0.1)
        for a, b in zip(photos[::2], photos[1::2], strict=True)
    ]
    comparisons = pd.DataFrame(rows, columns=["series", "photo_a", "photo_b", "preference"])
    comparisons.to_csv(tmp_path / "labels.csv", index=False)
    return tmp_path / "labels.csv", tmp_path / "features.csv"
