"""What a sidecar is to say of a photo, and what a person has said there before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from phototriage.choices import Decision
from phototriage.errors import OutputError
from phototriage.series import Verdict
from phototriage.xmp.sidecar_names import SidecarName
from phototriage.xmp.signs import KIND_OF_SIGN, is_reject, said, says_something

__all__ = ["Scheme", "SidecarOptions", "respect", "wanted_marks"]

Scheme = Literal["pick", "stars", "labels"]
_MAX_STARS = 5


@dataclass(frozen=True)
class SidecarOptions:
    """How verdicts become marks, and what the sidecars are called.

    schemes: any of them together. pick_rating: stars of a pick, 1 to 5; an alternative gets one less.
    mark_rejects: mark the photos that were not chosen as rejected. overwrite_ratings: write also where a
    person's own mark stands.
    """

    schemes: tuple[Scheme, ...]
    name: SidecarName = "adobe"
    pick_rating: int = _MAX_STARS
    mark_rejects: bool = False
    overwrite_ratings: bool = False

    def __post_init__(self) -> None:
        if not self.schemes or not set(self.schemes) <= set(get_args(Scheme)):
            raise OutputError(f"sidecars hold any of {', '.join(get_args(Scheme))}, not {self.schemes}")
        if self.name not in get_args(SidecarName):
            raise OutputError(
                f"sidecars are named as by {' or '.join(get_args(SidecarName))}, not {self.name}"
            )
        if not 1 <= self.pick_rating <= _MAX_STARS:
            raise OutputError(f"the rating of a pick must be 1 to {_MAX_STARS}, not {self.pick_rating}")


_REJECT = {"xmp:Rating": "-1", "digiKam:PickLabel": "1"}


_LABELS = {"red": "Red", "yellow": "Yellow", "green": "Green", "blue": "Blue"}
"""The labels of the keys 6 to 9, by the names that Lightroom gives them."""


def wanted_marks(
    verdict: Verdict, alternative: bool, options: SidecarOptions, decision: Decision | None = None
) -> dict[str, str]:
    """What the sidecars of a photo should say: property → value.

    The stars, the label and the reject of a person take the place of the program's.

    Of all that are too close to call only the alternatives are marked. `digiKam:PickLabel` is 1 rejected,
    2 pending, 3 accepted; `xmpDM:pick` 1 is Lightroom's flag.
    """
    decision = decision or Decision()
    marks: dict[str, str] = {}
    if verdict == "pick":
        if "pick" in options.schemes:
            marks |= {"xmpDM:pick": "1", "digiKam:PickLabel": "3"}
        if "stars" in options.schemes:
            marks["xmp:Rating"] = str(options.pick_rating)
        if "labels" in options.schemes:
            marks["xmp:Label"] = "Green"
    elif alternative:
        if "pick" in options.schemes:
            marks["digiKam:PickLabel"] = "2"
        if "stars" in options.schemes and options.pick_rating > 1:
            marks["xmp:Rating"] = str(options.pick_rating - 1)
        if "labels" in options.schemes:
            marks["xmp:Label"] = "Yellow"
    elif verdict == "rest" and options.mark_rejects:
        marks |= _REJECT
    if decision.stars and "stars" in options.schemes:
        marks["xmp:Rating"] = str(decision.stars)
    if decision.label and "labels" in options.schemes:
        marks["xmp:Label"] = _LABELS[decision.label]
    if decision.flag == "reject" and {"pick", "stars"} & {*options.schemes}:
        marks |= _REJECT
    return marks


def respect(marks: Mapping[str, str], own: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The marks that leave a person's own in peace, and in words those that stand in the way of the others.

    own: property → the value that a person, or a program for them, gave it. A rating stands in the way of
    ratings, a flag of flags, a label of labels. Rejecting a photo is a matter of rating and flag at once,
    whoever does it.
    """
    # Of several ratings, the first of the table is named.
    taken = {
        KIND_OF_SIGN[name]: said(name, own[name])
        for name in reversed(KIND_OF_SIGN)
        if says_something(name, own.get(name, ""))
    }
    rejects = is_reject(own) or _REJECT.items() <= marks.items()
    if rejects and (verdict := taken.get("rating") or taken.get("flag")):
        taken = {"rating": verdict, "flag": verdict} | taken
    allowed = {name: value for name, value in marks.items() if KIND_OF_SIGN[name] not in taken}
    standing = sorted({taken[KIND_OF_SIGN[name]] for name in marks.keys() - allowed})
    return allowed, f"yours: {', '.join(standing)}" if standing else ""
