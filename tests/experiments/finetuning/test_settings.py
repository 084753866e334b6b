from typing import Any

import pytest

from phototriage.errors import OptionError
from phototriage.experiments.finetuning.settings import FineTuning


def test_stages() -> None:
    assert FineTuning(unfreeze=("lite.s6", "clip.last2")).stages == {"lite": "s6", "clip": "last2"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"unfreeze": ("lite",)}, "unfreeze must name FEATURES.STAGE, such as lite.s6, not 'lite'"),
        ({"unfreeze": ("lite.s6", "lite.s7")}, "unfreeze must name one stage of each network"),
        ({"backbone_learning_rate": 0}, "backbone_learning_rate must be greater than 0, not 0"),
        ({"backbone_learning_rate": float("nan")}, "must be greater than 0, not nan"),
        ({"pairs_at_once": 0}, "pairs_at_once must be at least 1, not 0"),
    ],
)
def test_values_that_cannot_work(values: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as raised:
        FineTuning(**values)
    assert message in f"{raised.value.option} {raised.value}"
