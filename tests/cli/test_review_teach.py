"""What `phototriage review --teach` does not go with."""

from pathlib import Path

import pytest

from phototriage.cli import main


@pytest.mark.parametrize(
    ("options", "reason"),
    [(["--export"], "--teach opens the page"), (["--model", "default"], "leave out --model")],
)
def test_what_it_does_not_go_with(
    options: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", str(tmp_path), "--teach", *options]) == 2
    assert reason in capsys.readouterr().err
