import os
from pathlib import Path, PurePosixPath

import pytest

from phototriage.errors import OutputError
from phototriage.outputs.directory import open_directory

BELOW = PurePosixPath("a/b")


@pytest.fixture(params=[True, False])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, on a system with and without folder descriptors."""
    if not request.param:
        monkeypatch.setattr("phototriage.outputs.directory._HAS_DESCRIPTORS", False)
    return tmp_path / "root"


def test_files_are_written_read_replaced_and_removed(root: Path) -> None:
    with open_directory(root, BELOW, create=True) as directory:
        with directory.writing("f", mode=0o640) as file:
            file.write(b"one")
        assert directory.read("f", 3) == b"one"
        with directory.writing("f", replacing=directory.status("f"), mode=0o600) as file:
            file.write(b"two")
        assert (root / "a/b/f").read_bytes() == b"two"
        assert (root / "a/b/f").stat().st_mode & 0o777 == 0o600
        directory.unlink("f")
        assert directory.status("f") is None
    assert list((root / "a/b").iterdir()) == []


def test_a_new_file_is_as_readable_as_any(root: Path) -> None:
    mask = os.umask(0o027)
    try:
        with open_directory(root, BELOW, create=True) as directory, directory.writing("f"):
            pass
    finally:
        os.umask(mask)
    assert (root / "a/b/f").stat().st_mode & 0o777 == 0o640


def test_a_file_that_came_or_changed_meanwhile_stays(root: Path) -> None:
    with open_directory(root, BELOW, create=True) as directory:
        for was in (None, b"before"):
            if was:
                (root / "a/b/f").write_bytes(was)
            status = directory.status("f") if was else None
            with pytest.raises(FileExistsError), directory.writing("f", replacing=status):
                (root / "a/b/f").write_bytes(b"of another")
            assert (root / "a/b/f").read_bytes() == b"of another"
    assert [path.name for path in (root / "a/b").iterdir()] == ["f"]


def test_a_block_that_raises_leaves_nothing(root: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        open_directory(root, BELOW, create=True) as directory,
        directory.writing("f"),
    ):
        raise KeyboardInterrupt
    assert list((root / "a/b").iterdir()) == []


@pytest.mark.parametrize("link", ["a", "a/b"])
@pytest.mark.parametrize("create", [True, False])
def test_a_linked_folder_is_not_entered(link: str, create: bool, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside" / "b").mkdir(parents=True)
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(tmp_path / "outside")
    with (
        pytest.raises(OutputError, match="lies in a linked folder"),
        open_directory(root, BELOW, create=create),
    ):
        pass


def test_what_is_no_folder_raises(root: Path) -> None:
    root.mkdir()
    with pytest.raises(OSError, match=r"(?i)no such|not a directory"), open_directory(root, BELOW):
        pass
    (root / "a").touch()
    with pytest.raises(NotADirectoryError), open_directory(root, BELOW):
        pass


def test_only_regular_files_of_a_reasonable_size_are_read(root: Path) -> None:
    with open_directory(root, BELOW, create=True) as directory:
        os.mkfifo(root / "a/b/pipe")
        (root / "a/b/large").write_bytes(bytes(9))
        (root / "a/b/link").symlink_to("large")
        for name, why in (("pipe", "it is no file"), ("large", "larger than"), ("gone", "No such file")):
            with pytest.raises(OSError, match=why):
                directory.read(name, 8)
        with pytest.raises(OSError, match="symbolic links"):
            directory.read("link", 9)
        assert directory.read("link", 9, follow=True) == bytes(9)
