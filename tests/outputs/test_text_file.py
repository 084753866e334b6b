from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.outputs import STDOUT, write_text


def test_a_file_or_standard_output(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_text("ü\n", tmp_path / "new" / "a.txt")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "ü\n".encode()
    write_text("ü\n", STDOUT)
    assert capfdbinary.readouterr().out == "ü\n".encode()


def test_names_that_are_no_text_keep_their_bytes(tmp_path: Path) -> None:
    write_text(b"\xff.jpg".decode("utf-8", "surrogateescape"), tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == b"\xff.jpg"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"cannot write {tmp_path}"):
        write_text("x", tmp_path)
