"""What the review page says where something went wrong: in one line, where the person looks."""

from pathlib import Path

import pytest
from selenium.webdriver import Keys
from tests.web.browser import Browser
from tests.web.review_by_keys import enter, hold, press, text
from tests.web.review_server import SERIES, Review

SEEN = "document.querySelectorAll('#comparing .pane [data-rendition]').length === 2"
ANSWERS = """
const asked = window.fetch, [path, answer] = arguments;
window.fetch = (url, options) =>
  url.startsWith(`api/${path}`) ? answer(asked, url, options) : asked(url, options);
"""


def answers(browser: Browser, path: str, answer: str) -> None:
    """Puts a function in place of what the server answers to a path."""
    browser.run(f"((...args) => {{ (function () {{ {ANSWERS} }}).apply(null, args); }})({path!r}, {answer})")


def blind_answers(browser: Browser) -> int:
    session = browser.driver.execute_async_script(
        "const [done] = arguments; fetch('api/session').then(answer => answer.json()).then(done)"
    )
    return int(session["state"]["counts"]["blind"])


def test_no_pair_is_answered_before_it_is_seen(review: Review, browser: Browser) -> None:
    enter(browser, review)
    late = "(asked, url, options) => new Promise(later => { window.go = () => later(asked(url, options)); })"
    browser.press("b")
    browser.wait(SEEN)
    browser.press(Keys.ESCAPE)
    answers(browser, "blind/draw", late)
    browser.press("b", Keys.ARROW_LEFT)
    assert browser.run("return document.querySelectorAll('#comparing .pane').length") == 0
    browser.press(Keys.ESCAPE)
    browser.run("window.go()")  # the answer to a dialog that was closed
    browser.press("b", Keys.ARROW_RIGHT)
    browser.run("window.go()")
    browser.wait(SEEN)
    assert blind_answers(browser) == 0
    browser.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    browser.wait("typeof window.go === 'function'")
    browser.wait("document.getElementById('undo').title.includes('blind')")
    assert blind_answers(browser) == 1


def test_a_blind_comparison_says_that_nobody_answers(review: Review, browser: Browser) -> None:
    enter(browser, review)
    browser.press("b")
    browser.wait(SEEN)
    review.kill()
    browser.press(Keys.ARROW_LEFT)
    browser.wait("document.querySelector('#comparing [role=status]').textContent.includes('does not answer')")
    browser.press(Keys.ESCAPE, "b")
    browser.wait("document.querySelector('#comparing [role=status]').textContent.includes('does not answer')")
    messages = [entry["message"] for entry in browser.driver.get_log("browser")]
    assert not [message for message in messages if "Uncaught" in message]


@pytest.mark.parametrize("began", [True, False])
def test_measuring_says_that_nobody_answers(review: Review, browser: Browser, began: bool) -> None:
    begun = "new Response(JSON.stringify({stage: 'measuring', done: 0, total: 46, notes: [], error: ''}))"
    script = (
        f"let asked = {0 if began else 1}; const before = fetch; window.fetch = (url, options) => "
        "url === 'api/progress' ? asked++ ? Promise.reject(new TypeError('gone')) : "
        f"Promise.resolve({begun}) : before(url, options);"
    )
    added = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    try:
        browser.driver.get(review.address)
        browser.wait("document.getElementById('measuring-count')?.textContent.includes('does not answer')")
        assert browser.run("return document.getElementById('measuring-count').checkVisibility()")
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


@pytest.mark.parametrize(("status", "body"), [(500, "Internal Server Error"), (200, "<html>")])
def test_an_answer_that_is_not_json_is_one_line(
    review: Review, browser: Browser, status: int, body: str
) -> None:
    enter(browser, review)
    answers(browser, "none", f"() => Promise.resolve(new Response({body!r}, {{status: {status}}}))")
    browser.press("n")
    browser.wait(f"document.getElementById('state').textContent.includes('failed (status {status})')")


def test_undo_names_what_it_takes_back_whoever_decided_it(review: Review, browser: Browser) -> None:
    enter(browser, review)
    press(browser, "n")
    # Another window decides about the last series; this one does not get the focus meanwhile.
    name = browser.driver.execute_async_script(
        "const [done] = arguments; (async () => {"
        "const {series} = await (await fetch('api/session')).json();"
        "const {id, name, photos} = series.at(-1);"
        "await fetch('api/mark', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        "body: JSON.stringify({since: 0, series: id, shown: photos,"
        "marks: [{photo: photos[1], flag: 'reject'}]})}); done(name); })()"
    )
    assert browser.run("return document.getElementById('undo').title") == "Undo: none of 3"
    hold(browser, Keys.CONTROL, "z")
    browser.wait("document.getElementById('said').textContent.startsWith('Undo: reject ')")
    assert name in text(browser, "said")
    browser.wait(f"document.getElementById('title').textContent.startsWith({name!r})")
    hold(browser, Keys.CONTROL, "y")
    browser.wait("document.getElementById('said').textContent.startsWith('Redo: reject ')")
    assert text(browser, "counts").startswith(f"{SERIES - 1} of")


def test_suggested_photos_are_marked_in_the_filmstrip(review: Review, browser: Browser) -> None:
    enter(browser, review)
    browser.run("document.getElementById('advance').click()")
    press(browser, Keys.ARROW_RIGHT, "p")
    frames = "[...document.querySelectorAll('#strip button')].map(each => getComputedStyle(each, '::after'))"
    assert browser.run(f"return {frames}.map(each => each.content !== 'none' && each.position)") == [
        "absolute",  # over the photo
        False,
        False,
    ]
    flags = "[...document.querySelectorAll('#strip button')].map(each => each.classList.contains('pick'))"
    assert browser.run(f"return {flags}") == [False, True, False]


def test_the_suggestion_moves_on_from_what_is_rejected(review: Review, browser: Browser) -> None:
    enter(browser, review)
    browser.run("document.getElementById('advance').click()")
    verdicts = "[...document.querySelectorAll('#strip button')].map(each => each.dataset.verdict)"
    assert browser.run(f"return {verdicts}")[0] == "pick"
    press(browser, "x")
    assert browser.run(f"return {verdicts}")[:2] == ["rest", "pick"]
    assert browser.run("return document.querySelector('#about .verdict').textContent") == "not suggested"
    press(browser, Keys.ARROW_RIGHT)
    assert "suggested pick" in browser.run("return document.querySelector('#about .verdict').textContent")
    hold(browser, Keys.CONTROL, "z")
    browser.wait(f"{verdicts}[0] === 'pick'")


def test_photos_that_could_not_be_read_are_listed(browser: Browser, shoot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for photo in (shoot / "00").iterdir():
        (folder / photo.name).hardlink_to(photo)
    (folder / "<b>.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "empty.jpg").write_bytes(b"")
    running = Review(folder, tmp_path)
    try:
        enter(browser, running)
        assert text(browser, "show-left-out") == "2 photos could not be read"
        browser.run("document.getElementById('show-left-out').click()")
        listed = browser.run(
            "return [...document.querySelectorAll('#left-out li')].map(each => each.textContent)"
        )
        assert [each.partition(": ")[0] for each in listed] == ["<b>.jpg", "empty.jpg"]
        assert "empty" in listed[1].partition(": ")[2]
        browser.press("p", Keys.ESCAPE)  # decides nothing meanwhile
        assert browser.run("return document.getElementById('undo').disabled")
        browser.driver.get("about:blank")  # else it would ask for pictures of a server that has ended
    finally:
        running.kill()
