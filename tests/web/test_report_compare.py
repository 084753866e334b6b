from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.web.browser import Browser

OPEN = "document.getElementById('compare').open"


def test_arrows_move_and_c_compares_with_the_pick(browser: Browser, report: Path) -> None:
    browser.open(report)
    places = []
    for key in (Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT):
        browser.press(key)
        places.append(browser.focused())
    assert places == [
        f"./series%20{place}.jpg" for place in ("00/IMG_0", "01/IMG_0", "01/IMG_1", "01/IMG_2", "01/IMG_1")
    ]
    browser.press("c")
    assert browser.run(f"return {OPEN}")
    names = "return [...document.querySelectorAll('.pane bdi')].map(each => each.textContent)"
    assert browser.run(names) == ["IMG_0.jpg", "IMG_1.jpg"]
    browser.press(Keys.ARROW_RIGHT)
    assert browser.run(names) == ["IMG_0.jpg", "IMG_2.jpg"]
    browser.press("2", "4")
    assert browser.run(names) == ["IMG_0.jpg", "IMG_2.jpg", "IMG_1.jpg", "IMG_3.jpg"]
    browser.press("3")
    assert browser.run(names) == ["IMG_0.jpg", "IMG_1.jpg", "IMG_3.jpg"]
    assert browser.run(
        "return [...document.querySelectorAll('#choices button')].map(each => each.ariaPressed)"
    ) == [
        "true",
        "true",
        "false",
        "true",
    ]
    browser.press(Keys.ARROW_DOWN)
    assert browser.run("return document.getElementById('title').textContent") == "series 02"
    browser.press("?")
    assert browser.run("return document.getElementById('keyboard').open")
    browser.press(Keys.ESCAPE)
    assert browser.run(f"return {OPEN}")
    browser.press(Keys.ESCAPE)
    assert not browser.run(f"return {OPEN}")
    browser.wait("document.activeElement.dataset.href === './series%2002/IMG_1.jpg'")


def test_z_shows_every_pixel_of_all_panes_alike(browser: Browser, report: Path) -> None:
    browser.open(report)
    browser.compare(0)
    assert browser.shows_originals()
    fit = browser.picture()
    assert (fit["x"], fit["y"], fit["width"]) == (0, 0, fit["paneWidth"])
    browser.press("z")
    for pane in (0, 1):
        at = browser.picture(pane)
        assert at["natural"] == 1800
        assert at["width"] == pytest.approx(1800, abs=0.2)
        assert at["x"] + at["width"] / 2 == pytest.approx(at["paneWidth"] / 2, abs=0.1)
    assert len(set(browser.transforms())) == 1
    assert browser.run("return document.getElementById('zoom').textContent") == "100%"
    browser.press("z")
    assert browser.picture() == fit


def test_a_click_shows_every_pixel_of_the_place_that_was_clicked(browser: Browser, report: Path) -> None:
    browser.open(report)
    frame = browser.driver.find_elements(By.CSS_SELECTOR, ".frame")[1]
    browser.wait("document.querySelectorAll('.frame img')[1].naturalWidth > 0")
    size = frame.find_element(By.TAG_NAME, "img").size
    right, down = round(size["width"] / 8), round(size["height"] / 8)
    ActionChains(browser.driver, duration=0).move_to_element_with_offset(
        frame, right, -down
    ).click().perform()
    browser.wait("document.getElementById('zoom').textContent === '100%'")
    browser.wait("[...document.querySelectorAll('.view img')].every(each => each.naturalWidth === 1800)")
    at = browser.picture(1)
    assert at["width"] == pytest.approx(1800, abs=0.2)
    # What was clicked is in the middle of the pane, as far as a pixel of the thumbnail tells.
    pixel = 1800 / size["width"]
    middle = at["paneWidth"] / 2 - at["x"], at["paneHeight"] / 2 - at["y"]
    photo = 1800 * size["height"] / size["width"]
    letterbox = (at["height"] - photo) / 2
    assert middle[0] == pytest.approx(1800 * (0.5 + right / size["width"]), abs=pixel)
    assert middle[1] - letterbox == pytest.approx(photo * (0.5 - down / size["height"]), abs=2 * pixel)
    assert len(set(browser.transforms())) == 1


def test_wheel_drag_and_fingers_move_all_panes_as_one(browser: Browser, report: Path) -> None:
    browser.open(report)
    browser.compare(0)
    fit = browser.picture(1)
    x, y = round(fit["left"] + 100), round(fit["top"] + fit["paneHeight"] / 2 + 60)

    def under(at: dict[str, float]) -> tuple[float, float]:
        return (x - at["left"] - at["x"]) / at["width"], (y - at["top"] - at["y"]) / at["height"]

    wheel = {"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -400}
    browser.driver.execute_cdp_cmd("Input.dispatchMouseEvent", wheel)
    browser.wait("!document.getElementById('zoom').textContent.startsWith('fit')")
    zoomed = browser.picture(1)
    assert zoomed["width"] == pytest.approx(fit["width"] * np.exp(0.5), rel=1e-3)
    assert under(zoomed) == pytest.approx(under(fit), abs=1e-3)
    assert len(set(browser.transforms())) == 1

    view = browser.driver.find_elements(By.CSS_SELECTOR, ".view")[0]
    ActionChains(browser.driver, duration=0).click_and_hold(view).move_by_offset(-30, 20).release().perform()
    dragged = browser.picture(1)
    assert (dragged["x"] - zoomed["x"], dragged["y"] - zoomed["y"]) == pytest.approx((-30, 20), abs=0.1)
    assert len(set(browser.transforms())) == 1
    keys = ActionChains(browser.driver, duration=0).key_down(Keys.SHIFT)
    keys.send_keys(Keys.ARROW_LEFT).perform()
    assert browser.picture(1)["x"] - dragged["x"] == pytest.approx(80, abs=0.1)
    keys.send_keys(Keys.ARROW_LEFT * 9).key_up(Keys.SHIFT).perform()
    assert browser.picture(1)["x"] == 0  # no farther than the edge

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": px, "y": py, "id": index} for index, (px, py) in enumerate(points)]
        browser.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    before = browser.picture()["width"]
    touch("touchStart", (x, y), (x + 60, y))
    touch("touchMove", (x, y), (x + 90, y))
    touch("touchEnd")
    assert browser.picture()["width"] == pytest.approx(before * 1.5, rel=1e-3)
    assert len(set(browser.transforms())) == 1


@pytest.mark.parametrize(
    ("photo", "natural", "note"),
    [
        (0, (400, 600), "400 × 600 pixels"),  # turned by its EXIF
        (1, (320, 213), "Only the small preview"),
        (2, (320, 213), "Only the small preview"),
        (3, (60, 40), "60 × 40 pixels"),
    ],
)
def test_originals_are_upright_or_give_way_to_their_previews(
    browser: Browser, report: Path, photo: int, natural: tuple[int, int], note: str
) -> None:
    browser.open(report)
    browser.compare(25, photo or 1)
    pane = 1 if photo else 0
    image = f"document.querySelectorAll('.view img')[{pane}]"
    browser.wait(f"{image}.naturalWidth > 0")
    assert tuple(browser.run(f"return [{image}.naturalWidth, {image}.naturalHeight]")) == natural
    assert browser.run(f"return document.querySelectorAll('.pane')[{pane}].textContent").count(note) == 1
    browser.press("z", "+", "-", "z")
    assert len(set(browser.transforms())) == 1
