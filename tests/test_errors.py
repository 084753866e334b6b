import inspect

from phototriage import errors


def test_all_errors_are_listed_and_of_one_tree() -> None:
    classes = dict(inspect.getmembers(errors, inspect.isclass))
    assert set(errors.__all__) <= classes.keys()
    raised = [each for each in classes.values() if issubclass(each, Exception)]
    assert sorted([each.__name__ for each in raised] + ["Failure"]) == errors.__all__
    assert all(issubclass(each, errors.PhototriageError) for each in raised)
