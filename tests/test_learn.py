"""Learning from folders of simulated bursts and from made-up people."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from phototriage import RankOptions, rank_folder
from phototriage.choices import ChoiceStore, Context, Manner, Mark, Marking, PhotoIdentity
from phototriage.errors import LabelError, OptionError
from phototriage.learn import LearnOptions, learn_from
from phototriage.personal.gate import gate_series
from phototriage.rank import Ranking
from phototriage.ranker import load_default_ranker
from phototriage.simulation import write_bursts


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RankOptions]:
    """48 small bursts, measured."""
    folder = tmp_path_factory.mktemp("learn")
    write_bursts(folder / "bursts", series=48, seed=5, width=120, height=80)
    options = RankOptions(
        cache_dir=folder / "cache", choices_dir=folder / "none", personal_dir=folder / "none"
    )
    return folder / "bursts" / "photos", options


@pytest.fixture
def options(shoot: tuple[Path, RankOptions], tmp_path: Path) -> LearnOptions:
    return LearnOptions(
        rank=replace(shoot[1], choices_dir=tmp_path / "choices", personal_dir=tmp_path / "personal")
    )


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


def test_who_likes_dark_photos_gets_a_ranker_that_does(
    shoot: tuple[Path, RankOptions], options: LearnOptions
) -> None:
    folder, rank = shoot
    ranking = rank_folder(folder, rank)
    liked = darkness(ranking)
    pick(ranking, Path(options.rank.choices_dir), liked)
    learned = learn_from([folder], options)
    assert learned.series == sum(each.kind == "series" for each in ranking.series)
    assert learned.gate.is_open
    assert learned.gate.personal > learned.gate.default
    own = learned.ranker.scores(ranking.features)
    before = load_default_ranker().scores(ranking.features)
    dark = np.array([liked[photo] for photo in ranking.features.photos])
    assert np.corrcoef(own, dark)[0, 1] > np.corrcoef(before, dark)[0, 1]
    # All that was decided counts as seen, so that `evaluate` leaves it out.
    photos = [each.photo for series in ranking.series if series.kind == "series" for each in series.photos]
    assert learned.ranker.has_seen(photos, ranking.features).all()


def test_a_moved_folder_has_the_same_judges(
    shoot: tuple[Path, RankOptions], options: LearnOptions, tmp_path: Path
) -> None:
    folder, rank = shoot
    ranking = rank_folder(folder, rank)
    pick(ranking, Path(options.rank.choices_dir), darkness(ranking))
    moved = tmp_path / "elsewhere"
    moved.symlink_to(folder)
    assert learn_from([moved], options).gate == learn_from([folder], options).gate


def test_copies_of_a_series_in_two_folders_count_once(
    shoot: tuple[Path, RankOptions], options: LearnOptions, tmp_path: Path
) -> None:
    folder, rank = shoot
    ranking = rank_folder(folder, rank)
    pick(ranking, Path(options.rank.choices_dir), darkness(ranking))
    copy = tmp_path / "copy"
    copy.symlink_to(folder)
    once, twice = learn_from([folder], options), learn_from([folder, copy], options)
    assert (twice.series, twice.pairs, twice.gate) == (once.series, once.pairs, once.gate)


def test_what_the_own_ranker_suggested_does_not_judge_it(
    shoot: tuple[Path, RankOptions], options: LearnOptions
) -> None:
    folder, rank = shoot
    ranking = rank_folder(folder, rank)
    pick(ranking, Path(options.rank.choices_dir), darkness(ranking), ranker="personal 0")
    learned = learn_from([folder], options)
    assert learned.gate.series == 0
    assert not learned.gate.is_open


def test_who_decided_nothing_is_told_what_to_do(
    shoot: tuple[Path, RankOptions], options: LearnOptions
) -> None:
    with pytest.raises(LabelError, match="pick photos in phototriage review"):
        learn_from([shoot[0]], options)


@pytest.mark.parametrize("source", ["lightroom", "marks.txt", "missing.lrcat"])
def test_sources_that_are_none(source: str) -> None:
    with pytest.raises(OptionError, match=f"from .*{source}"):
        LearnOptions(sources=[source])


def test_a_fourth_of_the_series_is_kept(shoot: tuple[Path, RankOptions], options: LearnOptions) -> None:
    folder, rank = shoot
    ranking = rank_folder(folder, rank)
    pick(ranking, Path(options.rank.choices_dir), darkness(ranking))
    hash_of = ranking.features.content_hash_of
    names = [
        min(hash_of[one.photo] for one in each.photos) for each in ranking.series if each.kind == "series"
    ]
    assert learn_from([folder], options).gate.series == gate_series(names).sum()
