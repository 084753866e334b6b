"""Asks a person what teaches most about a folder, and learns from the answers."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from phototriage.learn import Known, LearnOptions, Study, known_of, stable_names, study
from phototriage.personal.asking import questions
from phototriage.personal.gate import gate_series
from phototriage.rank import Ranking

__all__ = ["Plan", "Teacher"]

_MOST_SERIES = 4000
"""Series among which the best questions are sought. More of them hold no question that is much better."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What is learned by now, and what to ask next.

    study: what the decisions teach. ask: names of undecided series, best first. judge: names of those that
    are kept for the gate, in random order.
    """

    study: Study
    ask: tuple[str, ...]
    judge: tuple[str, ...]


class Teacher:
    """Learns again and again from the decisions about one folder.

    Reading the other sources, which are the ratings in sidecars and photos, takes a while, and happens once.

    ranking: of the folder, by the default ranker.
    """

    def __init__(self, ranking: Ranking, on_note: Callable[[str], None] = lambda note: None) -> None:
        self._known = known_of(ranking, LearnOptions(), on_note)

    def plan(self, ranking: Ranking, undecided: Collection[str]) -> Plan:
        """Learns from what was decided by now.

        Args:
            ranking: of the same folder, with its present series and decisions.
            undecided: names of the series that the person has not decided on the page.
        """
        found = study([Known(ranking, self._known.readings, self._known.written)])
        names = stable_names(ranking)
        left = [
            each
            for each in ranking.series
            if each.kind == "series" and each.name in undecided and names[each.name] not in found.decided
        ]
        if len(left) > _MOST_SERIES:
            chosen = np.random.default_rng(0).choice(len(left), _MOST_SERIES, replace=False)
            left = [left[number] for number in sorted(chosen)]
        kept = gate_series([names[each.name] for each in left])
        photos = [photo.photo for each in left for photo in each.photos]
        features, ranker = ranking.features, ranking.ranker
        order = questions(
            ranker,
            found.lesson.correction,
            features.select(ranker.blocks, features.rows(photos)),
            np.repeat(np.arange(len(left)), [len(each.photos) for each in left]),
            range(len(left)),
            kept,
        )
        ask, judge = (
            tuple(left[number].name for number in order.series[order.blind == blind])
            for blind in (False, True)
        )
        return Plan(found, ask, judge)
