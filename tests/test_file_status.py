import errno
import itertools
import os
import time
from pathlib import Path
from threading import Barrier

import pytest

from phototriage.file_status import statuses


def test_each_file_has_its_status_or_the_reason_for_none(tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(200)]
    for number, file in enumerate(files):
        if number % 3:
            file.write_bytes(b"x" * number)
    found = statuses([*map(str, files), "a\udcff" * 300])
    assert len(found) == 201
    for number, status in enumerate(found[:-1]):
        if number % 3:
            assert isinstance(status, os.stat_result)
            assert status.st_size == number
        else:
            assert isinstance(status, FileNotFoundError)
    assert isinstance(found[-1], OSError)
    assert found[-1].errno == errno.ENAMETOOLONG
    assert statuses([]) == []


def test_files_are_asked_for_at_the_same_time_where_answers_take_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, both, real = itertools.count(), Barrier(2), os.stat

    def stat(path: str) -> os.stat_result:
        if next(calls) < 64:
            time.sleep(0.001)
        else:
            both.wait(timeout=30)  # fails unless another thread comes, too
        return real(path)

    monkeypatch.setattr("phototriage.file_status.os.stat", stat)
    found = statuses([str(tmp_path)] * 192)
    monkeypatch.undo()
    assert found == [tmp_path.stat()] * 192
