"""Whether real people who decide for one reason have a taste that their choices teach.

python benchmarks/personal_reasons.py PHOTOTRIAGE_FOLDER [--splits 20]

PhotoTriage's votes name reasons. The pairs of which a third of the votes or more name the same one are taken
for the choices of one person: 200 of them teach (three fifths where there are fewer than 333), and the others
judge. Whole series go to either side. The ranker to correct is linear on the four numbers, and was taught by
all other series. "As many of anyone": what as many other pairs of other reasons teach. "No prior": weights of
the four numbers fitted freely to the same pairs, and to nine in ten of all pairs, judged on the rest, which
shows how much of a taste these numbers hold.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from embedded_model import RECIPE
from phototriage.features import Features
from phototriage.features.table import read_feature_table
from phototriage.labels import Comparisons, read_labels
from phototriage.labels.splits import split_by_series
from phototriage.personal.correction import Correction, learn_correction
from phototriage.personal.gate import judge
from phototriage.personal.pairs import Pairs
from phototriage.ranker import TrainedRanker
from phototriage.ranker.training import train

Values = NDArray[np.float64]
TAUGHT, SHARE, NAMED, LEAST = 200, 0.6, 1 / 3, 150
RESAMPLES = 2000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=20)
    arguments = parser.parse_args()
    labels = read_labels(arguments.folder)
    assert labels.reasons is not None
    features = read_feature_table(arguments.folder / "iqa_scores.csv")
    comparisons = labels.comparisons.between(features.photos)
    table = comparisons.table
    shares = labels.reasons.of(zip(table["series"], table["photo_a"], table["photo_b"], strict=True))
    print(
        "| decided for | pairs | taught | default, % | own: points (95 %) | as many of anyone | no prior | "
        "no prior, nine in ten (95 %) | opens, % |\n|---|---|---|---|---|---|---|---|---|"
    )
    for number, name in enumerate(labels.reasons.names):
        of_reason = shares[:, number] >= NAMED
        if of_reason.sum() < LEAST:
            continue
        own = Comparisons(table[of_reason].reset_index(drop=True))
        others = Comparisons(table[~table["series"].isin(own.series)].reset_index(drop=True))
        split = split_by_series(others, 0, (0.8, 0.15, 0.05))
        config = replace(RECIPE, mlp_hidden_dims=(), learning_rate=0.01)
        ranker = train(split, features, config).ranker
        anyone = Comparisons(table[~of_reason & table["series"].isin(others.series)].reset_index(drop=True))
        people = [Person(ranker, features, own, anyone, seed) for seed in range(arguments.splits)]
        leads = by_series([person.leads for person in people])
        low, high = 100 * interval(leads)
        default, _, of_anyone, free = 100 * np.mean([person.agreement for person in people], axis=0)
        most = by_series([person.leads_of_most for person in people])
        few, many = 100 * interval(most)
        print(
            f"| {name} | {len(own):,} | {np.mean([each.taught for each in people]):.0f} | {default:.1f} | "
            f"{100 * leads.mean():+.1f} ({low:.1f} to {high:.1f}) | {of_anyone - default:+.1f} | "
            f"{free - default:+.1f} | {100 * most.mean():+.1f} ({few:.1f} to {many:.1f}) | "
            f"{100 * np.mean([each.opened for each in people]):.0f} |",
            flush=True,
        )


class Person:
    """Somebody who decides for one reason, of whom some series teach, and the others judge.

    agreement: of the default, their own, anyone's ranker, and one without a prior, shares of the judging
    pairs by series. leads: series → own less default. leads_of_most: without a prior, taught by nine tenths.
    opened: whether the gate does, on a third as many series as teach.
    """

    def __init__(
        self, ranker: TrainedRanker, features: Features, own: Comparisons, anyone: Comparisons, seed: int
    ) -> None:
        teaching, judging = divided(own, seed)
        self.taught = len(teaching)
        learned = [
            learned_from(ranker, features, each) for each in (teaching, divided(anyone, seed, self.taught)[0])
        ]
        rows = features.select(ranker.blocks)
        base = ranker.scores_of(rows).astype(float) / ranker.temperature
        inputs = ranker.inputs_of(rows)
        place = {photo: row for row, photo in enumerate(features.photos)}
        pairs = Pairs.of(judging, place)
        scores = [base, *(each.scale * base + inputs @ each.weights for each in learned)]
        scores.append(inputs @ unpriored(inputs, Pairs.of(teaching, place)))
        most, few = (Pairs.of(each, place) for each in divided(own, seed, len(own), 0.9))
        free = inputs @ unpriored(inputs, most)
        lead = agreements(free, few) - agreements(base, few)
        self.leads_of_most = dict(
            zip(divided(own, seed, len(own), 0.9)[1].series, lead.tolist(), strict=True)
        )
        right = [agreements(each, pairs) for each in scores]
        names = judging.series
        self.agreement = [float(np.nanmean(each)) for each in right]
        self.leads = dict(zip(names, (right[1] - right[0]).tolist(), strict=True))
        kept = pairs.take(pairs.series < len(teaching.series) / 3)
        gate = judge(base, scores[1], kept, len(teaching.series), learned[0].scale_alone * base)
        self.opened = gate.is_open


def unpriored(inputs: Values, pairs: Pairs) -> Values:
    """Weights of the numbers, fitted to the pairs alone."""
    differences = inputs[pairs.a] - inputs[pairs.b]

    def loss(weights: Values) -> tuple[float, Values]:
        log_odds = differences @ weights
        misfit = np.logaddexp(0, log_odds) - pairs.preference * log_odds
        slope = differences.T @ (pairs.weight * (expit(log_odds) - pairs.preference))
        return float(pairs.weight @ misfit), slope

    return np.asarray(minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B").x)


def divided(
    comparisons: Comparisons, seed: int, most: int = TAUGHT, share: float = SHARE
) -> tuple[Comparisons, Comparisons]:
    """Series with pairs to teach, and the others, in random order."""
    counts = comparisons.table["series"].value_counts()
    order = np.random.default_rng(seed).permutation(sorted(counts.index))
    so_far = counts[order].cumsum().to_numpy()
    end = int(np.searchsorted(so_far, min(most, share * len(comparisons)), side="right"))
    return comparisons.in_series(set(order[:end])), comparisons.in_series(set(order[end:]))


def learned_from(ranker: TrainedRanker, features: Features, teaching: Comparisons) -> Correction:
    """How numbers vary within series is learned from the series that teach."""
    photos = teaching.photos
    rows = features.select(ranker.blocks, features.rows(photos))
    home = {photo: series for series, members in teaching.photos_by_series().items() for photo in members}
    _, series = np.unique([home[photo] for photo in photos], return_inverse=True)
    pairs = Pairs.of(teaching, {photo: row for row, photo in enumerate(photos)})
    return learn_correction(ranker, rows, series, pairs)


def agreements(scores: Values, pairs: Pairs) -> Values:
    """(series,) the share of pairs in the order of the people; undecided ones do not count."""
    right = (1 + np.sign(scores[pairs.a] - scores[pairs.b]) * np.sign(pairs.preference - 0.5)) / 2
    right[pairs.preference == 0.5] = np.nan
    found = [right[pairs.series == each] for each in range(int(pairs.series.max()) + 1)]
    return np.array([np.nan if np.isnan(each).all() else np.nanmean(each) for each in found])


def by_series(leads: list[dict[str, float]]) -> Values:
    """Of each series, the mean over the splits in which it judged."""
    names = sorted({name for each in leads for name in each})
    means = [np.mean([each[name] for each in leads if name in each]) for name in names]
    found = np.array(means)
    return found[np.isfinite(found)]


def interval(values: Values) -> Values:
    draws = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    return np.asarray(np.quantile(values[draws].mean(axis=1), (0.025, 0.975)))


if __name__ == "__main__":
    main()
