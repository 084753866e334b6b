import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from phototriage.cli import main
from phototriage.errors import FeatureError
from phototriage.features import ExtractorOptions, build_extractors, default_features, options_for
from phototriage.features.extractors import backbone
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.ranker import load_ranker
from phototriage.simulation import write_bursts

RNG = np.random.default_rng(0)
PHOTOS = [RNG.integers(0, 256, size, np.uint8) for size in ((90, 120, 3), (70, 64, 3))]
SIDE = 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def architectures() -> dict[str, tuple[type, Any]]:
    from transformers import (
        ConvNextConfig,
        ConvNextModel,
        Dinov2Config,
        Dinov2Model,
        SiglipVisionConfig,
        SiglipVisionModel,
        ViTConfig,
        ViTModel,
    )

    small: dict[str, Any] = {
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "patch_size": 8,
    }
    square: dict[str, Any] = {**small, "intermediate_size": 16, "image_size": SIDE}
    return {
        "vit": (ViTModel, ViTConfig(**square)),
        "dinov2": (Dinov2Model, Dinov2Config(**small, image_size=2 * SIDE)),
        "siglip": (SiglipVisionModel, SiglipVisionConfig(**square)),
        "convnext": (ConvNextModel, ConvNextConfig(hidden_sizes=[4, 6, 8, 10], depths=[1, 1, 1, 1])),
    }


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny checkpoint of each family, in the hub's format."""
    folder = tmp_path_factory.mktemp("backbones")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for name, (model, config) in architectures().items():
            model(config).save_pretrained(folder / name)
            processor = {
                "crop_size": {"height": SIDE, "width": SIDE}, "size": {"shortest_edge": 40},
                "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.25, 0.3],
            }  # fmt: skip
            (folder / name / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def extractor_of(weights: Path, cache_dir: Path, name: str, **options: Any) -> NetworkExtractor:
    options = {"runtime": "torch", "device": "cpu", **options}
    chosen = ExtractorOptions(backbone=name, weights_dir=weights, **options)
    return backbone.backbone_extractor(chosen, cache_dir)


def numbers(extractor: NetworkExtractor) -> NDArray[np.float32]:
    return extractor([extractor.prepare(photo) for photo in PHOTOS])


def hidden(weights: Path, name: str, extractor: NetworkExtractor) -> Iterator[list[NDArray[np.float32]]]:
    """The library's own outputs of every layer, places first: (places, width)."""
    model = architectures()[name][0].from_pretrained(weights / name).eval()  # type: ignore[attr-defined]
    for photo in PHOTOS:
        pixels = (extractor.prepare(photo) / 255 - np.array([0.4, 0.5, 0.6])) / np.array([0.2, 0.25, 0.3])
        with torch.no_grad():
            tensor = torch.from_numpy(pixels.transpose(2, 0, 1)).float()[None]
            found = model(pixel_values=tensor, output_hidden_states=True)
        layers = [*found.hidden_states[1:-1], found.last_hidden_state]
        yield [
            (each[0].flatten(1).T if each.ndim == 4 else each[0]).numpy().astype(np.float32)
            for each in layers
        ]


@pytest.mark.parametrize(
    ("name", "leading", "widths"),
    [
        ("vit", 1, (8, 8)),
        ("dinov2", 1, (8, 8)),
        ("siglip", 0, (8, 8)),
        ("convnext", 0, (4, 6, 8, 10)),
    ],
)
def test_equals_the_library(
    weights: Path, cache_dir: Path, name: str, leading: int, widths: tuple[int, ...]
) -> None:
    plain = extractor_of(weights, cache_dir, name)
    layered = extractor_of(weights, cache_dir, name, backbone_layers=(-1, 1), backbone_pooling="mean_std")
    assert (plain.block.dim, layered.block.dim) == (widths[-1], 2 * (widths[0] + widths[-1]))
    assert layered.block.columns[0] == "layer1_mean_0000"
    assert layered.block.columns[-1] == f"layer{len(widths)}_std_{widths[-1] - 1:04d}"
    for last, both, layers in zip(
        numbers(plain), numbers(layered), hidden(weights, name, plain), strict=True
    ):
        first, deepest = (layers[place][leading:] for place in (0, -1))
        np.testing.assert_allclose(last, deepest.mean(axis=0), atol=1e-5)
        expected = [first.mean(axis=0), first.std(axis=0), deepest.mean(axis=0), deepest.std(axis=0)]
        np.testing.assert_allclose(both, np.concatenate(expected), atol=1e-5)


def test_the_class_token(weights: Path, cache_dir: Path) -> None:
    extractor = extractor_of(weights, cache_dir, "dinov2", backbone_pooling="cls")
    expected = [layers[-1][0] for layers in hidden(weights, "dinov2", extractor)]
    np.testing.assert_allclose(numbers(extractor), expected, atol=1e-5)
    with pytest.raises(FeatureError, match="siglip has no class token: use --backbone_pooling mean"):
        extractor_of(weights, cache_dir, "siglip", backbone_pooling="cls")


def test_size_and_preprocessing(weights: Path, cache_dir: Path) -> None:
    found = {
        (name, how, size): str(
            extractor_of(weights, cache_dir, name, preprocess=how, backbone_size=size).prepare
        )
        for name, how, size in (
            ("vit", "crop", None), ("vit", "crop", 64), ("vit", "pad", 64), ("vit", "whole", 64),
            ("convnext", "whole", 64),
        )
    }  # fmt: skip
    assert list(found.values()) == ["crop32of40", "crop64of80", "pad64", "pad64", "whole64"]


def test_onnx_gives_torchs_numbers(weights: Path, cache_dir: Path) -> None:
    expected = numbers(extractor_of(weights, cache_dir, "dinov2"))
    found = numbers(extractor_of(weights, cache_dir, "dinov2", runtime="onnx"))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"backbone_layers": (1, 2), "backbone_pooling": "mean_std", "backbone_size": 64},
        {"preprocess": "pad"},
        {"preprocess": "whole"},
    ],
)
def test_a_block_says_how_it_was_made(weights: Path, cache_dir: Path, options: dict[str, Any]) -> None:
    for name in ("dinov2", "convnext"):
        made = extractor_of(weights, cache_dir, name, **options).block
        again = options_for([made], ExtractorOptions(weights_dir=weights, backbone="vit"))
        assert build_extractors(["backbone"], again, cache_dir)[0].block == made


def in_hubs_cache(weights: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    folder = place / "models--somebody--tiny-vit"
    shutil.copytree(weights / "vit", folder / "snapshots" / COMMIT)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(place))


def test_the_hubs_revision_is_pinned(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_hubs_cache(weights, tmp_path / "hub", monkeypatch)
    options = ExtractorOptions(backbone="somebody/tiny-vit", runtime="torch")
    (named,) = build_extractors(["backbone"], options, tmp_path)
    assert named.block.fingerprint.startswith(
        f"backbone-1/somebody/tiny-vit@{COMMIT}/layer2/mean/crop32of40/"
    )
    pinned = ExtractorOptions(backbone=f"somebody/tiny-vit@{COMMIT}", runtime="torch")
    assert backbone.pinned(options) == pinned == backbone.pinned(pinned)
    assert options_for([named.block], ExtractorOptions()).backbone == pinned.backbone
    with pytest.raises(FeatureError, match=r"somebody/tiny-vit at 'v2' is neither in the hub's cache nor"):
        backbone.pinned(ExtractorOptions(backbone="somebody/tiny-vit@v2"))


def test_a_folder_that_came_from_the_hub_has_the_hubs_revision(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "vit"
    shutil.copytree(weights / "vit", folder)
    local = ExtractorOptions(backbone="somebody/vit", weights_dir=tmp_path)
    assert backbone.pinned(local).backbone == "somebody/vit"
    note = folder / ".cache" / "huggingface" / "download" / "config.json.metadata"
    note.parent.mkdir(parents=True)
    note.write_text(f"{COMMIT}\netag\n0.0\n")
    assert backbone.pinned(local).backbone == f"somebody/vit@{COMMIT}"
    other = replace(local, backbone=f"somebody/vit@{COMMIT[::-1]}")
    with pytest.raises(FeatureError, match=f"holds somebody/vit at {COMMIT}, not at {COMMIT[::-1]}"):
        backbone.pinned(other)


def test_a_filled_record_needs_no_torch(
    weights: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = extractor_of(weights, cache_dir, "vit").block
    monkeypatch.setattr(torch, "device", None)  # a dry run would need it
    assert extractor_of(weights, cache_dir, "vit").block == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backbone_layers": (3,)}, r"--backbone_layers 3 is not there: the model has layers 1 to 2, or -1"),
        ({"backbone_layers": (-3,)}, "--backbone_layers -3 is not there"),
        ({"backbone_layers": (0,)}, "--backbone_layers 0 is not there"),
        ({"backbone_layers": ()}, "backbone_layers needs at least one layer"),
        ({"backbone_size": 801}, "backbone_size must lie between 32 and 800"),
    ],
)
def test_options_that_cannot_work(
    weights: Path, cache_dir: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(FeatureError, match=message):
        extractor_of(weights, cache_dir, "vit", **change)


@pytest.mark.parametrize("name", ["../vit", "a/b/c", "/etc", "", "vit@", "..", "own/../vit"])
def test_names_that_are_no_repository(name: str) -> None:
    with pytest.raises(FeatureError, match=r"backbone must be REPO or REPO@REVISION of the hub"):
        ExtractorOptions(backbone=name)


def test_models_that_cannot_be_used(weights: Path, tmp_path: Path) -> None:
    from transformers import BertConfig, ViTMAEConfig

    def said(name: str) -> str:
        with pytest.raises(FeatureError) as raised:
            extractor_of(tmp_path, tmp_path, name)
        return str(raised.value)

    shutil.copytree(weights / "vit", tmp_path / "vit")
    (tmp_path / "vit" / "preprocessor_config.json").unlink()
    assert f"cannot read {tmp_path / 'vit' / 'preprocessor_config.json'}: No such file" in said("vit")
    assert "`hf download vit --local-dir WEIGHTS/vit`" in said("vit")
    shutil.copytree(weights / "dinov2", tmp_path / "dinov2")
    about = tmp_path / "dinov2" / "config.json"
    for model_type, message in (("nothing", "cannot be used"), (None, "a model of another kind (None, not")):
        about.write_text(json.dumps({**json.loads(about.read_text()), "model_type": model_type}))
        assert message in said("dinov2")
    for config, message in (
        (BertConfig(), "is of a 'bert', which is no vision model of transformers"),
        (ViTMAEConfig(), "is of a 'vit_mae', which hides parts of a photo at random"),
    ):
        config.save_pretrained(about.parent)
        assert message in said("dinov2")


def test_without_a_model_it_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match=r"need a model: give --backbone REPO\[@revision\]"):
        build_extractors(["backbone"], ExtractorOptions(), tmp_path)
    assert default_features(ExtractorOptions()) == ("clip", "resnet", "iqa")
    assert default_features(ExtractorOptions(backbone="a/b")) == ("backbone", "iqa")


def test_commands_measure_with_it_and_a_ranker_names_it_itself(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bursts = tmp_path / "bursts"
    write_bursts(bursts, series=12, seed=1, width=96, height=64)
    labels = ("--comparisons", bursts / "comparisons.csv", "--photos", bursts / "photos")
    how = (
        "--cache_dir",
        tmp_path / "cache",
        "--weights_dir",
        weights,
        "--runtime",
        "torch",
        "--workers",
        "1",
    )

    def run(*arguments: object) -> str:
        assert main([str(argument) for argument in (*arguments, *how)]) == 0
        return capsys.readouterr().out

    for name in ("vit", "convnext"):
        run("train", *labels, "--backbone", name, "--max_epochs", "1", "--output_dir", tmp_path / name)
    ranker = load_ranker(tmp_path / "vit")
    assert [(block.name, block.dim) for block in ranker.blocks] == [("iqa", 4), ("backbone", 8)]
    run("rank", bursts / "photos", "--model", tmp_path / "vit", "--quiet", "--csv", tmp_path / "ranking.csv")
    assert len((tmp_path / "ranking.csv").read_text().splitlines()) == 1 + len(list(bursts.rglob("*.jpg")))
    # Two rankers with blocks of one name that were made differently.
    judged = json.loads(
        run(
            "evaluate", *labels, "--model", tmp_path / "vit", "--against", tmp_path / "convnext",
            "--no_baselines", "--json", "-",
        )
    )  # fmt: skip
    assert {"vit", "convnext"} < judged["scorers"].keys()
