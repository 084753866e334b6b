import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from phototriage.features import (
    DETAIL_COLUMNS,
    EXTRACTORS,
    IQA_PLUS_COLUMNS,
    LOOK_COLUMNS,
    Block,
    ExtractorOptions,
    FeatureStore,
    build_extractors,
    extract,
)
from phototriage.features.cache.exported import keep_exported
from phototriage.features.cache.index import PhotoIndex, known_photos
from phototriage.features.cache.maintenance import survey
from phototriage.features.extractors.iqa import IQA
from phototriage.features.table import read_feature_table

Cli = Callable[..., tuple[int, str, str]]
ACTIONS = ("info", "check", "compact", "export", "clear", "inspect")
WIDE = Block("wide", "wide/1", tuple(f"wide_{number}" for number in range(40)))


@pytest.fixture(scope="module")
def filled(bursts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with iqa of all photos of the bursts, in three parts, and a block of 40 random numbers."""
    cache_dir = tmp_path_factory.mktemp("filled")
    photos = sorted((bursts / "photos").rglob("*.jpg"))
    for some in (photos[:1], photos[:5], photos):
        extract({str(path): path for path in some}, [IQA], cache_dir, workers=1)
    hashes = sorted(set(known_photos(cache_dir).values()))
    vectors = np.random.default_rng(0).normal(size=(len(hashes), 40)).astype(np.float32)
    vectors[:, 3] = 0.5
    FeatureStore(cache_dir, WIDE).add(hashes, vectors)
    return cache_dir


@pytest.fixture
def cache_dir(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "cache"))


def files(cache_dir: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in cache_dir.rglob("*") if path.is_file()}


def damage(cache_dir: Path, block: str = "iqa") -> Path:
    part = sorted(cache_dir.glob(f"features/{block}-*/part-*.parquet"))[0]
    part.write_bytes(part.read_bytes()[:-7])
    return part


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_explains_all_its_options(cli: Cli, action: str) -> None:
    code, out, _ = cli("features", action, "--help")
    assert code == 0
    text = re.sub(r"[│─╭╮╰╯\s]+", " ", out[out.index("╭") :])
    for option in re.split(r" (?=--\w+ )", text)[1:]:
        explained = re.sub(r"^--\w+( \{.*?\}| \[.*?\]\]?| [A-Z]+)?", "", option).partition("(default")[0]
        assert len(explained.split()) >= 3, option


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["info"], 0, "0 B of features"),
        (["check"], 0, "sound: 0 parts"),
        (["compact"], 0, ""),
        (["clear", "--yes"], 0, "0 photos known"),
        (["export", "x.csv"], 1, "there are no features in"),
        (["inspect"], 1, "there are no features in"),
    ],
)
def test_an_empty_cache_is_no_trouble_and_nothing_is_made(
    cli: Cli, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    got, out, err = cli("features", *arguments, "--cache_dir", tmp_path / "nowhere")
    assert got == code
    assert said in out + err
    assert err.count("\n") <= 1
    assert not (tmp_path / "nowhere").exists()


def test_info_counts(cli: Cli, cache_dir: Path) -> None:
    before = files(cache_dir)
    code, out, err = cli("features", "info", "--cache_dir", cache_dir)
    assert (code, err) == (0, "")
    photos = len(known_photos(cache_dir))
    assert re.search(rf"iqa +{IQA.block.fingerprint} +{photos} +4 +3 +[\d.]+ kB", out)
    assert re.search(rf"wide +wide/1 +{photos} +40 +1 ", out)
    assert f"{photos} photos known by path, size and time" in out
    assert files(cache_dir) == before


def test_the_place_may_be_given_before_the_action(cli: Cli, cache_dir: Path) -> None:
    assert cli("features", "--cache-dir", cache_dir, "info") == cli(
        "features", "info", "--cache_dir", cache_dir
    )


def test_check_of_a_sound_store(cli: Cli, cache_dir: Path) -> None:
    code, out, err = cli("features", "check", "--cache_dir", cache_dir)
    assert (code, err) == (0, "")
    assert out.startswith(
        f"sound: 4 parts, {2 * len(known_photos(cache_dir))} vectors, 0 exported networks in "
    )


def test_check_names_damage_and_repairs_it_when_asked(cli: Cli, cache_dir: Path) -> None:
    torn = damage(cache_dir)
    before = files(cache_dir)
    code, out, err = cli("features", "check", "--cache_dir", cache_dir)
    assert (code, out) == (1, "")
    assert err.startswith(f"damaged: {torn}: ")
    assert files(cache_dir) == before
    assert cli("features", "check", "--repair", "--cache_dir", cache_dir)[0] == 0
    assert torn.with_suffix(".broken").exists()
    assert cli("features", "check", "--cache_dir", cache_dir)[0] == 0


def test_exported_networks_are_listed_verified_and_removed(cli: Cli, cache_dir: Path, tmp_path: Path) -> None:
    source = tmp_path / "network.onnx"
    source.write_bytes(bytes(2_000_000))
    kept = keep_exported(cache_dir, WIDE, source)
    place = ("--cache_dir", cache_dir)
    out = cli("features", "info", *place)[1].replace("\n", "")
    assert re.search(r"network of +file +size", out)
    assert re.search(r"wide-\w+ +wide-\w+\.1\.[\w.]+ +2\.0 MB", out)
    assert " 1 exported networks in " in cli("features", "check", *place)[1]
    downloaded = cache_dir / "models" / "detector.onnx"
    downloaded.parent.mkdir()
    downloaded.touch()
    assert f"{kept}\n{downloaded}\n" in cli("features", "clear", "--dry_run", *place)[1]
    kept.write_bytes(bytes(1_999_999))
    code, out, err = cli("features", "check", *place)
    assert (code, out, err) == (1, "", f"damaged: {kept}: is not the network that was exported\n")
    assert cli("features", "check", "--repair", *place)[0] == 0
    assert not kept.exists()
    kept = keep_exported(cache_dir, WIDE, source)
    assert cli("features", "clear", "--yes", "--block", "iqa", *place)[0] == 0
    assert kept.exists()
    assert cli("features", "clear", "--yes", *place)[0] == 0
    assert list((cache_dir / "onnx").iterdir()) == []


def test_check_finds_a_damaged_index(cli: Cli, cache_dir: Path) -> None:
    (cache_dir / "index.sqlite").write_bytes(b"no database" * 1000)
    code, _, err = cli("features", "check", "--cache_dir", cache_dir)
    assert code == 1
    assert f"the index {cache_dir}/index.sqlite is damaged" in err
    assert cli("features", "check", "--cache_dir", cache_dir)[0] == 0


def test_check_finds_what_are_no_numbers(cli: Cli, tmp_path: Path) -> None:
    FeatureStore(tmp_path, WIDE).add(["ab" * 16], np.full((1, 40), np.nan, np.float32))
    code, _, err = cli("features", "check", "--cache_dir", tmp_path)
    assert (code, err) == (1, "damaged: 1 photos have a NaN or an infinite number\n")


@pytest.mark.parametrize("sound", [0, 2])
def test_a_repair_drops_what_are_no_numbers_also_from_a_single_part(
    cli: Cli, tmp_path: Path, sound: int
) -> None:
    hashes = [f"{number:032x}" for number in range(sound + 1)]
    vectors = np.ones((sound + 1, 40), np.float32)
    vectors[-1, 7] = np.inf
    FeatureStore(tmp_path, WIDE).add(hashes, vectors)
    code, out, err = cli("features", "check", "--repair", "--cache_dir", tmp_path)
    assert (code, err) == (0, "damaged: 1 photos have a NaN or an infinite number\n")
    assert out.startswith(f"sound: 1 parts, {sound} vectors, ")
    assert cli("features", "check", "--cache_dir", tmp_path) == (0, out, "")
    assert FeatureStore(tmp_path, WIDE).content_hashes == frozenset(hashes[:-1])


def test_compact_keeps_every_vector(cli: Cli, cache_dir: Path) -> None:
    before = {each.folder: each.photos for each in survey(cache_dir)}
    code, out, _ = cli("features", "compact", "--cache_dir", cache_dir)
    assert code == 0
    assert re.search(r"^iqa-\w+: 3 parts, now 1\nwide-\w+: 1 part\n$", out)
    assert {each.folder: each.photos for each in survey(cache_dir)} == before
    assert all(each.parts == 1 for each in survey(cache_dir))


def test_exported_features_are_read_back(cli: Cli, cache_dir: Path, bursts: Path, tmp_path: Path) -> None:
    tables = [tmp_path / "t.csv", tmp_path / "t.parquet"]
    for table in tables:
        options = ("--folder", bursts / "photos" / "..", "--block", "iqa", "--cache_dir", cache_dir)
        assert cli("features", "export", table, *options)[0] == 0
    features = read_feature_table(tables[0])
    assert features.blocks == (IQA.block,)
    photos = [path.relative_to(bursts).as_posix() for path in sorted((bursts / "photos").rglob("*.jpg"))]
    assert list(features.photos) == photos
    store = FeatureStore(cache_dir, IQA.block)
    hashes = [known_photos(cache_dir)[bursts / photo] for photo in photos]
    assert np.array_equal(features.matrix, store.vectors(hashes))
    read = pd.read_parquet(tables[1])
    assert read["series"].tolist() == [Path(photo).parent.as_posix() for photo in photos]
    assert np.array_equal(read.iloc[:, 2:].to_numpy(), features.matrix)


def test_export_without_a_folder_has_all_blocks_and_absolute_paths(
    cli: Cli, cache_dir: Path, tmp_path: Path
) -> None:
    assert cli("features", "export", tmp_path / "t.csv", "--cache_dir", cache_dir)[0] == 0
    features = read_feature_table(tmp_path / "t.csv")
    assert features.photos == tuple(map(str, known_photos(cache_dir)))
    assert features.columns == (*IQA.block.columns, *WIDE.columns)


def test_the_features_of_all_extractors_are_read_back(cli: Cli, tmp_path: Path) -> None:
    photos, hashes = [Path(f"/photos/{name}.jpg") for name in "ab"], ["aa" * 16, "bb" * 16]
    names = [name for name, spec in EXTRACTORS.items() if spec.needs is None]
    extractors = build_extractors(names, ExtractorOptions(), tmp_path)
    blocks = [
        Block(name, f"{name}/1", each.block.columns) for name, each in zip(names, extractors, strict=True)
    ]
    rng = np.random.default_rng(0)
    vectors = [rng.uniform(size=(2, block.dim)).astype(np.float32) for block in blocks]
    for block, numbers in zip(blocks, vectors, strict=True):
        FeatureStore(tmp_path, block).add(hashes, numbers)
    with PhotoIndex(tmp_path) as index:
        index.remember([(p, tmp_path.stat(), h) for p, h in zip(photos, hashes, strict=True)], {})
    for table in (tmp_path / "t.csv", tmp_path / "t.parquet"):
        assert cli("features", "export", table, "--cache_dir", tmp_path)[0] == 0
        features = read_feature_table(table)
        assert features.photos == tuple(map(str, photos))
        assert [block.name for block in features.blocks] == ["iqa", "table"]
        # The four of iqa come first; the one name that two blocks share is led by the later one's.
        iqa, others = vectors[2], [*vectors[:2], *vectors[3:]]
        assert np.array_equal(features.matrix, np.hstack([iqa, *others]))
        assert features.columns[1540:] == (
            *IQA_PLUS_COLUMNS,
            *extractors[4].block.columns,
            *LOOK_COLUMNS[:-1],
            "look_brightness",
            *(name if name not in IQA_PLUS_COLUMNS else f"detail_{name}" for name in DETAIL_COLUMNS),
            *extractors[7].block.columns,
        )


def test_mistakes_in_exporting_are_one_clear_error(cli: Cli, cache_dir: Path, tmp_path: Path) -> None:
    def error(*arguments: object) -> str:
        code, _, err = cli("features", "export", *arguments, "--cache_dir", cache_dir)
        assert code == (4 if arguments == (tmp_path / "t.xls",) else 1)
        return err

    assert ".csv or .parquet" in error(tmp_path / "t.xls")
    assert error(tmp_path / "t.csv", "--folder", tmp_path) == (
        f"phototriage: no photo in {tmp_path} was measured yet\n"
    )
    with PhotoIndex(cache_dir) as index:
        index.remember([(tmp_path / "new.jpg", tmp_path.stat(), "cd" * 16)], {})
    assert "nothing to export" in error(tmp_path / "t.csv", "--folder", tmp_path)
    assert "no block 'clip': choose from iqa" in error(tmp_path / "t.csv", "--block", "clip")
    FeatureStore(cache_dir, Block("iqa", "iqa/0", ("x",))).add(["ab" * 16], np.ones((1, 1), np.float32))
    assert re.search(
        r"iqa was made in several ways: choose by --block iqa-\w+ or iqa-", error(tmp_path / "t.csv")
    )


def test_a_block_made_of_several_layers_is_chosen_by_them(cli: Cli, bursts: Path, tmp_path: Path) -> None:
    (photo,) = sorted((bursts / "photos").rglob("*.jpg"))[:1]
    cache = tmp_path / "cache"
    for layers in (["layer3"], ["layer3", "layer4"]):
        columns = tuple(f"{layer}_mean_{place:04d}" for layer in layers for place in range(2))
        store = FeatureStore(cache, Block("resnet", f"resnet-1/{len(layers)}", columns))
        store.add(["ab" * 16], np.ones((1, len(columns)), np.float32))
    with PhotoIndex(cache) as index:
        index.remember([(photo, photo.stat(), "ab" * 16)], {})
    export = ("features", "export", tmp_path / "t.csv", "--cache_dir", cache)
    code, _, err = cli(*export)
    assert (code, err) == (
        1,
        "phototriage: resnet was made in several ways: choose by --block layer3_mean or "
        "layer3_mean+layer4_mean\n",
    )
    assert cli(*export, "--block", "layer3_mean")[0] == 0
    assert (tmp_path / "t.csv").read_text().splitlines()[
        0
    ] == '"series","photo","layer3_mean_0000","layer3_mean_0001"'


def test_clear_removes_only_when_told_so(cli: Cli, cache_dir: Path, bursts: Path) -> None:
    before = files(cache_dir)
    code, out, err = cli("features", "clear", "--cache_dir", cache_dir)
    assert (code, err) == (
        2,
        "phototriage: nothing was removed: say --yes to remove this, --dry_run to look only\n",
    )
    assert cli("features", "clear", "--dry_run", "--yes", "--cache_dir", cache_dir) == (0, out, "")
    assert files(cache_dir) == before
    assert cli("features", "clear", "--yes", "--block", "wide", "--cache_dir", cache_dir)[0] == 0
    assert [each.block for each in survey(cache_dir)] == [IQA.block]
    assert known_photos(cache_dir)
    photos = files(bursts)
    assert cli("features", "clear", "--yes", "--cache_dir", cache_dir)[0] == 0
    assert survey(cache_dir) == ()
    assert known_photos(cache_dir) == {}
    assert files(bursts) == photos


def test_inspect_shows_columns_one_by_one_or_their_range(cli: Cli, cache_dir: Path, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    code, out, _ = cli("features", "inspect", "--cache_dir", cache_dir, "--output", picture)
    assert code == 0
    assert out.count("sharpness") == 1
    assert "over the columns" in out
    assert "the same for all photos: wide_3\n" in out
    with Image.open(picture) as drawn:
        # A band of six panels in two rows, one of four in one row.
        assert drawn.width > 1200
        assert drawn.height > 700
        assert len(drawn.convert("RGB").getcolors(1 << 24) or []) > 20


def test_inspect_of_a_folder_looks_at_its_photos_only(cli: Cli, cache_dir: Path, bursts: Path) -> None:
    folder = sorted((bursts / "photos").iterdir())[0]
    photos = len(list(folder.glob("*.jpg")))
    code, out, _ = cli("features", "inspect", folder, "--block", "iqa", "--cache_dir", cache_dir)
    assert code == 0
    assert f"iqa  (4 numbers of {photos} photos)" in out
    code, _, err = cli("features", "inspect", folder / "none", "--cache_dir", cache_dir)
    assert (code, err) == (1, f"phototriage: no photo in {folder / 'none'} was measured yet\n")


def test_inspect_of_a_photo_shows_its_neighbours(cli: Cli, cache_dir: Path, bursts: Path) -> None:
    photos = known_photos(cache_dir)
    photo, *others = photos
    store = FeatureStore(cache_dir, IQA.block)
    units = store.vectors(list(photos.values())).astype(float)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    nearest = others[int(np.argmax(units[1:] @ units[0]))]
    options = ("--photo", photo, "--neighbours", 1, "--block", "iqa", "--cache_dir", cache_dir)
    code, out, _ = cli("features", "inspect", *options)
    assert code == 0
    assert re.search(rf"iqa-\w+ +{(units[1:] @ units[0]).max():.4f} +{nearest}", out)
    strange = bursts / "comparisons.csv"
    code, _, err = cli("features", "inspect", "--photo", strange, "--cache_dir", cache_dir)
    assert (code, err) == (1, f"phototriage: {strange} was not measured yet, or has changed since\n")
    gone = bursts / "gone.jpg"
    code, _, err = cli("features", "inspect", "--photo", gone, "--cache_dir", cache_dir)
    assert code == 1
    assert err.startswith(f"phototriage: {gone}: the file cannot be read: No such file or directory; ")
    none = ("--photo", photo, "--neighbours", 0, "--cache_dir", cache_dir)
    code, _, err = cli("features", "inspect", *none)
    assert (code, err) == (2, "phototriage: --neighbours must be at least 1, not 0\n")


@pytest.mark.parametrize(
    "action", [["info"], ["compact"], ["inspect"], ["export", "{}/t.csv"], ["clear", "--yes"]]
)
def test_damage_stops_no_action(cli: Cli, cache_dir: Path, tmp_path: Path, action: list[str]) -> None:
    damage(cache_dir, "iqa")
    damage(cache_dir, "wide")  # its only part
    (cache_dir / "index.sqlite").write_bytes(b"no database" * 1000)
    with sqlite3.connect(cache_dir / "index-2.sqlite") as database:
        database.execute(
            "CREATE TABLE files (path BLOB PRIMARY KEY, size, mtime_ns, content_hash) WITHOUT ROWID"
        )
        hashes = FeatureStore(cache_dir, IQA.block, merge=False).content_hashes
        rows = [(f"/{each}".encode(), 1, 1, each) for each in hashes]
        database.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", rows)
    database.close()
    arguments = [each.format(tmp_path) for each in action]
    code, _, err = cli("features", *arguments, "--cache_dir", cache_dir)
    assert "Traceback" not in err
    assert code == 0


def test_a_store_of_a_newer_version_is_named_and_stays(cli: Cli, cache_dir: Path) -> None:
    (part,) = (cache_dir / "features").glob("wide-*/part-*")
    data = part.read_bytes()
    # The label stands in the file twice, once of them in base64; written anew it is both.
    import pyarrow.parquet as pq

    table = pq.read_table(part)
    label = table.schema.metadata[b"phototriage"].replace(b'"format": "1"', b'"format": "9"')
    pq.write_table(table.replace_schema_metadata({b"phototriage": label}), part)
    assert part.read_bytes() != data
    before = part.read_bytes()
    code, _, err = cli("features", "check", "--repair", "--cache_dir", cache_dir)
    assert code == 1
    assert err == f"newer: {part}: was written by a newer version of phototriage (format 9)\n"
    assert re.search(
        r"wide-\w+ +no part can be read .* newer", cli("features", "info", "--cache_dir", cache_dir)[1]
    )
    assert part.read_bytes() == before


def test_check_of_a_network_that_cannot_be_read_is_one_line(
    cli: Cli, cache_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "network.onnx").write_bytes(b"network")
    kept = keep_exported(cache_dir, WIDE, tmp_path / "network.onnx")
    kept.unlink()
    kept.mkdir()
    code, out, err = cli("features", "check", "--cache_dir", cache_dir)
    assert (code, out) == (1, "")
    assert err.startswith(f"phototriage: cannot read the network {kept}: Is a directory; ")
    assert err.count("\n") == 1
