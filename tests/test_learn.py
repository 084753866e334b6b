"""Learning from folders of simulated bursts and from made-up people."""

from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
from tests.picking import darkness, pick

from phototriage.errors import LabelError, OptionError
from phototriage.learn import LearnOptions, learn_from
from phototriage.personal.gate import gate_series
from phototriage.personal.learned import Learned
from phototriage.rank import Ranking
from phototriage.ranker import load_default_ranker


@pytest.fixture(scope="module")
def dark(bursts: tuple[Ranking, LearnOptions], tmp_path_factory: pytest.TempPathFactory) -> LearnOptions:
    """Of somebody who picked the darkest photo of every series."""
    ranking, options = bursts
    choices_dir = tmp_path_factory.mktemp("dark")
    pick(ranking, choices_dir, darkness(ranking))
    return replace(options, rank=replace(options.rank, choices_dir=choices_dir))


@pytest.fixture(scope="module")
def learned(bursts: tuple[Ranking, LearnOptions], dark: LearnOptions) -> Learned:
    return learn_from([bursts[0].folder], dark)


def test_who_likes_dark_photos_gets_a_ranker_that_does(
    bursts: tuple[Ranking, LearnOptions], learned: Learned
) -> None:
    ranking = bursts[0]
    series = [each for each in ranking.series if each.kind == "series"]
    assert learned.series == len(series)
    assert learned.gate.is_open
    assert learned.gate.personal > learned.gate.default
    own = learned.ranker.scores(ranking.features)
    before = load_default_ranker().scores(ranking.features)
    dark = np.array(list(darkness(ranking).values()))
    assert np.corrcoef(own, dark)[0, 1] > np.corrcoef(before, dark)[0, 1]
    # All that was decided counts as seen, so that `evaluate` leaves it out.
    photos = [each.photo for one in series for each in one.photos]
    assert learned.ranker.has_seen(photos, ranking.features).all()
    hash_of = ranking.features.content_hash_of
    names = [min(hash_of[each.photo] for each in one.photos) for one in series]
    assert learned.gate.series == gate_series(names).sum()


def test_a_moved_folder_and_copies_count_as_the_same_series(
    bursts: tuple[Ranking, LearnOptions], dark: LearnOptions, learned: Learned, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    moved.symlink_to(bursts[0].folder)
    twice = learn_from([moved, bursts[0].folder], dark)
    assert (twice.series, twice.pairs, twice.gate.series) == (
        learned.series,
        learned.pairs,
        learned.gate.series,
    )
    assert astuple(twice.gate)[1:7] == pytest.approx(astuple(learned.gate)[1:7])
    # `evaluate` knows photos by their path below one folder, whichever folders taught.
    features = replace(bursts[0].features, content_hashes=None)
    assert (twice.ranker.has_seen(features.photos, features)).sum() == learned.ranker.has_seen(
        features.photos, features
    ).sum()


def test_what_the_own_ranker_suggested_does_not_judge_it(
    bursts: tuple[Ranking, LearnOptions], tmp_path: Path
) -> None:
    ranking, options = bursts
    pick(ranking, tmp_path, darkness(ranking), ranker="personal 0")
    options = replace(options, rank=replace(options.rank, choices_dir=tmp_path))
    learned = learn_from([ranking.folder], options)
    assert learned.gate.series == 0
    assert not learned.gate.is_open


def test_who_decided_nothing_is_told_what_to_do(bursts: tuple[Ranking, LearnOptions]) -> None:
    notes: list[str] = []
    with pytest.raises(LabelError, match="pick photos in phototriage review") as told:
        learn_from([bursts[0].folder], bursts[1], on_note=notes.append)
    assert "ratings" not in str(told.value)
    assert notes[-1] == "no series was decided"
    assert any("0 decisions" in note for note in notes)


@pytest.mark.parametrize("source", ["lightroom", "marks.txt", "missing.lrcat"])
def test_sources_that_are_none(source: str) -> None:
    with pytest.raises(OptionError, match=f"from .*{source}"):
        LearnOptions(sources=[source])
