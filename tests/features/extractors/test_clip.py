from pathlib import Path

import numpy as np
import torch
from PIL import Image

from phototriage.features import ExtractorOptions
from phototriage.features.extractors.clip import clip_extractor


def test_equals_the_reference_model_and_processor(tiny_weights: Path, tmp_path: Path) -> None:
    from transformers import CLIPImageProcessorPil, CLIPModel

    rng = np.random.default_rng(0)
    photos = [rng.integers(0, 256, size, np.uint8) for size in ((90, 120, 3), (70, 64, 3), (64, 200, 3))]
    extractor = clip_extractor(ExtractorOptions(weights_dir=tiny_weights, runtime="torch"), tmp_path)
    found = extractor([extractor.prepare(photo) for photo in photos])

    model = CLIPModel.from_pretrained(tiny_weights / "clip-vit-base-patch32").eval()
    processor = CLIPImageProcessorPil(size={"shortest_edge": 64}, crop_size=64)
    pixels = processor([Image.fromarray(photo) for photo in photos], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        pooled = model.vision_model(pixel_values=pixels).pooler_output
        expected = torch.nn.functional.normalize(model.visual_projection(pooled), dim=-1)
    assert extractor.block.dim == 24
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
