import json
from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.outputs import STDOUT, check_destinations, write_text


def test_a_file_or_standard_output(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_text("ü\n", tmp_path / "new" / "a.txt")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "ü\n".encode()
    write_text("ü\n", STDOUT)
    assert capfdbinary.readouterr().out == "ü\n".encode()


def test_names_that_are_no_text_become_escapes_that_json_reads_back(tmp_path: Path) -> None:
    name = b"\xe9.jpg".decode("utf-8", "surrogateescape")
    write_text(json.dumps(name, ensure_ascii=False), tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_bytes()) == name


def test_places_are_checked_beforehand_but_for_standard_output_and_none(tmp_path: Path) -> None:
    check_destinations(None, STDOUT, tmp_path / "new" / "file")
    assert not (tmp_path / "new").exists()
    with pytest.raises(OutputError, match=f"cannot write {tmp_path}: Is a directory"):
        check_destinations(None, tmp_path / "file", tmp_path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"cannot write {tmp_path}"):
        write_text("x", tmp_path)
