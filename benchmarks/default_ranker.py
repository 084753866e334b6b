"""Makes the default ranker and its card, and prints every candidate beside it, judged out of fold.

python benchmarks/default_ranker.py DATA_FOLDER CACHE_FOLDER [free]

DATA_FOLDER holds clive/, kodak/, opinions/, phototriage/ and fullsize/. Scenes, groups and series are held
out whole: what judges a photo never saw its scene. CACHE_FOLDER keeps what was measured. With
`free` the ranker is made without TID2013 and KADID-10k.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from default_networks import Networks, ranker_of, trained
from default_teachers import BLOCKS, GROUPS, Sources
from default_training import Design, Fit, Recipe, Teacher
from lite_sizes import TAKES
from phototriage.photos import content_hash
from phototriage.ranker import TrainedRanker, save_ranker
from phototriage.ranker.calibration import fit_temperature

Vector = NDArray[np.float64]

FOLDS = 5
SEEDS = 2
"""Divisions into folds; figures are means over them."""
CLEAR = {"tid": 0.179, "kadid": 0.11}
"""How far preferences are from even at least: half a point of TID2013, .3 of KADID-10k."""

CLOSE_BELOW = 0.65
"""From this probability on three raters in four agree with the order of clive's comparisons (`coverage`)."""

HUMAN = {"clive": 1.0, "phototriage": 0.05}
FREE = HUMAN | {"bursts": 0.2, "takes": 0.1}


def taught(faults: float, bursts: float = 0.1, takes: float = 0.1) -> dict[str, float]:
    """`faults`: the weight of opinions on faults; half the bursts follow them."""
    return HUMAN | {
        "tid": faults / 2,
        "kadid": faults / 2,
        "bursts": bursts,
        "minded": bursts,
        "takes": takes,
    }


CANDIDATES = (
    Recipe("clive alone", {"clive": 1.0}),
    Recipe("clive alone, penalty 10", {"clive": 1.0}, penalty=10),
    Recipe("clive, PhotoTriage", HUMAN),
    Recipe("and bursts .2", HUMAN | {"bursts": 0.2}),
    Recipe("and bursts .2, takes .1", FREE),
    Recipe("faults .05", taught(0.05)),
    Recipe("faults .1", taught(0.1)),
    Recipe("faults .2", taught(0.2, takes=0.2)),
    Recipe("faults .3", taught(0.3, takes=0.3)),
    Recipe("faults 1", taught(1.0, takes=0.3)),
    Recipe("faults .1, takes .3", taught(0.1, takes=0.3)),
    Recipe("faults .1, no takes", taught(0.1, takes=0.0)),
    Recipe("faults .1, penalty 5", taught(0.1), penalty=5),
    Recipe("faults .1, penalty 1", taught(0.1), penalty=1),
    Recipe("faults .1, late stages × .5", taught(0.1), scales={"s6": 0.5, "s7": 0.5}),
    Recipe("faults .1, early stages × .5", taught(0.1), scales={"s2": 0.5, "s3": 0.5, "s4": 0.5}),
    Recipe("faults .1, quality × 2", taught(0.1), scales={"iqa": 2.0, "iqa_plus": 2.0}),
    Recipe("bursts, takes; networks the same", FREE, networks=FREE),
    Recipe("bursts, takes; networks faults .3", FREE, networks=taught(0.3, takes=0.3)),
    Recipe("bursts, takes; networks faults .6", FREE, networks=taught(0.6, bursts=0.2, takes=0.3)),
)
FREE_OF_TERMS, CHOSEN = "bursts, takes; networks the same", "bursts, takes; networks faults .3"


def main(shared: Path, cache: Path, chosen: str) -> None:
    sources = Sources(shared, cache)
    judges = [Judge(sources, seed) for seed in range(SEEDS)]
    rows: dict[str, dict[str, float]] = {}
    outcomes: dict[str, dict[str, Vector]] = {}
    for recipe in CANDIDATES:
        # A network takes a minute, so its candidates are judged by the first division only.
        found = []
        for judge in judges[:1] if recipe.networks else judges:
            outcomes[recipe.name] = judge.scores(recipe)
            found.append(judge.figures(outcomes[recipe.name]))
        rows[recipe.name] = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
        print(recipe.name, rows[recipe.name], file=sys.stderr, flush=True)
    print(markdown(rows), "\n")

    judge, scores = judges[0], outcomes[chosen]
    recipe = next(each for each in CANDIDATES if each.name == chosen)
    print(f"faults of scenes and kinds not seen: {judge.unseen_kinds(recipe):.1%}")
    lead, people = judge.comparisons(scores)
    temperature = fit_temperature(lead, people)
    print(f"temperature on clive, the ranker's: {temperature:.2f}")
    for name in ("tid", "kadid", "bursts"):
        teacher = sources.teachers[name]
        own = scores[name][teacher.a] - scores[name][teacher.b]
        print(f"temperature on {name}: {fit_temperature(own, teacher.preference):.2f}")
    print(coverage(lead / temperature, people))
    save_ranker(
        final(sources, judge.design, recipe, temperature, shared),
        Path(str(files("phototriage"))) / "presets" / "default.safetensors",
    )


def final(
    sources: Sources, design: Design, recipe: Recipe, temperature: float, shared: Path
) -> TrainedRanker:
    """Taught by everything."""
    everything = {name: np.full(len(each.rows), True) for name, each in sources.teachers.items()}
    photos = shared / "clive" / "photos"
    seen = TrainedRanker.digests(
        content_hash((photos / name).read_bytes()) for name in sources.ratings["photo"]
    )
    ranker = ranker_of(
        design,
        Fit(design, sources.teachers, everything).weights(recipe),
        trained(recipe.networks, design, sources.teachers, everything, seed=0),
        BLOCKS,
        temperature,
        np.unique(seen),
    )
    return replace(ranker, close_below=CLOSE_BELOW)


class Judge:
    """One division into folds."""

    def __init__(self, sources: Sources, seed: int) -> None:
        self.sources, self.design = sources, Design(sources.clive_rows, GROUPS)
        self.fold = {name: fold_of(each.unit, seed) for name, each in sources.teachers.items()}
        self._fits = [Fit(self.design, sources.teachers, self._usable(held)) for held in range(FOLDS)]
        self._rows = {name: self.design(each.rows) for name, each in sources.teachers.items()}
        self._unseen = {
            "fullsize": self.design(sources.fullsize.reshape(-1, len(GROUPS))),
            "fresh": self.design(sources.fresh["bursts"].rows),
        }
        self._networks: dict[tuple[object, ...], Networks] = {}

    def _usable(self, held: int) -> dict[str, NDArray[np.bool_]]:
        return {name: fold != held for name, fold in self.fold.items()}

    def scores(self, recipe: Recipe) -> dict[str, Vector]:
        """Of each teacher's photos by rankers that held them out; of what teaches none, by each ranker."""
        rankers = [self._scorer(recipe, held) for held in range(FOLDS)]
        found = {name: np.empty(len(rows)) for name, rows in self._rows.items()}
        for held, ranker in enumerate(rankers):
            for name, rows in self._rows.items():
                mine = self.fold[name] == held
                found[name][mine] = ranker(rows[mine])
        return found | {
            name: np.array([ranker(rows) for ranker in rankers]) for name, rows in self._unseen.items()
        }

    def _scorer(self, recipe: Recipe, held: int) -> Callable[[Vector], Vector]:
        linear = self._fits[held].weights(recipe)
        if not recipe.networks:
            return lambda rows: rows @ linear
        key = (held, *recipe.networks.items())
        if key not in self._networks:
            self._networks[key] = trained(
                recipe.networks, self.design, self.sources.teachers, self._usable(held), seed=held
            )
        networks = self._networks[key]
        return lambda rows: (rows @ linear + networks(rows)) / 2

    def figures(self, scores: Mapping[str, Vector]) -> dict[str, float]:
        found = {"Spearman": float(spearmanr(scores["clive"], self.sources.ratings["mos"]).statistic)}
        for name in ("tid", "kadid", "bursts", "minded", "phototriage"):
            found[name] = right(scores[name], self.sources.teachers[name], CLEAR.get(name, 0))
        fresh = self.sources.fresh["bursts"]
        found["fresh bursts"] = float(np.mean([right(each, fresh, 0) for each in scores["fresh"]]))
        takes = scores["fullsize"].reshape(FOLDS, -1, len(TAKES))[:, 1::2]
        shares = (takes[..., :1] > takes[..., 1:]).mean(axis=(0, 1))
        return found | dict(zip(list(TAKES)[1:], shares.tolist(), strict=True))

    def comparisons(self, scores: Mapping[str, Vector]) -> tuple[Vector, Vector]:
        """Leads, and shares of raters, of clive's pairs within a group."""
        clive = self.sources.teachers["clive"]
        of_group = (clive.unit[clive.a] == clive.unit[clive.b]) & (clive.unit[clive.a] > 0)
        a, b = clive.a[of_group], clive.b[of_group]
        return scores["clive"][a] - scores["clive"][b], clive.preference[of_group]

    def unseen_kinds(self, recipe: Recipe) -> float:
        """The share of TID2013's pairs right of whose scene and of one of whose kinds nothing was taught."""
        tid = self.sources.teachers["tid"]
        kinds = np.unique(tid.kind[tid.kind != ""])
        group = np.array([np.flatnonzero(kinds == kind)[0] % FOLDS if kind else -1 for kind in tid.kind])
        hits: list[NDArray[np.bool_]] = []
        for held in range(FOLDS):
            usable = self._usable(held) | {"tid": (self.fold["tid"] != held) & (group != held)}
            linear = Fit(self.design, self.sources.teachers, usable).weights(recipe)
            networks = trained(recipe.networks, self.design, self.sources.teachers, usable, seed=held)
            scores = (self._rows["tid"] @ linear + networks(self._rows["tid"])) / 2
            told = (self.fold["tid"][tid.a] == held) & ((group[tid.a] == held) | (group[tid.b] == held))
            told &= np.abs(tid.preference - 0.5) > CLEAR["tid"]
            hits.append((scores[tid.a] > scores[tid.b])[told] == (tid.preference[told] > 0.5))
        return float(np.concatenate(hits).mean())


def fold_of(unit: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """(n,) the fold of each row. One of Kodak's scenes has the same fold for every teacher."""
    rng = np.random.default_rng(seed)
    scenes, others = rng.permutation(20), rng.permutation(int(unit.max()) + 1)
    return np.asarray(np.where(unit < 20, scenes[unit % 20], others[unit]) % FOLDS)


def right(scores: Vector, teacher: Teacher, clear: float) -> float:
    """The share of the pairs in people's order, of those as far from even as `clear`; ties count half."""
    told = np.abs(teacher.preference - 0.5) > clear
    lead = scores[teacher.a[told]] - scores[teacher.b[told]]
    return float(np.mean(np.where(lead == 0, 0.5, (lead > 0) == (teacher.preference[told] > 0.5))))


def coverage(log_odds: Vector, people: Vector) -> str:
    """How many of clive's pairs are decided at which P, and how far people agree beyond it and near it."""
    sure = 1 / (1 + np.exp(-np.abs(log_odds)))
    share = np.where(log_odds > 0, people, 1 - people)
    lines = [
        "| P at least | decided | majority's order | raters who agree | order just above |",
        "|---" * 5 + "|",
    ]
    for least in np.arange(0.5, 0.95, 0.05):
        told, near = sure >= least, (sure >= least) & (sure < least + 0.05)
        figures = (told.mean(), (share[told] > 0.5).mean(), share[told].mean(), (share[near] > 0.5).mean())
        lines.append(f"| {least:.2f} | " + " | ".join(f"{each:.1%}" for each in figures) + " |")
    return "\n".join(lines)


def markdown(rows: Mapping[str, Mapping[str, float]]) -> str:
    names = list(next(iter(rows.values())))
    lines = [f"| teachers | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for row, figures in rows.items():
        cells = [
            f"{value:.3f}" if name == "Spearman" else f"{100 * value:.1f}" for name, value in figures.items()
        ]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), FREE_OF_TERMS if sys.argv[3:] == ["free"] else CHOSEN)
