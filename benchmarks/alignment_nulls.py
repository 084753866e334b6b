"""What the matching of votes to photos finds where there is nothing to find.

python benchmarks/alignment_nulls.py PHOTOTRIAGE_FOLDER

The folder holds the pairlists and the vote table. Matching best to best makes winners agree, whatever the
votes are. So every row but the first has votes from which the preferences were not computed.
"""

import sys
from pathlib import Path

import numpy as np

from phototriage.labels.alignment import align
from phototriage.labels.pairlist import read_pairlists
from phototriage.labels.votes import VoteTable, read_vote_table

DRAWS = 5


def main(folder: Path) -> None:
    pairlist = read_pairlists([folder / "train_pairlist.txt", folder / "val_pairlist.txt"])
    votes = read_vote_table(folder / "photo_triage_pairs_embedding_labels.csv")
    kinds = {"the votes of the series": votes}
    for seed in range(DRAWS):
        kinds[f"of another series with as many photos, draw {seed + 1}"] = of_other_series(votes, seed)
    kinds["LEFT and RIGHT exchanged"] = VoteTable(
        votes.rows.rename(columns={"left": "right", "right": "left"})
    )
    print("| votes | accepted | of two photos | of more | within 0.002 | same winner | clear pairs |")
    print("|---|---|---|---|---|---|---|")
    for name, table in kinds.items():
        _, found, _ = align(pairlist, table)
        pairs, larger = found.by_size[2], [part for size, part in found.by_size.items() if size > 2]
        cells = [
            share(found.aligned, found.series),
            share(pairs[1], pairs[0]),
            share(sum(accepted for _, accepted in larger), sum(series for series, _ in larger)),
            f"{found.exact:,}",
            f"{found.matched.share:.1%}",
            f"{found.matched_clear.share:.1%}",
        ]
        print(f"| {name} | {' | '.join(cells)} |")


def of_other_series(votes: VoteTable, seed: int) -> VoteTable:
    """Every series gets the votes of another one of as many photos."""
    random = np.random.default_rng(seed)
    sizes: dict[int, list[str]] = {}
    for series, (ids, _) in votes.wins().items():
        sizes.setdefault(len(ids), []).append(series)
    other: dict[str, str] = {}
    for alike in sizes.values():
        order = random.permutation(alike).tolist()
        other |= dict(zip(order, order[1:] + order[:1], strict=True))
    return VoteTable(votes.rows.assign(series=votes.rows["series"].map(other)))


def share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.1%})"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
