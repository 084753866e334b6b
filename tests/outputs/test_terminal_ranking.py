from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from phototriage.outputs.terminal import ranked_lines
from phototriage.series import RankedPhoto, RankedSeries, Reason
from phototriage.series.faces import Eyes, SeenFace

SHARPER = Reason("sharper", "sharpness", 0.5, 0.25, 0.75)
SOFTER = Reason("softer", "sharpness", 0.25, 0.5, -0.75)
COLOUR = Reason("more colour", "colorfulness", 0.5, 0.25, 0.25)
WARMER = Reason("warmer", "warmth", 0.1, 0.0, None)
BURST = RankedSeries(
    "day 1/burst",
    "series",
    datetime(2026, 6, 1, 9, 5),
    (
        RankedPhoto(
            "day 1/burst/IMG_0002.jpg",
            ("day 1/burst/IMG_0002.jpg", "day 1/burst/IMG_0002.raw"),
            1,
            0.5,
            0.5,
            "pick",
            (SHARPER, COLOUR, WARMER),
        ),
        RankedPhoto(
            "day 1/burst/IMG_1.jpg", ("day 1/burst/IMG_1.jpg",), 2, 0, 0.4, "close", (SOFTER, COLOUR), True
        ),
        RankedPhoto("other/IMG_3.jpg", ("other/IMG_3.jpg",), 3, -1, 0.1, "rest", ()),
    ),
)


def shown(series: RankedSeries, top: int | None = None, width: int = 80) -> list[str]:
    return ranked_lines(series, top, width).plain.splitlines()


def test_a_series_in_eighty_columns() -> None:
    assert shown(BURST) == [
        "day 1/burst  (3 photos, 2026-06-01 09:05, too close to call)",
        "   1  IMG_0002.jpg +1   50%  pick   sharper, more colour, also warmer",
        "   2  IMG_1.jpg         40%  2nd    softer, but more colour",
        "   3  other/IMG_3.jpg   10%",
    ]


def test_also_is_said_once() -> None:
    photo = RankedPhoto("a", ("a",), 1, 0, 1, "pick", (SHARPER, WARMER, WARMER))
    assert shown(RankedSeries("s", "series", None, (photo,)))[1].endswith(
        "pick   sharper, also warmer, warmer"
    )


def test_words_that_hold_also_are_left_as_they_are() -> None:
    odd = Reason("looks also fine", "look", None, None, 0.5)
    photo = RankedPhoto("a", ("a",), 1, 0, 1, "pick", (odd, WARMER))
    assert shown(RankedSeries("s", "series", None, (photo,)))[1].endswith(
        "pick   looks also fine, also warmer"
    )


def test_size_is_a_reason_of_its_own() -> None:
    photo = RankedPhoto("a", ("a",), 2, 0, 0, "rest", (Reason("smaller", "megapixels", 0.3, 1.6, None),))
    assert shown(RankedSeries("s", "series", None, (photo,)))[1].endswith("  smaller")


def test_only_the_pick_stands_out() -> None:
    text = ranked_lines(BURST, None, 80)
    assert [text.plain[span.start : span.end].split()[0] for span in text.spans if span.style == "bold"] == [
        "1"
    ]


def test_top_limits_what_is_shown() -> None:
    assert shown(BURST, top=1) == shown(BURST)[:2]


def test_what_does_not_fit_is_continued_below() -> None:
    assert shown(BURST, width=64)[1:] == [
        "   1  IMG_0002.jpg +1   50%  pick   sharper, more colour, also",
        "                                    warmer",
        "   2  IMG_1.jpg         40%  2nd    softer, but more colour",
        "   3  other/IMG_3.jpg   10%",
    ]
    long = RankedSeries(
        "s", "series", None, (RankedPhoto("日本" * 20, ("日本" * 20,), 1, 0, 1, "pick", (SHARPER,)),)
    )
    lines = shown(long, width=70)
    assert "".join(line[6:].split("  ")[0] for line in lines[1:]) == "日本" * 20
    assert lines[1].endswith("100%  pick   sharper")


def test_names_are_shown_as_they_are() -> None:
    name = "[bold]/" + "very" * 40 + "\nlong.jpg"
    photo = RankedPhoto(name, (name,), 1, 0, 1, "pick", ())
    lines = shown(RankedSeries("[b]\n", "series", None, (photo,)), width=10_000)
    assert lines == [r"[b]\n  (1 photo)", "   1  " + name.replace("\n", r"\n") + "  100%  pick"]


@pytest.mark.parametrize("kind", ["exposure bracket", "focus stack", "panorama"])
def test_what_is_kept_whole_takes_one_line(kind: str) -> None:
    series = RankedSeries("s", kind, BURST.captured_at, BURST.photos)  # type: ignore[arg-type]
    assert shown(series) == [f"s  ({kind}, 3 photos, 2026-06-01 09:05, all kept)"]


@given(st.text(min_size=1, max_size=60), st.integers(62, 120))
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    photos = (
        RankedPhoto(name, (name,), 1, 0, 0.6, "pick", (SHARPER, COLOUR, WARMER)),
        RankedPhoto("x", ("x",), 2, 0, 0.4, "close", (SOFTER, COLOUR, WARMER)),
    )
    for line in shown(RankedSeries("s", "series", None, photos), width=width)[1:]:
        assert cell_len(line) <= width


def test_the_folder_that_the_headline_names_is_not_repeated() -> None:
    photos = tuple(
        RankedPhoto(name, (name,), 1, 0, 0.5, "pick", ()) for name in ("day 1/IMG_1.jpg", "day 2/IMG_2.jpg")
    )
    lines = shown(RankedSeries("day 1/IMG_1", "series", None, photos))
    assert [line.split("  ")[2] for line in lines[1:]] == ["IMG_1.jpg", "day 2/IMG_2.jpg"]


def test_faces_that_could_be_swapped_are_named() -> None:
    def seen(person: int, eyes: Eyes) -> SeenFace:
        return SeenFace(person, True, eyes, 0.2 * person, 0.1, 0.1, 0.2, (0, 0, 0, 0))

    eyes: dict[str, tuple[Eyes, Eyes]] = {"a": ("open", "closed"), "b": ("closed", "open")}
    photos = [
        RankedPhoto(f"s/{name}", (f"s/{name}",), 1, 0, 0.5, "rest", (), faces=(seen(1, one), seen(2, other)))
        for name, (one, other) in eyes.items()
    ]
    assert shown(RankedSeries("s", "series", None, tuple(photos)), width=100)[-1].strip() == (
        "no photo has all eyes open; for a they are open: face 2 from the left in b"
    )
