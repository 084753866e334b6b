"""Faces side by side, and the lock of the compare view on one of them, in a real browser."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from selenium.webdriver import Keys
from tests.web.browser import Browser

from phototriage.choices import ChoiceStore
from phototriage.rank import Ranking
from phototriage.web.faces import CELL, EYES_APART, EYES_DOWN
from phototriage.web.guard import Guard
from phototriage.web.guard import Keys as ServerKeys
from phototriage.web.measuring import Measuring
from phototriage.web.renditions import Renditions
from phototriage.web.routes import review_app
from phototriage.web.session import ReviewSession


@pytest.fixture(scope="module")
def address(people: Ranking, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes addresses of the page of a folder with faces, each for whoever enters once."""
    scratch = tmp_path_factory.mktemp("review")
    renditions = Renditions(scratch / "cache", renderers=1)
    keys = ServerKeys()
    with ChoiceStore(scratch / "choices") as store, socket.create_server(("127.0.0.1", 0)) as listening:
        measuring = Measuring(lambda on_progress, on_note: ReviewSession(people, store))
        measuring.start()
        measuring.wait()
        app = Guard(review_app(measuring, renditions), keys, "127.0.0.1")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        serving.start()
        port = listening.getsockname()[1]
        yield lambda: f"http://127.0.0.1:{port}/{keys.prefix}/enter?token={keys.new_token()}"
        server.should_exit = True
        renditions.close()
        serving.join()


@pytest.fixture
def page(browser: Browser, address: Callable[[], str]) -> Browser:
    size = {"width": 1400, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.driver.get(address())
    browser.wait("document.getElementById('strip')?.children.length === 3")
    return browser


# The faces of each row, in words; the colors of the cell at the places of the eyes.
CELLS = """
const cells = row => [...row.querySelectorAll(".face")];
return [...document.querySelectorAll("#facing tbody tr")].map(row => cells(row).map(face => {
  const canvas = face.querySelector("canvas");
  if (!canvas) return [face.textContent];
  const {data, width} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const at = (x, y) => [...data.slice(4 * (y * width + x), 4 * (y * width + x) + 3)]
    .map(level => (level > 200 ? "F" : level < 60 ? "0" : "?")).join("");
  return [face.textContent, ...arguments[0].map(([x, y]) => at(x, y))];
}));
"""

# Of each pane how far the point between the eyes of its photo, given by name, is from the middle, in pixels.
OFF_CENTER = """
return Object.fromEntries([...document.querySelectorAll("#panes .pane")].map(pane => {
  const view = pane.querySelector(".view").getBoundingClientRect(), image = pane.querySelector("img");
  const box = image.getBoundingClientRect(), [x, y] = arguments[0][image.alt];
  const fit = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const at = [box.x + box.width / 2 + (x - 450) / 900 * image.naturalWidth * fit,
    box.y + box.height / 2 + (y - 300) / 600 * image.naturalHeight * fit];
  return [image.alt, Math.hypot(at[0] - view.x - view.width / 2, at[1] - view.y - view.height / 2)];
}));
"""
FIRST = {"people/a.jpg": (270, 200), "people/b.jpg": (301, 232.5), "people/c.jpg": (250, 188)}
# The second person is missing in c.jpg, and taken to be where it is on average.
SECOND = {"people/a.jpg": (670, 300), "people/b.jpg": (690, 330), "people/c.jpg": (680, 315)}


def off_center(page: Browser, where: dict[str, Any]) -> dict[str, float]:
    page.wait("[...document.querySelectorAll('#panes img')].every(each => each.dataset.rendition)")
    return dict(page.run(OFF_CENTER, where))


def zoom(page: Browser) -> str:
    return str(page.run("return document.getElementById('zoom').textContent"))


def test_faces_stand_side_by_side_with_their_eyes_at_the_same_place(page: Browser) -> None:
    page.press("f")
    page.wait("document.querySelectorAll('#facing canvas[width=\"288\"]').length === 5")
    eyes = [(round((0.5 + side * EYES_APART / 2) * CELL), round(EYES_DOWN * CELL)) for side in (1, -1)]
    names = page.run(
        "return [...document.querySelectorAll('#facing thead bdi')].map(each => each.textContent)"
    )
    rows = page.run(CELLS, eyes)
    said = [dict(zip(names, row, strict=True)) for row in rows]
    assert said == [
        {
            "a.jpg": ["● open", "F00", "00F"],
            "b.jpg": ["— closed", "F00", "00F"],
            "c.jpg": ["● open", "F00", "00F"],
        },
        {
            "a.jpg": ["● open", "F00", "00F"],
            "b.jpg": ["● open, softer", "F00", "00F"],
            "c.jpg": ["not found"],
        },
    ]
    labels = page.run(
        "return [...document.querySelectorAll('#facing button.face')].map(each => each.ariaLabel)"
    )
    assert "Person 2, people/b.jpg, eyes open, softer" in labels
    # No key decides anything meanwhile.
    page.press("p", "x")
    page.press("f")
    page.wait("!document.getElementById('facing').open")
    assert page.run("return document.getElementById('undo').disabled")


def test_the_compare_view_follows_one_face(page: Browser) -> None:
    page.press("f")
    page.wait("document.querySelectorAll('#facing button.face').length === 5")
    page.run(
        "[...document.querySelectorAll('#facing button.face')]"
        ".find(each => each.ariaLabel.startsWith('Person 1, people/b')).click()"
    )
    page.wait("document.querySelectorAll('#panes .pane').length === 2")
    seen: dict[str, float] = {}
    for _ in range(3):
        seen |= off_center(page, FIRST)
        assert zoom(page).endswith("· locked on person 1")
        page.press(Keys.ARROW_LEFT)
    for _ in range(3):
        page.press(Keys.ARROW_RIGHT)
        seen |= off_center(page, FIRST)
    assert seen == pytest.approx(dict.fromkeys(FIRST, 0), abs=1.5)
    # On to the second person, who keeps the middle at any zoom, and is looked for where it should be.
    page.press(Keys.HOME, "l", "z", "+")
    seen = off_center(page, SECOND)
    for _ in range(2):
        page.press(Keys.ARROW_RIGHT)
        seen |= off_center(page, SECOND)
    assert seen == pytest.approx(dict.fromkeys(SECOND, 0), abs=1.5)
    page.press(Keys.ESCAPE, Keys.HOME)
    page.wait("document.querySelector('#panes img').dataset.rendition === 'large'")
    fits = zoom(page)
    assert fits.startswith("fit, ")
    for _ in range(2):  # one file is stored on its side
        page.press(Keys.ARROW_RIGHT)
        page.wait("document.querySelector('#panes img').dataset.rendition === 'large'")
        assert zoom(page) == fits


def test_a_series_without_faces_says_so(page: Browser) -> None:
    page.press(Keys.ARROW_DOWN)
    page.wait("document.getElementById('title').textContent.startsWith('things')")
    page.press("f")
    assert (
        page.run("return document.getElementById('facing').textContent")
        == "No face was found in this series.Close"
    )
    page.press(Keys.ESCAPE)
    page.press("l")
    assert zoom(page).endswith("· No face was found in this photo.")
    page.press(Keys.ARROW_RIGHT)
    page.wait("!document.getElementById('zoom').textContent.includes('face')")
