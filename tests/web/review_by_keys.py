"""The review page in a browser, and the keys that a person presses on it."""

from selenium.webdriver import ActionChains, Keys
from tests.web.browser import Browser
from tests.web.review_server import Review


def enter(browser: Browser, review: Review, width: int = 1400, scheme: str = "light") -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.prefer(scheme)
    browser.driver.get(review.address)
    browser.wait("document.getElementById('strip')?.children.length > 0")


def text(browser: Browser, name: str) -> str:
    return str(browser.run("return document.getElementById(arguments[0]).textContent", name))


def press(browser: Browser, *keys: str) -> None:
    """One key after the other, each after what the one before has brought about."""
    for key in keys:
        before = text(browser, "said")
        browser.press(key)
        if key not in (Keys.ARROW_LEFT, Keys.ARROW_RIGHT, "c", "z", "v", Keys.TAB, Keys.ESCAPE):
            browser.wait(f"document.getElementById('said').textContent !== {before!r}")


def hold(browser: Browser, held: str, key: str) -> None:
    ActionChains(browser.driver, duration=0).key_down(held).send_keys(key).key_up(held).perform()
