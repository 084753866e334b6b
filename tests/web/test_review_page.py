"""The review page as a person uses it: by keys, in a real browser, with a real server."""

import io
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import Keys
from tests.web.browser import Browser
from tests.web.review_by_keys import enter, hold, press, text
from tests.web.review_server import SERIES, TAKES, Review

from phototriage.photos import load


def test_a_shoot_is_decided_by_keys_alone_and_undone_to_the_start(review: Review, browser: Browser) -> None:
    enter(browser, review)
    assert text(browser, "counts").startswith(f"{SERIES} of {SERIES} series to decide · 0 picked")
    browser.press(*[Keys.ENTER] * 10)
    browser.wait(f"document.getElementById('counts').textContent.startsWith('{SERIES - 10} of')")
    browser.press(*[Keys.ENTER] * (SERIES - 10))
    browser.wait("document.getElementById('counts').textContent.startsWith('0 of')")
    assert f"{SERIES} picked, 0 rejected" in text(browser, "counts")
    browser.wait("!document.getElementById('empty').hidden")
    assert text(browser, "empty").startswith("Nothing is left to decide here.")
    for left in range(1, SERIES + 1):
        hold(browser, Keys.CONTROL, "z")
        browser.wait(f"document.getElementById('counts').textContent.startsWith('{left} of')")
    assert browser.run("return document.getElementById('undo').disabled")
    assert "0 picked" in text(browser, "counts")
    browser.run("document.getElementById('redo').click()")
    browser.wait(f"document.getElementById('counts').textContent.startsWith('{SERIES - 1} of')")


def test_flags_stars_and_labels_of_a_photo(review: Review, browser: Browser) -> None:
    enter(browser, review)
    browser.run("document.getElementById('advance').click()")
    browser.run("document.activeElement.blur()")
    press(browser, "p", "3", "7")
    assert browser.run("return document.querySelector('#about .mark').textContent") == "picked, ★★★, yellow"
    press(browser, "x", "0", "7")
    assert browser.run("return document.querySelector('#about .mark').textContent") == "rejected"
    assert "0 picked, 1 rejected" in text(browser, "counts")
    press(browser, "u")
    assert browser.run("return document.querySelector('#about .mark').textContent") == ""
    assert text(browser, "counts").startswith(f"{SERIES} of")


def test_picks_go_on_to_the_next_photo_and_then_to_the_next_series(review: Review, browser: Browser) -> None:
    enter(browser, review)
    first = text(browser, "title")
    press(browser, "p", "x")
    assert (text(browser, "title"), browser.run("return document.querySelector('#about p').textContent")) == (
        first,
        f"photo 3 of {TAKES}",
    )
    press(browser, "x")
    browser.wait(f"document.getElementById('title').textContent !== {first!r}")
    assert "1 picked, 2 rejected" in text(browser, "counts")


def test_none_of_these_and_cannot_tell(review: Review, browser: Browser) -> None:
    enter(browser, review)
    press(browser, "n", "t")
    browser.wait(f"document.getElementById('counts').textContent.startsWith('{SERIES - 2} of')")
    states = browser.run(
        "return [...document.querySelectorAll('#list button')].map(each => each.dataset.state)"
    )
    assert states[:3] == ["none", "tied", "open"]


def test_series_are_split_and_merged_by_hand(review: Review, browser: Browser) -> None:
    enter(browser, review)
    press(browser, "s")
    browser.wait("document.getElementById('strip').children.length === 1")
    browser.run("document.getElementById('filter').value = 'all'")
    browser.run("document.getElementById('filter').dispatchEvent(new Event('change'))")
    browser.wait(f"document.getElementById('strip').children.length === {TAKES - 1}")
    browser.press(Keys.ARROW_DOWN)
    browser.wait("document.getElementById('title').textContent.startsWith('01')")
    press(browser, "m")
    browser.wait(f"document.getElementById('strip').children.length === {TAKES + 1}")
    # A series that the page had asked for a moment before it was split or merged is not there any more.
    assert all("/api/series/" in each and "status of 404" in each for each in browser.errors())


def test_a_killed_server_has_kept_everything(review: Review, browser: Browser) -> None:
    enter(browser, review)
    press(browser, Keys.ENTER, "n")
    review.kill()
    browser.press(Keys.ENTER)
    browser.wait("document.getElementById('state').textContent.includes('does not answer')")
    browser.driver.get_log("browser")  # it complains that nobody answers
    review.start()
    enter(browser, review)
    assert text(browser, "counts").startswith(f"{SERIES - 2} of {SERIES} series to decide · 1 picked")


def test_two_windows_see_each_others_decisions(review: Review, browser: Browser) -> None:
    enter(browser, review)
    first = browser.driver.current_window_handle
    here = browser.driver.current_url
    browser.driver.switch_to.new_window("window")
    browser.driver.get(here)
    browser.wait("document.getElementById('strip')?.children.length > 0")
    press(browser, Keys.ENTER)
    browser.driver.close()
    browser.driver.switch_to.window(first)
    browser.run("dispatchEvent(new Event('focus'))")
    browser.wait(f"document.getElementById('counts').textContent.startsWith('{SERIES - 1} of')")


def test_photos_are_compared_at_pixels_that_are_those_of_the_file(
    review: Review, browser: Browser, shoot: Path
) -> None:
    enter(browser, review)
    press(browser, "c")
    browser.wait("document.querySelectorAll('.pane').length === 2")
    browser.press("z")
    browser.wait(
        "[...document.querySelectorAll('.pane img')].every(each => each.dataset.rendition === 'full')"
    )
    assert text(browser, "zoom") == "100%"
    moved = browser.run(
        "return [...document.querySelectorAll('.pane img')].map(each => each.style.transform)"
    )
    assert moved[0] == moved[1]
    name = browser.run("return document.querySelector('.pane .about bdi').textContent")
    assert_is_rendition(browser, shoot / name, tolerance=1.0)


def assert_is_rendition(browser: Browser, file: Path, tolerance: float) -> None:
    """What the first pane shows is the file as we decode it, but for the loss of one JPEG."""
    data = browser.driver.execute_async_script(
        "const [done] = arguments; const image = document.querySelector('.pane img');"
        "fetch(image.src).then(answer => answer.bytes ? answer.bytes() : answer.arrayBuffer())"
        ".then(bytes => done([...new Uint8Array(bytes.buffer ?? bytes)]))"
    )
    shown = np.asarray(Image.open(io.BytesIO(bytes(data))).convert("RGB"), float)
    expected = load(file, None).pixels.astype(float)
    assert shown.shape == expected.shape
    assert np.abs(shown - expected).mean() < tolerance


def test_heic_is_shown_pixel_by_pixel(browser: Browser, shared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "heic"
    folder.mkdir()
    shutil.copy(shared / "awkward" / "formats" / "pug.heic", folder)
    blurred = cv2.GaussianBlur(load(folder / "pug.heic", None).pixels, (0, 0), 3)
    Image.fromarray(np.asarray(blurred, np.uint8)).save(folder / "soft.jpg")
    running = Review(folder, tmp_path)
    try:
        enter(browser, running)
        browser.press("z")
        browser.wait("document.querySelector('.pane img').dataset.rendition === 'full'")
        assert browser.run("return document.querySelector('.pane .about bdi').textContent") == "pug.heic"
        assert_is_rendition(browser, folder / "pug.heic", tolerance=2.0)
    finally:
        running.kill()


def test_blind_comparisons_say_nothing_and_are_kept(review: Review, browser: Browser) -> None:
    enter(browser, review)
    browser.press("b")
    for count in range(20):
        browser.wait("document.querySelectorAll('#comparing .pane [data-rendition]').length === 2")
        names = browser.run("return document.querySelector('#comparing').textContent")
        assert "IMG" not in names
        assert "%" not in names
        browser.run("document.querySelectorAll('#comparing .pane').forEach(each => each.remove())")
        browser.press([Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN][count % 3])
    browser.wait("document.querySelectorAll('#comparing .pane').length === 2")
    browser.run("[...document.querySelectorAll('#comparing button')].at(-1).click()")
    assert not browser.run("return document.getElementById('comparing').open")
    session = browser.driver.execute_async_script(
        "const [done] = arguments; fetch('api/session').then(answer => answer.json()).then(done)"
    )
    assert session["state"]["counts"]["blind"] == 20


def test_nothing_leaves_the_machine(review: Review, browser: Browser) -> None:
    enter(browser, review)
    press(browser, Keys.ENTER)
    asked = browser.run("return performance.getEntriesByType('resource').map(each => each.name)")
    assert len(asked) > 10
    assert {urlsplit(each).netloc for each in asked} == {urlsplit(review.address).netloc}


@pytest.mark.parametrize(("width", "scheme"), [(1400, "dark"), (420, "light")])
def test_narrow_and_dark_pages_hold_everything(
    review: Review, browser: Browser, width: int, scheme: str
) -> None:
    enter(browser, review, width, scheme)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(22, 22, 22)") == (scheme == "dark")


def test_controls_have_names_for_screen_readers(review: Review, browser: Browser) -> None:
    enter(browser, review)
    unnamed = browser.run(
        "return [...document.querySelectorAll('button, select, input, nav, aside, [role=group]')]"
        ".filter(each => each.offsetParent && !(each.ariaLabel || each.textContent.trim() ||"
        " each.closest('label') || each.title)).map(each => each.outerHTML)"
    )
    assert unnamed == []


def test_ctrl_c_ends_it(review: Review, browser: Browser) -> None:
    enter(browser, review)
    browser.driver.get("about:blank")
    assert review.interrupt() == 0
