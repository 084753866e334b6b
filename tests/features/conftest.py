from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Randomly initialised checkpoints of the real classes, a thousandth of the size, in the hub's format."""
    import torch
    from transformers import CLIPConfig, CLIPModel, ResNetConfig, ResNetForImageClassification

    folder = tmp_path_factory.mktemp("weights")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vision = {
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": 64, "patch_size": 16, "projection_dim": 24,
        }  # fmt: skip
        text = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
                "vocab_size": 50, "projection_dim": 24}  # fmt: skip
        # As on the hub, the checkpoint has the text side too.
        clip = CLIPModel(CLIPConfig(vision_config=vision, text_config=text, projection_dim=24))
        clip.save_pretrained(folder / "clip-vit-base-patch32")
        resnet = ResNetForImageClassification(
            ResNetConfig(embedding_size=8, hidden_sizes=[16, 24, 32, 40], depths=[1, 1, 2, 1])
        )
        for module in resnet.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                # As after training: statistics of their own, not the identity.
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
        resnet.save_pretrained(folder / "resnet-50")
    return folder
