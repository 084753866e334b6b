import os
import stat
from pathlib import Path

import pytest

from phototriage.errors import OutputError
from phototriage.web.handover import entrance


@pytest.mark.skipif(os.name != "posix", reason="other systems keep temporary folders private by themselves")
def test_only_the_user_can_read_the_token() -> None:
    with entrance("http://127.0.0.1:8000/prefix/", "the-token") as page:
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
        assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
        text = page.read_text()
    assert not page.parent.exists()
    assert 'method="post" action="http://127.0.0.1:8000/prefix/enter"' in text
    assert 'name="token" value="the-token"' in text


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(OutputError, match="cannot write the page that opens the review"), entrance("", ""):
        pass
