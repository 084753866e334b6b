from pathlib import Path

import numpy as np
import pytest
import torch
from tests.experiments.finetuning.conftest import Bench, Tiny

from phototriage.errors import OptionError
from phototriage.experiments.finetuning.model import stage_starts
from phototriage.experiments.finetuning.photos import View
from phototriage.features.extractors.lite import lite_extractor
from phototriage.features.options import ExtractorOptions


def test_stages_have_names() -> None:
    expected = {"layer1": "stages.0.", "layer2": "stages.1.", "layer3": "stages.2."}
    last = {"last1": "stages.2.", "last2": "stages.1.", "last3": "stages.0."}
    assert stage_starts(Tiny()) == expected | last
    with pytest.raises(OptionError, match="names a network without stages"):
        stage_starts(torch.nn.Linear(2, 2))


def test_stages_of_lite(tmp_path: Path) -> None:
    starts = stage_starts(lite_extractor(ExtractorOptions(), tmp_path).build())
    assert [starts[name] for name in ("s1", "s2", "s3", "s6", "s7")] == [
        "_blocks.0.", "_blocks.1.", "_blocks.3.", "_blocks.11.", "_blocks.15.",
    ]  # fmt: skip
    assert starts["last2"] == starts["s6"]


def test_it_starts_with_the_rankers_scores(bench: Bench) -> None:
    photos = bench.features.photos[::-1]  # of two shapes
    with torch.no_grad():
        scores = bench.model()(photos)
    np.testing.assert_allclose(scores, bench.ranker.scores(bench.features)[::-1], atol=1e-5)


@pytest.mark.parametrize(
    ("stage", "frozen"), [("layer2", ["stem", "stages.0"]), ("last1", ["stem", "stages.0", "stages.1"])]
)
def test_gradients_reach_the_stage_and_all_behind_it(bench: Bench, stage: str, frozen: list[str]) -> None:
    model = bench.model(stage)
    torch.autograd.backward(model(bench.features.photos[:4]).square().sum())
    without = {name for name, each in model.named_parameters() if each.grad is None}
    assert without == {f"networks.tiny.{layer}.{part}" for layer in frozen for part in ("weight", "bias")}
    assert all(each.grad.abs().sum() > 0 for each in model.backbone_parameters().values())


def test_checkpoints_change_no_gradient(bench: Bench) -> None:
    gradients = []
    for how in (False, True):
        model = bench.model(checkpoint_activations=how)
        torch.autograd.backward(model(bench.features.photos[:4], View(size=0.9)).square().sum())
        gradients.append([each.grad for each in model.backbone_parameters().values()])
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


def test_tuned_weights_are_those_that_are_trained(bench: Bench) -> None:
    (tuned,) = bench.model().tuned_weights()
    assert tuned.block == "tiny"
    names = [f"stages.{stage}.{part}" for stage in (1, 2) for part in ("weight", "bias")]
    assert list(tuned.tensors) == [*names, "last.weight", "last.bias"]
    state = Tiny().state_dict()
    assert all(np.array_equal(array, state[name]) for name, array in tuned.tensors.items())


def test_an_unknown_stage(bench: Bench) -> None:
    with pytest.raises(OptionError, match=r"tiny\.s9 is not there: choose from tiny\.layer1, .*tiny\.last3"):
        bench.model("s9")
