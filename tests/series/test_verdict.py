import numpy as np

from phototriage.series.verdict import CLOSE, verdicts


def test_the_first_rule_that_holds_decides() -> None:
    rows = [
        # selectable, picked, small, P(last pick over it)
        (False, True, False, 0.5, "kept"),
        (False, False, True, 0.9, "kept"),
        (True, True, False, 0.5, "pick"),
        (True, False, True, 0.5, "rest"),
        (True, False, False, np.nextafter(CLOSE, 0), "close"),
        (True, False, False, CLOSE, "rest"),
        (True, False, False, 1.0, "rest"),
    ]
    selectable, picked, small, p_behind, expected = (np.array(column) for column in zip(*rows, strict=True))
    assert verdicts(selectable, picked, small, p_behind) == expected.tolist()
