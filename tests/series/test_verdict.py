import numpy as np

from phototriage.series.verdict import alternatives, verdicts


def test_the_first_rule_that_holds_decides() -> None:
    rows = [
        # selectable, picked, worse, close
        (False, True, False, True, "kept"),
        (False, False, True, False, "kept"),
        (True, True, True, True, "pick"),
        (True, False, True, True, "rest"),
        (True, False, False, True, "close"),
        (True, False, False, False, "rest"),
    ]
    selectable, picked, worse, close, expected = (np.array(column) for column in zip(*rows, strict=True))
    assert verdicts(selectable, picked, worse, close) == expected.tolist()


def test_the_best_of_the_close_are_alternatives_two_where_there_are_many() -> None:
    close = np.array([0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1], bool)
    sizes = np.repeat([5, 1, 6], [5, 1, 6])
    begins = np.repeat([0, 5, 6], [5, 1, 6])
    close[5] = False
    assert np.flatnonzero(alternatives(close, begins, sizes)).tolist() == [1, 9, 10]
    assert np.flatnonzero(alternatives(np.ones(12, bool), begins, sizes)).tolist() == [0, 5, 6, 7]
