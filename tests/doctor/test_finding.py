from collections.abc import Iterator

import pytest

from phototriage.doctor import Finding, guarded, works
from phototriage.errors import ModelError

FINE = Finding("s", "fine", "ok", "1")


@pytest.mark.parametrize(
    ("error", "value", "essential"),
    [
        (ImportError("no\n module"), "no module", False),
        (KeyError(), "KeyError", False),
        (ModelError("the model is bad"), "the model is bad", True),
    ],
)
def test_what_was_found_before_a_failure_is_kept(error: Exception, value: str, essential: bool) -> None:
    def check() -> Iterator[Finding]:
        yield FINE
        raise error

    failed = Finding("s", "cannot go on", "broken", value, essential=essential)
    assert list(guarded("s", check)) == [FINE, failed]


def test_mistakes_of_the_program_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        list(guarded("s", lambda: [FINE] * (1 // 0)))


def test_only_what_is_essential_counts() -> None:
    assert works([FINE, Finding("s", "a", "broken", "")])
    assert not works([FINE, Finding("s", "a", "missing", "", essential=True)])
