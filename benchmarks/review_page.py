"""How fast the review page is, in headless Chromium.

python benchmarks/review_page.py FULLSIZE_FOLDER [--photos 10000] [--series 2000]

Measures, after the photos were measured once: how long a folder of many small photos takes from the start
of the program to the first series on the page; how long the next series of photos of 24 megapixels takes, by
keys, until it is there to be looked at and until its large view is, for a person who goes on at once and for
one who looks for a while, in which the server renders ahead; frames while panning at 1:1; a cull of 30 series
by a person who looks at each for no time at all; the memory of the page after many series, of small photos
and of photos of 24 megapixels. Needs chromium and chromedriver.
"""

import argparse
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from guide_pictures import browser, review

_AT_ONCE = 20
"""Steps in one script, which may take 100 s."""
_SERVER = b"phototriage\0review\0"
_MARKS = (50, 100, 200, 400, 700, 1000, 1500)
"""Numbers of series after which memory is read."""

SHOWN = "document.querySelector('.pane img')?.dataset.rendition"
TITLE = "document.getElementById('title').textContent"
STOPWATCH = """
window.began = 0;
window.ended = {};
addEventListener('keydown', () => { window.began = performance.now(); }, {once: true, capture: true});
window.watching?.abort();
window.watching = new AbortController();
document.getElementById('panes').addEventListener(
  'arrived', ({detail}) => { window.ended[detail] ??= performance.now(); }, {signal: watching.signal});
"""
STEPPING = """
const [steps, key, done] = arguments;
const title = document.getElementById('title');
let left = steps, shown = '';
function step() {
  if (left === 0) return done(title.textContent);
  left -= 1;
  shown = title.textContent;
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code: key, bubbles: true}));
  // What a person looks at before they go on.
  const look = () => {
    const large = document.querySelector('.pane img')?.dataset.rendition === 'large';
    if (large && title.textContent !== shown) step();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
step();
"""
RENDERER = """
const gl = document.createElement('canvas').getContext('webgl');
return gl
  ? gl.getParameter(gl.getExtension('WEBGL_debug_renderer_info').UNMASKED_RENDERER_WEBGL) : 'no WebGL';
"""
PANNING = """
const done = arguments[0], frames = [], started = performance.now();
const panes = document.getElementById('panes'), box = panes.querySelector('.view').getBoundingClientRect();
const event = (type, x) => new PointerEvent(type, {
  pointerId: 1, button: 0, bubbles: true, clientX: box.left + x, clientY: box.top + 200});
const view = panes.querySelector('.view');
view.setPointerCapture = () => {};
view.dispatchEvent(event('pointerdown', 500));
let last = started;
function frame(now) {
  frames.push(now - last);
  last = now;
  view.dispatchEvent(event('pointermove', 500 + 300 * Math.sin(now / 300)));
  if (now - started < 3000) requestAnimationFrame(frame);
  else { view.dispatchEvent(event('pointerup', 500)); done(frames.slice(1)); }
}
requestAnimationFrame(frame);
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("fullsize", type=Path)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--series", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        write_small(place / "many", arguments.photos, 5)
        write_large(arguments.fullsize, place / "large")
        with browser() as chrome:
            chrome.set_window_size(1400, 900)
            for folder in ("many", "large"):
                with review(place, folder, "--by_folder") as address:  # measures
                    enter(chrome, address, 3600)
            opening(chrome, place, arguments.photos)
            culling(chrome, place)
            following(chrome, place)
            panning(chrome, place)
        for folder, keys in (("many", [Keys.ARROW_DOWN]), ("large", [Keys.ARROW_DOWN, Keys.ARROW_UP])):
            with browser() as chrome:  # a fresh one, which holds nothing of other pages
                memory(chrome, place, folder, keys, arguments.series)


def write_small(folder: Path, count: int, in_series: int) -> None:
    for number in range(count):
        path = folder / f"{number // in_series:05d}" / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number // in_series).integers(0, 256, (8, 12, 3), np.uint8)
        pixels = cv2.resize(pixels, (120, 80), interpolation=cv2.INTER_CUBIC)
        Image.fromarray(np.roll(pixels, number % in_series, axis=1)).save(path, quality=90)


def write_large(fullsize: Path, folder: Path) -> None:
    """Series of three photos of 24 megapixels."""
    for path in sorted(fullsize.glob("*.jpg"))[:12]:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB").resize((6000, 4000)))
        (folder / path.stem).mkdir(parents=True)
        for take in range(3):
            moved = np.roll(pixels, 40 * take, axis=1)
            Image.fromarray(moved).save(folder / path.stem / f"{take}.jpg", quality=90)


def enter(chrome: Chrome, address: str, seconds: float = 60) -> None:
    chrome.get(address)
    wait(chrome, "document.getElementById('strip')?.children.length > 0", seconds)


def wait(chrome: Chrome, condition: str, seconds: float = 30) -> None:
    WebDriverWait(chrome, seconds, 0.005).until(lambda _: chrome.execute_script(f"return {condition}"))


def press(chrome: Chrome, *keys: str) -> None:
    ActionChains(chrome, duration=0).send_keys(*keys).perform()


def opening(chrome: Chrome, place: Path, photos: int) -> None:
    started = time.perf_counter()
    with review(place, "many", "--by_folder") as address:
        served = time.perf_counter() - started
        chrome.get(address)
        wait(chrome, "document.getElementById('review')?.hidden === false", 600)
        ready = time.perf_counter() - started
        entry = "performance.getEntriesByName(performance.getEntriesByType('resource').find(each => "
        entry += "each.name.endsWith('api/session')).name)[0]"
        asked = chrome.execute_script(f"return {entry}.requestStart") / 1000
        wait(chrome, f"{SHOWN} === 'large'")
        shown = chrome.execute_script("return performance.now()") / 1000 - asked
        print(
            f"{photos:,} photos, measured before: address after {served:.1f} s, page ready {ready:.1f} s "
            f"after the start of the program; from the request for the session to the first large view "
            f"{shown:.2f} s"
        )


def culling(chrome: Chrome, place: Path) -> None:
    with review(place, "many", "--by_folder") as address:
        enter(chrome, address)
        started = time.perf_counter()
        for _ in range(30):
            before = chrome.execute_script(f"return {TITLE}")
            press(chrome, Keys.ENTER)
            wait(chrome, f"{TITLE} !== {before!r} && {SHOWN} === 'large'")
        seconds = (time.perf_counter() - started) / 30
        print(f"30 series by Enter, each until its first large view: {seconds:.2f} s a series")


def following(chrome: Chrome, place: Path) -> None:
    for sight, pause in (("preview", 0.0), ("large", 0.0), ("large", 2.5)):
        shutil.rmtree(place / "phototriage" / "renditions")
        with review(place, "large", "--by_folder") as address:
            enter(chrome, address)
            wait(chrome, f"{SHOWN} === 'large'")
            seconds = []
            for _ in range(11):
                time.sleep(pause)
                chrome.execute_script(STOPWATCH)
                press(chrome, Keys.ARROW_DOWN)
                wait(chrome, f"window.ended.{sight} > window.began || window.ended.large > window.began")
                seconds.append(
                    chrome.execute_script(
                        "return [Math.min(...Object.values(window.ended)), window.ended.large ?? 0]"
                        ".map(each => each - window.began)"
                    )
                )
            median, most = np.quantile(seconds, (0.5, 0.95), axis=0)
            large = f"; large view {median[1]:.0f}, {most[1]:.0f} ms" if sight == "large" else ""
            print(
                f"next series of 24 megapixels, {pause:g} s after the {sight} view of the one before: there "
                f"after {median[0]:.0f} ms (median), {most[0]:.0f} ms (95 %){large}"
            )


def panning(chrome: Chrome, place: Path) -> None:
    with review(place, "large", "--by_folder") as address:
        enter(chrome, address)
        wait(chrome, f"{SHOWN} === 'large'")
        press(chrome, "z")
        wait(chrome, f"{SHOWN} === 'full'")
        time.sleep(1)
        frames = np.array(chrome.execute_async_script(PANNING))
        late, renderer = 100 * (frames > 33.4).mean(), chrome.execute_script(RENDERER)
        print(
            f"panning at 24 megapixels: {late:.0f} % of {len(frames)} frames over 33 ms, median "
            f"{np.median(frames):.0f} ms ({renderer})"
        )


def memory(chrome: Chrome, place: Path, folder: str, keys: list[str], series: int) -> None:
    """After `series` steps from one series to the next, each until its large view; to and fro by `keys`."""
    names = {Keys.ARROW_DOWN: "ArrowDown", Keys.ARROW_UP: "ArrowUp"}
    chrome.set_script_timeout(100)
    with review(place, folder, "--by_folder") as address:
        enter(chrome, address)
        chrome.execute_script("document.getElementById('filter').value = 'all'")
        chrome.execute_script("document.getElementById('filter').dispatchEvent(new Event('change'))")
        wait(chrome, f"{SHOWN} === 'large'")
        count = chrome.execute_script("return document.querySelectorAll('#list button').length")
        last = series if len(keys) > 1 else min(series, count - 1)
        print(f"{folder}: {held()} at the start")
        done, started = 0, time.perf_counter()
        for mark in (*(each for each in _MARKS if each < last), last):
            while done < mark:
                way = done % (count - 1)
                steps = min(_AT_ONCE, count - 1 - way, mark - done)
                key = keys[done // (count - 1) % len(keys)]
                chrome.execute_async_script(STEPPING, steps, names[key])
                done += steps
            print(
                f"{folder}: {held()} after {done:,} series, {time.perf_counter() - started:.0f} s",
                flush=True,
            )
        # As where another program needs memory: what the browser only keeps in case it is wanted again goes.
        chrome.execute_cdp_cmd("HeapProfiler.enable", {})
        chrome.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        chrome.execute_cdp_cmd("Memory.simulatePressureNotification", {"level": "critical"})
        time.sleep(1)
        print(f"{folder}: {held()} once memory is short")


def held() -> str:
    """What the processes of the page and of its server hold, in words."""
    page, screen, server = map(megabytes, (b"--type=renderer", b"--type=gpu-process", _SERVER))
    return f"page {page} MB, what draws it {screen} MB, server {server} MB"


def megabytes(command: bytes) -> int:
    """Of the largest process with that in its command line: its memory, shared parts divided."""
    sizes = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if command in line.read_bytes():
                text = (line.parent / "smaps_rollup").read_text()
                sizes.append(int(text[text.index("Pss:") :].split()[1]) // 1024)
    return max(sizes, default=0)


if __name__ == "__main__":
    main()
