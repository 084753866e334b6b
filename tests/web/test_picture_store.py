from pathlib import Path

from phototriage.web.picture_store import PictureStore


def test_the_cache_stays_within_bounds_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    store = PictureStore(tmp_path, most_bytes=1000)
    for number in range(6):
        store.keep("full", f"{number:032x}", bytes(180))
        if number >= 1:
            assert store.get("full", f"{0:032x}") == bytes(180)
    left = [number for number in range(6) if store.has("full", f"{number:032x}")]
    assert left[0] == 0
    assert left[-1] == 5
    assert len(left) == 5
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 1000
