import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from phototriage import Ranking, RankOptions, rank, rank_folder
from phototriage.cli import main
from phototriage.errors import NoUsablePhotoError, OptionError, PhotoError
from phototriage.features import decoding_pool
from phototriage.personal.gate import Gate
from phototriage.personal.learned import Learned, keep_learned, load_learned, ranker_file
from phototriage.photos import Capture
from phototriage.ranker import load_default_ranker, load_embedded_ranker, save_ranker
from phototriage.series import Fetch, Series, Shot, group
from phototriage.series.full_size import detail_columns, detail_log_odds
from phototriage.simulation import write_bursts


@pytest.fixture(scope="module")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photos of four small bursts, a sub-folder each."""
    folder = tmp_path_factory.mktemp("rank") / "bursts"
    write_bursts(folder, series=4, seed=3, width=120, height=80)
    return folder / "photos"


@pytest.fixture
def burst(bursts: Path, tmp_path: Path) -> Path:
    """A copy of the first burst, to spoil."""
    folder = tmp_path / "photos"
    shutil.copytree(bursts / "burst-001", folder)
    return folder


@pytest.fixture
def ranked(tmp_path: Path) -> Callable[..., Ranking]:
    """Ranks a folder with a cache of its own."""
    return lambda folder, **options: rank_folder(folder, RankOptions(cache_dir=tmp_path / "cache", **options))


def test_it_gives_the_very_documents_of_the_command(
    bursts: Path, tmp_path: Path, ranked: Callable[..., Ranking]
) -> None:
    table, document = tmp_path / "r.csv", tmp_path / "r.json"
    command = ["rank", str(bursts), "--cache_dir", str(tmp_path / "cache"), "--keep", "2", "--quiet"]
    assert main([*command, "--csv", str(table), "--json", str(document)]) == 0
    ranking = ranked(bursts, keep=2)
    assert (ranking.to_csv(), ranking.to_json()) == (table.read_text(), document.read_text())
    assert json.loads(ranking.to_json()) == json.loads(json.dumps(ranking.document()))


def test_paths_may_be_text(bursts: Path, tmp_path: Path) -> None:
    model = tmp_path / "ranker.safetensors"
    save_ranker(load_embedded_ranker(), model)
    by_path = rank_folder(bursts, RankOptions(model=model, cache_dir=tmp_path / "one"))
    by_text = rank_folder(str(bursts), RankOptions(model=str(model), cache_dir=str(tmp_path / "two")))
    assert by_text.document() == by_path.document()
    assert by_text.model == str(model)


def test_photos_are_ranked_by_the_default_ranker(bursts: Path, ranked: Callable[..., Ranking]) -> None:
    ranking = ranked(bursts)
    assert (ranking.model, ranking.notes) == ("default", ())
    ranker = load_default_ranker()
    scores = dict(zip(ranking.features.photos, ranker.scores(ranking.features).tolist(), strict=True))
    for series in ranking.series:
        photos = [each.photo for each in series.photos]
        at_full_size = detail_log_odds(np.zeros(len(photos), np.intp), detail_columns(photos, ranking.detail))
        expected = np.array([scores[photo] for photo in photos]) + ranker.temperature * at_full_size
        assert [each.score for each in series.photos] == pytest.approx(expected, abs=1e-4)


def test_without_the_backbone_four_numbers_rank(
    bursts: Path, ranked: Callable[..., Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank, "find_spec", lambda name: None)
    ranking = ranked(bursts)
    assert ranking.model == "embedded"
    (note,) = ranking.notes
    assert note.startswith(
        "ranked by four numbers only, since the default ranker cannot be used: the package"
    )
    assert "lite" not in {block.name for block in ranking.features.blocks}


def test_the_features_of_every_ranked_photo_come_along(bursts: Path, ranked: Callable[..., Ranking]) -> None:
    ranking = ranked(bursts)
    photos = {each.photo for series in ranking.series for each in series.photos}
    assert set(ranking.features.photos) == photos == set(ranking.features.content_hash_of)
    assert ranking.features.captures is not None
    assert {(each.width, each.height) for each in ranking.features.captures} == {(120, 80)}


def spy_on_group(
    monkeypatch: pytest.MonkeyPatch, on_group: Callable[[list[Shot], Fetch | None], None]
) -> None:
    """Calls `on_group` with the shots and their `lite` features before they are grouped."""

    def spy(
        shots: list[Shot],
        captures: list[Capture],
        looks: NDArray[np.float32],
        *,
        gap: float,
        similarity: float | None,
        lite: Fetch | None,
    ) -> list[Series]:
        on_group(shots, lite)
        return group(shots, captures, looks, gap=gap, similarity=similarity, lite=lite)

    monkeypatch.setattr("phototriage.rank.group", spy)


def test_series_are_found_by_the_lite_features_too_where_they_were_measured(
    bursts: Path, tmp_path: Path, ranked: Callable[..., Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[list[str], Fetch | None]] = []

    spy_on_group(monkeypatch, lambda shots, lite: given.append(([shot.photo for shot in shots], lite)))
    save_ranker(load_embedded_ranker(), tmp_path / "ranker.safetensors")
    ranked(bursts, model=tmp_path / "ranker.safetensors")
    features = ranked(bursts).features
    (_, without), (photos, fetch) = given
    assert without is None
    assert fetch is not None
    block = next(block for block in features.all_blocks if block.name == "lite")
    expected = features.select([block])[features.rows(photos)]
    places = np.array([3, 0, len(photos) - 1])
    np.testing.assert_array_equal(fetch(places), expected[places])


def test_figures_count_what_was_ranked(bursts: Path, ranked: Callable[..., Ranking]) -> None:
    ranking = ranked(bursts)
    photos = [each for series in ranking.series for each in series.photos]
    beside = [each for each in photos if each.verdict != "pick"]
    figures = ranking.figures
    assert (figures.photos, figures.series, figures.picks, figures.singles) == (len(photos), 4, 4, 0)
    assert (figures.beside, figures.kept_whole) == (len(beside), 0)
    assert figures.beside_bytes == sum((bursts / each.photo).stat().st_size for each in beside)


def test_the_first_file_of_a_shot_that_can_be_used_is_measured(
    burst: Path, ranked: Callable[..., Ranking]
) -> None:
    first = min(burst.iterdir())
    with Image.open(first) as picture:
        picture.save(first.with_suffix(".webp"), lossless=True)
    first.write_text("broken")
    first.with_suffix(".heic").write_text("broken too")
    ranking = ranked(burst)
    shots = [each for series in ranking.series for each in series.photos]
    (shot,) = [each for each in shots if len(each.files) == 3]
    assert shot.photo == shot.files[0] == f"{first.stem}.webp"
    assert {*shot.files} == {first.name, f"{first.stem}.heic", f"{first.stem}.webp"}
    assert [failure.photo for failure in ranking.failures] == [first.name, f"{first.stem}.heic"]


def test_no_photo_is_measured_twice(
    burst: Path, ranked: Callable[..., Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = min(burst.iterdir())
    shutil.copy(first, first.with_suffix(".png"))
    first.write_text("broken")
    asked: list[str] = []
    run = decoding_pool.DecodingPool.run

    def counted(
        self: decoding_pool.DecodingPool, photos: dict[str, Path], *work: object, **settings: object
    ) -> object:
        asked.extend(photos)
        return run(self, photos, *work, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(decoding_pool.DecodingPool, "run", counted)
    ranking = ranked(burst)
    files = sorted({path.name for path in burst.iterdir()})
    assert sorted(asked[: len(files)]) == files
    competing = sorted(set(files) - {first.name})
    assert sorted(asked[len(files) :]) == competing == sorted(ranking.detail.photos)
    asked.clear()
    ranked(burst)
    assert asked == []


def test_notes_are_told_and_kept(burst: Path, bursts: Path, tmp_path: Path) -> None:
    (burst / "album").symlink_to(bursts, target_is_directory=True)
    told: list[str] = []
    ranking = rank_folder(burst, RankOptions(cache_dir=tmp_path / "cache"), on_note=told.append)
    assert ranking.notes == tuple(told) == ("1 linked folder was not entered",)


def test_progress_ends_with_all_photos(burst: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    options = RankOptions(cache_dir=tmp_path / "cache")
    rank_folder(burst, options, on_progress=lambda done, total: told.append((done, total)))
    photos = len(list(burst.iterdir()))
    assert (told[0], told[-1]) == ((0, photos), (2 * photos, 2 * photos))  # once more at full size
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_photos_that_do_not_compete_are_not_looked_at_again(
    burst: Path, ranked: Callable[..., Ranking]
) -> None:
    kept = min(burst.iterdir())
    for path in burst.iterdir():
        if path != kept:
            path.unlink()
    ranking = ranked(burst)
    assert [len(series.photos) for series in ranking.series] == [1]
    assert len(ranking.detail) == 0


def test_noise_that_only_full_size_shows_loses(tmp_path: Path, ranked: Callable[..., Ranking]) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(60, 200, (10, 15, 3), np.uint8))
    sound = np.asarray(coarse.resize((2400, 1600), Image.Resampling.BICUBIC)).astype(float)
    sound[400:1200:40, 600:1800] = 20
    for name, sigma in (("1-noisy.png", 7.65), ("2-sound.png", 0)):
        pixels = sound + sigma * rng.standard_normal(sound.shape)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name, compress_level=1)
    ranking = ranked(folder, by_folder=True)
    (series,) = ranking.series
    assert series.photos[0].photo == "2-sound.png"
    noise = dict(zip(ranking.detail.photos, ranking.detail.matrix[:, 0].tolist(), strict=True))
    assert noise["1-noisy.png"] > noise["2-sound.png"] + 3
    by_itself = load_embedded_ranker().scores(ranking.features)  # in the order of names
    assert by_itself[0] > by_itself[1]  # it takes noise for sharpness


def test_a_photo_that_cannot_be_looked_at_again_is_ranked_and_noted(
    burst: Path, ranked: Callable[..., Ranking], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = min(burst.iterdir())

    spy_on_group(monkeypatch, lambda shots, lite: lost.unlink())
    ranking = ranked(burst)
    assert lost.name in {each.photo for series in ranking.series for each in series.photos}
    assert lost.name not in ranking.detail
    assert ranking.notes == (
        f"photos ranked without a look at full size: 1, the first {lost.name}: "
        "cannot be read: No such file or directory",
    )


def test_bad_photos_are_failures_and_the_rest_is_ranked(burst: Path, ranked: Callable[..., Ranking]) -> None:
    (burst / "broken.jpg").write_text("no photo")
    ranking = ranked(burst)
    (failure,) = ranking.failures
    assert failure.photo == "broken.jpg"
    assert failure.reason.startswith("not a photo in a format that can be read")
    assert [len(series.photos) for series in ranking.series] == [len(list(burst.iterdir())) - 1]


def test_where_no_photo_can_be_used_the_error_says_why_for_each(
    burst: Path, ranked: Callable[..., Ranking]
) -> None:
    for photo in burst.iterdir():
        photo.write_text("no photo")
    with pytest.raises(NoUsablePhotoError, match=r"not one of \d photos could be used") as error:
        ranked(burst)
    assert {each.photo for each in error.value.failures} == {path.name for path in burst.iterdir()}


def test_a_folder_that_is_not_there_is_a_photo_error(tmp_path: Path, ranked: Callable[..., Ranking]) -> None:
    with pytest.raises(PhotoError, match="there is no such folder"):
        ranked(tmp_path / "gone")


def test_figures_stay_right_in_another_current_folder(
    bursts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bursts.parent)
    ranking = rank_folder(bursts.name, RankOptions(cache_dir=tmp_path / "cache"))
    before = ranking.figures
    monkeypatch.chdir(tmp_path)
    assert ranking.figures == before
    assert before.beside_bytes > 0
    assert (ranking.folder, ranking.root) == (Path(bursts.name), bursts)


def test_no_name_is_no_folder() -> None:
    with pytest.raises(PhotoError, match="the name of the folder is empty"):
        rank_folder("")


def test_options_are_values() -> None:
    assert hash(RankOptions(features=["iqa"])) == hash(RankOptions(features=("iqa",)))
    assert RankOptions(features=["iqa"]) == RankOptions(features=("iqa",))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"keep": 0}, "keep must be a whole number of at least 1, not 0"),
        ({"keep": 1.5}, "keep must be a whole number of at least 1, not 1.5"),
        ({"features": "clip"}, "features must be a sequence of names, not the text 'clip'"),
        ({"model": ""}, "model must be a file or a folder, not empty"),
        ({"gap": -1}, "gap must be seconds, 0 or more, not -1"),
        ({"gap": float("nan")}, "gap must be seconds, 0 or more, not nan"),
        ({"similarity": 1.5}, "similarity must be between 0 and 1, not 1.5"),
        ({"workers": 0}, "workers must be at least 1, not 0"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object], problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        RankOptions(**options)  # type: ignore[arg-type]


@pytest.fixture
def personal_dir(tmp_path: Path) -> Path:
    """A person's own ranker that may speak: the one on four numbers."""
    gate = Gate(40, 0.63, 0.71, 0.08, 0.02, 0.14, 0.001, None)
    learned = Learned(load_embedded_ranker(), gate, 160, 400, (), (), "2026-11-27T05:00:00+00:00", "0")
    keep_learned(learned, tmp_path / "personal")
    return tmp_path / "personal"


def test_a_persons_own_ranker_speaks_and_says_so(
    bursts: Path, ranked: Callable[..., Ranking], personal_dir: Path, tmp_path: Path
) -> None:
    save_ranker(load_embedded_ranker(), tmp_path / "same.safetensors")
    own = ranked(bursts, personal_dir=personal_dir)
    assert (own.model, own.ranker_name) == ("personal", "your own ranker")
    assert (
        "on 40 of your series that taught nothing, the default ranker agrees with you in 63 %" in own.notes[0]
    )
    document = own.document()
    assert document["gate"] == {
        "series": 40,
        "default": 0.63,
        "personal": 0.71,
        "lead": 0.08,
        "low": 0.02,
        "high": 0.14,
    }
    same = ranked(bursts, model=tmp_path / "same.safetensors").document()
    assert same["gate"] is None
    assert same["series"] == document["series"]


def test_it_can_be_turned_off(
    bursts: Path,
    ranked: Callable[..., Ranking],
    personal_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ranked(bursts, personal_dir=personal_dir, model="default").model == "default"
    monkeypatch.setenv("PHOTOTRIAGE_PERSONAL", "off")
    assert ranked(bursts, personal_dir=personal_dir).model == "default"


def test_behind_a_closed_gate_the_default_ranker_speaks(
    bursts: Path, ranked: Callable[..., Ranking], personal_dir: Path
) -> None:
    learned = load_learned(personal_dir)
    assert learned is not None
    keep_learned(replace(learned, gate=replace(learned.gate, p_value=0.2)), personal_dir)
    ranking = ranked(bursts, personal_dir=personal_dir)
    assert (ranking.model, ranking.gate, ranking.notes) == ("default", None, ())


def test_an_own_ranker_that_cannot_be_read_or_measured_is_told(
    bursts: Path, ranked: Callable[..., Ranking], personal_dir: Path
) -> None:
    learned = load_learned(personal_dir)
    assert learned is not None
    blocks = tuple(replace(block, fingerprint="of another version") for block in learned.ranker.blocks)
    keep_learned(replace(learned, ranker=replace(learned.ranker, blocks=blocks)), personal_dir)
    ranking = ranked(bursts, personal_dir=personal_dir)
    assert ranking.model == "default"
    assert "your own ranker cannot be used" in ranking.notes[0]
    ranker_file(personal_dir).write_bytes(b"half")
    assert "run phototriage learn again" in ranked(bursts, personal_dir=personal_dir).notes[0]
