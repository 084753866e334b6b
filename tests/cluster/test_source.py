"""What a source lists, and what is read from it."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phototriage.cluster import source as source_module
from phototriage.cluster.source import Item, find_photos, read_item, without_credentials
from phototriage.errors import PhotoError


@pytest.fixture
def photos(make_photo: Callable[..., Path], tmp_path: Path) -> Path:
    for seed, name in enumerate(("a.jpg", "sub/b.png", "sub/c.JPG")):
        make_photo(f"photos/{name}", seed)
    (tmp_path / "photos" / "notes.txt").write_text("no photo")
    return tmp_path / "photos"


def contents(folder: Path, names: list[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def packed(folder: Path, archive: Path) -> Path:
    with tarfile.open(archive, "w") as file:
        file.add(folder, "shard")
        file.addfile(tarfile.TarInfo("shard/a.json"), io.BytesIO())
    return archive


def test_a_folder(photos: Path) -> None:
    source = find_photos(str(photos))
    assert [(item.key, item.kind) for item in source.items] == [
        ("a.jpg", "file"),
        ("sub/b.png", "file"),
        ("sub/c.JPG", "file"),
    ]
    assert source.root == photos


def test_a_uri_lists_the_same_photos(photos: Path) -> None:
    source = find_photos(photos.as_uri())
    assert [item.key for item in source.items] == ["a.jpg", "sub/b.png", "sub/c.JPG"]
    assert source.root is None
    read = dict(pair for item in source.items for pair in read_item(item))
    assert read == contents(photos, ["a.jpg", "sub/b.png", "sub/c.JPG"])


def test_archives(photos: Path, tmp_path: Path) -> None:
    archive = packed(photos, tmp_path / "00000.tar")
    (item,) = find_photos(str(archive)).items
    names = ["a.jpg", "sub/b.png", "sub/c.JPG"]
    assert dict(read_item(item)) == {
        f"00000.tar/shard/{name}": data for name, data in contents(photos, names).items()
    }
    shards = tmp_path / "shards"
    shards.mkdir()
    archive.rename(shards / "00000.tar")
    assert find_photos(str(shards)).items == (Item("00000.tar", str(shards / "00000.tar"), "tar"),)


def test_tables_of_paths_and_of_bytes(photos: Path, tmp_path: Path) -> None:
    found = contents(photos, ["a.jpg", "sub/b.png"])
    pq.write_table(pa.table({"path": [str(photos / name) for name in found]}), tmp_path / "paths.parquet")
    (item,) = find_photos(str(tmp_path / "paths.parquet")).items
    assert dict(read_item(item)) == {str(photos / name): data for name, data in found.items()}
    pq.write_table(pa.table({"key": list(found), "bytes": list(found.values())}), tmp_path / "bytes.parquet")
    (item,) = find_photos(str(tmp_path / "bytes.parquet")).items
    assert dict(read_item(item)) == found
    pq.write_table(pa.table({"url": ["x"]}), tmp_path / "other.parquet")
    (item,) = find_photos(str(tmp_path / "other.parquet")).items
    with pytest.raises(OSError, match="neither a column bytes nor a column path"):
        list(read_item(item))


@pytest.mark.parametrize("name", ["none", "empty", "notes.txt"])
def test_what_is_no_source(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(PhotoError):
        find_photos(str(tmp_path / name))
    with pytest.raises(PhotoError):
        find_photos((tmp_path / name).as_uri())


def test_credentials_are_not_told() -> None:
    assert without_credentials("s3://key:secret@bucket/x") == "s3://…@bucket/x"
    assert without_credentials("s3://b?secret_key=abc&region=x") == "s3://b?secret_key=…&region=x"
    with pytest.raises(PhotoError) as error:
        find_photos("nosuch://user:hidden@host/photos")
    assert "hidden" not in str(error.value)


def test_credentials_that_are_missing_are_one_line_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Denying:
        def get_file_info(self, path: str) -> None:
            raise OSError(f"When asking for {path}?X-Amz-Signature=abc: no credentials found\nat line 3")

    monkeypatch.setattr(source_module, "_opened", lambda place: (Denying(), "bucket/photos"))
    with pytest.raises(PhotoError) as error:
        find_photos("s3://AKIA:hidden@bucket/photos")
    text = str(error.value)
    assert text.startswith("s3://…@bucket/photos cannot be listed: ")
    assert "no credentials found" in text
    assert not any(each in text for each in ("hidden", "abc", "AKIA", "\n"))
