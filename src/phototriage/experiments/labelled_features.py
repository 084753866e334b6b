"""Labels joined with the features of their photos: coverage checks, and splits that use both."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal

from phototriage.errors import FeatureError
from phototriage.features import Failure, Features
from phototriage.labels import Labels, Split, split_by_series
from phototriage.ranker import TrainedRanker

__all__ = ["OnNote", "ReadFeatures", "check_covered", "split_as"]

OnNote = Callable[[str], None]
"""Takes a line for people."""

ReadFeatures = Callable[[Sequence[TrainedRanker]], Features]
"""Reads or measures at least the blocks of some rankers, of the usable labeled photos."""


def check_covered(
    labels: Labels,
    photos: Collection[str],
    failures: Sequence[Failure],
    what: str,
    *,
    strict: bool,
    on_note: OnNote,
    hint: str = "",
) -> None:
    """Notes how many labeled photos are not among `photos`.

    Args:
        what: what the missing photos lack: features, or a score.
        failures: the reasons.
        hint: the end of the message if no pair is covered.

    Raises FeatureError if no pair is covered, or if `strict` and any photo is missing.
    """
    covered = labels.comparisons.between(photos)
    known = set(photos)
    lacking = [photo for photo in labels.comparisons.photos if photo not in known]
    if lacking:
        reasons = {failure.photo: failure.reason for failure in failures}
        reason = f" ({reasons[lacking[0]]})" if lacking[0] in reasons else ""
        text = (
            f"{len(lacking)} of {len(labels.comparisons.photos)} labeled photos have no {what}, "
            f"the first is {lacking[0]}{reason}; "
            f"{len(labels.comparisons) - len(covered)} of {len(labels.comparisons)} pairs are left out"
        )
        if not len(covered):
            text += hint
        if strict or not len(covered):
            raise FeatureError(text)
        on_note(text)


def split_as(
    how: Literal["random", "official", "natural"], labels: Labels, features: Features, seed: int
) -> Split:
    """Splits the comparisons whose photos have features, with copies of a photo on one side.

    random: 80/10/10 by series and seed. official: the released validation series are the test.
    natural: the split of FGAesthetics' part "Natural". Raises LabelError as `Labels.released_split`
    and `split_by_series` do.
    """
    comparisons = labels.comparisons.between(features.photos)
    if how != "random":
        return labels.released_split(how, seed, comparisons, features.content_hash_of)
    return split_by_series(comparisons, seed, contents=features.content_hash_of)
