"""Links between the pages lead somewhere."""

import re
from pathlib import Path

import pytest
from tests.docs.pages import PAGES, ROOT, page_name, prose

LARGEST_PICTURE = 250_000  # bytes


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub names them in links."""
    headings = re.findall(r"^#+ +(.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_picture_is_shown_and_small() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    pictures = set((ROOT / "docs/pictures").iterdir())
    assert pictures <= shown
    assert all(picture.stat().st_size <= LARGEST_PICTURE for picture in pictures)


def test_every_page_can_be_reached() -> None:
    reached, new = set[Path](), {ROOT / "README.md"}
    while new:
        reached |= new
        new = {(page.parent / link.partition("#")[0]).resolve() for page in new for link in links(page)}
        new = {page for page in new if page.suffix == ".md" and page.exists()} - reached
    assert set(PAGES) <= reached
