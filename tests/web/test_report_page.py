from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.web.browser import Browser
from tests.web.contents import NAMES, SERIES

from phototriage.printable import printable


def test_it_loads_alone_and_shows_every_series(browser: Browser, report: Path) -> None:
    browser.open(report)
    assert browser.run("return document.querySelectorAll('.series').length") == SERIES + 2
    assert browser.run("return document.getElementById('count').textContent") == "26 of 26 series"
    assert browser.run("return document.querySelectorAll('h1').length") == 1
    fetched = browser.run("return performance.getEntriesByType('resource').map(each => each.name)")
    assert [name for name in fetched if not name.startswith("data:")] == []


def test_pictures_appear_when_their_series_comes_near(browser: Browser, report: Path) -> None:
    browser.open(report)
    browser.wait("document.querySelector('.series img').naturalWidth === 320")
    last = "[...document.querySelectorAll('.series img')].at(-5)"
    assert not browser.run(f"return {last}.src")
    browser.run("scrollTo(0, document.documentElement.scrollHeight)")
    browser.wait(f"{last}.naturalWidth === 320")


def test_filters_hide_series(browser: Browser, report: Path) -> None:
    browser.open(report)
    shown = (
        "return [...document.querySelectorAll('.series h2')]"
        ".filter(each => each.checkVisibility()).map(each => each.textContent)"
    )
    for value, expected in {
        "close": [f"series {n:02d}" for n in range(SERIES) if n % 3 == 2 and n % 4 != 3],
        "kept": [f"series {n:02d}" for n in range(3, SERIES, 4)],
    }.items():
        browser.driver.find_element(By.CSS_SELECTOR, f"[name=certainty][value={value}]").click()
        assert browser.run(shown) == expected
        assert (
            browser.run("return document.getElementById('count').textContent")
            == f"{len(expected)} of 26 series"
        )
    browser.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)  # the keys of the choice itself
    browser.press("/")
    browser.press("SERIES 1", Keys.ARROW_LEFT)
    assert browser.run(shown) == [f"series {n}" for n in range(10, 20)]
    browser.press("no such name")
    assert browser.run(shown) == []
    assert browser.driver.find_element(By.ID, "none").is_displayed()


def test_names_are_shown_and_never_run(browser: Browser, report: Path) -> None:
    browser.open(report)
    odd = "document.querySelectorAll('.series')[24]"
    assert browser.run(f"return [...{odd}.querySelectorAll('.strip bdi')].map(each => each.textContent)") == [
        printable(name.removeprefix(f"{NAMES[0]}/")) for name in NAMES
    ]
    for photo in range(1, len(NAMES)):
        browser.compare(24, photo)
        assert browser.shows_originals(), NAMES[photo]
    assert browser.run("return document.title") == f"{report.parent.name}: photo series"
    assert browser.run("return document.querySelectorAll('[onerror], bdi *, h2 :not(bdi)').length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_in_light_and_dark(browser: Browser, report: Path, scheme: str) -> None:
    browser.open(report, scheme="dark" if scheme == "light" else "light")
    browser.driver.find_element(By.ID, "theme").click()
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(22, 22, 22)") == (scheme == "dark")
    browser.compare(2)
    assert browser.run(CONTRASTS) == []
    browser.press(Keys.ESCAPE)
    browser.press("?")
    assert browser.run(CONTRASTS) == []


# Every text whose contrast with what lies behind it is below 4.5 (WCAG 2.2, 1.4.3).
CONTRASTS = """
const channels = colour => colour.match(/[\\d.]+/g).map(Number);
const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const shares = [0.2126, 0.7152, 0.0722];
const luminance = rgb => shares.reduce((sum, share, i) => sum + share * linear(rgb[i] / 255), 0);
const ground = element => { for (let e = element; e; e = e.parentElement) {
  const colour = channels(getComputedStyle(e).backgroundColor); if (colour[3] !== 0) return colour; } };
const low = [];
for (const element of document.querySelectorAll("body *")) {
  const texts = [...element.childNodes].filter(node => node.nodeName === "#text" && node.data.trim());
  if (!texts.length || !element.checkVisibility()) continue;
  const [a, b] = [channels(getComputedStyle(element).color), ground(element)].map(luminance);
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) low.push([element.outerHTML.slice(0, 80), contrast]);
}
return low;
"""


def test_everything_has_a_name_and_an_order(browser: Browser, report: Path) -> None:
    browser.open(report)
    views: list[Callable[[], object]] = [lambda: None, lambda: browser.compare(0), lambda: browser.press("?")]
    for prepare in views:
        prepare()
        tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        active = [
            node
            for node in tree
            if node["role"]["value"] in ("button", "radio", "searchbox", "dialog", "image", "list", "heading")
        ]
        assert len(active) > 1
        assert [node for node in active if not node["name"]["value"]] == []
    browser.open(report)
    stops = []
    for _ in range(11):
        browser.press(Keys.TAB)
        stops.append(
            browser.run(
                "const {dataset, id, localName, className} = document.activeElement;"
                "return dataset.href ?? (id || localName + className)"
            )
        )
    assert stops == [
        "askip",
        "summary",
        "input",
        "name",
        "copy",
        "theme",
        "help",
        *(f"./series%200{n}/IMG_0.jpg" for n in range(4)),
    ]
    ids = browser.run("return [...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))
    assert browser.run("return document.documentElement.lang") == "en"


@pytest.mark.parametrize("width", [320, 390])
def test_a_narrow_screen_scrolls_one_way(browser: Browser, report: Path, width: int) -> None:
    browser.open(report, width, 700)
    assert browser.run("return document.documentElement.scrollWidth") == width
    browser.compare(0)
    first, second = browser.picture(0), browser.picture(1)
    assert second["top"] > first["top"] + first["paneHeight"]
    assert (first["paneWidth"], first["paneHeight"]) == (second["paneWidth"], second["paneHeight"])
    assert first["paneHeight"] > 100


def test_print_has_every_picture_and_no_buttons(browser: Browser, report: Path) -> None:
    browser.open(report)
    browser.driver.execute_cdp_cmd("Page.printToPDF", {})
    assert browser.run("return document.querySelectorAll('.series img:not([src])').length") == 0
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not browser.driver.find_element(By.ID, "theme").is_displayed()


def test_the_picks_shown_are_copied(browser: Browser, report: Path) -> None:
    browser.open(report)
    grant = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    browser.driver.execute_cdp_cmd("Browser.grantPermissions", grant)
    browser.press("/")
    browser.press("series 0")
    browser.driver.find_element(By.ID, "copy").click()
    browser.wait("document.getElementById('count').textContent === '8 picks copied'")
    copied = browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied.split("\n") == [f"series {n:02d}/IMG_0.jpg" for n in range(10) if n % 4 != 3]
