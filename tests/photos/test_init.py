from types import ModuleType

from phototriage import photos


def test_everything_public_is_exported_and_nothing_else() -> None:
    names = {name for name, value in vars(photos).items() if not isinstance(value, ModuleType)}
    assert {name for name in names if not name.startswith("_")} == set(photos.__all__)
