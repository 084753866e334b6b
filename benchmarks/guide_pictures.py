"""python benchmarks/guide_pictures.py

Makes docs/pictures and the terminal output in docs/photographers.md anew: draws a small library of photos,
runs the commands that the guide names in its comments, and takes pictures of the page. Needs chromium and
chromedriver; about a minute.
"""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.ui import WebDriverWait

from simulated_library import write_library

DOCS = Path(__file__).resolve().parents[1] / "docs"
FOLDER = "2024-06"
SEED, EVENTS, WIDTH, HEIGHT = 3, 10, 1200, 800
COMPARED = "101BARE/IMG_0001"
"""The series that is looked at closely."""

BLOCK = re.compile(
    r"(<!-- benchmarks/guide_pictures\.py: ([^\n]*) -->\n```console\n).*?(?=^```)", re.DOTALL | re.MULTILINE
)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write_library(place / "library", EVENTS, SEED, width=WIDTH, height=HEIGHT)
        (place / "library" / "photos").rename(place / FOLDER)
        phototriage(place, f"rank {FOLDER} --html report.html --quiet")
        guide = DOCS / "photographers.md"
        told = BLOCK.sub(lambda found: found[1] + session(place, found[2]), guide.read_text("utf-8"))
        guide.write_text(told, "utf-8")
        with browser() as chrome:
            chrome.get((place / "report.html").as_uri())
            take_pictures(chrome)
            with review(place, FOLDER) as address:
                chrome.get(address)
                take_pictures_of_review(chrome)


def session(place: Path, arguments: str) -> str:
    """A command and what it says, as a terminal shows it."""
    return f"$ phototriage {arguments}\n{phototriage(place, arguments)}"


def phototriage(place: Path, arguments: str) -> str:
    environment = {
        "COLUMNS": "100",
        "PHOTOTRIAGE_CONFIG": "",
        "PYTHONUNBUFFERED": "1",  # so that notes stand where they come
        "XDG_CACHE_HOME": str(place),
    }
    done = subprocess.run(
        [sys.executable, "-m", "phototriage", *shlex.split(arguments)],
        cwd=place,
        env={**os.environ, **environment},
        check=True,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


@contextmanager
def browser() -> Iterator[Chrome]:
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        raise SystemExit("needs chromium and chromedriver")
    options = ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en"):
        options.add_argument(argument)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    chrome = Chrome(options, ChromeService(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def take_pictures(chrome: Chrome) -> None:
    prefer(chrome, "light")
    take(chrome, "page", 900)
    chrome.execute_script(
        "[...document.querySelectorAll('.series')]"
        ".find(each => each.querySelector('h2').textContent === arguments[0])"
        ".querySelectorAll('.frame')[3].click()",
        COMPARED,
    )
    ActionChains(chrome, duration=0).send_keys("z").perform()
    take(chrome, "compare", 720)
    ActionChains(chrome, duration=0).send_keys("c").perform()
    prefer(chrome, "dark")
    chrome.execute_script("document.querySelector('[name=certainty][value=kept]').click()")
    chrome.execute_script(
        "[...document.querySelectorAll('.series:not([hidden])')].at(-1).scrollIntoView(false)"
    )
    take(chrome, "kept_whole", 760)


@contextmanager
def review(place: Path, *arguments: str) -> Iterator[str]:
    """The address of the page on which people decide about a folder in `place`."""
    command = [sys.executable, "-m", "phototriage", "review", *arguments, "--no_browser"]
    environment = {"XDG_CACHE_HOME": str(place), "XDG_DATA_HOME": str(place), "PHOTOTRIAGE_CONFIG": ""}
    with subprocess.Popen(
        command, cwd=place, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
        server.terminate()


def take_pictures_of_review(chrome: Chrome) -> None:
    prefer(chrome, "light")
    keys = ActionChains(chrome, duration=0)
    measured = "return document.getElementById('strip')?.children.length > 0"
    WebDriverWait(chrome, 60).until(lambda _: chrome.execute_script(measured))
    chrome.execute_script(
        "[...document.querySelectorAll('#list button')]"
        ".find(each => each.textContent.startsWith(arguments[0])).click()",
        COMPARED,
    )
    shown = "return document.getElementById('title').textContent.startsWith(arguments[0])"
    WebDriverWait(chrome, 20).until(lambda _: chrome.execute_script(shown, COMPARED))
    take(chrome, "review", 760)
    prefer(chrome, "dark")
    keys.send_keys("c").send_keys("z").perform()
    full = (
        "return [...document.querySelectorAll('.pane img')].every(each => each.dataset.rendition === 'full')"
    )
    WebDriverWait(chrome, 20).until(lambda _: chrome.execute_script(full))
    take(chrome, "review_compare", 760)


def prefer(chrome: Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def take(chrome: Chrome, name: str, height: int) -> None:
    """A picture of what is shown, once every picture in it is there."""
    size = {"width": 1200, "height": height, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    there = """
        return [...document.images].every(each => {
          const box = each.getBoundingClientRect();
          return !each.checkVisibility() || box.top > innerHeight || box.left > innerWidth
            || each.complete && each.naturalWidth > 0;
        }) && ![...document.querySelectorAll(".pane p")].some(
          each => each.checkVisibility() && each.textContent.includes("loading"))"""
    WebDriverWait(chrome, 20).until(lambda _: chrome.execute_script(there))
    (DOCS / "pictures").mkdir(exist_ok=True)
    with Image.open(io.BytesIO(chrome.get_screenshot_as_png())) as picture:
        picture.convert("RGB").save(DOCS / "pictures" / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
