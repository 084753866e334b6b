"""Where the tests find real data and other programs, and how they go on without them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from PIL import Image

from phototriage.features import Block, Features
from phototriage.labels import Comparisons

if TYPE_CHECKING:
    from phototriage.learn import LearnOptions
    from phototriage.rank import Ranking

os.environ["PHOTOTRIAGE_CONFIG"] = ""  # whoever runs the tests may have defaults of their own,
os.environ["XDG_DATA_HOME"] = str(Path(__file__).parent / "no-such-folder")  # and decisions about photos

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # a busy machine is no failure


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the real data in {folder}, which is not there")
    return folder


def _tool(name: str) -> Path:
    path = shutil.which(name)
    if path is None:
        _go_without(f"{name}, which is not installed")
    return Path(path)


def _go_without(lacking: str) -> NoReturn:
    if os.environ.get("PHOTOTRIAGE_REQUIRE_TOOLS"):
        pytest.fail(f"needs {lacking}, and PHOTOTRIAGE_REQUIRE_TOOLS is set")
    pytest.skip(f"needs {lacking}")


@pytest.fixture(scope="session")
def exiftool() -> Path:
    """The program that reads what everybody writes; tests that need it skip where it is absent."""
    return _tool("exiftool")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser; tests that need it skip where it is absent."""
    return _tool("chromium")


@pytest.fixture(scope="session")
def chromedriver() -> Path:
    """What drives the browser; tests that need it skip where it is absent."""
    return _tool("chromedriver")


@pytest.fixture(scope="session")
def package_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests that install packages skip where pip reaches no index."""
    place = tmp_path_factory.mktemp("download")
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries=0", "--dest", place)
    if subprocess.run([*pip, "natsort"], capture_output=True, check=False).returncode:
        _go_without("a package index, which pip does not reach")


@pytest.fixture
def make_photo(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small JPEG of seeded blobs and returns its path."""

    def make(name: str, seed: int = 0, size: tuple[int, int] = (96, 64)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(seed).integers(0, 256, (8, 12, 3), np.uint8)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path, "JPEG", quality=92)
        return path

    return make


@pytest.fixture
def make_features() -> Callable[..., Features]:
    """Features of one block from photo → numbers."""

    def make(numbers: Mapping[str, Sequence[float]], name: str = "block") -> Features:
        dim = len(next(iter(numbers.values())))
        block = Block(name, f"{name}/1", tuple(f"{name}_{column}" for column in range(dim)))
        return Features(tuple(numbers), np.array(list(numbers.values()), np.float32), (block,))

    return make


@pytest.fixture
def make_comparisons() -> Callable[..., Comparisons]:
    """Comparisons from (series, photo_a, photo_b, preference) rows, without votes and ranks."""

    def make(*rows: tuple[str, str, str, float]) -> Comparisons:
        table = pd.DataFrame(list(rows), columns=["series", "photo_a", "photo_b", "preference"])
        return Comparisons(table.assign(votes_a=0, votes_b=0, rank_a=0, rank_b=0))

    return make


@pytest.fixture(scope="session")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Ranking, LearnOptions]":
    """48 small bursts, ranked, of which nothing is decided."""
    from phototriage.learn import LearnOptions  # with what many tests do without
    from phototriage.rank import RankOptions, rank_folder
    from phototriage.simulation import write_bursts
    from phototriage.simulation.scenes import draw_scene

    folder = tmp_path_factory.mktemp("learn")
    scenes = [draw_scene(seed, 120, 80) for seed in range(6)]
    write_bursts(folder / "bursts", series=48, seed=5, scenes=scenes)
    options = RankOptions(
        cache_dir=folder / "cache", choices_dir=folder / "choices", personal_dir=folder / "personal"
    )
    return rank_folder(folder / "bursts" / "photos", options), LearnOptions(rank=options)
