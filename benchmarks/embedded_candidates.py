"""Which ranker to embed: the present one, or one that has the sixteen numbers of `iqa_plus` too.

python benchmarks/embedded_candidates.py PHOTOTRIAGE_FOLDER CLIVE_FOLDER KODAK_FOLDER [CACHE_FOLDER]

Of PhotoTriage's photos only four numbers are at hand, so `iqa_plus` can learn from the mean opinions of
clive's photos and from bursts of drawn scenes only, and no ranker with it can be judged on PhotoTriage. What
can be judged there is whether such teachers carry over: the same four numbers, taught by each. clive's photos
are scored by rankers that never saw them; bursts simulated from kodak's pictures taught none, but the drawn
ones have the same kinds of fault. 95 % intervals of a bootstrap over series, photos and scenes; gains are
paired, in bold where they leave 0 out.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from candidates import (
    Candidate,
    candidates,
    drawn_bursts,
    learned,
    only,
    split_of_bursts,
)
from embedded_model import NETWORKS, RECIPE, networks
from phototriage.evaluation import ranker_scorer
from phototriage.features import measure_iqa, measure_iqa_plus
from phototriage.labels import k_folds
from phototriage.ranker import MultiFeatureConfig
from phototriage.ranker.training import train
from training_choices import (
    FOLDS,
    Array,
    Figures,
    Pairs,
    clive_opinions,
    interval,
    phototriage_pairs,
    simulated_pairs,
    spearman_samples,
)


def main(phototriage: Path, clive: Path, kodak: Path, cache: Path) -> None:
    opinions, bursts = clive_opinions(clive, cache), drawn_bursts(cache)

    released = phototriage_pairs(phototriage)
    four = replace(opinions, features=only(opinions.features, "iqa"))
    by_clive = learned("", four, None, RECIPE)
    four_of_bursts = bursts[0], only(bursts[1], "iqa")
    by_both = learned("", four, four_of_bursts, RECIPE)
    drawn = train(split_of_bursts(bursts[0]), four_of_bursts[1], RECIPE).ranker
    own = of_networks(released, RECIPE)
    by_votes = of_networks(released, replace(RECIPE, labels="votes"))
    clive_says = by_clive.scores(released.features, 0)
    both_say = by_both.scores(released.features, 0)
    show(
        "PhotoTriage: the same four numbers, by their teachers",
        {
            "PhotoTriage, other folds": released.figures(np.concatenate(own)),
            f"the same, mean of {NETWORKS} networks": released.figures(own.mean(axis=1)),
            "the same, weighted by votes": released.figures(np.concatenate(by_votes)),
            f"weighted by votes, mean of {NETWORKS}": released.figures(by_votes.mean(axis=1)),
            "clive": released.figures(clive_says[None]),
            "drawn bursts": released.figures(Candidate("", (drawn,)).scores(released.features, 0)[None]),
            "clive and drawn bursts": released.figures(both_say[None]),
            "PhotoTriage + clive, log-odds added": released.figures(own.mean(axis=1) + clive_says),
            "PhotoTriage + clive and drawn bursts": released.figures(own.mean(axis=1) + both_say),
            "sharpness": released.figures(released.features.matrix[:, :1].T.astype(float)),
        },
    )

    models = candidates(opinions, bursts)
    simulated = simulated_pairs(kodak, cache)
    show(
        "clive's photos, held out",
        {
            m.name: {"Spearman": spearman_samples(m.held_out(opinions.features)[None], opinions.mos)}
            for m in models
        },
    )
    show(
        "bursts simulated from kodak",
        {m.name: simulated.figures(m.scores(simulated.features, 0)[None]) for m in models},
    )
    cost(sorted(kodak.glob("*.png")))


def of_networks(released: Pairs, config: MultiFeatureConfig) -> Array:
    """(2, NETWORKS, photos) log-odds, twice folded, by networks that never saw the photo's fold."""
    scores = np.zeros((2, NETWORKS, len(released.features)))
    for folding in range(2):
        for _, held_out in k_folds(released.comparisons, FOLDS, 100 + folding):
            rows = released.features.rows(held_out.photos)
            rankers = networks(
                released.comparisons, held_out.series, released.features, config, 100 * (1 + folding)
            )
            for network, ranker in enumerate(rankers):
                found = ranker_scorer("", ranker, released.features).scores
                scores[folding, network, rows] = [found[photo] for photo in held_out.photos]
    return scores


def show(title: str, rows: dict[str, Figures]) -> None:
    """A table: the figures of every row, and what each gains over the first."""
    base = next(iter(rows.values()))
    names = [name for name in base if name != "log-likelihood"]
    print(f"\n### {title}\n\n| scorer | {' | '.join(f'{name} | gain' for name in names)} |")
    print(f"|---|{'---|' * 2 * len(names)}")
    for row, figures in rows.items():
        cells = [interval(figures[name], name) for name in names]
        gains = ["" if figures is base else interval(figures[name] - base[name], name, "+") for name in names]
        print(
            f"| {row} | {' | '.join(f'{a} | {b}' for a, b in zip(cells, gains, strict=True))} |", flush=True
        )


def cost(paths: list[Path]) -> None:
    """Prints the arithmetic per photo, on one core."""
    photos = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    spent = []
    for measure in (measure_iqa, measure_iqa_plus):
        began = time.process_time()
        for pixels in photos * 4:
            measure(pixels)
        spent.append(1000 * (time.process_time() - began) / len(photos) / 4)
    print(f"\n{spent[0]:.1f} ms a photo for iqa, {spent[1]:.1f} ms for iqa_plus, 768 × 512")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(argument) for argument in (*sys.argv[1:5], scratch)]
        main(*folders[:4])
