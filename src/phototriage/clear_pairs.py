"""Default thresholds for pairs to train on; in their own module so that rankers load without pandas."""

__all__ = ["MIN_AGREEMENT", "MIN_REVIEWERS"]

MIN_AGREEMENT = 0.7
"""Training uses pairs if at least this share of their votes agree."""
MIN_REVIEWERS = 2
"""Training uses pairs with at least this many votes, if the votes are known."""
