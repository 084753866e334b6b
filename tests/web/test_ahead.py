from phototriage.web.ahead import pictures_ahead


def test_what_may_be_wanted_next_comes_first() -> None:
    wanted = pictures_ahead([["a1", "a2", "a3"], ["b1", "b2"], ["c1"]])
    assert wanted == [
        *(("preview", photo) for photo in ("a1", "b1", "c1", "a2", "a3")),
        *(("large", photo) for photo in ("a1", "b1", "a2", "a3", "c1")),
        ("preview", "b2"),
        ("full", "a1"),
        ("large", "b2"),
    ]


def test_the_last_series_has_none_after_it() -> None:
    assert pictures_ahead([["a1"]]) == [("preview", "a1"), ("large", "a1"), ("full", "a1")]
