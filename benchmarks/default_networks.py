"""Networks of one hidden layer, taught by several teachers at once: soft Bradley-Terry on drawn pairs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from default_training import Design, Matrix, Teacher
from phototriage.features import Block
from phototriage.ranker import MultiFeatureConfig, TrainedRanker

__all__ = ["Networks", "ranker_of", "trained"]

HIDDEN = 48
NETWORKS = 3
STEPS = 180
PHOTOS = 150  # of a teacher in a step
OPEN = 100.0  # the bias of the unit that hands the linear part through its ReLU
LEARNING_RATE, WEIGHT_DECAY, DROPOUT = 2e-3, 0.3, 0.3


@dataclass(frozen=True)
class Networks:
    """The mean of several as one. inner: (k, dim), of standardised numbers. bias, outer: (k,)."""

    inner: Matrix
    bias: Matrix
    outer: Matrix

    def __call__(self, standard: Matrix) -> Matrix:
        """(n,) scores of standardised numbers, (n, dim)."""
        return np.maximum(standard @ self.inner.T + self.bias, 0) @ self.outer


def trained(
    weights: Mapping[str, float],
    design: Design,
    teachers: Mapping[str, Teacher],
    usable: Mapping[str, NDArray[np.bool_]],
    seed: int,
) -> Networks:
    """By these weights of the teachers, on the photos that are usable, (n,) of each teacher."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    inner = torch.nn.Linear(len(design.mean), NETWORKS * HIDDEN)
    outer = torch.nn.Parameter(torch.randn(NETWORKS, HIDDEN) / HIDDEN**0.5)
    optimizer = torch.optim.AdamW([*inner.parameters(), outer], LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS)
    rows = {name: torch.from_numpy(design(teachers[name].rows).astype(np.float32)) for name in weights}
    for _ in range(STEPS):
        loss = torch.zeros(())
        for name, weight in weights.items():
            photos, pairs = drawn(teachers[name], usable[name], rng)
            hidden = F.dropout(F.relu(inner(rows[name][photos])), DROPOUT)
            scores = (hidden.view(-1, NETWORKS, HIDDEN) * outer).sum(2)
            place = np.searchsorted(photos, [teachers[name].a[pairs], teachers[name].b[pairs]])
            lead = scores[place[0]] - scores[place[1]]
            target = torch.from_numpy(teachers[name].preference[pairs].astype(np.float32))
            loss = loss + weight * F.binary_cross_entropy_with_logits(lead, target[:, None].expand_as(lead))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    arrays = (inner.weight, inner.bias, outer.flatten() / NETWORKS)
    return Networks(*(each.detach().numpy().astype(np.float64) for each in arrays))


def drawn(
    teacher: Teacher, usable: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """About PHOTOS photos, sorted, of at least two units, and the pairs among them."""
    units = np.unique(teacher.unit[usable])
    count = max(2, round(PHOTOS * len(units) / usable.sum()))
    chosen = usable & np.isin(teacher.unit, rng.choice(units, min(count, len(units)), replace=False))
    if chosen.sum() > 1.2 * PHOTOS:
        chosen &= rng.random(len(chosen)) < PHOTOS / chosen.sum()
    return np.flatnonzero(chosen), np.flatnonzero(chosen[teacher.a] & chosen[teacher.b])


def ranker_of(
    design: Design,
    linear: Matrix,
    networks: Networks,
    blocks: tuple[Block, ...],
    temperature: float,
    seen: NDArray[np.uint32],
) -> TrainedRanker:
    """The ranker that scores by the mean of the linear part and the networks. seen: digests of contents."""
    arrays = {
        "normalize.mean": design.mean,
        "normalize.std": design.std,
        "layers.0.weight": np.vstack([linear, networks.inner]),
        "layers.0.bias": np.r_[OPEN, networks.bias],
        "layers.1.weight": np.r_[1.0, networks.outer][None] / 2,
        "layers.1.bias": np.array([-OPEN / 2]),
    }
    return TrainedRanker(
        weights={name: np.ascontiguousarray(each, np.float32) for name, each in arrays.items()},
        config=MultiFeatureConfig(
            mlp_hidden_dims=(1 + len(networks.bias),),
            dropout=DROPOUT,
            input_normalization="standardize",
            loss="bradley_terry",
            learning_rate=LEARNING_RATE,
            weight_decay=WEIGHT_DECAY,
            min_agreement=0.5,
            min_reviewers=0,
        ),
        blocks=blocks,
        temperature=temperature,
        seen_keys=np.zeros(0, np.uint32),
        seen_contents=seen,
    )
