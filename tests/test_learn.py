"""Learning from folders of simulated bursts and from made-up people."""

from collections.abc import Mapping
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from phototriage import RankOptions, rank_folder
from phototriage.choices import ChoiceStore, Context, Manner, Mark, Marking, PhotoIdentity
from phototriage.errors import LabelError, OptionError
from phototriage.learn import LearnOptions, learn_from
from phototriage.personal.gate import gate_series
from phototriage.personal.learned import Learned
from phototriage.rank import Ranking
from phototriage.ranker import load_default_ranker
from phototriage.simulation import write_bursts
from phototriage.simulation.scenes import draw_scene


def pick(
    ranking: Ranking,
    choices_dir: Path,
    liked: Mapping[str, float],
    *,
    ranker: str = "default 0",
    manner: Manner = "against",
) -> None:
    """Picks the photo of each series that is liked best."""
    features = ranking.features
    hashes, captures = features.content_hashes or (), features.captures or ()
    identities = [
        PhotoIdentity.of(photo, digest, 0, capture)
        for photo, digest, capture in zip(features.photos, hashes, captures, strict=True)
    ]
    with ChoiceStore(choices_dir) as store:
        numbers = dict(zip(features.photos, store.register(identities), strict=True))
        for series in ranking.series:
            shown = [each.photo for each in series.photos]
            if series.kind == "series":
                best = max(shown, key=liked.__getitem__)
                context = Context(
                    tuple(map(numbers.__getitem__, shown)), (numbers[shown[0]],), ranker, manner
                )
                store.append(Marking((Mark(numbers[best], "pick"),), context))


def darkness(ranking: Ranking) -> dict[str, float]:
    """Photo → how dark it is."""
    features = ranking.features
    column = [f"{block.name}.{name}" for block in features.blocks for name in block.columns]
    brightness = features.matrix[:, column.index("iqa_plus.brightness")]
    return dict(zip(features.photos, (-brightness).tolist(), strict=True))


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ranking, LearnOptions]:
    """48 small bursts, ranked, of which nothing is decided."""
    folder = tmp_path_factory.mktemp("learn")
    scenes = [draw_scene(seed, 120, 80) for seed in range(6)]
    write_bursts(folder / "bursts", series=48, seed=5, scenes=scenes)
    options = RankOptions(
        cache_dir=folder / "cache", choices_dir=folder / "choices", personal_dir=folder / "personal"
    )
    return rank_folder(folder / "bursts" / "photos", options), LearnOptions(rank=options)


@pytest.fixture(scope="module")
def dark(shoot: tuple[Ranking, LearnOptions], tmp_path_factory: pytest.TempPathFactory) -> LearnOptions:
    """Of somebody who picked the darkest photo of every series."""
    ranking, options = shoot
    choices_dir = tmp_path_factory.mktemp("dark")
    pick(ranking, choices_dir, darkness(ranking))
    return replace(options, rank=replace(options.rank, choices_dir=choices_dir))


@pytest.fixture(scope="module")
def learned(shoot: tuple[Ranking, LearnOptions], dark: LearnOptions) -> Learned:
    return learn_from([shoot[0].folder], dark)


def test_who_likes_dark_photos_gets_a_ranker_that_does(
    shoot: tuple[Ranking, LearnOptions], learned: Learned
) -> None:
    ranking = shoot[0]
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
    shoot: tuple[Ranking, LearnOptions], dark: LearnOptions, learned: Learned, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    moved.symlink_to(shoot[0].folder)
    twice = learn_from([moved, shoot[0].folder], dark)
    assert (twice.series, twice.pairs, twice.gate.series) == (
        learned.series,
        learned.pairs,
        learned.gate.series,
    )
    assert astuple(twice.gate)[1:7] == pytest.approx(astuple(learned.gate)[1:7])


def test_what_the_own_ranker_suggested_does_not_judge_it(
    shoot: tuple[Ranking, LearnOptions], tmp_path: Path
) -> None:
    ranking, options = shoot
    pick(ranking, tmp_path, darkness(ranking), ranker="personal 0")
    options = replace(options, rank=replace(options.rank, choices_dir=tmp_path))
    learned = learn_from([ranking.folder], options)
    assert learned.gate.series == 0
    assert not learned.gate.is_open


def test_who_decided_nothing_is_told_what_to_do(shoot: tuple[Ranking, LearnOptions]) -> None:
    with pytest.raises(LabelError, match="pick photos in phototriage review"):
        learn_from([shoot[0].folder], shoot[1])


@pytest.mark.parametrize("source", ["lightroom", "marks.txt", "missing.lrcat"])
def test_sources_that_are_none(source: str) -> None:
    with pytest.raises(OptionError, match=f"from .*{source}"):
        LearnOptions(sources=[source])
