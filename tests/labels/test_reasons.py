import numpy as np
import pandas as pd

from phototriage.labels.reasons import PairReasons, pair_reasons
from phototriage.labels.votes import VoteTable

ROWS = pd.DataFrame(
    [
        ("7", 0, 1, 3, 1),
        ("7", 1, 0, 2, 2),
        ("7", 0, 2, 1, 0),
        ("7", 1, 2, 0, 0),
        ("8", 0, 1, 5, 0),
    ],
    columns=["series", "first", "second", "left", "right"],
)
REASONS = pd.DataFrame(
    [(2, 1, 1), (4, 0, 0), (0, 0, 1), (0, 0, 0), (5, 0, 0)], columns=["sharpness", "field of view", "other"]
)
PHOTO_OF = {("7", 0): "c", ("7", 1): "a", ("7", 2): "b"}


def test_both_orders_count_together_and_unmatched_series_do_not() -> None:
    found = pair_reasons(VoteTable(ROWS, REASONS), PHOTO_OF)
    assert found is not None
    assert found.names == ("sharpness", "field of view", "other")
    # A pair without votes says nothing.
    assert {pair: shares.tolist() for pair, shares in found.shares.items()} == {
        ("7", "a", "c"): [6 / 8, 1 / 8, 1 / 8],
        ("7", "b", "c"): [0, 0, 1],
    }


def test_votes_without_reasons() -> None:
    assert pair_reasons(VoteTable(ROWS), PHOTO_OF) is None


def test_shares_are_found_in_either_order_and_are_0_where_unknown() -> None:
    reasons = PairReasons(("one", "two"), {("s", "a", "b"): np.array([0.25, 0.5])})
    found = reasons.of([("s", "b", "a"), ("t", "a", "b"), ("s", "a", "b")])
    assert found.tolist() == [[0.25, 0.5], [0, 0], [0.25, 0.5]]
    assert reasons.of([]).shape == (0, 2)
