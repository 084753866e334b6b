from collections.abc import Callable
from pathlib import Path

import pytest

from phototriage.errors import FeatureError
from phototriage.experiments.labelled_features import check_covered, split_as
from phototriage.features import Failure, Features
from phototriage.labels import Comparisons, Labels

PAIRS = [(str(s), f"{s}a", f"{s}b", 0.9) for s in range(10)]


@pytest.fixture
def labels(make_comparisons: Callable[..., Comparisons]) -> Labels:
    return Labels(make_comparisons(*PAIRS), "own", (), (), None, frozenset({"3", "4"}), None, (Path("x"),))


def test_what_is_lacking_is_counted_with_the_first_reason(labels: Labels) -> None:
    notes: list[str] = []
    photos = [photo for photo in labels.comparisons.photos if photo not in ("2b", "7a")]
    failures = [Failure("2b", "is gone")]
    check_covered(labels, photos, failures, "score", strict=False, on_note=notes.append)
    text = "2 of 20 labeled photos have no score, the first is 2b (is gone); 2 of 10 pairs are left out"
    assert notes == [text]
    with pytest.raises(FeatureError, match=r"have no score, the first is 2b \(is gone\)"):
        check_covered(labels, photos, failures, "score", strict=True, on_note=notes.append)
    with pytest.raises(FeatureError, match=r"10 of 10 pairs are left out; look here$"):
        check_covered(labels, ["0a"], [], "score", strict=False, on_note=notes.append, hint="; look here")
    check_covered(labels, labels.comparisons.photos, [], "score", strict=True, on_note=notes.append)
    assert notes == [text]


def test_splits_are_of_what_has_features(labels: Labels, make_features: Callable[..., Features]) -> None:
    features = make_features({photo: [1.0] for photo in labels.comparisons.photos if photo != "4b"})
    assert split_as("official", labels, features, 0).test.series == ("3",)
    split = split_as("random", labels, features, 0)
    series = {*split.train.series, *split.validation.series, *split.test.series}
    assert series == {str(s) for s in range(10)} - {"4"}
