"""People who like one kind of photo, and what they decide."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from phototriage.choices import ChoiceStore, Context, Manner, Mark, Marking, PhotoIdentity, read_choices
from phototriage.learn import stable_names
from phototriage.personal.gate import gate_series
from phototriage.rank import Ranking
from phototriage.series import RankedSeries


def pick(
    ranking: Ranking,
    choices_dir: Path,
    liked: Mapping[str, float],
    *,
    ranker: str = "default 0",
    manner: Manner = "against",
    of: Sequence[RankedSeries] | None = None,
) -> None:
    """Picks the photo of each series, or of each `of` some, that is liked best."""
    identities = identities_of(ranking)
    with ChoiceStore(choices_dir) as store:
        numbers = dict(zip(identities, store.register(list(identities.values())), strict=True))
        for series in ranking.series if of is None else of:
            shown = [each.photo for each in series.photos]
            if series.kind == "series":
                best = max(shown, key=liked.__getitem__)
                context = Context(
                    tuple(map(numbers.__getitem__, shown)), (numbers[shown[0]],), ranker, manner
                )
                store.append(Marking((Mark(numbers[best], "pick"),), context))


def darkness(ranking: Ranking) -> dict[str, float]:
    """Photo → how dark it is."""
    features = ranking.features
    column = [f"{block.name}.{name}" for block in features.blocks for name in block.columns]
    brightness = features.matrix[:, column.index("iqa_plus.brightness")]
    return dict(zip(features.photos, (-brightness).tolist(), strict=True))


def decided(ranking: Ranking, choices_dir: Path) -> Ranking:
    """The ranking with the decisions of a store."""
    return replace(ranking, choices=read_choices(choices_dir, identities_of(ranking)))


def identities_of(ranking: Ranking) -> dict[str, PhotoIdentity]:
    """Photo → how the store knows it."""
    features = ranking.features
    hashes, captures = features.content_hashes or (), features.captures or ()
    return {
        photo: PhotoIdentity.of(photo, digest, 0, capture)
        for photo, digest, capture in zip(features.photos, hashes, captures, strict=True)
    }


def last_series(ranking: Ranking) -> list[RankedSeries]:
    """Three series that teach and three that judge, for a person to decide."""
    series = [each for each in ranking.series if each.kind == "series"]
    stable = stable_names(ranking)
    judges = gate_series([stable[each.name] for each in series])
    return [series[number] for kind in (judges, ~judges) for number in np.flatnonzero(kind)[-3:]]
