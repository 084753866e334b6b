"""docs/specification.md names tests that exist."""

import re

import pytest
from tests.docs.pages import ROOT

NAMED = re.findall(
    r"`(tests/[\w/]+\.py)(?:::(\w+))?` \|$", (ROOT / "docs/specification.md").read_text("utf-8"), re.M
)


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)))
def test_what_holds_a_line_exists(file: str, test: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    assert f"def {test or 'test_'}" in text


def test_every_line_is_held_by_a_test() -> None:
    lines = [
        line
        for line in (ROOT / "docs/specification.md").read_text("utf-8").splitlines()
        if line.startswith("|") and not set(line) <= set("|-") and not line.endswith("held by |")
    ]
    assert len(lines) == len(NAMED) > 25
