"""What a source lists, and what is read from it."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from phototriage.cluster import source as source_module
from phototriage.cluster.source import (
    UNREADABLE,
    Item,
    find_photos,
    is_local,
    read_item,
    without_credentials,
)
from phototriage.errors import Failure, PhotoError


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
    assert [item.place for item in source.items] == [
        str(photos / name) for name in ("a.jpg", "sub/b.png", "sub/c.JPG")
    ]
    assert all(map(is_local, source.items))


def test_a_uri_lists_the_same_photos(photos: Path) -> None:
    source = find_photos(photos.as_uri())
    assert [item.key for item in source.items] == ["a.jpg", "sub/b.png", "sub/c.JPG"]
    assert not any(map(is_local, source.items))
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
    pq.write_table(pa.table({"url": ["x"]}), shards / "00000.parquet")  # as img2dataset writes beside it
    (item,) = find_photos(str(shards)).items
    assert item == Item("00000.tar", str(shards / "00000.tar"), "tar", photos=0)
    (item,) = find_photos(shards.as_uri()).items
    assert len(list(read_item(item))) == 3


def test_an_archive_with_odd_members(tmp_path: Path) -> None:
    wanted = ["./a.jpg", "a.jpg", "../up.JPG", "deep/er/b.webp", "line\nbreak.png"]
    others = [".hidden.jpg", "__MACOSX/._a.jpg", ".thumbs/a.jpg", "a.json", "a.txt", "noext"]
    with tarfile.open(tmp_path / "odd.tar.gz", "w:gz") as file:
        for number, name in enumerate([*wanted, *others]):
            member = tarfile.TarInfo(name)
            member.size = 1
            file.addfile(member, io.BytesIO(bytes([number])))
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        file.addfile(link)
    (tmp_path / "odd.tar.gz").rename(tmp_path / "odd.tar")
    (item,) = find_photos(str(tmp_path / "odd.tar")).items
    assert list(read_item(item)) == [
        (f"odd.tar/{name}", bytes([number])) for number, name in enumerate(wanted)
    ]


@pytest.mark.parametrize(("mode", "size"), [("w", 300), ("w", 1500), ("w:gz", 200), ("w:xz", 200), ("w", 0)])
def test_archives_that_end_too_early(photos: Path, tmp_path: Path, mode: str, size: int) -> None:
    with tarfile.open(tmp_path / "torn.tar", mode) as file:  # type: ignore[call-overload]
        file.add(photos / "a.jpg", "a.jpg")
    with (tmp_path / "torn.tar").open("r+b") as torn:
        torn.truncate(size)
    (item,) = find_photos(str(tmp_path / "torn.tar")).items
    with pytest.raises(UNREADABLE):
        list(read_item(item))


def test_a_table_of_paths(photos: Path, tmp_path: Path) -> None:
    rows = [str(photos / "a.jpg"), "photos/sub/b.png", (photos / "a.jpg").as_uri(), None, "photos/sub/b.png"]
    pq.write_table(pa.table({"path": rows}), tmp_path / "paths.parquet")
    for source in (str(tmp_path / "paths.parquet"), (tmp_path / "paths.parquet").as_uri()):
        found = find_photos(source)
        assert [item.key for item in found.items] == rows[:3]
        assert [list(read_item(item)) for item in found.items] == [
            [(key, (photos / name).read_bytes())]
            for key, name in zip(rows, ("a.jpg", "sub/b.png", "a.jpg"), strict=False)
        ]
        assert found.failures == (Failure("paths.parquet", "rows without a path: 1"),)


def test_a_table_of_bytes_is_read_by_row_groups(photos: Path, tmp_path: Path) -> None:
    data = [(photos / name).read_bytes() for name in ("a.jpg", "sub/b.png")]
    rows = pa.table({"key": ["a", "a", None], "bytes": [*data, None]})
    (tmp_path / "tables").mkdir()
    pq.write_table(rows, tmp_path / "tables" / "0.parquet", row_group_size=2)
    (tmp_path / "tables" / "1.parquet").write_bytes(b"no table")
    found = find_photos(str(tmp_path / "tables"))
    assert [(item.key, item.group, item.photos) for item in found.items] == [
        ("0.parquet", 0, 2),
        ("0.parquet", 1, 1),
    ]
    assert [list(read_item(item)) for item in found.items] == [
        [("a", data[0]), ("a", data[1])],
        [("0.parquet/2", b"")],
    ]
    assert [(each.photo, each.reason.split(":")[0]) for each in found.failures] == [
        ("1.parquet", "cannot be read")
    ]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"url": ["x"]}, "neither a column bytes nor a column path"),
        ({"bytes": ["text"]}, "its column bytes holds string, not binary"),
        ({"path": pa.array([], pa.string())}, "contains no photo"),
    ],
)
def test_tables_that_are_none(columns: dict[str, Any], said: str, tmp_path: Path) -> None:
    pq.write_table(pa.table(columns), tmp_path / "other.parquet")
    with pytest.raises(PhotoError, match=said):
        find_photos(str(tmp_path / "other.parquet"))


def test_a_uri_skips_what_a_folder_skips(
    photos: Path, make_photo: Callable[..., Path], tmp_path: Path
) -> None:
    for name in (".hidden/a.jpg", "@eaDir/a.jpg", "picks/a.jpg", "cache/x/a.jpg", "sub/.a.jpg"):
        make_photo(f"photos/{name}", 9)
    (photos / "picks" / ".phototriage-picks").touch()
    (photos / "cache" / "CACHEDIR.TAG").touch()
    here, there = find_photos(str(photos)), find_photos(photos.as_uri())
    assert [item.key for item in there.items] == [item.key for item in here.items]
    assert len(here.items) == 3


def test_names_that_a_uri_must_quote(make_photo: Callable[..., Path], tmp_path: Path) -> None:
    names = ["100%.jpg", "50%20.jpg", "a b#1.jpg", "who?.jpg", "ä.jpg"]
    for number, name in enumerate(names):
        make_photo(f"photos/{name}", number)
    items = find_photos((tmp_path / "photos").as_uri()).items
    assert [item.key for item in items] == names
    assert [list(read_item(item)) for item in items] == [
        [(name, (tmp_path / "photos" / name).read_bytes())] for name in names
    ]


def test_a_bucket_is_opened_once_and_keeps_its_query(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def from_uri(uri: str) -> tuple[fs.FileSystem, str]:
        opened.append(uri)
        return fs.SubTreeFileSystem(str(photos.parent), fs.LocalFileSystem()), "photos"

    class FileSystem:
        pass

    FileSystem.from_uri = staticmethod(from_uri)  # type: ignore[attr-defined]
    monkeypatch.setattr(fs, "FileSystem", FileSystem)
    source_module._filesystem.cache_clear()
    items = find_photos("s3://bucket?endpoint_override=here").items
    assert [item.place for item in items][1] == "s3://bucket/sub/b.png?endpoint_override=here"
    assert dict(pair for item in items for pair in read_item(item)) == contents(
        photos, ["a.jpg", "sub/b.png", "sub/c.JPG"]
    )
    assert opened == ["s3://bucket/?endpoint_override=here"]
    source_module._filesystem.cache_clear()


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
    assert without_credentials("s3://key:a/b@c+d@bucket/x") == "s3://…@bucket/x"
    assert without_credentials("s3://bucket/a@b.jpg, s3://b/c") == "s3://bucket/a@b.jpg, s3://b/c"
    signed = "abfs://c@acc.net/p?se=1&sig=hidden&X-Amz-Credential=hidden"
    assert without_credentials(signed) == "abfs://…@acc.net/p?se=1&sig=…&X-Amz-Credential=…"
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
    assert text.startswith("s3://…@bucket/photos cannot be read: ")
    assert "no credentials found" in text
    assert not any(each in text for each in ("hidden", "abc", "AKIA", "\n"))
