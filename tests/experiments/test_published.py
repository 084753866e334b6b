import re
from pathlib import Path

from phototriage.experiments.published import PUBLISHED


def test_every_figure_says_what_it_was_counted_on_and_who_says_so() -> None:
    names = [figure.scorer for figure in PUBLISHED]
    assert len(set(names)) == len(names)
    for figure in PUBLISHED:
        assert figure.judged_on
        assert figure.source
        assert all(share is None or 45 <= share <= 95 for share in (figure.all_pairs, figure.clear))
        assert (figure.clear is None) == ("FGAesthetics" in figure.judged_on)
        assert figure.clear or figure.all_pairs


def test_they_are_those_handed_on_with_the_labels(shared: Path) -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in (shared / "phototriage" / "README.md").read_text().splitlines()
        if re.match(r"\| [^|]+\|[ \d.]*\|[ ≈\d.]+\|$", line)
    ]
    handed_on = {
        tuple(float(cell.strip("≈ ")) if cell else None for cell in cells)
        for _, *cells in rows
        if cells[1]  # not the top-1 that chance has
    }
    assert len(rows) == 12
    # The SPSNet figure is told to two decimals by its abstract, as it is here.
    assert {(figure.all_pairs, figure.clear) for figure in PUBLISHED if figure.clear} == handed_on
