import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.web.reviewing import Page, review

from phototriage.choices import Blind, ChoiceStore, Context, Grouping, Mark, Marking, NoneOfThese, Tie, Undo
from phototriage.labels import read_labels
from phototriage.photos import Capture
from phototriage.rank import Ranking, RankOptions, rank_folder
from phototriage.simulation import write_bursts
from phototriage.web.export import PICKS_FOLDER
from phototriage.web.renditions import Renditions

OPEN = {"flag": "", "stars": 0, "label": "", "none_of_these": False, "tied": False}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small bursts, a single photo that is black, and what was measured of them."""
    folder = tmp_path_factory.mktemp("review")
    write_bursts(folder / "bursts", series=3, seed=3, width=240, height=160)
    (folder / "bursts" / "photos").rename(folder / "photos")
    Image.fromarray(np.zeros((60, 90, 3), np.uint8)).save(folder / "photos" / "black <b>.png")
    rank_folder(folder / "photos", RankOptions(cache_dir=folder / "cache"))
    return folder


@pytest.fixture(scope="module")
def ranking(measured: Path) -> Ranking:
    return rank_folder(measured / "photos", RankOptions(cache_dir=measured / "cache", decisions=False))


@pytest.fixture
def page(ranking: Ranking, tmp_path: Path) -> Page:
    return review(ranking, tmp_path)


@pytest.fixture
def series(page: Page) -> dict[str, Any]:
    """The first series to choose from."""
    return next(each for each in page.session()["series"] if each["kind"] == "series")


def stored(tmp_path: Path) -> list[Any]:
    with ChoiceStore(tmp_path / "choices") as store:
        return [event.action for event in store.events()]


def test_the_folder_and_its_series(page: Page, ranking: Ranking) -> None:
    found = page.session()
    assert (found["folder"], found["ranker"]["name"], found["left_out"]) == ("photos", "default", [])
    assert [each["name"] for each in found["series"]] == [each.name for each in ranking.series]
    ids = [photo for each in found["series"] for photo in each["photos"]]
    assert len(set(ids)) == len(ids) == found["state"]["counts"]["photos"]
    assert min(len(each) for each in ids) >= 12
    first = next(each for each in found["series"] if each["kind"] == "series")
    assert first["suggested"] == first["photos"][:1]
    assert first["confidence"] == max(
        photo["probability_best"] for photo in page.get(f"api/series/{first['id']}").json()["photos"]
    )
    single = next(each for each in found["series"] if each["kind"] == "single")
    assert (single["certainty"], single["suggested"], single["faults"]) == ("kept", [], ["too dark"])
    assert found["state"]["revision"] == 0
    assert found["state"]["decisions"] == found["state"]["series"] == {}
    assert (found["state"]["undo"], found["state"]["redo"]) == (None, None)


def test_what_the_large_view_shows(page: Page, series: dict[str, Any], ranking: Ranking) -> None:
    shown = page.get(f"api/series/{series['id']}").json()
    ranked = next(each for each in ranking.series if each.name == series["name"])
    assert [photo["name"] for photo in shown["photos"]] == [each.photo for each in ranked.photos]
    for photo, each in zip(shown["photos"], ranked.photos, strict=True):
        assert photo["verdict"] == each.verdict
        assert [reason["phrase"] for reason in photo["reasons"]] == list(each.phrases)
        assert photo["files"] == [{"name": each.photo, "bytes": (ranking.root / each.photo).stat().st_size}]
        assert (photo["width"], photo["height"]) == (240, 160)
        assert photo["exif"]["shutter"] == "1/125 s"
        assert photo["exif"]["aperture"] == "f/4"
        assert photo["exif"]["camera"] == "phototriage simulated camera"


@pytest.mark.parametrize(
    ("seconds", "millimeters", "f_number", "words"),
    [
        (120.0, 1200.0, 2.8, ("120 s", "1200 mm", "f/2.8")),
        (99.6, 999.6, 128.0, ("100 s", "1000 mm", "f/128")),
        (2.5, 24.25, 1.4, ("2.5 s", "24.2 mm", "f/1.4")),
        (0.3, 8.0, 1000.0, ("0.3 s", "8 mm", "f/1000")),
        (0.004, 50.0, 11.0, ("1/250 s", "50 mm", "f/11")),
    ],
)
def test_exposures_are_written_as_photographers_do(
    ranking: Ranking,
    tmp_path: Path,
    seconds: float,
    millimeters: float,
    f_number: float,
    words: tuple[str, str, str],
) -> None:
    capture = Capture(exposure_time=seconds, focal_length=millimeters, f_number=f_number)
    features = replace(ranking.features, captures=(capture,) * len(ranking.features.photos))
    page = review(replace(ranking, features=features), tmp_path)
    series = page.session()["series"][0]["id"]
    exif = page.get(f"api/series/{series}").json()["photos"][0]["exif"]
    assert (exif["shutter"], exif["focal_length"], exif["aperture"]) == words


def test_one_key_is_one_decision_with_its_circumstances(
    page: Page, series: dict[str, Any], tmp_path: Path
) -> None:
    best, other, *_ = series["photos"]
    two = [best, other]
    accepted = page.change("accept", series=series["id"], shown=two)
    assert accepted["decisions"] == {best: {**OPEN, "flag": "pick"}}
    assert accepted["series"] == {series["id"]: "decided"}
    name = page.get(f"api/series/{series['id']}").json()["photos"][0]["name"]
    assert accepted["undo"] == {"kind": "mark", "photos": [name], "flag": "pick"}
    page.change("mark", series=series["id"], shown=two, marks=[{"photo": best, "flag": "pick"}])
    page.change("mark", series=series["id"], shown=two, marks=[{"photo": other, "flag": "pick"}])
    page.change("mark", series=series["id"], shown=two, marks=[{"photo": best, "flag": "reject"}])
    page.change("mark", series=series["id"], shown=two, marks=[{"photo": other, "stars": 4}])
    changed = page.change("mark", series=series["id"], marks=[{"photo": other, "label": "green"}])
    assert changed["decisions"][other] == {**OPEN, "flag": "pick", "stars": 4, "label": "green"}
    assert changed["revision"] == 6
    found = stored(tmp_path)
    assert [each.context.manner for each in found] == ["accepted", "agreed", "against", "against", "", ""]
    numbers = found[0].context.shown
    assert len(set(numbers)) == 2
    assert found[0] == Marking(
        (Mark(numbers[0], "pick"),), Context(numbers, numbers[:1], "default 1", "accepted")
    )


def test_none_of_these_ties_and_counts(page: Page, series: dict[str, Any], tmp_path: Path) -> None:
    start = page.session()["state"]["counts"]
    assert (start["series"], start["open"], start["singles"]) == (3, 3, 1)
    tied = page.change("tie", series=series["id"], photos=series["photos"][:2])
    assert tied["series"] == {series["id"]: "tied"}
    none = page.change("none", series=series["id"], shown=series["photos"])
    assert none["series"] == {series["id"]: "none"}
    assert none["decisions"] == {photo: {**OPEN, "none_of_these": True} for photo in series["photos"]}
    counts = none["counts"]
    assert (counts["open"], counts["decided"], counts["not_picked"]) == (2, 1, len(series["photos"]))
    shown = page.get(f"api/series/{series['id']}").json()["photos"]
    assert counts["not_picked_bytes"] == sum(file["bytes"] for photo in shown for file in photo["files"])
    rejected = page.change(
        "mark", series=series["id"], marks=[{"photo": series["photos"][0], "flag": "reject"}]
    )
    assert rejected["counts"]["rejected_bytes"] == shown[0]["files"][0]["bytes"]
    tie, none_of_these, _ = stored(tmp_path)
    assert isinstance(tie, Tie)
    assert isinstance(none_of_these, NoneOfThese)
    assert none_of_these.context.manner == "against"


def test_enter_picks_the_best_that_is_not_rejected(
    page: Page, series: dict[str, Any], tmp_path: Path
) -> None:
    def suggested() -> list[str]:
        return list(page.get(f"api/series/{series['id']}").json()["suggested"])

    best, second, *_ = series["photos"]
    rejected = page.change("mark", series=series["id"], marks=[{"photo": best, "flag": "reject"}])
    assert rejected["suggested"] == {series["id"]: [second]}
    assert suggested() == [second]
    accepted = page.change("accept", series=series["id"])
    assert {photo: said["flag"] for photo, said in accepted["decisions"].items()} == {
        best: "reject",
        second: "pick",
    }
    against, taken = stored(tmp_path)
    assert (against.context.manner, taken.context.manner) == ("against", "accepted")
    assert against.context.suggested == tuple(mark.photo for mark in against.marks)
    assert taken.context.suggested == tuple(mark.photo for mark in taken.marks)
    rejects = [{"photo": photo, "flag": "reject"} for photo in series["photos"]]
    page.change("mark", series=series["id"], marks=rejects)
    assert suggested() == []
    refused = page.post("accept", since=0, series=series["id"])
    assert (refused.status_code, refused.json()["code"]) == (400, "nothing_suggested")
    page.change("undo")
    page.change("undo")
    page.change("undo")
    assert suggested() == [best]


def test_a_series_rated_by_stars_counts_as_it_is_exported(page: Page, series: dict[str, Any]) -> None:
    best, second, *_ = series["photos"]
    rated = page.change("mark", series=series["id"], marks=[{"photo": second, "stars": 4}])
    assert rated["series"] == {series["id"]: "decided"}
    counts = rated["counts"]
    assert (counts["open"], counts["decided"], counts["picked"]) == (2, 1, 1)
    assert (counts["not_picked"], counts["rejected"]) == (len(series["photos"]) - 1, 0)
    name = page.get(f"api/series/{series['id']}").json()["photos"][1]["name"]
    assert [each["file"] for each in page.post("export", what="copies").json()["changes"]] == [name]
    rejected = page.change("mark", series=series["id"], marks=[{"photo": second, "flag": "reject"}])
    assert rejected["series"] == {series["id"]: "open"}
    assert (rejected["counts"]["picked"], rejected["counts"]["not_picked"]) == (0, 1)
    assert page.post("export", what="copies").json()["changes"] == []
    assert best not in rejected["decisions"]


def test_a_tied_or_unwanted_series_is_open_again_with_other_photos(page: Page) -> None:
    first, second, *_ = (each for each in page.session()["series"] if each["kind"] == "series")
    for path, state in (("tie", "tied"), ("none", "none")):
        page.change(path, series=first["id"], photos=first["photos"])
        assert page.session()["state"]["series"] == {first["id"]: state}
        merged = page.change("merge", series=[first["id"], second["id"]])
        (whole,) = (each["id"] for each in merged["regrouped"] if each["by_hand"])
        assert merged["series"][whole] == "open"
        assert (merged["counts"]["open"], merged["counts"]["decided"]) == (2, 0)
        page.change("undo")
        assert page.session()["state"]["series"] == {first["id"]: state}
        page.change("undo")


def test_undo_goes_to_the_start_and_redo_to_the_end(page: Page, series: dict[str, Any]) -> None:
    for stars in range(1, 6):
        page.change("mark", series=series["id"], marks=[{"photo": series["photos"][0], "stars": stars}])
    page.change("split", series=series["id"], photos=series["photos"][:1])
    before = page.session()["state"]
    for _ in range(6):
        page.change("undo")
    state = page.session()["state"]
    assert (state["decisions"], state["undo"]) == ({}, None)
    refused = page.post("undo", since=0)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_undo")
    for _ in range(6):
        page.change("redo")
    assert page.post("redo", since=0).status_code == 409
    after = page.session()["state"]
    assert (after["decisions"], after["series"]) == (before["decisions"], before["series"])
    assert after["counts"] == before["counts"]


def test_series_are_split_and_merged(page: Page, series: dict[str, Any], tmp_path: Path) -> None:
    first, *rest = series["photos"]
    split = page.change("split", series=series["id"], photos=[first])
    parts = [each for each in split["regrouped"] if each["by_hand"]]
    assert sorted(len(each["photos"]) for each in parts) == [1, len(rest)]
    assert {each["kind"] for each in parts if len(each["photos"]) == 1} == {"single"}
    assert page.get(f"api/series/{series['id']}").status_code == 404
    merged = page.change("merge", series=[each["id"] for each in parts])
    whole = [each for each in merged["regrouped"] if each["by_hand"]]
    assert [sorted(each["photos"]) for each in whole] == [sorted(series["photos"])]
    assert whole[0]["photos"] == series["photos"]
    assert [type(each) for each in stored(tmp_path)] == [Grouping, Grouping]
    assert page.change("undo")["regrouped"] is not None
    page.change("undo")
    assert [each["name"] for each in page.session()["series"] if each["by_hand"]] == []
    assert page.get(f"api/series/{series['id']}").status_code == 200


def test_rank_follows_what_was_merged_and_split(
    page: Page, series: dict[str, Any], ranking: Ranking, measured: Path, tmp_path: Path
) -> None:
    page.change("split", series=series["id"], photos=series["photos"][:2])
    shown = page.session()["series"]
    options = RankOptions(cache_dir=measured / "cache", choices_dir=tmp_path / "choices")
    followed = rank_folder(ranking.root, options)
    assert [(each.name, each.kind) for each in followed.series] == [
        (each["name"], each["kind"]) for each in shown
    ]
    bare = rank_folder(ranking.root, RankOptions(cache_dir=measured / "cache", decisions=False))
    assert bare.series == ranking.series
    assert (followed.document()["decisions"], bare.document()["decisions"]) == (True, False)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have only names in Unicode")
def test_names_of_files_need_not_be_unicode(ranking: Ranking, measured: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    name = next(each for each in ranking.series if each.kind == "series").photos[0].photo
    shutil.copytree((ranking.root / name).parent, folder)
    bad = os.fsdecode(b"bad\xff\xfe.jpg")
    (folder / Path(name).name).rename(folder / bad)
    options = RankOptions(cache_dir=measured / "cache", decisions=False)
    page = review(rank_folder(folder, options), tmp_path)
    (home,) = (each for each in page.session()["series"] if each["kind"] == "series")
    names = [photo["name"] for photo in page.get(f"api/series/{home['id']}").json()["photos"]]
    photo = home["photos"][names.index(bad)]
    page.change("mark", series=home["id"], shown=home["photos"], marks=[{"photo": photo, "flag": "pick"}])
    again = review(rank_folder(folder, options), tmp_path)
    assert [each["flag"] for each in again.session()["state"]["decisions"].values()] == ["pick"]
    for what, file in (("copies", bad), ("sidecars", os.fsdecode(b"bad\xff\xfe.xmp"))):
        written = again.post("export", what=what, dry_run=False).json()
        assert [written["failures"], [each["file"] for each in written["changes"]]] == [[], [file]]
    assert (folder / PICKS_FOLDER / bad).read_bytes() == (folder / bad).read_bytes()
    assert again.post("export/undo", dry_run=False).json()["written"] == 1
    for document in ("ranking.csv", "ranking.json", "comparisons.csv"):
        assert again.get(f"api/export/{document}").status_code == 200


def test_what_nobody_expected_is_one_line(
    ranking: Ranking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: ChoiceStore, photos: object) -> None:
        raise ZeroDivisionError("a\nb")

    page = review(ranking, tmp_path, raises=False)
    series = next(each for each in page.session()["series"] if each["kind"] == "series")
    monkeypatch.setattr(ChoiceStore, "register", fail)
    answer = page.post("accept", since=0, series=series["id"])
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
    assert answer.json() == {
        "error": "this failed unexpectedly (ZeroDivisionError: a\\nb); the terminal says more"
    }


def test_two_windows_see_each_other(
    page: Page, series: dict[str, Any], ranking: Ranking, tmp_path: Path
) -> None:
    """Here with a server each, which is harder."""
    other = review(ranking, tmp_path)
    theirs = next(each for each in other.session()["series"] if each["name"] == series["name"])
    other.change("mark", series=theirs["id"], marks=[{"photo": theirs["photos"][1], "flag": "pick"}])
    changed = page.get("api/changes?since=0").json()["decisions"]
    assert {photo: said for photo, said in changed.items() if said} == {
        series["photos"][1]: {**OPEN, "flag": "pick"}
    }
    page.change("accept", series=series["id"])
    both = other.get("api/changes?since=1").json()
    assert both["decisions"] == {theirs["photos"][0]: {**OPEN, "flag": "pick"}}
    assert other.change("undo")["decisions"][theirs["photos"][0]] is None
    assert page.change("undo")["undo"] is None
    page.change("split", series=series["id"], photos=series["photos"][:1])
    assert other.get("api/changes?since=4").json()["regrouped"] is not None


def test_decisions_survive_the_server_a_move_and_a_rating_in_the_file(
    page: Page, series: dict[str, Any], ranking: Ranking, measured: Path, tmp_path: Path, exiftool: Path
) -> None:
    page.change("accept", series=series["id"], shown=series["photos"])
    name = page.get(f"api/series/{series['id']}").json()["photos"][0]["name"]
    moved = tmp_path / "moved"
    shutil.copytree(ranking.root / Path(name).parent, moved)
    rate = (exiftool, "-q", "-overwrite_original", "-XMP:Rating=3", moved / Path(name).name)
    subprocess.run(rate, check=True)
    options = RankOptions(cache_dir=measured / "cache", decisions=False)
    again = review(rank_folder(moved, options), tmp_path)
    state = again.session()["state"]
    assert list(state["decisions"].values()) == [{**OPEN, "flag": "pick"}]
    listed = [again.get(f"api/series/{each['id']}").json() for each in again.session()["series"]]
    photos = [photo for each in listed for photo in each["photos"]]
    assert [photo["name"] for photo in photos if photo["id"] in state["decisions"]] == [Path(name).name]


def test_blind_pairs_show_nothing_and_take_every_pair_once(
    page: Page, series: dict[str, Any], tmp_path: Path
) -> None:
    seen = set()
    count = len(series["photos"])
    lefts = 0
    for _ in range(count * (count - 1) // 2):
        pair = page.post("blind/draw", series=series["id"]).json()
        assert pair.keys() == {"pair", "series", "left", "right"}
        lefts += pair["left"] == min(pair["left"], pair["right"])
        seen.add(frozenset((pair["left"], pair["right"])))
        page.change("blind", pair=pair["pair"], better="left")
        assert page.post("blind", since=0, pair=pair["pair"], better="left").status_code == 404
    assert len(seen) == count * (count - 1) // 2
    assert page.post("blind/draw", series=series["id"]).json() == {"pair": None}
    assert page.post("blind/draw").json()["pair"]
    assert page.session()["state"]["counts"]["blind"] == len(seen)
    assert page.session()["state"]["decisions"] == {}
    assert all(isinstance(each, Blind) and each.context.manner == "blind" for each in stored(tmp_path))


def test_sides_are_drawn_by_lot(page: Page) -> None:
    """200 draws: 100 ± 7 have the better-ranked photo on the left; ± 40 is a matter of 1 in 10⁷."""
    rank = {photo: place for each in page.session()["series"] for place, photo in enumerate(each["photos"])}
    pairs = [page.post("blind/draw").json() for _ in range(200)]
    assert 60 < sum(rank[pair["left"]] < rank[pair["right"]] for pair in pairs) < 140
    assert len({pair["series"] for pair in pairs}) == 3


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (
            "mark",
            {"series": "guessed", "marks": [{"photo": "guessed", "flag": "pick"}]},
            404,
            "no such series",
        ),
        (
            "mark",
            {"series": "SERIES", "marks": [{"photo": "guessed", "flag": "pick"}]},
            400,
            "photos of that series",
        ),
        ("mark", {"series": "SERIES", "marks": []}, 400, "at least one"),
        ("mark", {"series": "SERIES", "marks": [{"photo": "PHOTO", "flag": "keep"}]}, 400, "a flag is"),
        ("mark", {"series": "SERIES", "marks": [{"photo": "PHOTO", "stars": "4"}]}, 400, "stars are 0 to 5"),
        ("mark", {"series": "SERIES", "marks": [{"photo": "PHOTO"}]}, 400, "needs a flag"),
        ("mark", {"series": "SERIES", "marks": [{"photo": "PHOTO", "path": "/etc"}]}, 400, "a mark has"),
        (
            "mark",
            {"series": "SERIES", "shown": ["guessed"], "marks": [{"photo": "PHOTO", "stars": 1}]},
            404,
            "photo",
        ),
        ("accept", {"series": ["SERIES"]}, 400, "series is missing"),
        ("accept", {"series": "SINGLE"}, 400, "nothing is suggested"),
        ("tie", {"series": "SERIES", "photos": ["PHOTO"]}, 400, "two photos"),
        ("tie", {"series": "SERIES", "photos": "PHOTO"}, 400, "list of ids"),
        ("merge", {"series": ["SERIES", "SERIES"]}, 400, "two series"),
        ("split", {"series": "SERIES", "photos": []}, 400, "name photos"),
        ("blind", {"pair": "guessed", "better": "left"}, 404, "no such pair"),
        ("blind", {"pair": "guessed", "better": "up"}, 400, "better is"),
        ("undo", {"since": "yesterday"}, 400, "whole number"),
        ("export", {"what": "everything"}, 400, "what is"),
        ("export", {"what": "sidecars", "schemes": ["../.."]}, 400, "sidecars hold"),
        ("nothing", {}, 404, "no such thing"),
    ],
)
def test_nonsense_is_refused_and_nothing_kept(
    page: Page, tmp_path: Path, path: str, body: dict[str, Any], status: int, words: str
) -> None:
    listed = page.session()["series"]
    chosen = next(each for each in listed if each["kind"] == "series")
    single = next(each for each in listed if each["kind"] == "single")
    text = json.dumps(body).replace("SERIES", chosen["id"]).replace("PHOTO", chosen["photos"][0])
    refused = page.post(path, **json.loads(text.replace("SINGLE", single["id"])))
    assert (refused.status_code, words in refused.json()["error"]) == (status, True), refused.text
    assert stored(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"null", b"\xff"])
def test_a_body_that_is_no_object_is_refused(page: Page, content: bytes) -> None:
    headers = {"Origin": "http://127.0.0.1:8000", "Content-Type": "application/json"}
    refused = page.client.post(f"/{page.prefix}/api/undo", content=content, headers=headers)
    assert (refused.status_code, "no JSON" in refused.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    "path",
    [
        "photos/guessed/full",
        "photos/guessed/raw",
        "photos/..%2F..%2Fetc%2Fpasswd/full",
        "../../../etc/passwd",
        "..%2f..%2fguard.py",
        "%2e%2e/guard.py",
        "guard.py",
        "page/index.html",
        ".",
        "index.html/",
        "__init__.py",
        "//etc/passwd",
        "index.html%00",
        "..\\guard.py",
        "api/series/guessed",
        "api/export/..%2Fpasswd",
        "api/export/all.csv",
    ],
)
def test_no_path_leads_anywhere_but_to_the_page(page: Page, path: str) -> None:
    answered = page.get(path)
    assert answered.status_code in (403, 404, 405), answered.text
    assert {*answered.json()} - {"code"} == {"error"}


def test_the_page_is_served_with_its_types(page: Page) -> None:
    index = page.get("")
    assert (index.status_code, index.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.get("index.html").text == index.text


def test_pictures_are_known_by_id_and_have_an_etag(ranking: Ranking, tmp_path: Path) -> None:
    renditions = Renditions(tmp_path / "cache")
    page = review(ranking, tmp_path, renditions)
    photo = page.session()["series"][0]["photos"][0]
    got = page.get(f"photos/{photo}/large")
    assert (got.status_code, got.headers["content-type"]) == (200, "image/jpeg")
    assert got.headers["cache-control"] == "private, max-age=86400"
    again = page.get(f"photos/{photo}/large", **{"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert page.get(f"photos/{photo}/thumbnail").headers["content-type"] == "image/webp"
    assert page.get(f"photos/{photo}/thumbnail").headers["etag"] != got.headers["etag"]
    renditions.close()


def test_the_comparisons_are_those_that_labels_reads(
    page: Page, series: dict[str, Any], ranking: Ranking, tmp_path: Path
) -> None:
    page.change("accept", series=series["id"], shown=series["photos"])
    got = page.get("api/export/comparisons.csv")
    assert got.headers["content-disposition"] == 'attachment; filename="comparisons.csv"'
    (tmp_path / "c.csv").write_bytes(got.content)
    table = read_labels(tmp_path / "c.csv").comparisons.table
    assert table.equals(read_labels(ranking.root, choices_dir=tmp_path / "choices").comparisons.table)
    assert len(table) == len(series["photos"]) - 1
    names = [photo["name"] for photo in page.get(f"api/series/{series['id']}").json()["photos"]]
    assert {*table["photo_a"].where(table["preference"] == 1, table["photo_b"])} == {names[0]}


def test_the_ranking_downloads_say_what_was_decided(page: Page, series: dict[str, Any]) -> None:
    page.change("mark", series=series["id"], marks=[{"photo": series["photos"][1], "flag": "pick"}])
    document = page.get("api/export/ranking.json").json()
    ranked = next(each for each in document["series"] if each["name"] == series["name"])["photos"]
    assert document["decisions"] is True
    assert [photo["verdict"] for photo in ranked][:1] == ["pick"]
    assert [photo["outcome"] for photo in ranked] == ["rest", "pick", *["rest"] * (len(ranked) - 2)]
    assert ranked[1]["decision"] == {**OPEN, "flag": "pick"}
    assert page.get("api/export/ranking.csv").text.startswith("series,photo,rank")


def read_back(exiftool: Path, sidecar: Path) -> dict[str, Any]:
    """What another program finds in a sidecar."""
    command = (exiftool, "-json", "-n", "-XMP:all", sidecar)
    (found,) = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {name: value for name, value in found.items() if name not in ("SourceFile", "XMPToolkit")}


def test_sidecars_of_decided_series_are_planned_written_and_taken_back(
    page: Page, series: dict[str, Any], ranking: Ranking, exiftool: Path
) -> None:
    shown = page.get(f"api/series/{series['id']}").json()["photos"]
    page.change(
        "mark",
        series=series["id"],
        marks=[
            {"photo": series["photos"][1], "flag": "pick", "stars": 3},
            {"photo": series["photos"][0], "flag": "reject"},
        ],
    )
    planned = page.post("export", what="sidecars", schemes=["stars"]).json()
    assert planned["written"] == 0
    assert not list(ranking.root.rglob("*.xmp"))
    sidecar = {place: Path(shown[place]["name"]).with_suffix(".xmp").as_posix() for place in (0, 1)}
    assert {each["file"]: each["marks"] for each in planned["changes"]} == {
        sidecar[1]: "xmp:Rating 3",
        sidecar[0]: "xmp:Rating -1, digiKam:PickLabel 1",
    }
    written = page.post("export", what="sidecars", schemes=["stars"], dry_run=False).json()
    assert (written["written"], written["failures"]) == (2, [])
    assert [read_back(exiftool, ranking.root / sidecar[place]) for place in (1, 0)] == [
        {"Rating": 3},
        {"Rating": -1, "PickLabel": 1},
    ]
    assert len(page.post("export/undo").json()["changes"]) == 2
    assert page.post("export/undo", dry_run=False).json()["written"] == 2
    assert not list(ranking.root.rglob("*.xmp"))
    nothing = page.post("export/undo", dry_run=False)
    assert (nothing.status_code, "nothing to undo" in nothing.json()["error"]) == (500, True)
    shutil.rmtree(ranking.root / ".phototriage-undo")


@pytest.mark.parametrize("what", ["sidecars", "copies"])
def test_a_photo_that_was_deleted_meanwhile_gets_nothing(
    ranking: Ranking, measured: Path, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "photos"
    shutil.copytree(ranking.root, folder)
    options = RankOptions(cache_dir=measured / "cache", decisions=False)
    page = review(rank_folder(folder, options), tmp_path)
    series = next(each for each in page.session()["series"] if each["kind"] == "series")
    marks = [{"photo": photo, "flag": "pick"} for photo in series["photos"][:2]]
    page.change("mark", series=series["id"], marks=marks)
    gone, there, *_ = (photo["name"] for photo in page.get(f"api/series/{series['id']}").json()["photos"])
    (folder / gone).unlink()
    for dry_run in (True, False):
        answer = page.post("export", what=what, dry_run=dry_run).json()
        assert (answer["gone"], answer["failures"]) == ([gone], [])
        assert [Path(each["file"]).stem for each in answer["changes"]] == [Path(there).stem]
    assert answer["written"] == 1
    assert not [path for path in folder.rglob(f"{Path(gone).stem}*") if path.is_file()]
    shutil.rmtree(folder)
    answer = page.post("export", what=what, dry_run=False).json()
    assert (answer["written"], answer["failures"], answer["changes"]) == (0, [], [])
    assert {gone, there} <= {*answer["gone"]}
    assert not folder.exists()


@pytest.mark.parametrize("what", ["copies", "links"])
def test_picks_go_below_the_folder_and_are_not_ranked_again(
    page: Page, series: dict[str, Any], ranking: Ranking, what: str
) -> None:
    page.change("accept", series=series["id"])
    written = page.post("export", what=what, dry_run=False).json()
    name = page.get(f"api/series/{series['id']}").json()["photos"][0]["name"]
    assert (written["written"], written["into"]) == (1, "phototriage-picks")
    assert (ranking.root / PICKS_FOLDER / name).read_bytes() == (ranking.root / name).read_bytes()
    shutil.rmtree(ranking.root / PICKS_FOLDER)


def test_undo_events_name_what_they_take_back(page: Page, series: dict[str, Any], tmp_path: Path) -> None:
    page.change("accept", series=series["id"])
    page.change("undo")
    assert stored(tmp_path)[1] == Undo(1)
