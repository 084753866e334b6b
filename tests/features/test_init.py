from phototriage import features


def test_every_public_name_is_there() -> None:
    assert [name for name in features.__all__ if not hasattr(features, name)] == []
    assert sorted(dir(features)) == sorted(features.__all__)


def test_another_name_is_an_attribute_error() -> None:
    assert not hasattr(features, "Feature")
