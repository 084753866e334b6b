"""A trained ranker: weights and everything needed to use them correctly. Numpy only, no torch."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phototriage.errors import ModelError
from phototriage.features import Block, Features, TunedWeights, check_blocks
from phototriage.plain_values import shown
from phototriage.ranker.config import MultiFeatureConfig

__all__ = ["CLOSE_BELOW", "TrainedRanker"]

CLOSE_BELOW = 0.6
"""On PhotoTriage the four-number ranker's order is that of the released preferences in 57 % of the pairs
below, and in 71 % of those above, as often as a single rater's (70 %): `benchmarks/close_calls.py`.
"""

_LAYERNORM_EPS = 1e-5  # torch.nn.LayerNorm's
_COLDEST, _HOTTEST = 1e-9, 1e9
"""Beyond these temperatures every probability is that of a coin, or certain: no fit ends there."""
_ROWS = 4096
"""Photos per batch, so that many photos with many features fit into memory."""


@dataclass(frozen=True)
class TrainedRanker:
    """Scores photos from features that match its `blocks`.

    weights: the state of a `MultiFeaturePairwiseRanker`, float32 arrays by name.
    temperature: T in P(a over b) = σ((score a − score b) / T).
    seen_keys, seen_contents: uint32 digests of the keys, and of the content hashes if known, of all photos in
    its training and validation series.
    close_below: a photo is too close to call beside another where P(other over it) is less, in [0.5, 1].
    tuned: the weights of networks that were trained together with it.
    """

    weights: Mapping[str, NDArray[np.float32]]
    config: MultiFeatureConfig
    blocks: tuple[Block, ...]
    temperature: float
    seen_keys: NDArray[np.uint32]
    seen_contents: NDArray[np.uint32]
    close_below: float = CLOSE_BELOW
    tuned: tuple[TunedWeights, ...] = ()

    def __post_init__(self) -> None:
        dim = sum(block.dim for block in self.blocks)
        widths = [dim, *self.config.mlp_hidden_dims, 1]
        normalization = {"layernorm": ("weight", "bias"), "standardize": ("mean", "std"), "none": ()}
        shapes: dict[str, tuple[int, ...]] = {
            f"normalize.{name}": (dim,) for name in normalization[self.config.input_normalization]
        }
        for layer, (wide, narrow) in enumerate(pairwise(widths)):
            shapes |= {f"layers.{layer}.weight": (narrow, wide), f"layers.{layer}.bias": (narrow,)}
        found = {name: array.shape for name, array in self.weights.items()}
        if found != shapes:
            wrong = sorted(
                name for name in shapes.keys() | found.keys() if shapes.get(name) != found.get(name)
            )
            raise ModelError(f"the weights do not fit the model's config: see {', '.join(wrong[:4])}")
        if any(array.dtype != np.float32 for array in self.weights.values()):
            raise ModelError("the weights are not float32")
        if any(array.dtype != np.uint32 for array in (self.seen_keys, self.seen_contents)):
            raise ModelError("the digests of the photos seen are not uint32")
        if (
            not _COLDEST <= self.temperature <= _HOTTEST
            or not all(np.isfinite(array).all() for array in self.weights.values())
            or not all((array > 0).all() for name, array in self.weights.items() if name == "normalize.std")
        ):
            raise ModelError("the weights or the temperature are not sound numbers")
        if not 0.5 <= self.close_below <= 1:
            raise ModelError(f"close_below must lie between 0.5 and 1, not at {self.close_below}")

    @property
    def parameters(self) -> int:
        """How many numbers were learned; the statistics of `standardize` are not among them."""
        measured = ("normalize.mean", "normalize.std")
        return sum(array.size for name, array in self.weights.items() if name not in measured)

    def check_settings(self, config: MultiFeatureConfig) -> None:
        """Raises ModelError, naming both sides, if a network with this config cannot start from it."""
        for name in ("mlp_hidden_dims", "input_normalization"):
            ours, theirs = getattr(self.config, name), getattr(config, name)
            if ours != theirs:
                raise ModelError(
                    f"the run to start from has {name} {shown(ours)}, this one {shown(theirs)}: "
                    "use its settings, by the same --preset or by its config.yaml as --config"
                )

    def check_features(self, blocks: Sequence[Block]) -> None:
        """Raises FeatureError or ModelError if a network on these features cannot start from it."""
        check_blocks(self.blocks, blocks)
        if self.blocks != tuple(blocks):
            ours, theirs = (" ".join(each.name for each in side) for side in (self.blocks, blocks))
            raise ModelError(
                f"the run to start from was trained on the features {ours}, these are {theirs}: use the same"
            )

    def scores(self, features: Features) -> NDArray[np.float32]:
        """A score per photo, float32 (n,), equal to the network's. Raises FeatureError if features differ."""
        return self.scores_of(features.select(self.blocks))

    def scores_of(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """A score per row, float32 (n,), for numbers in the order of `blocks`, float32 (n, dim)."""
        scores = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _ROWS):
            # In float32, a product depends on the row's position in the matrix; equal photos must tie.
            with np.errstate(over="ignore", invalid="ignore"):  # told below
                sums = self.first_layer(self.inputs_of(rows[start : start + _ROWS]))
                scores[start : start + _ROWS] = self.scores_above(sums)
        return scores

    @property
    def adds_up(self) -> bool:
        """Whether each number moves the first layer by itself: not where a row is normalized as a whole."""
        return self.config.input_normalization != "layernorm"

    @property
    def first_weights(self) -> NDArray[np.float64]:
        """The weights of the first layer, float64 (width, dim)."""
        return self._layers[0][0]

    def first_layer(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sums of the first layer, float64 (n, width), of normalized `inputs_of` rows."""
        weight, bias = self._layers[0]
        return np.asarray(inputs @ weight.T + bias)

    def scores_above(self, sums: NDArray[np.float64]) -> NDArray[np.float32]:
        """A score per row, float32 (n,), for the sums of the first layer, float64 (n, width)."""
        hidden = sums
        with np.errstate(over="ignore", invalid="ignore"):  # told below
            for weight, bias in self._layers[1:]:
                hidden = np.maximum(hidden, 0) @ weight.T + bias
            return _finite(hidden[:, 0].astype(np.float32))

    @cached_property
    def _layers(self) -> tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]:
        """(weight, bias) of each layer, in the precision in which scores are computed."""
        count = len(self.config.mlp_hidden_dims) + 1
        names = [[f"layers.{layer}.{name}" for name in ("weight", "bias")] for layer in range(count)]
        weights = [[self.weights[name].astype(np.float64) for name in each] for each in names]
        return tuple((weight, bias) for weight, bias in weights)

    def probability(self, difference: NDArray[np.floating]) -> NDArray[np.float64]:
        """P(a over b) for score differences a − b."""
        # tanh does not overflow, and avoids importing scipy's expit, which takes a second.
        return np.asarray(0.5 + 0.5 * np.tanh(difference.astype(np.float64) / (2 * self.temperature)))

    def has_seen(self, photos: Sequence[str], features: Features) -> NDArray[np.bool_]:
        """Whether each of `photos`, which have features, was used in training or validation.

        It compares contents and keys, because renaming changes only the key and new metadata changes only the
        content. A different photo with the same key therefore counts as seen; see `has_seen_name_of`.
        """
        by_key, by_content = self._seen(photos, features)
        return np.asarray(by_key | by_content)

    def has_seen_name_of(self, photos: Sequence[str], features: Features) -> NDArray[np.bool_]:
        """Whether each of `photos`, which have features, has the key of a seen photo but other contents.

        Such a photo was modified, or is a different photo. All False if contents are unknown on either side.
        """
        by_key, by_content = self._seen(photos, features)
        return np.asarray(by_key & ~by_content)

    @staticmethod
    def digests(names: Iterable[str]) -> NDArray[np.uint32]:
        """CRC-32 of keys or content hashes, in their order."""
        return np.array([zlib.crc32(each.encode("utf-8", "surrogateescape")) for each in names], np.uint32)

    def _seen(self, photos: Sequence[str], features: Features) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Matches by key and by content; by key twice if contents are unknown on either side."""
        by_key = np.isin(self.digests(photos), self.seen_keys)
        if features.content_hashes is None or not len(self.seen_contents):
            return by_key, by_key
        return by_key, np.isin(self.digests(features.known_hashes(photos)), self.seen_contents)

    def inputs_of(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Rows as the first layer sees them, float64 (n, dim), normalized as the config says."""
        numbers = rows.astype(np.float64)
        normalization = self.config.input_normalization
        if normalization == "none":
            return numbers
        if normalization == "standardize":
            numbers -= self.weights["normalize.mean"]
            numbers /= self.weights["normalize.std"]
            return numbers
        weight, bias = (self.weights[f"normalize.{name}"].astype(np.float64) for name in ("weight", "bias"))
        centred = numbers - numbers.mean(axis=1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + _LAYERNORM_EPS)
        return np.asarray(centred / spread * weight + bias)


def _finite(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(scores).all():
        raise ModelError("the ranker gives scores that are no numbers: its weights are too large")
    return scores
