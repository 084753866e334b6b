from pathlib import Path

from phototriage.series import series_by_folder


def test_a_series_is_a_folder_with_photos() -> None:
    root = Path("/photos")
    names = ["b.jpg", "day 1/2.jpg", "day 1/10.jpg", "day 1/close/1.jpg", "a.jpg"]
    assert series_by_folder(root, [root / name for name in names]) == {
        ".": ["b.jpg", "a.jpg"],
        "day 1": ["day 1/2.jpg", "day 1/10.jpg"],
        "day 1/close": ["day 1/close/1.jpg"],
    }
