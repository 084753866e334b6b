import os
from pathlib import Path

import numpy as np
import pytest

from phototriage.errors import FeatureError
from phototriage.features import Block, FeatureStore
from phototriage.features.cache.exported import keep_exported
from phototriage.features.cache.index import PhotoIndex, known_photos
from phototriage.features.cache.maintenance import (
    clear,
    merge_parts,
    removable_files,
    remove_leftovers,
    select_blocks,
    survey,
)
from phototriage.features.cache.model_folder import model_folder

IQA = Block("iqa", "iqa/1", ("sharpness", "contrast"))
CLIP = Block("clip", "clip/1", ("a", "b", "c"))
HASHES = [f"{number:032x}" for number in range(4)]


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    """iqa in two parts with a photo in both, clip in one part, two photos in the index."""
    FeatureStore(tmp_path, IQA).add(HASHES[:2], np.ones((2, 2), np.float32))
    FeatureStore(tmp_path, IQA).add(HASHES[1:], np.ones((3, 2), np.float32))
    FeatureStore(tmp_path, CLIP).add(HASHES, np.ones((4, 3), np.float32))
    with PhotoIndex(tmp_path) as index:
        index.remember([(Path(f"/photos/{each}"), tmp_path.stat(), HASHES[each]) for each in (0, 1)], {})
    return tmp_path


def damage(cache_dir: Path, block: Block) -> Path:
    part = sorted(FeatureStore(cache_dir, block).folder.glob("part-*"))[0]
    part.write_bytes(part.read_bytes()[:-5])
    return part


def test_a_survey_counts_and_changes_nothing(cache_dir: Path) -> None:
    torn = damage(cache_dir, CLIP)
    before = {path: path.read_bytes() for path in cache_dir.rglob("*") if path.is_file()}
    clip, iqa = survey(cache_dir)
    assert (iqa.block, iqa.photos, iqa.parts, iqa.unusable) == (IQA, 4, 2, ())
    assert iqa.size == sum(part.stat().st_size for part in iqa.folder.iterdir())
    assert (clip.block, clip.photos, clip.parts) == (None, 0, 1)
    assert [part.path for part in clip.unusable] == [torn]
    assert {path: path.read_bytes() for path in cache_dir.rglob("*") if path.is_file()} == before


def test_a_survey_of_nothing(tmp_path: Path) -> None:
    assert survey(tmp_path / "nowhere") == ()


def test_a_survey_finds_what_are_no_numbers(tmp_path: Path) -> None:
    FeatureStore(tmp_path, IQA).add(HASHES[:2], np.array([[1, 2], [np.inf, np.nan]], np.float32))
    assert [each.not_finite for each in survey(tmp_path)] == [1]


def test_blocks_go_by_their_name_or_their_folder(cache_dir: Path) -> None:
    stored = survey(cache_dir)
    clip, iqa = stored
    assert select_blocks(stored, []) == stored
    assert select_blocks(stored, ["iqa"]) == (iqa,)
    assert select_blocks(stored, [clip.folder.name]) == (clip,)
    with pytest.raises(FeatureError, match=r"no block 'resnet': choose from clip, clip-\w+, iqa, iqa-"):
        select_blocks(stored, ["resnet"])
    with pytest.raises(FeatureError, match="the store is empty"):
        select_blocks((), ["resnet"])


def test_merging_removes_what_killed_processes_left_but_not_what_is_being_written(cache_dir: Path) -> None:
    _, iqa = survey(cache_dir)
    old, new = iqa.folder / ".writing-old", iqa.folder / ".writing-new"
    for path in (old, new):
        path.touch()
    scratch = cache_dir / "onnx" / ".writing-scratch"
    scratch.mkdir(parents=True)
    (scratch / "network.onnx").touch()
    for path in (old, scratch):
        os.utime(path, (0, 0))
    assert merge_parts(cache_dir, iqa) == 2
    remove_leftovers(cache_dir)
    assert not old.exists()
    assert not scratch.exists()
    assert new.exists()
    _, after = survey(cache_dir)
    assert (after.photos, after.parts) == (4, 1)


def test_clearing_a_block_leaves_the_others_and_the_index(cache_dir: Path) -> None:
    clip, iqa = survey(cache_dir)
    damage(cache_dir, IQA)
    FeatureStore(cache_dir, IQA)  # sets it aside
    clear(cache_dir, [iqa], everything=False)
    assert survey(cache_dir) == (clip,)
    assert not iqa.folder.exists()
    assert len(known_photos(cache_dir)) == 2


def test_a_block_goes_with_its_networks_and_all_with_all(cache_dir: Path) -> None:
    source = cache_dir / "source"
    source.write_bytes(b"network")
    kept = {block: keep_exported(cache_dir, block, source) for block in (IQA, CLIP)}
    lone = keep_exported(cache_dir, Block("resnet1.1", "resnet/1", ("x",)), source)
    clip, iqa = survey(cache_dir)
    assert kept[IQA] in removable_files(iqa)
    clear(cache_dir, [iqa], everything=False)
    assert not kept[IQA].exists()
    assert kept[CLIP].exists()
    scratch = cache_dir / "onnx" / ".writing-scratch"
    scratch.mkdir()
    os.utime(scratch, (0, 0))
    lone.rename(lone.with_suffix(".broken"))
    downloaded = model_folder(cache_dir) / "detector.onnx"
    downloaded.parent.mkdir()
    downloaded.touch()
    clear(cache_dir, [clip], everything=True)
    assert not downloaded.parent.exists()
    assert list((cache_dir / "onnx").iterdir()) == []


def test_clearing_leaves_what_another_process_is_writing(cache_dir: Path) -> None:
    stored = survey(cache_dir)
    (cache_dir / "onnx").mkdir()
    old, new = ".writing-old", ".writing-new"
    for folder in (stored[1].folder, cache_dir / "onnx"):
        for name in (old, new):
            (folder / name).touch()
        os.utime(folder / old, (0, 0))
    clear(cache_dir, stored, everything=True)
    left = [path.relative_to(cache_dir) for path in cache_dir.rglob(".writing-*")]
    assert sorted(left) == [Path("features", stored[1].folder.name, new), Path("onnx", new)]


def test_what_goes_while_it_is_cleared_is_no_trouble(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = survey(cache_dir)
    temporary = stored[1].folder / ".writing-short-lived"
    temporary.touch()
    os.utime(temporary, (0, 0))
    stat, unlink = Path.lstat, Path.unlink

    def gone(path: Path) -> os.stat_result:
        if path == temporary:
            unlink(path, missing_ok=True)
        return stat(path)

    monkeypatch.setattr(Path, "lstat", gone)
    assert temporary not in removable_files(stored[1])
    monkeypatch.undo()
    part = next(path for path in removable_files(stored[1]) if path.suffix == ".parquet")

    def removed_first(path: Path, **options: bool) -> None:
        if path == part:
            unlink(path)
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", removed_first)
    clear(cache_dir, stored, everything=False)
    assert survey(cache_dir) == ()


def test_clearing_all_leaves_what_belongs_to_others(cache_dir: Path) -> None:
    stored = survey(cache_dir)
    (cache_dir / "onnx").mkdir()
    others = [
        cache_dir / "weights.onnx",
        cache_dir / "onnx" / "my.own.network.onnx",
        cache_dir / "index.old.sqlite",
        stored[0].folder / "notes.txt",
    ]
    for path in others:
        path.write_text("mine")
    (cache_dir / "index-2.sqlite").touch()
    clear(cache_dir, stored, everything=True)
    left = {path for path in cache_dir.rglob("*") if path.is_file()}
    assert left == {*others, cache_dir / "index-2.sqlite"}
    assert known_photos(cache_dir) == {}


def test_a_part_that_may_not_be_looked_at_is_one_clear_error(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def forbidden(path: Path, **options: bool) -> os.stat_result:
        if path.suffix == ".parquet":
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", forbidden)
    with pytest.raises(FeatureError, match=r"^cannot read .*\.parquet: Permission denied; .*--cache_dir$"):
        survey(cache_dir)
