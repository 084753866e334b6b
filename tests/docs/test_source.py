"""docs/source.md names every package that there is, and nothing that there is not."""

import re

from tests.docs.pages import ROOT, blocks

SOURCE = ROOT / "src" / "phototriage"
PAGE = ROOT / "docs" / "source.md"


def test_the_tree_is_that_of_the_source() -> None:
    tree = blocks(PAGE, "")[-1].partition("benchmarks/")[0].partition("src/phototriage/\n")[2]
    told = set(re.findall(r"(?:^|\s)(\w+)/", tree))
    packages = {path.parent.name for path in SOURCE.rglob("__init__.py")} - {"phototriage"}
    assert packages | {"presets"} == told | {"subjects"}
    for module in re.findall(r"(\w+\.py)", tree):
        assert list(SOURCE.rglob(module)), module
