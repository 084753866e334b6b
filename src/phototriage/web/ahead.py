"""Which pictures to render before they are asked for."""

from collections.abc import Sequence

from phototriage.web.picture_store import Kind

__all__ = ["pictures_ahead"]


def pictures_ahead(series: Sequence[Sequence[str]]) -> list[tuple[Kind, str]]:
    """The kinds and photos to render while a person looks at the first of some series, most urgent first.

    They may go on at once, so the first photo of the next series comes before the others of this one, and
    quick previews come before everything large.

    Args:
        series: the photos of the series that is shown, best first, and those of the series that follow it.
    """
    current, *following = series
    firsts = [photos[0] for photos in series]
    rest = [photo for photos in following for photo in photos[1:]]
    wanted: list[tuple[Kind, Sequence[str]]] = [
        ("preview", [*firsts, *current[1:]]),
        ("large", [*firsts[:2], *current[1:], *firsts[2:]]),
        ("preview", rest),
        ("full", firsts[:1]),
        ("large", rest),
    ]
    return [(kind, photo) for kind, photos in wanted for photo in photos]
