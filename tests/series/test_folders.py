from datetime import datetime

from phototriage.photos import Capture, CaptureTime
from phototriage.series import Series, Shot, series_by_folder


def test_a_series_is_a_folder_with_photos() -> None:
    names = ["b.jpg", "day 1/2.jpg", "day 1/10.jpg", "day 1/close/1.jpg", "a.jpg"]
    shots = [Shot(name, (name,)) for name in names]
    noon, one = datetime(2026, 6, 1, 12), datetime(2026, 6, 1, 13)
    captures = [Capture(time=time and CaptureTime(time, None)) for time in (None, one, noon, noon, None)]
    assert series_by_folder(shots, captures) == [
        Series(".", "series", (shots[0], shots[4]), None),
        Series("day 1", "series", (shots[1], shots[2]), noon),
        Series("day 1/close", "single", (shots[3],), noon),
    ]
