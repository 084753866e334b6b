"""Where the focus of the review page is after clicks and dialogs: a key that follows is for the photos."""

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from tests.web.browser import Browser
from tests.web.review_by_keys import enter, press, text
from tests.web.review_server import SERIES, Review


def click(browser: Browser, selector: str) -> None:
    """With the mouse."""
    found = browser.driver.find_element(By.CSS_SELECTOR, selector)
    ActionChains(browser.driver, duration=0).click(found).perform()


def focused(browser: Browser) -> str:
    return str(browser.run("return document.activeElement.id || document.activeElement.tagName"))


def left(browser: Browser, count: int) -> None:
    browser.wait(f"document.getElementById('counts').textContent.startsWith('{count} of')")


def test_keys_after_a_click_are_for_the_photos(review: Review, browser: Browser) -> None:
    enter(browser, review)
    press(browser, Keys.ENTER, Keys.ENTER)
    left(browser, SERIES - 2)
    click(browser, "#undo")
    left(browser, SERIES - 1)
    browser.press(Keys.ENTER)
    left(browser, SERIES - 2)
    for part in ("input", "[data-text=advance]"):
        click(browser, f".tools label:has(#advance) {part}")
        assert focused(browser) == "BODY"
    browser.press(" ")
    assert text(browser, "zoom") == "100%"
    assert browser.run("return document.getElementById('advance').checked")
    click(browser, "#actions [data-key=Enter]")
    left(browser, SERIES - 3)
    click(browser, "#list button:nth-child(9)")
    browser.press(Keys.ENTER)
    left(browser, SERIES - 4)
    # By Tab, a button keeps what is typed on it until a key is for the photos.
    browser.run("document.getElementById('undo').focus({focusVisible: true})")
    browser.press(Keys.ENTER)
    left(browser, SERIES - 3)
    assert focused(browser) == "undo"
    browser.press(" ")
    left(browser, SERIES - 2)
    browser.press("c")
    assert focused(browser) == "BODY"
    browser.press(Keys.ENTER)
    left(browser, SERIES - 3)


def test_a_dialog_that_closes_gives_the_focus_to_the_photos(review: Review, browser: Browser) -> None:
    enter(browser, review)
    for number, (button, dialog) in enumerate(
        [("help", "keyboard"), ("export", "exporting"), ("blind", "comparing")], 1
    ):
        click(browser, f"#{button}")
        assert browser.run(f"return document.getElementById('{dialog}').open")
        browser.press(Keys.ESCAPE)
        browser.wait("!document.querySelector('dialog[open]') && document.activeElement === document.body")
        browser.press(Keys.ENTER)
        left(browser, SERIES - number)
    browser.run("document.getElementById('undo').focus()")
    browser.press("?", Keys.ESCAPE, Keys.ENTER)
    left(browser, SERIES - 4)
    click(browser, "#filter")
    browser.press(Keys.ESCAPE)
    browser.press(Keys.ESCAPE)
    assert focused(browser) == "BODY"


SEEN = "document.querySelectorAll('#comparing .pane [data-rendition]').length === 2"


@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_button_answers_a_pair_once(review: Review, browser: Browser, by_mouse: bool) -> None:
    enter(browser, review)
    browser.press("b")
    browser.wait(SEEN)
    if by_mouse:
        click(browser, "#comparing .actions button")
    else:
        browser.run("document.querySelector('#comparing .actions button').focus()")
        browser.press(" ")
    browser.wait("document.getElementById('undo').title.includes('blind')")
    browser.wait(SEEN)
    assert focused(browser) == ("BODY" if by_mouse else "BUTTON")
    if by_mouse:
        browser.press(Keys.ENTER)
    session = browser.driver.execute_async_script(
        "const [done] = arguments; fetch('api/session').then(answer => answer.json()).then(done)"
    )
    assert session["state"]["counts"]["blind"] == 1
