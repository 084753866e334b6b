from dataclasses import asdict
from typing import Any

import pytest

from phototriage.errors import ModelError
from phototriage.ranker import MultiFeatureConfig


def test_survives_being_taken_apart() -> None:
    config = MultiFeatureConfig(mlp_hidden_dims=(7,), loss="bradley_terry")
    assert MultiFeatureConfig.from_dict({**asdict(config), "mlp_hidden_dims": [7]}) == config


def test_a_typo_is_named_with_the_nearest_setting() -> None:
    with pytest.raises(
        ModelError, match="no setting 'learning_rat' in the ranker's settings: did you mean 'learning_rate'"
    ):
        MultiFeatureConfig.from_dict({"learning_rat": 1})
    with pytest.raises(ModelError, match=r"no setting 'zzz' in .*: choose from mlp_hidden_dims, dropout"):
        MultiFeatureConfig.from_dict({"zzz": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mlp_hidden_dims", (0,)),
        ("dropout", 1.0),
        ("input_normalization", "batchnorm"),
        ("loss", "hinge"),
        ("labels", "loud"),
        ("margin", 0.0),
        ("learning_rate", 0.0),
        ("weight_decay", -1.0),
        ("batch_size", 0),
        ("max_epochs", 0),
        ("patience", 0),
        ("min_agreement", 0.4),
        ("min_reviewers", -1),
        ("seed", -1),
        ("learning_rate", float("inf")),
    ],
)
def test_values_that_cannot_work_are_named(name: str, value: Any) -> None:
    with pytest.raises(ModelError, match=f"{name} cannot be .*: (it must be|choose from) "):
        MultiFeatureConfig(**{name: value})
