"""A ranked series as lines for the terminal."""

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from phototriage.printable import printable
from phototriage.series import RankedPhoto, RankedSeries

__all__ = ["name_in_series", "ranked_lines"]

_LEAST_NAME, _LEAST_WHY = 12, 28


def ranked_lines(series: RankedSeries, top: int | None, width: int) -> Text:
    """A headline, then the rank, name, P(best), verdict and reasons of its photos, or of the first `top`.

    What is kept whole is its headline. Names and reasons that do not fit into `width` cells are continued
    below. "+1" after a name: one more file goes with the photo.
    """
    count = len(series.photos)
    facts = [f"{count} photo{'s' * (count > 1)}"]
    if series.captured_at:
        facts.append(f"{series.captured_at:%Y-%m-%d %H:%M}")
    if series.kind != "series":
        facts = [series.kind, *facts, "all kept"]
    elif series.too_close:
        facts.append("too close to call")
    text = Text(f"{printable(series.name)}  ({', '.join(facts)})\n", style="bold")
    if series.kind != "series":
        return text
    shown = [(each, _name(each, series.name)) for each in series.photos[:top]]
    room = max(_LEAST_NAME, width - 21 - _LEAST_WHY)
    wide = min(room, max(cell_len(name) for _, name in shown))
    for each, name in shown:
        for line in _lines(each, name, wide, max(_LEAST_WHY, width - 21 - wide)):
            text.append(f"{line}\n", style="bold" if each.verdict == "pick" else "not bold")
    return text


def name_in_series(file: str, series: str) -> str:
    """A file's path without what the name of its series tells already."""
    # A series is called after its folder, or after a photo in it.
    folder = series if file.startswith(f"{series}/") else series.rpartition("/")[0]
    return file.removeprefix(f"{folder}/")


def _name(photo: RankedPhoto, series: str) -> str:
    more = len(photo.files) - 1
    return printable(name_in_series(photo.photo, series)) + (f" +{more}" if more else "")


def _lines(photo: RankedPhoto, name: str, wide: int, room: int) -> Iterator[str]:
    verdict = "2nd" if photo.alternative else "" if photo.verdict == "rest" else photo.verdict
    head = (f"{photo.rank:>4}", f"{photo.probability_best:>4.0%}", f"{verdict:<5}")
    reasons = list(zip(photo.phrases, photo.reasons, strict=True))
    why = [phrase for phrase, reason in reasons if reason.speaks]
    if also := [reason.words for _, reason in reasons if not reason.speaks]:
        why.append(f"also {', '.join(also)}")
    for number, (part, words) in enumerate(
        zip_longest(chop_cells(name, wide), textwrap.wrap(", ".join(why), room), fillvalue="")
    ):
        rank, chance, mark = head if number == 0 else ("", "", "")
        yield f"{rank:4}  {set_cell_size(part, wide)}  {chance:4}  {mark:5}  {words}".rstrip()
