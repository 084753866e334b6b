"""Which pairs are clear enough to train on, by default; apart, so that rankers load without pandas."""

__all__ = ["MIN_AGREEMENT", "MIN_REVIEWERS"]

MIN_AGREEMENT = 0.7
"""Pairs are trained on where at least this share of the votes agree."""
MIN_REVIEWERS = 2
"""Pairs are trained on that have at least this many votes, where votes are known."""
