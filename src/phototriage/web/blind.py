"""Blind comparisons: two photos of a series, sides by lot, no scores."""

from collections.abc import Iterable
from itertools import combinations
from random import SystemRandom

from phototriage.choices import Blind, Context, Side
from phototriage.web.errors import RequestError
from phototriage.web.session import ReviewSession, ShownSeries, random_id

__all__ = ["BlindPairs"]


class BlindPairs:
    """The pairs that were drawn in a session and wait for an answer."""

    def __init__(self) -> None:
        self._drawn: dict[str, tuple[str, str]] = {}
        self._lot = SystemRandom()

    def draw(self, session: ReviewSession, series: ShownSeries | None) -> dict[str, str | None]:
        """Two photos that were not compared blindly yet, of one series or of any.

        Returns: the ids of the pair, the series, the left and the right photo; of no pair if none is left.
        """
        history = session.journal.history
        blind = [event.action for event in history.counting() if isinstance(event.action, Blind)]
        named = (session.journal.photos_named((each.left, each.right)) for each in blind)
        compared = {frozenset(photos) for photos in named}
        chosen = [series] if series else list(session.series.values())
        self._lot.shuffle(chosen)
        for each in chosen:
            pairs = [pair for pair in _pairs(each) if frozenset(pair) not in compared]
            if pairs:
                left, right = self._lot.sample(self._lot.choice(pairs), 2)
                pair = random_id()
                self._drawn[pair] = left, right
                return {"pair": pair, "series": each.id, "left": left, "right": right}
        return {"pair": None}

    def answer(self, session: ReviewSession, pair: str, better: Side) -> None:
        """Says which photo of a pair is better. Raises RequestError for a pair that does not wait."""
        if pair not in self._drawn:
            raise RequestError(404, "there is no such pair, or it was answered", "pair_gone")
        shown = session.journal.numbers(self._drawn[pair])
        left, right = shown
        session.journal.append(Blind(left, right, better, Context(shown, (), session.ranker, "blind")))
        del self._drawn[pair]


def _pairs(series: ShownSeries) -> Iterable[tuple[str, str]]:
    return combinations(series.photos, 2) if series.ranked.kind == "series" else ()
