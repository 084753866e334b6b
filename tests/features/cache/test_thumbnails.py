from pathlib import Path

from phototriage.features.cache.thumbnails import stale_thumbnails, stored_thumbnails, thumbnail_folder


def test_thumbnails_whose_every_photo_is_gone_are_stale(tmp_path: Path) -> None:
    folder = thumbnail_folder(tmp_path) / "320-50" / "ab"
    assert stored_thumbnails(tmp_path) == []
    folder.mkdir(parents=True)
    here, gone, unknown = (folder / f"{name}.webp" for name in ("here", "gone", "unknown"))
    for path in (here, gone, unknown):
        path.touch()
    known = {tmp_path / "no.jpg": "gone", tmp_path / "no copy.jpg": "here", tmp_path: "here"}
    assert stored_thumbnails(tmp_path) == sorted((here, gone, unknown))
    assert stale_thumbnails(tmp_path, known) == sorted((gone, unknown))
