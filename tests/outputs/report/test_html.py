import base64
import hashlib
import os
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import pytest

from phototriage.errors import OutputError
from phototriage.features import Failure
from phototriage.outputs.report import html, report_html
from phototriage.outputs.report.filmstrip import certainty, html_text
from phototriage.series import RankedPhoto, RankedSeries, Reason, SeriesKind, Verdict

write = partial(report_html, workers=1)

NAMES = (
    "<img src=x onerror=alert(1)>.jpg",
    "a</script><script>alert(1)</script>.jpg",
    "\"'&amp;`.jpg",
    "two\nlines.jpg",
    "100%25 #1?.jpg",
    "\u202egpj.exe.jpg",
    "日本 שלום é.jpg",
    os.fsdecode(b"\xff.jpg"),
    "$style ${script}.jpg",
    "c:d.jpg",
)


def ranked_photo(
    photo: str, verdict: Verdict = "rest", *others: str, reasons: tuple[Reason, ...] = ()
) -> RankedPhoto:
    return RankedPhoto(photo, (photo, *others), 1, -0.5, 0.25, verdict, reasons)


def one(name: str, *photos: RankedPhoto, kind: SeriesKind = "series") -> RankedSeries:
    return RankedSeries(name, kind, None, photos)


class Page(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, its text, its scripts and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.raw.append(data)
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_any_name_is_text_and_leads_to_its_file(tmp_path: Path, make_photo: Callable[..., Path]) -> None:
    for name in NAMES:
        make_photo(f"photos/{name}")
    photos = [ranked_photo(name, "pick", f"{name}.CR3") for name in NAMES]
    failures = [Failure(name, f"because of {name}") for name in NAMES]
    path = tmp_path / "reports" / "june.html"
    write(tmp_path / "photos", [one(f"of {NAMES[1]}", *photos)], failures, path)
    page = Page(path.read_text("utf-8"))
    frames = [button for button in page.all("button") if button.get("class") == "frame"]
    reached = [path.parent / os.fsdecode(unquote_to_bytes(str(frame["data-href"]))) for frame in frames]
    assert [file.resolve() for file in reached] == [tmp_path / "photos" / name for name in NAMES]
    assert [image["alt"] for image in page.all("img")] == [
        name.replace("\n", r"\n").replace("\u202e", r"\u202e").replace("\udcff", r"\udcff") for name in NAMES
    ]
    # One script that runs, one block of data; nothing in any tag that runs.
    assert [script.get("type") for script in page.all("script")] == ["application/json", None]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert all(name in {frame["data-photo"] for frame in frames} for name in NAMES if name.isprintable())


@pytest.mark.parametrize("name", ["photos/report.html", "report.html", "other/deep/report.html"])
def test_the_page_and_its_photos_may_move_together(
    tmp_path: Path, make_photo: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make_photo("here/photos/june/1.jpg")
    monkeypatch.chdir(tmp_path)
    path = Path("here", name)
    write(Path("here/photos"), [one("june", ranked_photo("june/1.jpg", "pick"))], [], path)
    (tmp_path / "here").rename(tmp_path / "there")
    (frame,) = [
        each for each in Page((tmp_path / "there" / name).read_text()).all("button") if "data-href" in each
    ]
    assert (tmp_path / "there" / Path(name).parent / str(frame["data-href"])).is_file()
    assert "here" not in str(frame["data-href"])


def test_the_policy_allows_this_style_and_this_script_alone(tmp_path: Path) -> None:
    write(tmp_path, [], [], tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    style, script = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in page.raw)
    assert page.all("meta")[1]["content"] == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )
    assert "http" not in page.text
    assert not re.search(r"https?://", "".join(page.raw))


def test_the_figures_at_the_top(tmp_path: Path, make_photo: Callable[..., Path]) -> None:
    sizes: dict[str, int] = {}
    for photo in ("a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg", "b/2.jpg", "c/1.jpg", "c/2.jpg", "d.jpg"):
        sizes[photo] = make_photo(photo, seed=len(sizes)).stat().st_size
    (tmp_path / "a/3.dng").write_bytes(bytes(1_000_000))
    ranked = [
        one(
            "a",
            ranked_photo("a/1.jpg", "pick"),
            ranked_photo("a/2.jpg"),
            ranked_photo("a/3.jpg", "rest", "a/3.dng", "gone.xmp"),
        ),
        one("b", ranked_photo("b/1.jpg", "pick"), ranked_photo("b/2.jpg", "close")),
        one("c", ranked_photo("c/1.jpg", "kept"), ranked_photo("c/2.jpg", "kept"), kind="exposure bracket"),
        one("d", ranked_photo("d.jpg", "kept"), kind="single"),
    ]
    write(tmp_path, ranked, [Failure("e.jpg", "the file is empty")], tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    figures = dict(re.findall(r"<div><dt>([^<]*)</dt><dd>([^<]*)</dd></div>", text))
    others = sizes["a/2.jpg"] + sizes["a/3.jpg"] + sizes["b/2.jpg"] + 1_000_000
    assert figures == {
        "photos": "8",
        "series": "3",
        "picks": "2",
        "series too close to call": "1",
        "series kept whole": "1",
        "single photos, not shown": "1",
        "in 3 photos beside the picks": f"{others / 1e6:.1f} MB",
    }
    assert "<summary>1 photo left out</summary><ul><li><bdi>e.jpg</bdi>: the file is empty</li></ul>" in text
    assert [series["data-certainty"] for series in Page(text).all("section")] == ["sure", "close", "kept"]
    assert "too close to call: 1 photo beside the pick" in text
    assert "exposure bracket, kept whole" in text


def test_verdicts_scores_and_reasons_are_in_words(tmp_path: Path, make_photo: Callable[..., Path]) -> None:
    make_photo("june/1.jpg")
    reasons = (
        Reason("noisier", "noise", 1.0, 0.0, 0.7),
        Reason("overall look", "look", None, None, -0.1),
        Reason("<odd>", "clipped", 0.02, 0.0, None),
    )
    pick = RankedPhoto("june/1.jpg", ("june/1.jpg", "june/1.CR3"), 1, -0.224, 0.526, "pick", reasons)
    gone = RankedPhoto("june/2.jpg", ("june/2.jpg",), 2, -0.327, 0.474, "close", ())
    series = RankedSeries("june", "series", datetime(2026, 6, 12, 9, 5, 7), (pick, gone))
    write(tmp_path, [series], [], tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text()
    assert '<p title="grain, levels: 2.6 against 0.9">although noisier</p>' in html
    text = Page(html).text
    for words in (
        "june2 photos · 2026-06-12 09:05:07too close to call: 1 photo beside the pick",
        "pick · 53% score −0.221.jpgwith 1.CR3",
        "although noisierand overall lookalso <odd>",
        "too close to call · 47% score −0.332.jpgno preview: the file cannot be read: No such file",
    ):
        assert words in text


def test_a_page_without_series_is_still_a_page(tmp_path: Path) -> None:
    write(tmp_path, [one("a", ranked_photo("a.jpg", "kept"), kind="single")], [], tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text())
    assert page.all("section") == []
    assert len(page.all("main")) == 1


def test_many_series_are_on_several_pages_that_lead_to_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "_SERIES_PER_PAGE", 2)
    series = [
        one(each, ranked_photo(f"{each}1.jpg", "pick"), ranked_photo(f"{each}2.jpg")) for each in "abcde"
    ]
    write(tmp_path, series, [], tmp_path / "my report.html")
    names = ["my report.html", "my report-2.html", "my report-3.html"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    pages = [Page((tmp_path / name).read_text()) for name in names]
    shown = [[frame["data-photo"] for frame in page.all("button") if "data-photo" in frame] for page in pages]
    assert shown == [["a1.jpg", "b1.jpg"], ["c1.jpg", "d1.jpg"], ["e1.jpg"]]  # the picks
    links = [[(each["href"] or "") for each in page.all("a")[1:]] for page in pages]
    first, second, third = (quote(name) for name in names)
    assert links == [[second, third], [first, third, first, third], [second, first]]
    assert ["Page 2 of 3: before · after · first · last" in page.text for page in pages] == [
        False,
        True,
        False,
    ]


def test_several_pages_appear_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "_SERIES_PER_PAGE", 1)
    (tmp_path / "report-2.html").mkdir()
    series = [one(each, ranked_photo(f"{each}1.jpg", "pick"), ranked_photo(f"{each}2.jpg")) for each in "ab"]
    with pytest.raises(OutputError, match=r"report-2\.html"):
        write(tmp_path, series, [], tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report-2.html"]


@pytest.mark.parametrize(
    ("kind", "verdicts", "expected"),
    [
        ("series", ("pick", "rest"), "sure"),
        ("series", ("pick", "close"), "close"),
        ("panorama", ("kept", "kept"), "kept"),
    ],
)
def test_certainty(kind: SeriesKind, verdicts: tuple[Verdict, ...], expected: str) -> None:
    assert certainty(one("a", *(ranked_photo("a", verdict) for verdict in verdicts), kind=kind)) == expected


def test_html_text_shows_what_hides() -> None:
    assert html_text('<a href="x">\u2028&\x00') == r"&lt;a href=&quot;x&quot;&gt;\u2028&amp;\x00"
