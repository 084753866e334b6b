import inspect

from phototriage import errors


def test_all_errors_are_listed_and_of_one_tree() -> None:
    classes = dict(inspect.getmembers(errors, inspect.isclass))
    assert sorted(classes) == errors.__all__
    assert all(issubclass(each, errors.PhototriageError) for each in classes.values())
