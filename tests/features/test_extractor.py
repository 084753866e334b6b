import pytest

from phototriage.errors import FeatureError
from phototriage.features import build_extractors


def test_extractors_come_once_by_name() -> None:
    assert [extractor.block.name for extractor in build_extractors(["iqa", "iqa"])] == ["iqa"]


@pytest.mark.parametrize(
    ("names", "message"), [(["iqx"], "no features called 'iqx'"), ([], "no features were")]
)
def test_an_unknown_name_lists_the_known_ones(names: list[str], message: str) -> None:
    with pytest.raises(FeatureError, match=rf"{message}.*: choose from iqa"):
        build_extractors(names)
