"""From a person's choices to their own ranker, and whether it may speak."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from phototriage.features import Features
from phototriage.labels import Comparisons
from phototriage.labels.components import connected_names
from phototriage.personal.correction import Correction, corrected, learn_correction
from phototriage.personal.gate import Gate, gate_series, judge
from phototriage.personal.pairs import Pairs
from phototriage.personal.words import learned_words
from phototriage.ranker import TrainedRanker

__all__ = ["Lesson", "learn"]

_MOST_ROWS = 6000
"""Photos beyond those that were compared, from which to learn how numbers vary within series."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A person's own ranker, the correction in it, and how it did on series that never taught it.

    taught, kept: series with a decided pair that taught it, and that were kept for the gate. words: what it
    learned, as `learned_words` has it.
    """

    ranker: TrainedRanker
    correction: Correction
    gate: Gate
    taught: int
    kept: int
    words: tuple[str, ...]


def learn(
    ranker: TrainedRanker,
    features: Features,
    series_of: Mapping[str, str],
    comparisons: Comparisons,
    evidence: Mapping[str, float],
    *,
    full_size: Mapping[str, float] | None = None,
    unjudged: Collection[str] = (),
    keys: Mapping[str, str] | None = None,
) -> Lesson:
    """Learns from comparisons of photos, but for every fourth series, which judges what was learned.

    Args:
        ranker: what is corrected.
        features: with the ranker's blocks, of the photos at hand.
        series_of: photo → its series, of photos that compete in one. A name must be the same in every run,
            so that the same series judge again.
        comparisons: what the person decided, under the same names of series.
        evidence: series → how much it counts beside others, > 0; 1 where it is not named.
        full_size: photo → log-odds that are added to the ranker's, because of what only the full size shows.
        unjudged: series that do not judge, because the person's own ranker suggested their picks.
        keys: photo → the key by which `evaluate` knows that it was seen; itself where it is not named.

    Raises FeatureError where the features are not those the ranker needs.
    """
    comparisons = comparisons.between(features.photos)
    names = comparisons.series
    photos = _photos_to_learn_from(comparisons, features, series_of)
    place = {photo: row for row, photo in enumerate(photos)}
    rows = features.select(ranker.blocks, features.rows(photos))
    _, series = np.unique([series_of.get(photo, photo) for photo in photos], return_inverse=True)
    beside = np.array([(full_size or {}).get(photo, 0.0) for photo in photos])
    pairs = Pairs.of(comparisons, place, evidence)
    kinship = _kinship(series_of, features)
    kept = gate_series([kinship.get(name, name) for name in names])
    teaching = ~kept[pairs.series] if len(pairs) else np.zeros(0, bool)
    correction = learn_correction(ranker, rows, series, pairs.take(teaching), beside)
    seen = [photo for photo in comparisons.photos if photo in features]
    seen_keys = [(keys or {}).get(photo, photo) for photo in seen]
    digests = ranker.digests(seen_keys), ranker.digests(features.known_hashes(seen))
    own = corrected(ranker, correction, digests)
    judges = np.array([name not in unjudged for name in names], bool) & kept
    judging = judges[pairs.series] if len(pairs) else teaching
    default = ranker.scores_of(rows).astype(np.float64) / ranker.temperature
    personal = own.scores_of(rows).astype(np.float64) / own.temperature
    scaled = correction.scale_alone * default + beside
    gate = judge(default + beside, personal + beside, pairs.take(judging), len(names), scaled)
    words = learned_words(ranker, correction, rows, series)
    return Lesson(own, correction, gate, int((~kept).sum()), int(kept.sum()), words)


def _kinship(series_of: Mapping[str, str], features: Features) -> dict[str, str]:
    """Series → a name that it shares with all series that have a photo in common with it.

    A culled copy of a folder has the photos of the whole one in series of other names.
    """
    hash_of = features.content_hash_of
    links = ((name, hash_of[photo]) for photo, name in series_of.items() if photo in hash_of)
    return connected_names(links)


def _photos_to_learn_from(
    comparisons: Comparisons, features: Features, series_of: Mapping[str, str]
) -> list[str]:
    """The photos that were compared, the others of their series, and some of other series, whole."""
    decided = set(comparisons.series)
    compared = dict.fromkeys(comparisons.photos)
    members: dict[str, list[str]] = {}
    for photo, series in series_of.items():
        if photo in features:
            members.setdefault(series, []).append(photo)
    for name in sorted(decided & members.keys()):
        compared.update(dict.fromkeys(members[name]))
    others = sorted(members.keys() - decided)
    found = list(compared)
    for index in np.random.default_rng(0).permutation(len(others)).tolist():
        if len(found) >= len(compared) + _MOST_ROWS:
            break
        found += [photo for photo in members[others[index]] if photo not in compared]
    return found
