"""The review page on other keyboards, on a phone, with large text, and while its photos are away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Keys
from tests.web.browser import Browser
from tests.web.review_by_keys import enter, press, text
from tests.web.review_server import TAKES, Review

PHONE = 390


@pytest.fixture
def phone(browser: Browser) -> Iterator[Browser]:
    """The browser with a screen that is touched."""
    browser.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    yield browser
    browser.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


LAYOUTS = {
    "French": [("à", "Digit0", False, "0"), ("0", "Digit0", True, "0"), ("(", "Digit5", False, "5")],
    "English": [("5", "Digit5", False, "5"), ("%", "Digit5", True, "%"), ("P", "KeyP", True, "p")],
    "Russian": [("з", "KeyP", False, "p"), ("Я", "KeyZ", True, "z"), ("3", "Digit3", False, "3")],
    "Dvorak": [("p", "KeyR", False, "p"), ("z", "Slash", False, "z")],
    "Arabic": [("٣", "Digit3", True, "3"), ("٣", "Numpad3", False, "3"), ("ح", "KeyP", False, "p")],
    "number pad": [("4", "Numpad4", False, "4"), ("ArrowLeft", "Numpad4", False, "ArrowLeft")],
}


def test_keys_mean_the_same_on_every_keyboard(review: Review, browser: Browser) -> None:
    enter(browser, review)
    found = browser.driver.execute_async_script(
        "const [layouts, done] = arguments; import(new URL('keyboard.js', location)).then(({keyOf}) => done("
        "Object.fromEntries(Object.entries(layouts).map(([name, keys]) => [name, keys.map("
        "([key, code, shiftKey]) => keyOf({key, code, shiftKey}))]))))",
        LAYOUTS,
    )
    assert found == {name: [meant for *_, meant in keys] for name, keys in LAYOUTS.items()}


def test_portraits_have_their_size_before_every_pixel_is_there(review: Review, browser: Browser) -> None:
    enter(browser, review)
    press(browser, "n")
    browser.wait("document.querySelector('.pane img').dataset.rendition === 'large'")
    box = browser.picture()
    fit = max(480 / box["paneWidth"], 720 / box["paneHeight"])
    assert text(browser, "zoom") == f"fit, {100 / fit:.0f}%"


def test_photos_come_back_with_their_folder(review: Review, browser: Browser, shoot: Path) -> None:
    enter(browser, review)
    browser.wait("document.querySelector('.pane img').dataset.rendition === 'large'")
    away = shoot.rename(shoot.with_name("away"))
    try:
        for _ in range(20):  # further than what was rendered ahead
            press(browser, "n")
        browser.wait("document.querySelector('.loading').textContent.includes('connect its drive')")
        assert text(browser, "counts").startswith("10 of")
    finally:
        away.rename(shoot)
    browser.wait("document.querySelector('.pane img').dataset.rendition === 'large'")
    browser.wait("[...document.querySelectorAll('#strip img')].every(each => each.naturalWidth > 0)")
    browser.driver.get_log("browser")  # it complains of the pictures that were not there


def swipe(browser: Browser, by: int) -> None:
    """Moves a finger to the right over the photo, by CSS pixels."""
    browser.run("document.querySelector('.view').scrollIntoView({block: 'nearest'})")
    box = browser.picture()
    x, y = box["left"] + box["paneWidth"] / 2, box["top"] + box["paneHeight"] / 2
    for kind, at in (("touchStart", 0.0), ("touchMove", 0.5), ("touchMove", 1.0), ("touchEnd", None)):
        points = [] if at is None else [{"x": x + at * by, "y": y}]
        browser.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def tap(browser: Browser, selector: str) -> None:
    x, y = browser.driver.execute_async_script(
        "const [selector, done] = arguments; const found = document.querySelector(selector);"
        "found.scrollIntoView({block: 'center'});"
        "const box = found.getBoundingClientRect();"
        # A finger that comes down while the page still scrolls only stops it.
        "setTimeout(() => done([box.x + box.width / 2, box.y + box.height / 2]), 400)",
        selector,
    )
    for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
        browser.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_phone_decides_by_taps_and_swipes(review: Review, phone: Browser) -> None:
    enter(phone, review, PHONE)
    place = "document.querySelector('#about p').textContent"
    tap(phone, "#actions button")
    phone.wait("document.getElementById('counts').textContent.includes('1 picked')")
    tap(phone, "#strip button")
    phone.wait(f"{place} === 'photo 1 of {TAKES}'")
    tap(phone, "#list button:nth-child(3)")
    phone.wait("document.getElementById('title').textContent.startsWith('02')")
    for count in range(2, TAKES + 1):
        swipe(phone, -150)
        phone.wait(f"{place} === 'photo {count} of {TAKES}'")
    swipe(phone, -150)
    phone.wait("document.getElementById('title').textContent.startsWith('03')")
    swipe(phone, 150)
    phone.wait("document.getElementById('title').textContent.startsWith('02')")


@pytest.mark.parametrize(("width", "percent"), [(PHONE, 100), (PHONE, 200), (1400, 200)])
def test_nothing_is_cut_off(review: Review, browser: Browser, width: int, percent: int) -> None:
    enter(browser, review, width)
    browser.run("document.documentElement.style.fontSize = `${arguments[0]}%`", percent)
    assert cut_off(browser, "#review") == []
    assert browser.picture()["paneHeight"] >= 200
    browser.press("?")
    assert cut_off(browser, "#keyboard") == []
    browser.press(Keys.ESCAPE, "e")
    assert cut_off(browser, "#exporting") == []


def cut_off(browser: Browser, within: str) -> list[str]:
    """What a person cannot reach by scrolling up or down."""
    return list(
        browser.run(
            "return [...document.querySelectorAll("
            "`${arguments[0]} :is(button, select, input, label, h1, h2, a, td, #counts)`)].filter("
            "each => each.checkVisibility() && !each.closest('#strip')).filter(each => {"
            "const box = each.getBoundingClientRect(); return box.left < -1 || box.right > innerWidth + 1;"
            "}).map(each => each.outerHTML)",
            within,
        )
    )
