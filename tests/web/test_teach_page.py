"""A short session of `phototriage review --teach`, in a real browser, by somebody who likes dark photos."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.ui import WebDriverWait
from tests.picking import darkness, last_series, pick
from tests.web.browser import Browser
from tests.web.review_server import Review

from phototriage.learn import LearnOptions
from phototriage.personal.learned import load_learned
from phototriage.rank import Ranking

LOOK = """
const panes = [...document.querySelectorAll("#teaching .pane")];
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 8;
const brightness = panes.map(pane => {
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.drawImage(pane.querySelector("img"), 0, 0, 8, 8);
  return pen.getImageData(0, 0, 8, 8).data.reduce((sum, value) => sum + value, 0);
});
return brightness.indexOf(Math.min(...brightness));
"""
SHOWN = """(() => {
  const images = [...document.querySelectorAll("#teaching .pane img")];
  return images.length > 1 && images.every(image => image.naturalWidth > 0 && !image.closest(".seen"));
})()"""


@pytest.fixture
def teaching(bursts: tuple[Ranking, LearnOptions], tmp_path: Path) -> Iterator[Review]:
    """With all but six series decided."""
    ranking, options = bursts
    left = last_series(ranking)
    pick(
        ranking,
        tmp_path / "choices",
        darkness(ranking),
        of=[one for one in ranking.series if one not in left],
    )
    cache, own = ("--cache_dir", str(options.rank.cache_dir)), ("--personal_dir", str(tmp_path / "personal"))
    running = Review(ranking.folder, tmp_path, "--teach", *cache, *own)
    yield running
    if not running.ended:
        running.kill()


def text(browser: Browser, selector: str) -> str:
    return str(browser.run("return document.querySelector(arguments[0]).textContent", selector))


def hold(browser: Browser, held: str, key: str) -> None:
    ActionChains(browser.driver, duration=0).key_down(held).send_keys(key).key_up(held).perform()


def wait_to_learn(browser: Browser, condition: str) -> None:
    """Learning takes long where other tests run beside."""
    WebDriverWait(browser.driver, 60, 0.1).until(lambda _: browser.run(f"return {condition}"), condition)


def test_a_person_answers_and_sees_the_figure_move(
    teaching: Review, browser: Browser, tmp_path: Path
) -> None:
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 1400, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.driver.get(teaching.address)
    wait_to_learn(browser, SHOWN)
    figure = text(browser, "#teaching .figure")
    assert figure.startswith("Too few to judge: 5 of the 8 series")
    said = text(browser, "#teaching")
    assert "IMG" not in said
    assert "likely" not in said
    assert "6 left" in said
    hold(browser, Keys.CONTROL, "z")  # nothing was answered here, and what was decided before stays
    assert text(browser, "#counts").startswith("6 of")
    for number in range(6):
        browser.wait(SHOWN)
        darkest = browser.run(LOOK)
        browser.run(
            "for (const each of document.querySelectorAll('#teaching .pane')) each.classList.add('seen')"
        )
        if number % 2:
            browser.press(str(darkest + 1))
        else:
            browser.press(*[Keys.ARROW_RIGHT] * darkest, Keys.ENTER)
        browser.wait(f"document.querySelector('#teaching').textContent.includes('{number + 1} answered')")
        if number == 3:  # when it learns again, the fourth of the series having judged
            judged = "document.querySelector('#teaching .figure').textContent"
            wait_to_learn(browser, f"{judged}.startsWith('Too few to judge: 6 of the 8 series')")
    hold(browser, Keys.CONTROL, "z")
    browser.wait("document.querySelector('#teaching').textContent.includes('1 left')")
    browser.wait(SHOWN)
    browser.press(str(browser.run(LOOK) + 1))
    browser.wait("document.querySelector('#teaching').textContent.includes('0 left')")
    browser.press(Keys.ESCAPE)
    wait_to_learn(browser, "document.querySelector('#teaching h2').textContent === 'What it learned'")
    learned = load_learned(tmp_path / "personal")
    assert learned is not None
    assert learned.gate.is_open
    assert learned.gate.verdict in text(browser, "#teaching .figure")
    browser.press(Keys.ESCAPE)
    browser.wait("!document.querySelector('#teaching').open")
    browser.wait("document.querySelector('#counts').textContent.startsWith('0 of')")
    assert teaching.interrupt() == 0
