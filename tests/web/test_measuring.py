import pytest

from phototriage.errors import PhotoError, PhototriageError
from phototriage.features import OnProgress
from phototriage.web.errors import RequestError
from phototriage.web.measuring import Measuring


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PhotoError("no photo was found"), "no photo was found"),
        (
            ZeroDivisionError("1 / 0"),
            r"a fault of phototriage ended the measuring (ZeroDivisionError('1 / 0'))",
        ),
    ],
)
def test_whatever_ends_the_measuring_is_told(error: Exception, told: str) -> None:
    def opened(on_progress: OnProgress, on_note: object) -> None:
        on_progress(3, 10)
        raise error

    failures: list[PhototriageError | None] = []
    measuring = Measuring(opened)  # type: ignore[arg-type]
    measuring.start(lambda: failures.append(measuring.failure))
    measuring.wait()
    assert [str(each) for each in failures] == [told]
    assert (measuring.progress.stage, measuring.progress.done, measuring.progress.error) == (
        "failed",
        3,
        told,
    )
    with pytest.raises(RequestError) as raised:
        _ = measuring.session
    assert str(raised.value) == told
