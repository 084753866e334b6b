import pytest

from phototriage.errors import FeatureError, OptionError, OutputError
from phototriage.exit_code import ExitCode


@pytest.mark.parametrize(
    ("left_out", "complete", "code"),
    [((), True, 0), (("a.jpg",), True, 3), ((), False, 4), (("a.jpg",), False, 4)],
)
def test_what_is_missing_counts_more_than_what_was_left_out(
    left_out: tuple[str, ...], complete: bool, code: int
) -> None:
    assert ExitCode.of(left_out=left_out, complete=complete) == code


def test_every_error_has_its_code() -> None:
    codes = [ExitCode.of_error(error) for error in (FeatureError(), OptionError(""), OutputError())]
    assert codes == [1, 2, 4]
