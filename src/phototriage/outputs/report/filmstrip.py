"""A ranked series as a strip of the page."""

import json
import math
from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape

from phototriage.features import Failure
from phototriage.outputs.report.thumbnails import Thumbnail
from phototriage.outputs.terminal import name_in_series, swaps_words
from phototriage.printable import printable
from phototriage.series import RankedPhoto, RankedSeries, Reason

__all__ = ["certainty", "filmstrip", "html_text"]

_VERDICTS = {"pick": "pick", "close": "too close to call", "kept": "kept"}
_EYES = {"open": "●", "closed": "—", "unclear": "○"}
_NUMBERS: dict[str, tuple[str, Callable[[float], str]]] = {
    "sharpness": ("edge contrast", "{:.2f}".format),
    "exposure": ("use of the range of levels", "{:.0%}".format),
    "colorfulness": ("colourfulness", "{:.2f}".format),
    "contrast": ("spread of levels", "{:.2f}".format),
    "smoothness_half": ("smoothness of fine detail", "{:.2f}".format),
    "motion": ("blur in one direction", "{:.2f}".format),
    "noise": ("grain, levels", lambda log: f"{math.exp(log) - 0.1:.1f}"),
    "brightness": ("mean level of 255", lambda log: f"{math.exp(log) - 8:.0f}"),
    "clipped_highlights": ("white area", lambda log: f"{math.exp(log) - 0.001:.1%}"),
    "clipped_shadows": ("black area", lambda log: f"{math.exp(log) - 0.001:.1%}"),
    "warmth": ("red over blue", lambda log: f"{math.exp(log):.2f}"),
    "red_green": ("spread of colours", "{:.1f}".format),
    "blockiness": ("block edges over other edges", lambda log: f"{math.exp(log):.2f}"),
    "full_noise": ("grain at full size, levels", "{:.1f}".format),
    "full_acutance": ("crispness at full size", "{:.2f}".format),
    "full_motion_length": ("length of the motion, pixels of 2,400", "{:.1f}".format),
    "blinks": ("faces with closed eyes", "{:.3g}".format),
    "face_softness": ("detail in the faces, log2", "{:.1f}".format),
    "smile": ("smile", "{:.0%}".format),
    "megapixels": ("megapixels", "{:.3g}".format),
}
"""What the number of a reason is called, and how people read it."""


def html_text(text: str) -> str:
    """Any text, a file's name above all, so that it is shown as it is and does nothing."""
    return escape(printable(text))


def certainty(series: RankedSeries) -> str:
    """How sure the pick is: `sure`, `close`, or `kept` where there is nothing to choose."""
    if series.kind != "series":
        return "kept"
    return "close" if series.too_close else "sure"


def filmstrip(
    number: int, series: RankedSeries, pictures: Sequence[Thumbnail | Failure], links: Sequence[str]
) -> str:
    """One series in HTML.

    Args:
        number: tells it from the other series of the page.
        series: at least one photo.
        pictures: of each of its photos.
        links: to each of its photos, as URLs.
    """
    photos = "".join(
        _photo(each, series.name, picture, link, first=place == 0)
        for place, (each, picture, link) in enumerate(zip(series.photos, pictures, links, strict=True))
    )
    packed = json.dumps(
        [b64encode(each.webp).decode() if isinstance(each, Thumbnail) else "" for each in pictures]
    )
    title = f'<h2 id="s{number}"><bdi>{html_text(series.name)}</bdi></h2>'
    return (
        f'<section class="series" data-certainty="{certainty(series)}">\n'
        f'<div class="head">{title}{_about(series)}</div>\n'
        f'<ul class="strip" aria-labelledby="s{number}">{photos}</ul>\n'
        f'<script type="application/json">{packed}</script>\n</section>\n'
    )


def _about(series: RankedSeries) -> str:
    facts = [f"{len(series.photos)} photos"]
    if series.captured_at:
        facts.append(
            f'<time datetime="{series.captured_at.isoformat()}">{series.captured_at:%Y-%m-%d %H:%M:%S}</time>'
        )
    if series.kind != "series":
        facts.append(f"{series.kind}, kept whole")
    about = f'<p class="soft">{" · ".join(facts)}</p>'
    close = sum(each.verdict == "close" for each in series.photos)
    if close:
        photos = "1 photo" if close == 1 else f"{close} photos"
        about += f'<p class="unsure">too close to call: {photos} beside the pick</p>'
    if words := swaps_words(series):
        about += f'<p class="soft">{html_text(words)}</p>'
    return about


def _photo(photo: RankedPhoto, series: str, picture: Thumbnail | Failure, link: str, *, first: bool) -> str:
    name, *others = (html_text(name_in_series(file, series)) for file in photo.files)
    size = f' width="{picture.width}" height="{picture.height}"' if isinstance(picture, Thumbnail) else ""
    # What is copied as the list of picks.
    key = f' data-photo="{html_text(photo.photo)}"' if photo.outcome == "pick" else ""
    verdict = "alternative" if photo.alternative else _VERDICTS.get(photo.verdict, f"rank {photo.rank}")
    facts = [f'<span class="verdict">{verdict}</span>']
    if photo.verdict != "kept":
        facts.append(f'{photo.probability_best:.0%} <span class="soft">score {_signed(photo.score)}</span>')
    if photo.decision:
        facts.append(f"yours: {photo.decision.words}")
    lines = [f'<p class="rank">{" · ".join(facts)}</p><p><bdi>{name}</bdi></p>']
    lines += [f'<p class="soft">with {other}</p>' for other in others]
    lines += [_eyes(photo)] if any(face.main for face in photo.faces or ()) else []
    lines += [_reason(*each) for each in zip(photo.phrases, photo.reasons, strict=True)]
    if isinstance(picture, Failure):
        lines.append(f'<p class="soft">no preview: {html_text(picture.reason)}</p>')
    return (
        f'<li class="{photo.verdict}"><button type="button" class="frame" tabindex="{0 if first else -1}" '
        f'aria-label="Compare {name}, {verdict}" data-href="{escape(link)}"{key}>'
        f'<img alt="{name}"{size}></button><div class="about">{"".join(lines)}</div></li>'
    )


def _eyes(photo: RankedPhoto) -> str:
    """A mark for each main face, from left to right."""
    faces = sorted(
        (face for face in photo.faces or () if face.main), key=lambda face: face.left + face.width / 2
    )
    counts = [(eyes, sum(face.eyes == eyes for face in faces)) for eyes in ("open", "closed", "unclear")]
    words = ", ".join(f"{count} {eyes}" for eyes, count in counts if count)
    marks = "".join(f'<span class="eyes {face.eyes}">{_EYES[face.eyes]}</span>' for face in faces)
    return f'<p role="img" aria-label="eyes: {words}" title="eyes, from left to right: {words}">{marks}</p>'


def _signed(score: float) -> str:
    return f"{score:.2f}".replace("-", "−")


def _reason(phrase: str, reason: Reason) -> str:
    """The words; the numbers for who points at it."""
    about = ""
    if reason.value is not None and reason.other is not None and reason.feature in _NUMBERS:
        name, as_text = _NUMBERS[reason.feature]
        about = f' title="{name}: {as_text(reason.value)} against {as_text(reason.other)}"'
    soft = "" if reason.speaks else ' class="soft"'
    return f"<p{soft}{about}>{html_text(phrase)}</p>"
