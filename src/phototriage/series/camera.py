"""Which files are of one camera, however they spell it."""

from collections import defaultdict
from collections.abc import Iterable

from phototriage.photos import Capture

__all__ = ["Body", "body_of", "cameras", "contradict"]

Body = tuple[str, str, str]
"""Make, model and serial number; "" where unknown."""


def body_of(capture: Capture) -> Body:
    """As the file spells it."""
    return capture.make or "", capture.model or "", capture.serial or ""


def cameras(captures: Iterable[Capture]) -> dict[Body, Body]:
    """Each spelling of make, model and serial number to the one that stands for its camera.

    Programs rewrite what cameras write: "NIKON CORPORATION", "NIKON D750" becomes "Nikon", "D750", and the
    serial number goes. So a make is its first word, a model goes without words of its make in front, and what
    a file does not say is what all others of that model say, if they agree.
    """
    plain = {body: _plain(body) for body in {body_of(capture) for capture in captures}}
    makes: dict[str, set[str]] = defaultdict(set)
    serials: dict[tuple[str, str], set[str]] = defaultdict(set)
    for make, model, _ in plain.values():
        makes[model].add(make)
    for body, (make, model, serial) in plain.items():
        plain[body] = make or _only(makes[model], model), model, serial
    for make, model, serial in plain.values():
        serials[make, model].add(serial)
    return {
        body: (make, model, serial or _only(serials[make, model], model))
        for body, (make, model, serial) in plain.items()
    }


_SAME_MAKERS = (
    ("ricoh", "pentax", "asahi"),
    ("kodak", "eastman"),
    ("fujifilm", "fuji"),
    ("olympus", "om"),
    ("hp", "hewlett-packard"),
    ("lge", "lg"),
    ("konica", "minolta"),
    ("leica", "leitz"),
)
"""First words of one maker under several names: renamed, bought, or spelled in several ways."""
_MAKER = {name: names[0] for names in _SAME_MAKERS for name in names}


def _plain(body: Body) -> Body:
    make, model, serial = (text.casefold().split() for text in body)
    first = "".join(make[:1])
    maker = _MAKER.get(first, first)
    while len(model) > 1 and (model[0] in make or _MAKER.get(model[0], "") == maker):
        model = model[1:]
    return maker, "".join(model), "".join(serial)


def _only(said: set[str], model: str) -> str:
    """What files of a known model say, if they agree; "" otherwise."""
    known = said - {""}
    return known.pop() if model and len(known) == 1 else ""


def contradict(one: Body, other: Body) -> bool:
    """Whether two of the cameras that `cameras` found cannot be the same."""
    return any(said and also and said != also for said, also in zip(one, other, strict=True))
