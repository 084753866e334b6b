"""A page in a real browser, used as a person would: by keys, pointer, wheel and fingers."""

from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.ui import WebDriverWait


class Browser:
    """A page as it is shown, at a given size."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, width: int = 1280, height: int = 800, *, scheme: str = "light") -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.prefer(scheme)
        self.driver.get(page.as_uri())

    def prefer(self, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function body of JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str) -> None:
        """Until an expression of JavaScript is true; an error after a minute, for busy machines."""
        WebDriverWait(self.driver, 60, 0.05).until(lambda _: self.run(f"return {condition}"), condition)

    def press(self, *keys: str) -> None:
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def errors(self) -> list[str]:
        """What the browser complained about, files that are not there apart."""
        messages = [str(entry["message"]) for entry in self.driver.get_log("browser")]
        return [message for message in messages if "ERR_FILE_NOT_FOUND" not in message]

    def compare(self, series: int, photo: int = 1) -> None:
        """Opens a photo of a series beside its pick, and waits for what became of the originals."""
        frames = "document.querySelectorAll('.series')[arguments[0]].querySelectorAll('.frame')"
        self.run(f"{frames}[arguments[1]].click()", series, photo)
        notes = "[...document.querySelectorAll('.pane .about > :nth-child(2)')]"
        self.wait(f"{notes}.every(each => !each.textContent.startsWith('loading'))")

    def transforms(self) -> list[str]:
        """How the picture of each pane is moved and scaled."""
        return list(self.run(f"return {_PICTURES}.map(each => each.style.transform)"))

    def shows_originals(self) -> bool:
        """Whether every pane shows a file, not a preview."""
        original = "each => each.src.startsWith('file:') && each.naturalWidth > 0"
        return bool(self.run(f"return {_PICTURES}.every({original})"))

    def focused(self) -> str | None:
        """The link of the photo that has the focus."""
        link: str | None = self.run("return document.activeElement.dataset.href")
        return link

    def picture(self, pane: int = 0) -> dict[str, float]:
        """The box that a pane's photo fits into: x and y within the pane, whose own place and size follow."""
        return dict(self.run(_PICTURE, pane))


_PICTURES = "[...document.querySelectorAll('.view img')]"
_PICTURE = """
const view = document.querySelectorAll(".view")[arguments[0]], box = view.getBoundingClientRect();
const at = view.firstChild.getBoundingClientRect();
return {x: at.x - box.x, y: at.y - box.y, width: at.width, height: at.height, left: box.x, top: box.y,
  paneWidth: box.width, paneHeight: box.height, natural: view.firstChild.naturalWidth};
"""
