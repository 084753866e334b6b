"""The browser, and a page that has everything."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from tests.web.browser import Browser
from tests.web.contents import NAMES, OTHERS, SERIES
from tests.web.faces_shoot import ranked_faces
from tests.web.review_server import Review, write_shoot

from phototriage.features import Failure
from phototriage.outputs.report import report_html
from phototriage.rank import Ranking
from phototriage.series import RankedPhoto, RankedSeries, Reason, SeriesKind, Verdict


@pytest.fixture(scope="session")
def chrome(chromium: Path, chromedriver: Path) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(chromium)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--lang=en"):
        options.add_argument(argument)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # which Chromium refuses to set up for root
    driver = Chrome(options, ChromeService(str(chromedriver)))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(chrome: Chrome) -> Iterator[Browser]:
    """The browser; a test fails where a page in it complained of anything."""
    browser = Browser(chrome)
    yield browser
    errors = browser.errors()
    chrome.get("about:blank")  # else the page would go on to ask a server that has ended
    browser.errors()
    assert errors == []


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shoot")
    write_shoot(folder)
    return folder


@pytest.fixture
def review(shoot: Path, scratch: Path) -> Iterator[Review]:
    """Without any decision; measurements are kept from test to test."""
    shutil.rmtree(scratch / "choices", ignore_errors=True)
    running = Review(shoot, scratch)
    yield running
    if not running.ended:
        running.kill()


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Ranking:
    """A series of two people, and one of nobody."""
    folder = tmp_path_factory.mktemp("people")
    return ranked_faces(folder / "photos", folder / "cache")


def write_photo(path: Path, seed: int, size: tuple[int, int], **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 12, 3), np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path, **options)


def ranked(name: str, kind: SeriesKind, verdicts: list[Verdict], photos: list[str]) -> RankedSeries:
    better = (
        Reason("sharper", "sharpness", 0.83, 0.61, 0.7),
        Reason("overall look", "look", None, None, 0.2),
    )
    worse = (
        Reason("less sharp", "sharpness", 0.61, 0.83, -0.7),
        Reason("highlights clipped", "c", 0.2, 0.1, None),
    )
    return RankedSeries(
        name,
        kind,
        None,
        tuple(
            RankedPhoto(
                photo, (photo,), rank, -rank, 0.5**rank, verdict, better if verdict == "pick" else worse
            )
            for rank, (verdict, photo) in enumerate(zip(verdicts, photos, strict=True), 1)
        ),
    )


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of 24 series of four photos, every third too close to call, every fourth a bracket, and of a
    series of odd names and one of odd files."""
    folder = tmp_path_factory.mktemp("report")
    for take in range(4):
        write_photo(folder / f"take-{take}.jpg", take, (1800, 1200))
    series = []
    for number in range(SERIES):
        photos = [f"series {number:02d}/IMG_{take}.jpg" for take in range(4)]
        for take, photo in enumerate(photos):
            (folder / photo).parent.mkdir(exist_ok=True)
            (folder / photo).hardlink_to(folder / f"take-{take}.jpg")
        kind: SeriesKind = "exposure bracket" if number % 4 == 3 else "series"
        verdicts: list[Verdict] = ["pick", "close" if number % 3 == 2 else "rest", "rest", "rest"]
        series.append(ranked(photos[0][:9], kind, ["kept"] * 4 if number % 4 == 3 else verdicts, photos))
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "take-0.jpg", folder / name)
    rest: list[Verdict] = ["rest"] * (len(NAMES) - 1)
    series.append(ranked(NAMES[0], "series", ["pick", *rest], list(NAMES)))
    turned = Image.Exif()
    turned[0x0112] = 6
    write_photo(folder / "turned.jpg", 1, (600, 400), exif=turned)
    write_photo(folder / "deep.tif", 1, (600, 400))
    write_photo(folder / "gone.jpg", 1, (600, 400))
    write_photo(folder / "small.jpg", 1, (60, 40))
    series.append(ranked("odd", "series", ["pick", "rest", "rest", "rest"], list(OTHERS)))
    report_html(folder, series, [Failure("bad.jpg", "the file is empty")], folder / "report.html")
    (folder / "gone.jpg").unlink()
    return folder / "report.html"
