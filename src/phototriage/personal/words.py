"""What a person's own ranker has learned, in words."""

from phototriage.personal.correction import Correction
from phototriage.ranker import TrainedRanker

__all__ = ["learned_words"]


def learned_words(ranker: TrainedRanker, correction: Correction) -> tuple[str, ...]:  # noqa: ARG001
    """Lines for people, such as "you prefer darker frames"."""
    return ()
