from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from phototriage.errors import ModelError
from phototriage.plain_values import plain_values, with_values
from phototriage.ranker import MultiFeatureConfig


@dataclass(frozen=True)
class Settings:
    rate: float = 0.1
    count: int = 3
    fast: bool = False
    name: str = "x"
    kind: Literal["round", "square"] = "round"
    sizes: tuple[int, ...] = (1, 2)
    kinds: tuple[Literal["round", "square"], ...] = ()
    folder: Path | None = None
    names: tuple[str, ...] | None = None


FULL = Settings(1 / 3, 5, True, "y", "square", (), ("round",), Path("a/b"), ("p", "q"))


@pytest.mark.parametrize("settings", [Settings(), FULL])
def test_settings_survive_yaml_to_the_last_bit(settings: Settings) -> None:
    text = yaml.safe_dump(plain_values(settings))
    assert with_values(Settings(), yaml.safe_load(text), "file") == settings


def test_some_settings_leave_the_others() -> None:
    assert with_values(FULL, {"count": 9, "rate": "1e-4"}, "file") == Settings(
        1e-4, 9, True, "y", "square", (), ("round",), Path("a/b"), ("p", "q")
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"raet": 1}, "no setting 'raet' in file: did you mean 'rate'"),
        ({3: 1}, "no setting 3 in file: choose from rate, count"),
        ({"rate": "fast"}, "rate in file cannot be 'fast': it must be a number"),
        ({"rate": True}, "rate in file cannot be True: it must be a number"),
        ({"rate": None}, "rate in file cannot be None"),
        ({"count": 2.5}, "count in file cannot be 2.5: it must be a whole number"),
        ({"fast": 1}, "fast in file cannot be 1: it must be true or false"),
        ({"name": 1}, "name in file cannot be 1: it must be a text"),
        ({"kind": "oval"}, "kind in file cannot be 'oval': choose from round, square"),
        ({"sizes": 3}, "sizes in file cannot be 3: it must be a list"),
        ({"sizes": [1, "b"]}, "sizes in file cannot be 'b': it must be a whole number"),
        ({"kinds": ["oval"]}, "kinds in file cannot be 'oval'"),
        ({"folder": 3}, "folder in file cannot be 3"),
        ([1], "file must hold settings by name: rate, count"),
    ],
)
def test_what_is_no_setting_is_one_clear_line(values: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        with_values(Settings(), values, "file")


@pytest.mark.parametrize(
    "value",
    [10**400, 16**5000, float("inf"), float("nan"), 2**63, "9" * 400, [[["x"] * 99] * 99]],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_usable_whole_number_is_a_short_line(value: object) -> None:
    with pytest.raises(ModelError, match=r"^seed in here cannot be ") as caught:
        with_values(MultiFeatureConfig(), {"seed": value}, "here")
    assert len(str(caught.value)) < 300
