"""Where no photo of a series has everyone's eyes open: which faces another photo could give."""

from collections.abc import Sequence
from dataclasses import dataclass

from phototriage.series.faces.people import SeenFace

__all__ = ["Swap", "swaps"]


@dataclass(frozen=True)
class Swap:
    """A face with open eyes for one that blinks.

    person: whose, as of a `SeenFace`. place: the same person counted from the left among the main faces of
    `photo`, from 1. photo: has the closed eyes. other: has the open ones.
    """

    person: int
    place: int
    photo: str
    other: str


def swaps(photos: Sequence[tuple[str, Sequence[SeenFace]]]) -> tuple[Swap, ...]:
    """The faces that the first photo could be given, where in no photo all main people have their eyes open.

    Args:
        photos: name and faces, best first. Each blinking person's eyes are taken from the best photo in which
            they are open; whose eyes are open nowhere has none.
    """
    main = [(photo, [face for face in faces if face.main]) for photo, faces in photos]
    everyone = {face.person for _, faces in main for face in faces if face.eyes != "unclear"}
    if not main or any(
        everyone <= {face.person for face in faces if face.eyes == "open"} for _, faces in main
    ):
        return ()
    (first, shown), *others = main
    found = []
    for place, face in enumerate(sorted(shown, key=lambda face: face.left + face.width / 2), 1):
        if face.eyes != "closed":
            continue
        for other, faces in others:
            if any(each.person == face.person and each.eyes == "open" for each in faces):
                found.append(Swap(face.person, place, first, other))
                break
    return tuple(found)
