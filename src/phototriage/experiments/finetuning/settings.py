"""The settings of fine-tuning."""

import math
import re
from dataclasses import dataclass

from phototriage.errors import OptionError

__all__ = ["FineTuning"]

_UNFREEZE = re.compile(r"(?P<block>\w+)\.(?P<stage>\w+)")


@dataclass(frozen=True)
class FineTuning:
    """Which weights of networks are trained too, and how."""

    unfreeze: tuple[str, ...] = ()
    """Also train these stages of networks and all behind them: resnet.layer3, lite.s6, clip.last2 (the last
    two layers), backbone.last1. Needs --init."""
    backbone_learning_rate: float = 1e-5
    """Learning rate of the unfrozen weights, greater than 0; --learning_rate is that of the ranker."""
    pairs_at_once: int = 8
    """Pairs that go through the networks at once, at least 1. Their gradients are summed until a whole batch
    is through."""
    checkpoint_activations: bool = False
    """Compute what lies between the layers again instead of keeping it: less memory, more time."""

    def __post_init__(self) -> None:
        """Raises OptionError for an invalid value."""
        for name in self.unfreeze:
            if not _UNFREEZE.fullmatch(name):
                raise OptionError(f"must name FEATURES.STAGE, such as lite.s6, not {name!r}", "unfreeze")
        blocks = [name.partition(".")[0] for name in self.unfreeze]
        if len(set(blocks)) < len(blocks):
            raise OptionError(
                "must name one stage of each network: it is trained with all behind it", "unfreeze"
            )
        if not 0 < self.backbone_learning_rate < math.inf:
            raise OptionError(
                f"must be greater than 0, not {self.backbone_learning_rate:g}", "backbone_learning_rate"
            )
        if self.pairs_at_once < 1:
            raise OptionError(f"must be at least 1, not {self.pairs_at_once}", "pairs_at_once")

    @property
    def stages(self) -> dict[str, str]:
        """Block → the first stage to train."""
        return dict(name.split(".", 1) for name in self.unfreeze)
