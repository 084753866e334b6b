import hashlib
import json
import shutil
import socket
import time
from pathlib import Path

import pytest
import torch

from phototriage.errors import FeatureError
from phototriage.features import ExtractorOptions, MultiFeatureExtractor
from phototriage.features.extractors.clip import clip_extractor
from phototriage.features.extractors.resnet import resnet_extractor


@pytest.fixture
def weights(tiny_weights: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_weights, tmp_path / "weights")
    return tmp_path / "weights"


def build(weights: Path, tmp_path: Path) -> None:
    clip_extractor(ExtractorOptions(weights_dir=weights), tmp_path).build()


RESNET = "34c2154c194f829b11125337b98c8f5f9965ff19"


def in_hubs_cache(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the ResNet into a cache as the hub's client makes it, and takes the network away."""
    import huggingface_hub.constants

    folder = tmp_path / "hub" / "models--microsoft--resnet-50"
    snapshot = folder / "snapshots" / RESNET
    for place in (snapshot, folder / "blobs"):
        place.mkdir(parents=True)
    shutil.copy(weights / "resnet-50" / "config.json", snapshot)
    file = weights / "resnet-50" / "model.safetensors"
    blob = folder / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
    shutil.copy(file, blob)
    (snapshot / "model.safetensors").symlink_to(blob)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


def test_the_hub_is_asked_for_a_fixed_commit(tmp_path: Path) -> None:
    clip, resnet, _ = MultiFeatureExtractor(cache_dir=tmp_path).extractors
    assert "openai/clip-vit-base-patch32@c237dc49a33f/" in clip.block.fingerprint
    assert "microsoft/resnet-50@34c2154c194f/layer3/mean/crop224of256/" in resnet.block.fingerprint


def test_without_network_and_weights_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(FeatureError) as raised:
        resnet_extractor(ExtractorOptions(), tmp_path).build()
    text = str(raised.value)
    assert text.startswith(
        "the weights of microsoft/resnet-50 are neither in the hub's cache nor to be downloaded"
    )
    assert f"`hf download microsoft/resnet-50 --revision {RESNET}" in text
    assert text.endswith("or do without by --features iqa")
    assert "\n" not in text


def test_the_hubs_cache_is_used_offline(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_hubs_cache(weights, tmp_path, monkeypatch)
    assert resnet_extractor(ExtractorOptions(), tmp_path).build() is not None


def test_nobody_is_asked_for_what_is_in_the_hubs_cache(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    def asked(*arguments: object, **options: object) -> None:
        raise AssertionError("the hub was asked")

    in_hubs_cache(weights, tmp_path, monkeypatch)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    for name in ("snapshot_download", "get_hf_file_metadata"):
        monkeypatch.setattr(huggingface_hub, name, asked)
    assert resnet_extractor(ExtractorOptions(), tmp_path).build() is not None
    (tmp_path / "hub" / "models--microsoft--resnet-50" / "snapshots" / RESNET / "model.safetensors").unlink()
    with pytest.raises(AssertionError, match="the hub was asked"):
        resnet_extractor(ExtractorOptions(), tmp_path).build()


def test_a_hub_that_cannot_be_reached_is_asked_once_and_nothing_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import huggingface_hub
    import huggingface_hub.constants

    def slept(seconds: float) -> None:
        raise AssertionError(f"would have slept for {seconds} s")

    with socket.socket() as listener:  # bound, and nobody listens
        listener.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
        template = f"{nowhere}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", nowhere)
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(time, "sleep", slept)
        with pytest.raises(
            FeatureError, match=r"neither in the hub's cache nor to be downloaded \(.*refused"
        ):
            resnet_extractor(ExtractorOptions(), tmp_path).build()
    assert capfd.readouterr() == ("", "")


def test_other_weights_have_another_fingerprint(weights: Path, tmp_path: Path) -> None:
    options = ExtractorOptions(weights_dir=weights)
    before = clip_extractor(options, tmp_path).block.fingerprint
    assert clip_extractor(options, tmp_path).block.fingerprint == before
    file = weights / "clip-vit-base-patch32" / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert clip_extractor(options, tmp_path).block.fingerprint != before


def test_another_config_of_the_same_weights_has_another_fingerprint(weights: Path, tmp_path: Path) -> None:
    options = ExtractorOptions(weights_dir=weights)
    before = clip_extractor(options, tmp_path).block.fingerprint
    path = weights / "clip-vit-base-patch32" / "config.json"
    config = json.loads(path.read_text())
    harmless = {
        "transformers_version": "0",
        "torch_dtype": "float16",
        "use_cache": False,
        "_commit_hash": "0",
    }
    sides = {side: {**config[side], **harmless} for side in ("vision_config", "text_config")}
    path.write_text(json.dumps({**config, **sides, **harmless, "id2label": {}, "label2id": {}}))
    assert clip_extractor(options, tmp_path).block.fingerprint == before
    config["vision_config"]["hidden_act"] = "gelu"
    path.write_text(json.dumps(config))
    assert clip_extractor(options, tmp_path).block.fingerprint != before


def test_a_config_without_its_sizes(weights: Path, tmp_path: Path) -> None:
    path = weights / "clip-vit-base-patch32" / "config.json"
    config = json.loads(path.read_text())
    del config["vision_config"]["image_size"]
    path.write_text(json.dumps(config))
    with pytest.raises(FeatureError, match=r"config\.json has no number vision_config\.image_size"):
        clip_extractor(ExtractorOptions(weights_dir=weights), tmp_path)


def change_config(folder: Path, **changes: object) -> None:
    """Changes some of config.json; a change that is a dict goes into the part of that name."""
    config = json.loads((folder / "config.json").read_text())
    for key, value in changes.items():
        config[key] = {**config[key], **value} if isinstance(value, dict) else value
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("size", [0, -64, "64", None, True, 64.0])
def test_a_size_that_is_none_is_told_at_once(weights: Path, tmp_path: Path, size: object) -> None:
    change_config(weights / "clip-vit-base-patch32", vision_config={"image_size": size})
    with pytest.raises(
        FeatureError, match=r"config\.json has no number vision_config\.image_size over 0; fetch"
    ):
        clip_extractor(ExtractorOptions(weights_dir=weights), tmp_path)


@pytest.mark.parametrize("widths", [["x"] * 4, "abcd", [16, 24, 32], [16, 24, 0, 40], None, {"a": 1}])
def test_stages_of_no_width_are_told_at_once(weights: Path, tmp_path: Path, widths: object) -> None:
    path = weights / "resnet-50" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "hidden_sizes": widths}))
    with pytest.raises(
        FeatureError, match=r"resnet-50/config\.json must have four hidden_sizes over 0; fetch"
    ):
        resnet_extractor(ExtractorOptions(weights_dir=weights), tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_act": "no such one"},
        {"num_attention_heads": 0},
        {"num_attention_heads": 3},
        {"patch_size": 0},
        {"hidden_size": "x"},
        {"hidden_size": -1},
        {"num_hidden_layers": None},
    ],
)
def test_a_config_that_no_network_can_be_built_from(
    weights: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    change_config(weights / "clip-vit-base-patch32", vision_config=changes)
    with pytest.raises(FeatureError) as raised:
        build(weights, tmp_path)
    text = str(raised.value)
    assert f"the weights in {weights}/clip-vit-base-patch32 cannot be read by its config.json (" in text
    assert "; fetch them" in text
    assert "\n" not in text


@pytest.mark.parametrize("depths", ["x", [1, 1, "x", 1], 3, [1]])
def test_depths_that_are_none(weights: Path, tmp_path: Path, depths: object) -> None:
    change_config(weights / "resnet-50", depths=depths)
    with pytest.raises(FeatureError, match=r"resnet-50 (cannot be read by its config\.json|do not fit)"):
        resnet_extractor(ExtractorOptions(weights_dir=weights), tmp_path).build()


def test_weights_of_another_shape_are_named(
    weights: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    change_config(weights / "clip-vit-base-patch32", vision_config={"intermediate_size": 48})
    with pytest.raises(
        FeatureError, match=r"do not fit: 6 are absent or of another shape, the first is \S+mlp\.fc1"
    ):
        build(weights, tmp_path)
    assert capfd.readouterr() == ("", "")


def downloaded(folder: Path, commit: str) -> None:
    """Leaves the notes that `hf download --local-dir` leaves."""
    notes = folder / ".cache" / "huggingface" / "download"
    notes.mkdir(parents=True)
    config = (folder / "config.json").read_bytes()
    checksums = {
        "config.json": hashlib.sha1(b"blob %d\0" % len(config) + config).hexdigest(),
        "model.safetensors": hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
    }
    for name, checksum in checksums.items():
        (notes / f"{name}.metadata").write_text(f"{commit}\n{checksum}\n1712656091.123\n")


def test_a_downloaded_folder_has_the_fingerprint_of_the_hub(weights: Path, tmp_path: Path) -> None:
    folder = weights / "resnet-50"
    downloaded(folder, RESNET)
    options = ExtractorOptions(weights_dir=weights)
    hubs = "resnet-1/microsoft/resnet-50@34c2154c194f/"
    assert resnet_extractor(options, tmp_path / "a").block.fingerprint.startswith(hubs)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_act": "gelu"}))
    assert not resnet_extractor(options, tmp_path / "a").block.fingerprint.startswith(hubs)


def test_a_folder_of_another_commit_or_with_other_weights_has_its_own(weights: Path, tmp_path: Path) -> None:
    folder, options = weights / "resnet-50", ExtractorOptions(weights_dir=weights)
    downloaded(folder, "0" * 40)
    assert "/resnet-50#" in resnet_extractor(options, tmp_path / "a").block.fingerprint
    shutil.rmtree(folder / ".cache")
    downloaded(folder, RESNET)
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"more")
    assert "/resnet-50#" in resnet_extractor(options, tmp_path / "b").block.fingerprint


def test_a_copy_of_what_came_from_the_hub_has_its_fingerprint(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_hubs_cache(weights, tmp_path, monkeypatch)
    before = resnet_extractor(ExtractorOptions(), tmp_path / "cache")
    before.build()
    copy = ExtractorOptions(weights_dir=weights)
    # The tiny network's columns are not those of the hub's, which are known without a file.
    assert resnet_extractor(copy, tmp_path / "cache").block.fingerprint == before.block.fingerprint
    # Elsewhere nothing is known of them.
    assert resnet_extractor(copy, tmp_path / "another").block.fingerprint != before.block.fingerprint


def test_a_fingerprint_stays_when_more_becomes_known(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = ExtractorOptions(weights_dir=weights)
    before = resnet_extractor(copy, tmp_path / "cache").block
    in_hubs_cache(weights, tmp_path, monkeypatch)
    resnet_extractor(ExtractorOptions(), tmp_path / "cache").build()
    assert resnet_extractor(copy, tmp_path / "cache").block == before


def test_loading_says_nothing(weights: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    build(weights, tmp_path)
    assert capfd.readouterr() == ("", "")


def test_weights_of_torchs_own_format_are_loaded_as_weights_only(weights: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    folder = weights / "clip-vit-base-patch32"
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    build(weights, tmp_path)
    torch.save({"weight": Path("/")}, folder / "pytorch_model.bin")
    with pytest.raises(FeatureError, match="cannot be read"):
        build(weights, tmp_path)


def test_a_folder_without_the_model(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match=r"cannot read .*clip-vit-base-patch32/config\.json"):
        clip_extractor(ExtractorOptions(weights_dir=tmp_path), tmp_path)


def test_a_folder_without_weights(weights: Path, tmp_path: Path) -> None:
    (weights / "resnet-50" / "model.safetensors").unlink()
    with pytest.raises(
        FeatureError, match=r"no weights in .*resnet-50 \(model\.safetensors or pytorch_model"
    ):
        resnet_extractor(ExtractorOptions(weights_dir=weights), tmp_path)


def test_a_model_of_another_architecture(weights: Path, tmp_path: Path) -> None:
    shutil.rmtree(weights / "clip-vit-base-patch32")
    shutil.copytree(weights / "resnet-50", weights / "clip-vit-base-patch32")
    with pytest.raises(FeatureError, match=r"a model of another kind \('resnet', not 'clip'\)"):
        build(weights, tmp_path)


def test_weights_that_do_not_fit_the_config(weights: Path, tmp_path: Path) -> None:
    path = weights / "clip-vit-base-patch32" / "config.json"
    config = json.loads(path.read_text())
    config["vision_config"]["num_hidden_layers"] = 3
    path.write_text(json.dumps(config))
    with pytest.raises(
        FeatureError, match=r"do not fit: \d+ are absent or of another shape, the first is .*layers.2"
    ):
        build(weights, tmp_path)


def test_truncated_weights(weights: Path, tmp_path: Path) -> None:
    file = weights / "clip-vit-base-patch32" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(FeatureError, match=r"the weights in .* cannot be read .*--weights_dir"):
        build(weights, tmp_path)


def test_a_full_memory_is_no_damage(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import CLIPVisionModelWithProjection

    monkeypatch.setattr(
        CLIPVisionModelWithProjection, "from_pretrained", lambda *_, **options: torch.empty(1 << 45)
    )
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        build(weights, tmp_path)
