"""How long the page of 1,000 series takes to make and to use.

python benchmarks/report_page.py

Makes the page of 1,000 series of 4 photos of 800 × 533 pixels (those of 60 drawn bursts, again and again),
once from the photos and once from kept thumbnails, and opens it in headless Chromium, which draws without a
GPU: when it shows something and when all is there, how even its frames come while it scrolls by 120 pixels
a frame (7,200 a second at 60 frames), and how long a filter takes. Needs chromium and chromedriver; some
minutes.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from phototriage.outputs.report import report_html
from phototriage.photos import content_hash
from phototriage.series import RankedPhoto, RankedSeries, Reason
from phototriage.series.verdict import Verdict
from phototriage.simulation import write_bursts

SERIES, TAKES, FRAMES = 1000, 4, 600

SCROLL = """
const done = arguments[0], times = [];
let last = performance.now();
requestAnimationFrame(function frame() {
  const now = performance.now();
  times.push(now - last);
  last = now;
  scrollBy(0, 120);
  if (times.length < %d) requestAnimationFrame(frame);
  else done(times.sort((a, b) => a - b));
});
"""
FILTER = """
const start = performance.now();
document.querySelector("[name=certainty][value=close]").click();
document.body.offsetHeight;
return performance.now() - start;
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_bursts(folder / "bursts", 60, seed=0)
        drawn = sorted((folder / "bursts" / "photos").rglob("*.jpg"))
        ranked = [a_series(folder / "photos", number, drawn) for number in range(SERIES)]
        hashes = {
            each.photo: content_hash((folder / "photos" / each.photo).read_bytes())
            for series in ranked
            for each in series.photos
        }
        page = folder / "report.html"

        def make() -> None:
            report_html(
                folder / "photos", ranked, [], page, cache_dir=folder / "cache", content_hashes=hashes
            )

        print(f"page of {len(hashes):,} photos made in {seconds_of(make):.1f} s")
        print(f"  again, from kept thumbnails, in {seconds_of(make):.1f} s")
        print(f"  {page.stat().st_size / 1e6:.1f} MB")
        use(page)


def a_series(folder: Path, number: int, drawn: list[Path]) -> RankedSeries:
    name = f"series-{number:04d}"
    (folder / name).mkdir(parents=True)
    photos = []
    for take in range(TAKES):
        photo = f"{name}/IMG_{number * TAKES + take:05d}.jpg"
        (folder / photo).hardlink_to(drawn[(number * TAKES + take) % len(drawn)])
        verdict: Verdict = "pick" if take == 0 else "close" if take == 1 and number % 5 == 0 else "rest"
        reasons = (
            Reason("sharper", "sharpness", 0.83, 0.61, 0.7),
            Reason("highlights clipped", "clipped", 0.2, 0.1, None),
        )
        photos.append(RankedPhoto(photo, (photo,), take + 1, -take, 0.4 - 0.1 * take, verdict, reasons))
    return RankedSeries(name, "series", None, tuple(photos))


def use(page: Path) -> None:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and driver):
        raise SystemExit("needs chromium and chromedriver")
    options = ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    chrome = Chrome(options, ChromeService(driver))
    try:
        chrome.get(page.as_uri())
        paint = chrome.execute_script("return performance.getEntriesByType('paint')[0].startTime")
        load = chrome.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")
        elements = chrome.execute_script("return document.querySelectorAll('*').length")
        print(f"  first paint after {paint:.0f} ms, all there after {load:.0f} ms, {elements:,} elements")
        frames = chrome.execute_async_script(SCROLL % FRAMES)
        median, slow = frames[FRAMES // 2], frames[FRAMES * 95 // 100]
        print(f"  while scrolling a frame takes {median:.0f} ms (median), {slow:.0f} ms (95th percentile)")
        print(f"  a filter takes {chrome.execute_script(FILTER):.0f} ms")
    finally:
        chrome.quit()


def seconds_of(do: Callable[[], None]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
