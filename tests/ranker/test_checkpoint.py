import hashlib
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch
from numpy.typing import NDArray

from phototriage.errors import ModelError, OutputError
from phototriage.features import ExtractorOptions, Features, build_extractors
from phototriage.labels import Split
from phototriage.ranker import (
    MultiFeatureConfig,
    TrainedRanker,
    load_default_ranker,
    load_embedded_ranker,
    load_ranker,
    save_ranker,
)
from phototriage.ranker.trained import CLOSE_BELOW
from phototriage.ranker.training import train
from phototriage.simulation.camera import Take, photograph
from phototriage.simulation.scenes import draw_scene


@pytest.fixture
def ranker(learnable: tuple[Split, Features]) -> TrainedRanker:
    return train(*learnable, MultiFeatureConfig(mlp_hidden_dims=(5, 3), max_epochs=1)).ranker


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_what_is_saved_comes_back(ranker: TrainedRanker, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"model{ending}"
    save_ranker(ranker, path)
    loaded = load_ranker(path)
    assert (loaded.config, loaded.blocks, loaded.temperature) == (
        ranker.config,
        ranker.blocks,
        ranker.temperature,
    )
    assert np.array_equal(loaded.seen_keys, ranker.seen_keys)
    assert np.array_equal(loaded.seen_contents, ranker.seen_contents)
    assert loaded.weights.keys() == ranker.weights.keys()
    for name, weights in ranker.weights.items():
        assert np.array_equal(loaded.weights[name], weights)


def test_a_checkpoint_is_weights_and_plain_values_only(ranker: TrainedRanker, tmp_path: Path) -> None:
    save_ranker(ranker, tmp_path / "model.pt")
    loaded = torch.load(tmp_path / "model.pt", weights_only=True)
    assert loaded["config"]["mlp_hidden_dims"] == [5, 3]
    assert loaded["blocks"][0]["fingerprint"] == "block/1"


class Bomb:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize(
    ("save", "reason"),
    [
        (torch.save, "it holds more than weights; nothing in it was run"),
        (partial(torch.save, _use_new_zipfile_serialization=False), "it is not a file as torch writes it"),
        (lambda what, path: path.write_bytes(pickle.dumps(what)), "it is not a file as torch writes it"),
    ],
)
def test_code_in_a_checkpoint_is_refused_and_not_run(
    save: Callable[..., object], reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.pt"
    save({"format": "phototriage-ranker-1", "state": Bomb(tmp_path / "trace")}, path)
    with pytest.raises(ModelError, match=f"model.pt is no ranker: {reason}"):
        load_ranker(path)
    assert not (tmp_path / "trace").exists()


GIVE = "; give a .pt or .safetensors that phototriage wrote, or its folder"


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
@pytest.mark.parametrize(
    "data", [b"", b"not a model at all", b"PK\x03\x04broken", bytes(1000), b"series,photo,score\n1,2,3\n"]
)
def test_a_file_that_is_no_model_is_one_clear_error(tmp_path: Path, ending: str, data: bytes) -> None:
    path = tmp_path / f"model{ending}"
    path.write_bytes(data)
    with pytest.raises(ModelError) as raised:
        load_ranker(path)
    said = str(raised.value)
    assert (said.startswith(f"{path} is no ranker: "), said.endswith(GIVE), "\n" in said) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_a_cut_model_is_one_clear_error(ranker: TrainedRanker, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"model{ending}"
    save_ranker(ranker, path)
    whole = path.read_bytes()
    for kept in (len(whole) // 2, len(whole) - 200, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(ModelError, match=f"model{ending} is no ranker: "):
            load_ranker(path)


def changed(ranker: TrainedRanker, path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The ranker's file with other things in it."""
    save_ranker(ranker, path)
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda content: content.update(format="phototriage-ranker-0"),
            "its format is 'phototriage-ranker-0'",
        ),
        (lambda content: content.update(temperature=10**400), "OverflowError"),
        (lambda content: content["state"].update({3: torch.zeros(1)}), "AttributeError"),
        (
            lambda content: content["state"].update(more=torch.zeros(1, dtype=torch.complex64).conj()),
            "RuntimeError",
        ),
        (lambda content: content["config"].update(use_cnn=True), "there is no setting 'use_cnn'"),
        (
            lambda content: content["state"].pop("layers.0.bias"),
            "do not fit the model's config: see layers.0.bias",
        ),
    ],
)
def test_a_crafted_model_is_one_clear_error(
    ranker: TrainedRanker, tmp_path: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    path = changed(ranker, tmp_path / "model.pt", change)
    with pytest.raises(ModelError, match=f"model.pt is no ranker: .*{reason}.*{GIVE}"):
        load_ranker(path)


def test_metadata_of_endless_depth_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file({"weight": np.zeros(3)}, path, {"phototriage": "[" * 200_000})
    with pytest.raises(ModelError, match=r"model.safetensors is no ranker: .*RecursionError"):
        load_ranker(path)


def test_a_small_file_that_would_take_much_memory_is_refused(ranker: TrainedRanker, tmp_path: Path) -> None:
    def expanded(content: dict[str, Any]) -> None:
        content["state"]["seen_keys"] = torch.zeros(1, dtype=torch.uint32).expand(10**9)

    def large(content: dict[str, Any]) -> None:
        content["state"]["seen_keys"] = torch.zeros(10**6, dtype=torch.uint32)

    paths = [changed(ranker, tmp_path / "expanded.pt", expanded), tmp_path / "packed.pt"]
    with (
        zipfile.ZipFile(changed(ranker, tmp_path / "large.pt", large)) as archive,
        zipfile.ZipFile(paths[1], "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for member in archive.infolist():
            packed.writestr(member.filename, archive.read(member))
    for path in paths:
        assert path.stat().st_size < 50_000
        with pytest.raises(ModelError, match="is no ranker: it would need more memory than its size"):
            load_ranker(path)
    assert len(load_ranker(tmp_path / "large.pt").seen_keys) == 10**6


def test_the_folder_of_a_run_stands_for_its_model(ranker: TrainedRanker, tmp_path: Path) -> None:
    save_ranker(ranker, tmp_path / "best_model.pt")
    assert load_ranker(tmp_path).temperature == ranker.temperature


def test_other_peoples_tensors_are_no_ranker(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pt")
    torch.save({"format": "phototriage-ranker-1", "state": {"weight": 3}}, tmp_path / "state.pt")
    safetensors.numpy.save_file({"weight": np.zeros(3)}, tmp_path / "other.safetensors")
    for name in ("other.pt", "state.pt", "other.safetensors"):
        with pytest.raises(ModelError, match="is no ranker: "):
            load_ranker(tmp_path / name)


def test_a_missing_model(tmp_path: Path) -> None:
    for name in ("none.pt", "none.safetensors"):
        with pytest.raises(ModelError, match=r"cannot read the model .*none"):
            load_ranker(tmp_path / name)


def test_a_ranker_has_two_endings(ranker: TrainedRanker, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"saved as \.pt or \.safetensors"):
        save_ranker(ranker, tmp_path / "model.bin")


def test_the_embedded_ranker_prefers_sharp_photos_of_good_exposure() -> None:
    ranker = load_embedded_ranker()
    assert [block.name for block in ranker.blocks] == ["iqa"]
    # sharpness, exposure, colorfulness, contrast
    numbers = np.array([[0.9, 0.95, 0.4, 0.7], [0.1, 0.95, 0.4, 0.7], [0.9, 0.5, 0.4, 0.7]], np.float32)
    best, blurred, clipped = ranker.scores(Features(("a", "b", "c"), numbers, ranker.blocks))
    assert best > blurred
    assert best > clipped


def test_the_embedded_ranker_is_a_few_kilobytes() -> None:
    with as_file(files("phototriage") / "presets" / "embedded.safetensors") as path:
        assert path.stat().st_size < 20_000


def test_the_embedded_ranker_scores_without_torch() -> None:
    code = """
import sys
import numpy as np
from phototriage.features import Features
from phototriage.ranker import load_embedded_ranker
ranker = load_embedded_ranker()
scores = ranker.scores(Features(("a",), np.full((1, 4), 0.5, np.float32), ranker.blocks))
print(np.isfinite(scores).all(), "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


@pytest.fixture(scope="module")
def measured() -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """What the default ranker sees of a picture: its score, through the extractors."""
    extractors = build_extractors(["lite", "iqa", "iqa_plus"], ExtractorOptions(), Path())
    ranker = load_default_ranker()
    assert ranker.blocks == tuple(each.block for each in extractors)
    return lambda picture: ranker.scores_of(np.hstack([each([each.prepare(picture)]) for each in extractors]))


@pytest.mark.parametrize("seed", range(3))
def test_the_default_ranker_puts_sound_drawn_photos_above_spoilt_ones(
    measured: Callable[[NDArray[np.uint8]], NDArray[np.float32]], seed: int
) -> None:
    scene = draw_scene(seed, 760, 510)
    sound, *spoilt = (
        measured(photograph(scene, take, np.random.default_rng(0)))[0]
        for take in (Take(), Take(motion_blur=8), Take(defocus=3), Take(noise=0.08), Take(exposure=-1.6))
    )
    assert (sound > np.array(spoilt)).all()


def test_the_default_ranker_is_the_file_that_was_judged() -> None:
    content = (files("phototriage") / "presets" / "default.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == (
        "a9c1b4158d19f5a8e74cb3ef5f0aceb25553e0ad4ff57613a792d2f7cd3bd2ff"
    )
    assert len(content) < 600_000


def test_the_default_ranker_scores_without_torch() -> None:
    code = """
import sys
sys.modules["torch"] = None
import numpy as np
from phototriage.features import Features
from phototriage.ranker import load_default_ranker
ranker = load_default_ranker()
dim = sum(block.dim for block in ranker.blocks)
print(np.isfinite(ranker.scores(Features(("a",), np.ones((1, dim), np.float32), ranker.blocks))).all())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]


def test_the_threshold_of_close_calls_travels_with_the_ranker(ranker: TrainedRanker, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_ranker(replace(ranker, close_below=0.7), path)
    assert load_ranker(path).close_below == 0.7
    assert load_embedded_ranker().close_below == CLOSE_BELOW


def test_one_flipped_bit_of_the_weights_is_told(ranker: TrainedRanker, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    save_ranker(ranker, path)
    data = bytearray(path.read_bytes())
    data[data.index(ranker.weights["layers.0.weight"].tobytes()) + 5] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="a checksum in it differs"):
        load_ranker(path)


@pytest.mark.parametrize("temperature", [1e-300, 1e-30, 1e30])
def test_a_temperature_that_no_fit_gives_is_refused(ranker: TrainedRanker, temperature: float) -> None:
    with pytest.raises(ModelError, match="not sound numbers"):
        replace(ranker, temperature=temperature)


@pytest.mark.parametrize("widths", [(1,) * 101, (65_537,)])
def test_layers_that_would_fill_the_memory_are_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="mlp_hidden_dims cannot be") as caught:
        MultiFeatureConfig(mlp_hidden_dims=widths)
    assert len(str(caught.value)) < 100
