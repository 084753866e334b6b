"""The stored photos that are nearest to one of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from phototriage.errors import FeatureError, PhotoError
from phototriage.features.cache.store import FeatureStore
from phototriage.features.inspection import nearest_photos
from phototriage.photos import content_hash, read_photo

__all__ = ["stored_neighbours"]


def stored_neighbours(
    photo: Path,
    chosen: Sequence[tuple[FeatureStore, Sequence[str]]],
    known: Mapping[Path, str],
    count: int,
) -> dict[str, list[tuple[float, str]]]:
    """By the name of a block's folder, the nearest photos: (cosine, paths), the nearest first.

    Args:
        chosen: blocks, and the content hashes of the photos to look among.
        known: content hashes by path, to say which photos these are.
        count: how many to find.

    Raises PhotoError for a photo that cannot be read, FeatureError for one that was not measured.
    """
    try:
        wanted = content_hash(read_photo(photo))
    except PhotoError as error:
        raise PhotoError(f"{photo}: {error}") from error
    paths: dict[str, list[str]] = {}
    for path, digest in known.items():
        paths.setdefault(digest, []).append(str(path))
    neighbours = {}
    for store, hashes in chosen:
        if wanted in store:
            others = [each for each in hashes if each != wanted]
            nearest = nearest_photos(store.vectors(others), store.vectors([wanted])[0], count)
            neighbours[store.folder.name] = [
                (cosine, ", ".join(paths.get(others[row], [f"content {others[row]}"])))
                for row, cosine in nearest
            ]
    if not neighbours:
        raise FeatureError(f"{photo} was not measured yet, or has changed since")
    return neighbours
