"""Folders of ranked photos."""

from collections.abc import Callable

import pytest
from tests.xmp.conftest import folder, meaning, written_by

from phototriage.series import RankedPhoto, RankedSeries, Verdict

__all__ = ["folder", "meaning", "ranked", "written_by"]


@pytest.fixture
def ranked() -> Callable[..., tuple[RankedSeries, ...]]:
    """One series of (verdict, files of the shot), with all that are close as alternatives."""

    def make(*shots: tuple[Verdict, tuple[str, ...]]) -> tuple[RankedSeries, ...]:
        photos = tuple(
            RankedPhoto(files[0], files, rank, -float(rank), 0.5, verdict, (), verdict == "close")
            for rank, (verdict, files) in enumerate(shots, start=1)
        )
        return (RankedSeries("1", "series", None, photos),)

    return make
