import contextlib
import os
import subprocess
import sys
import tempfile

import pytest

from phototriage.photos import captured_stderr


def test_what_is_printed_is_captured_and_hidden(capfd: pytest.CaptureFixture[str]) -> None:
    with captured_stderr() as printed:
        os.write(2, b"libtiff: ")
        os.write(2, b"broken\n")
    assert printed.text == "libtiff: broken\n"
    assert capfd.readouterr().err == ""


def test_what_is_printed_before_and_after_is_left_alone(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Block-buffered, so that text goes astray unless it is flushed in time.
    monkeypatch.setattr(sys, "stderr", open(2, "w", closefd=False))  # noqa: SIM115
    print("before", end=" ", file=sys.stderr)
    with captured_stderr() as printed:
        print("meanwhile", end=" ", file=sys.stderr)
    print("after", end=" ", file=sys.stderr, flush=True)
    assert printed.text == "meanwhile "
    assert capfd.readouterr().err == "before after "


def test_an_exception_ends_the_capture_too(capfd: pytest.CaptureFixture[str]) -> None:
    with contextlib.suppress(KeyError), captured_stderr() as printed:
        os.write(2, b"last words")
        raise KeyError
    os.write(2, b"later")
    assert printed.text == "last words"
    assert capfd.readouterr().err == "later"


def test_captures_nest() -> None:
    with captured_stderr() as outer:
        os.write(2, b"a")
        with captured_stderr() as inner:
            os.write(2, b"b")
        os.write(2, b"c")
    assert (outer.text, inner.text) == ("ac", "b")


def test_text_is_bounded_and_need_not_be_utf_8() -> None:
    with captured_stderr() as printed:
        os.write(2, b"\xff" * 100_000)
    assert printed.text == "\N{REPLACEMENT CHARACTER}" * 65_536


def test_no_file_descriptor_is_left_open() -> None:
    def next_free() -> int:
        descriptor = os.dup(1)
        os.close(descriptor)
        return descriptor

    before = next_free()
    with captured_stderr():
        pass
    assert next_free() == before


# Without standard input the capture has its place there; else in the free place of standard error itself.
@pytest.mark.parametrize("closed", ["2", "0, 2"])
def test_a_process_without_standard_error(closed: str) -> None:
    code = f"""
import os, sys
from phototriage.photos import captured_stderr
sys.stderr = None
for descriptor in [{closed}]:
    os.close(descriptor)
with captured_stderr() as printed:
    os.write(2, b"heard")
try:
    os.fstat(2)
except OSError:
    print(printed.text, "and closed again")
"""
    run = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert run.stdout == "heard and closed again\n"


def unusable(*arguments: object, **options: object) -> None:
    raise FileNotFoundError(2, "No usable temporary directory found")


def test_without_files_in_memory_the_disk_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "memfd_create", unusable, raising=False)
    with captured_stderr() as printed:
        os.write(2, b"broken\n")
    assert printed.text == "broken\n"


def test_without_any_place_the_text_is_lost_and_nothing_else(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "memfd_create", unusable, raising=False)
    monkeypatch.setattr(tempfile, "TemporaryFile", unusable)
    with captured_stderr() as printed:
        os.write(2, b"broken\n")
    assert (printed.text, capfd.readouterr().err) == ("", "")
