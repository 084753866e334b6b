import errno
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.labels.conftest import MiniRelease

from phototriage.errors import LabelError
from phototriage.labels import filter_comparisons, read_labels
from phototriage.labels.alignment import align
from phototriage.labels.pairlist import read_pairlists
from phototriage.labels.reading import Labels
from phototriage.labels.votes import VoteTable, read_vote_table

PHOTOTRIAGE_STEPS = [
    ("votes per ordered pair", 24_186, 12_790, 4_986, 12_989),
    ("ordered pairs, agreement ≥ 0.7, ≥ 2 reviewers", 12_073, 9_085, 4_333, 11_420),
    ("the same after merging both orders of a pair", None, 7_707, 3_604, 9_702),
    ("pairlists", 12_558, 12_558, 4_755, 12_522),
    ("votes of series without a pairlist, skipped", 478, 241, 231, 467),
    ("pairs whose votes were matched to photos", None, 12_541, 4_751, 12_512),
    ("comparisons", None, 12_558, 4_755, 12_522),
    ("to train on", None, 7_707, 3_603, 9_699),
    ("of these by their votes", None, 7_699, 3_600, 9_692),
    ("of these by their preference", None, 8, 7, 15),
]


@pytest.fixture(scope="module")
def phototriage(shared: Path) -> Labels:
    return read_labels(shared / "phototriage")


def test_the_real_release_step_by_step(phototriage: Labels) -> None:
    assert [astuple(step) for step in phototriage.steps] == PHOTOTRIAGE_STEPS
    assert phototriage.kind == "release"
    assert len(phototriage.official_test_series) == 195
    assert phototriage.photo_root is None
    assert len(filter_comparisons(phototriage.comparisons)) == 7_707
    assert set(map(len, phototriage.comparisons.best_photos().values())) == {1}


def test_the_votes_of_the_real_release_find_their_photos(phototriage: Labels) -> None:
    found = phototriage.alignment
    assert (found.series, found.aligned, found.exact) == (4_755, 4_751, 4_749)
    assert found.interchangeable == 102  # all assignments of every series tried
    assert found.series_without_pairlist == 231
    assert found.by_size == {
        2: (2913, 2911),
        3: (1088, 1086),
        4: (486, 486),
        5: (158, 158),
        6: (79, 79),
        7: (24, 24),
        8: (7, 7),
    }
    assert (found.raw.pairs, found.raw.share) == (11_423, pytest.approx(0.4954, abs=1e-4))
    assert (found.matched.pairs, found.matched.share) == (11_434, pytest.approx(0.9367, abs=1e-4))
    assert (found.matched_clear.pairs, found.matched_clear.share) == (6_846, pytest.approx(0.9912, abs=1e-4))


def test_the_reasons_of_the_real_votes(phototriage: Labels) -> None:
    reasons = phototriage.reasons
    assert reasons is not None
    assert len(reasons.names) == 11
    voted = phototriage.comparisons.select(phototriage.comparisons.votes > 0).table
    shares = reasons.of(zip(voted["series"], voted["photo_a"], voted["photo_b"], strict=True))
    # Every vote names one reason.
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    counts = (shares * (voted["votes_a"] + voted["votes_b"]).to_numpy()[:, None]).sum(axis=0)
    assert dict(zip(reasons.names, counts.round().astype(int).tolist(), strict=True))["sharpness"] > 6_000


def test_votes_of_other_series_are_not_accepted(shared: Path) -> None:
    folder = shared / "phototriage"
    pairlist = read_pairlists([folder / "train_pairlist.txt", folder / "val_pairlist.txt"])
    votes = read_vote_table(folder / "photo_triage_pairs_embedding_labels.csv")
    random = np.random.default_rng(0)
    alike = defaultdict(list)
    for series, (ids, _) in votes.wins().items():
        alike[len(ids)].append(series)
    other: dict[str, str] = {}
    for names in alike.values():
        order = random.permutation(names).tolist()
        other.update(zip(order, [*order[1:], order[0]], strict=True))
    foreign = VoteTable(votes.rows.assign(series=votes.rows["series"].map(other)))
    _, found, _ = align(pairlist, foreign)
    assert found.series > 4_700
    assert found.share < 0.2
    assert sum(aligned for size, (_, aligned) in found.by_size.items() if size > 2) < 0.05 * 1_842
    assert found.exact < 0.06 * found.series
    assert found.matched_clear.share > 0.97  # why agreement after matching proves nothing


def test_votes_that_fit_no_pairlist_are_told(mini_release: MiniRelease) -> None:
    lines = [f"{series},0,1,4,1" for series in (3, 12, 40, 77)]
    shutil.rmtree(mini_release.folder / "reviews_trainval")
    write_votes(mini_release.folder, lines)
    says = "votes and pairlists do not fit together: of 4 series that have both, 1 could be matched"
    assert says in read_labels(mini_release.folder).notes[-1]
    write_votes(mini_release.folder, ["99,0,1,4,1"])
    assert "of 0 series that have both, 0 could be matched" in read_labels(mini_release.folder).notes[-1]


def test_the_files_that_were_read_are_named(mini_release: MiniRelease, tmp_path: Path) -> None:
    table = write_votes(mini_release.folder, ["000003,1,0,4,1"])
    lists = [mini_release.folder / "train_val" / f"{side}_pairlist.txt" for side in ("train", "val")]
    reviews = sorted((mini_release.folder / "reviews_trainval").rglob("*.json"))
    assert read_labels(mini_release.folder).files == (*lists, *reviews, table)
    own = tmp_path / "own.csv"
    own.write_text("photo_a,photo_b,winner\na,b,a\n")
    assert read_labels(own).files == (own,)


def test_what_cannot_be_looked_into_is_one_clear_line(
    mini_release: MiniRelease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LabelError, match=r"x{300}.csv (cannot be read: File name too long|does not exist)"):
        read_labels(tmp_path / f"{'x' * 300}.csv")
    closed = mini_release.folder / "reviews_trainval" / "reviews_trainval"
    look = os.scandir

    def refuse(place: str | Path) -> Any:
        if Path(place) == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
        return look(place)

    # Root, as which tests may run, can look into every folder.
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(LabelError, match=f"^{closed} cannot be read: Permission denied$"):
        read_labels(mini_release.folder)


def test_the_preference_is_always_the_released_one(phototriage: Labels, shared: Path) -> None:
    lines = [
        line.split()
        for name in ("train_pairlist.txt", "val_pairlist.txt")
        for line in (shared / "phototriage" / name).read_text().splitlines()
    ]
    table = phototriage.comparisons.table
    assert table["series"].tolist() == [line[0] for line in lines]
    assert table["preference"].tolist() == [float(line[3]) for line in lines]
    assert table[["photo_a", "photo_b", "rank_a", "rank_b"]].iloc[0].tolist() == [
        "000001-01.JPG",
        "000001-02.JPG",
        1,
        4,
    ]


def test_the_real_vote_table_finds_the_pairlists_beside_it(phototriage: Labels, shared: Path) -> None:
    path = shared / "phototriage" / "photo_triage_pairs_embedding_labels.csv"
    assert read_labels(path).alignment == phototriage.alignment


def test_the_real_vote_table_alone_is_refused(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.symlink_to(shared / "phototriage" / "photo_triage_pairs_embedding_labels.csv")
    with pytest.raises(LabelError, match="random permutation"):
        read_labels(path)


def test_real_opinions_as_an_own_table(shared: Path) -> None:
    labels = read_labels(shared / "clive" / "comparisons.csv")
    assert labels.kind == "own"
    assert (len(labels.comparisons), len(labels.comparisons.series), len(labels.comparisons.photos)) == (
        768,
        128,
        512,
    )
    assert labels.notes == ()


def test_reviews_of_a_release_are_matched(mini_release: MiniRelease) -> None:
    labels = read_labels(mini_release.folder)
    assert (labels.kind, labels.official_test_series) == ("release", {"12"})
    assert labels.photo_root == mini_release.folder / "train_val" / "train_val_imgs"
    assert (labels.alignment.series, labels.alignment.aligned, labels.alignment.exact) == (4, 4, 4)
    assert labels.alignment.interchangeable == 0
    assert labels.alignment.series_without_pairlist == 1
    assert labels.alignment.raw.share < 0.7
    assert labels.comparisons.series == ("3", "40", "77", "12")
    columns = ("series", "photo_a", "photo_b", "votes_a", "votes_b")
    for series, a, b, votes_a, votes_b in zip(
        *(labels.comparisons.table[name] for name in columns), strict=True
    ):
        assert votes_a == mini_release.votes[series, a, b]
        assert votes_b == mini_release.votes[series, b, a]
    assert labels.steps[0].rows == sum(mini_release.votes.values()) + 4 + 2
    assert labels.notes == ("4 reviews chose neither photo and are left out",)


def test_a_flat_release_reads_the_same(mini_release: MiniRelease, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in mini_release.folder.rglob("*"):
        if path.is_file():
            shutil.copy(path, flat)
    nested, found = read_labels(mini_release.folder), read_labels(flat)
    assert found.photo_root == flat
    assert found.alignment == nested.alignment
    assert found.comparisons.table.equals(nested.comparisons.table)


def write_votes(folder: Path, lines: Sequence[str]) -> Path:
    path = folder / "photo_triage_pairs_embedding_labels.csv"
    path.write_text("series_id,compareID1,compareID2,LEFT,RIGHT\n" + "\n".join(lines) + "\n")
    return path


def test_of_reviews_and_vote_table_the_one_with_more_votes_counts(mini_release: MiniRelease) -> None:
    table = write_votes(mini_release.folder / "train_val", ["000003,1,0,4,1"])
    labels = read_labels(mini_release.folder)
    assert labels.alignment.series == 4
    assert (
        f"votes are in two places; the single reviews has more of them, {table.name} is left aside"
        in labels.notes
    )
    assert labels.reasons is None
    # The ids of both are the same: the reasons are of the table, whichever votes count.
    header = "series_id,compareID1,compareID2,LEFT,RIGHT,label_sharpness,label_other"
    lines = ["000012,2,0,4,1,3,2", "000012,0,2,1,0,1,0", "000099,0,1,2,0,2,0"]
    table.write_text("\n".join([header, *lines]) + "\n")
    labels = read_labels(mini_release.folder)
    assert labels.alignment.series == 4
    assert labels.reasons.names == ("sharpness", "other")
    # Photo 1 has id 2, photo 2 has id 0.
    assert {pair: shares.tolist() for pair, shares in labels.reasons.shares.items()} == {
        ("12", "000012-01.JPG", "000012-02.JPG"): [4 / 6, 2 / 6]
    }
    write_votes(mini_release.folder / "train_val", ["000003,1,0,9999,1"])
    labels = read_labels(mini_release.folder)
    assert labels.alignment.series == 1
    assert (
        f"votes are in two places; {table.name} has more of them, the single reviews is left aside"
        in labels.notes
    )
    assert read_labels(table).alignment.series == 1


def test_a_release_without_votes_or_without_its_test(mini_release: MiniRelease) -> None:
    shutil.rmtree(mini_release.folder / "reviews_trainval")
    (mini_release.folder / "train_val" / "val_pairlist.txt").unlink()
    labels = read_labels(mini_release.folder)
    assert labels.alignment is None
    assert labels.official_test_series == frozenset()
    assert labels.comparisons.votes.sum() == 0
    assert [note.split(":")[0] for note in labels.notes] == [
        "val_pairlist.txt was not found",
        "no votes were found",
    ]


def test_votes_alone_are_refused_unless_said_to_be_sound(tmp_path: Path) -> None:
    path = write_votes(tmp_path, ["000003,0,1,4,1", "000003,1,0,0,1", "000003,0,2,0,0"])
    for place in (path, tmp_path):
        with pytest.raises(LabelError, match=r"random permutation .*assume_aligned"):
            read_labels(place)
    labels = read_labels(path, assume_aligned=True)
    assert labels.kind == "votes"
    assert labels.comparisons.table.to_numpy().tolist() == [
        ["3", "000003-01.JPG", "000003-02.JPG", 5 / 6, 5, 1, 0, 0]
    ]
    assert "unchecked" in labels.notes[0]


def test_reviews_alone_are_refused(mini_release: MiniRelease) -> None:
    shutil.rmtree(mini_release.folder / "train_val")
    for place in (mini_release.folder, mini_release.folder / "reviews_trainval"):
        with pytest.raises(LabelError, match="random permutation"):
            read_labels(place)


def test_merged_rows_are_told(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("photo_a,photo_b,winner\na,b,a\nb,a,a\nb,c,a\n")
    labels = read_labels(path)
    assert labels.notes == (
        "rows that repeated a pair and were merged with it: 1; pairs whose rows named different winners: 1",
    )
    assert [astuple(step) for step in labels.steps] == [
        ("rows in the table", 3, None, None, None),
        ("comparisons", None, 2, 1, 3),
        ("to train on", None, 1, 1, 2),
    ]


def test_the_filters_change_the_steps_and_not_the_comparisons(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("photo_a,photo_b,votes_a,votes_b\na,b,3,1\nb,c,1,0\n")
    labels = read_labels(path, min_agreement=1.0, min_reviewers=2)
    assert len(labels.comparisons) == 2
    assert labels.steps[-1].pairs == 0
    assert read_labels(path, min_agreement=0.6, min_reviewers=1).steps[-1].pairs == 2


@pytest.mark.parametrize("name", ["", "absent", "notes.txt"])
def test_anything_else_says_what_is_accepted(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("1 1 2 0.5 1 2\n")
    with pytest.raises(LabelError, match="labels are a folder of the PhotoTriage release") as caught:
        read_labels(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_malformed_review_stops_the_reading(mini_release: MiniRelease) -> None:
    (mini_release.folder / "reviews_trainval" / "000001.json").write_text(json.dumps({"reviews": [{}]}))
    with pytest.raises(LabelError, match=r"000001.json, review 1"):
        read_labels(mini_release.folder)
