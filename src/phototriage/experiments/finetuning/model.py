"""A ranker and the networks in front of it, as one module with gradients."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import FeatureError, OptionError
from phototriage.experiments.finetuning.photos import View
from phototriage.extras import extra
from phototriage.features import Block, Features, TunedWeights
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.ranker import TrainedRanker
from phototriage.ranker.network import MultiFeaturePairwiseRanker

with extra("train"):
    import torch
    from torch import Tensor, nn
    from torch.utils.checkpoint import checkpoint

__all__ = ["FineTuned", "stage_starts"]


def stage_starts(network: nn.Module) -> dict[str, str]:
    """The stages of a network, in order → how the name of the first parameter of each begins.

    Those that the network names by an attribute `stage_starts`, or else the members of its largest list of
    modules, `layer1` and so on. `last1` is the last of them, `last2` the last but one. Raises OptionError for
    a network without any.
    """
    named: dict[str, str] | None = getattr(network, "stage_starts", None)
    if named is None:
        name, members = max(
            ((name, module) for name, module in network.named_modules() if isinstance(module, nn.ModuleList)),
            key=lambda each: sum(parameter.numel() for parameter in each[1].parameters()),
            default=("", ()),
        )
        named = {f"layer{number + 1}": f"{name}.{number}." for number, _ in enumerate(members)}
    if not named:
        raise OptionError("names a network without stages", "unfreeze")
    return named | {f"last{number + 1}": start for number, start in enumerate(reversed(named.values()))}


class FineTuned(nn.Module):
    """Scores photos by a ranker, with gradients down to the unfrozen stages of its networks.

    Args:
        ranker: where the weights start.
        extractors: the networks with unfrozen stages, as the ranker's blocks were made.
        stages: block → its first unfrozen stage; all behind it is unfrozen too.
        features: the numbers of the ranker's blocks; those of unfrozen blocks are not used.
        pixels: photo → its pixels, uint8 RGB (h, w, 3).
        device: where networks run; on a GPU in mixed precision.
        checkpoint_activations: compute activations again in the backward pass instead of keeping them.

    Batch normalization keeps its statistics, since a batch has few photos. Raises OptionError for a stage
    that is not there.
    """

    def __init__(
        self,
        ranker: TrainedRanker,
        extractors: Mapping[str, NetworkExtractor],
        stages: Mapping[str, str],
        features: Features,
        pixels: Callable[[str], NDArray[np.uint8]],
        device: str,
        *,
        checkpoint_activations: bool = False,
    ) -> None:
        super().__init__()
        self._ranker, self._extractors, self._features = ranker, extractors, features
        self._pixels, self._device = pixels, device
        self._matrix = torch.from_numpy(features.select(ranker.blocks))
        self.networks = nn.ModuleDict({name: each.network() for name, each in extractors.items()})
        self.requires_grad_(False)
        for name, network in self.networks.items():
            _unfreeze(network, name, stages[name], checkpoint_activations=checkpoint_activations)
        self.head = MultiFeaturePairwiseRanker(self._matrix.shape[1], ranker.config)
        self.head.load_state_dict({name: torch.tensor(array) for name, array in ranker.weights.items()})
        self.to(device).eval()

    def backbone_parameters(self) -> dict[str, nn.Parameter]:
        """The unfrozen weights of the networks, by name."""
        return {
            name: each
            for name, each in self.named_parameters()
            if each.requires_grad and name.startswith("networks.")
        }

    def trained_state(self) -> dict[str, Tensor]:
        """All that training changes, and the statistics of the head, by name."""
        head = {f"head.{name}": each for name, each in self.head.state_dict().items()}
        return {**head, **{name: each.detach() for name, each in self.backbone_parameters().items()}}

    def forward(self, photos: Sequence[str], view: View | None = None) -> Tensor:
        """(n,) scores of photos, in float32; `view` changes what the unfrozen networks see of them."""
        rows = self._matrix[torch.from_numpy(self._features.rows(photos))].to(self._device)
        columns, parts = 0, []
        for block in self._ranker.blocks:
            frozen = rows[:, columns : columns + block.dim]
            parts.append(self._seen(block, photos, view) if block.name in self._extractors else frozen)
            columns += block.dim
        return torch.as_tensor(self.head(torch.cat(parts, dim=1)))

    def _seen(self, block: Block, photos: Sequence[str], view: View | None) -> Tensor:
        extractor, network = self._extractors[block.name], self.networks[block.name]
        by_shape: dict[tuple[int, ...], list[int]] = defaultdict(list)
        prepared = []
        for place, photo in enumerate(photos):
            pixels = self._pixels(photo)
            prepared.append(extractor.prepare(view(pixels) if view else pixels))
            by_shape[prepared[-1].shape].append(place)
        mean, std = (
            255 * torch.tensor(each, device=self._device) for each in (extractor.mean, extractor.std)
        )
        found, order = [], []
        for places in by_shape.values():
            batch = torch.from_numpy(np.stack([prepared[place] for place in places])).to(self._device)
            normal = ((batch.float() - mean) / std).permute(0, 3, 1, 2)
            with torch.autocast(self._device, torch.bfloat16, enabled=self._device == "cuda"):
                found.append(network(normal).float())
            order += places
        return torch.cat(found)[torch.from_numpy(np.argsort(order)).to(self._device)]

    def tuned_weights(self) -> tuple[TunedWeights, ...]:
        """The weights that now differ from the pretrained networks'."""
        changed: dict[str, dict[str, NDArray[np.float32]]] = defaultdict(dict)
        for before in self._ranker.tuned:
            changed[before.block] |= before.tensors
        for name, each in self.backbone_parameters().items():
            _, block, key = name.split(".", 2)
            changed[block][key] = each.detach().cpu().numpy().copy()
        return tuple(TunedWeights(block, tensors) for block, tensors in changed.items())


def _unfreeze(network: nn.Module, block: str, stage: str, *, checkpoint_activations: bool) -> None:
    starts = stage_starts(network)
    if stage not in starts:
        raise OptionError(
            f"{block}.{stage} is not there: choose from {', '.join(f'{block}.{name}' for name in starts)}",
            "unfreeze",
        )
    names = [name for name, _ in network.named_parameters()]
    first = next((place for place, name in enumerate(names) if name.startswith(starts[stage])), None)
    if first is None:
        raise FeatureError(f"the stage {stage} of '{block}' has no weights to train")
    unfrozen = set(names[first:])
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in unfrozen)
    if checkpoint_activations:
        for name, module in network.named_modules():
            parent = network.get_submodule(name.rpartition(".")[0])
            if isinstance(parent, nn.ModuleList) and any(each.startswith(f"{name}.") for each in unfrozen):
                module.forward = partial(checkpoint, module.forward, use_reentrant=False)
