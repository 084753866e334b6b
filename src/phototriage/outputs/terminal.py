"""Results as tables on the terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.table import Table
from rich.text import Text

from phototriage.outputs.console import stdout_console
from phototriage.outputs.evaluation_table import (
    EVALUATION_LEGEND,
    evaluation_cells,
    evaluation_headers,
    percent,
)
from phototriage.outputs.tables import new_table, print_wide_table
from phototriage.printable import printable
from phototriage.series import RankedPhoto, RankedSeries

if TYPE_CHECKING:
    from phototriage.evaluation import EvaluationReport
    from phototriage.labels import AlignmentSummary, Labels

__all__ = [
    "name_in_series",
    "print_evaluation",
    "print_kinds",
    "print_labels",
    "print_ranking",
    "ranked_lines",
    "swaps_words",
]

_LEGEND_WIDTH = 100
_LEAST_NAME, _LEAST_WHY = 12, 28
_LEGEND = """\
%: P(best), how likely people would like the photo best of its series.
2nd: an alternative, the best of those too close to call.
Reasons: a pick's beside all that are left out, any other's beside the pick."""

_DECISIONS_LEGEND = "yours: what you decided in the review, which goes before the program's verdict."


def print_ranking(ranked: Sequence[RankedSeries], top: int | None = None) -> None:
    """Per series a headline and a line per photo; only the first `top` photos where it is given.

    What is kept whole takes one line, and all single photos together one; the last says how to read it.
    """
    console = stdout_console()
    for series in ranked:
        if series.kind != "single":
            # One text per series: rich takes some milliseconds for a table, and there may be thousands.
            console.print(ranked_lines(series, top, console.width), soft_wrap=True)
    singles = sum(series.kind == "single" for series in ranked)
    if singles:
        console.print(f"{singles:,} single photo{'s' * (singles > 1)}: nothing to choose", highlight=False)
    if any(series.kind == "series" for series in ranked):
        console.print(_LEGEND, highlight=False)
    if any(photo.decision for series in ranked for photo in series.photos):
        console.print(_DECISIONS_LEGEND, highlight=False)


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
            text.append(f"{line}\n", style="bold" if each.outcome == "pick" else "not bold")
    if words := swaps_words(series):
        for line in textwrap.wrap(words, max(_LEAST_WHY, width - 6)):
            text.append(f"      {line}\n", style="not bold")
    return text


def swaps_words(series: RankedSeries) -> str:
    """Which faces other photos could give the first one, where none has all eyes open; else empty."""
    if not series.swaps:
        return ""
    faces = [
        f"face {each.place} from the left in {printable(name_in_series(each.other, series.name))}"
        for each in series.swaps
    ]
    first = printable(name_in_series(series.swaps[0].photo, series.name))
    return f"no photo has all eyes open; for {first} they are open: {', '.join(faces)}"


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
    why = [f"yours: {photo.decision.words}"] if photo.decision else []
    why += [phrase for phrase, reason in reasons if reason.speaks]
    if also := [reason.words for _, reason in reasons if not reason.speaks]:
        why.append(f"also {', '.join(also)}")
    for number, (part, words) in enumerate(
        zip_longest(chop_cells(name, wide), textwrap.wrap(", ".join(why), room), fillvalue="")
    ):
        rank, chance, mark = head if number == 0 else ("", "", "")
        yield f"{rank:4}  {set_cell_size(part, wide)}  {chance:4}  {mark:5}  {words}".rstrip()


def print_evaluation(report: "EvaluationReport") -> None:
    """A row per scorer, each figure with its interval; what noise in the labels allows; how to read it."""
    console = stdout_console()
    print_wide_table(console, evaluation_headers(report), evaluation_cells(report), bold=report.reference)
    console.print()
    console.print(textwrap.fill(EVALUATION_LEGEND, min(console.width, _LEGEND_WIDTH)), highlight=False)


def print_kinds(report: "EvaluationReport") -> None:
    """The reference's accuracy by series size, by the size of the preference, and by people's reasons."""
    scorer = report.scorer(report.reference or "")
    for header, parts in (
        ("photos in the series", scorer.by_series_size),
        ("share of people on the winner's side", scorer.by_preference),
        ("reason that a third of the people name", scorer.by_reason),
    ):
        if not any(part.pairs for part in parts):
            continue
        table = new_table(header)
        table.add_column("accuracy %", justify="right")
        table.add_column("pairs", justify="right")
        for part in parts:
            if part.pairs:
                table.add_row(part.kind, percent(part.accuracy), f"{part.pairs:,}")
        console = stdout_console()
        console.print()
        console.print(table)


def print_labels(labels: "Labels") -> None:
    """What each step of reading labels kept."""
    table = new_table("step")
    for name in ("rows", "pairs", "series", "photos"):
        table.add_column(name, justify="right")
    for step in labels.steps:
        counts = (step.rows, step.pairs, step.series, step.photos)
        table.add_row(step.name, *("" if count is None else f"{count:,}" for count in counts))
    console = stdout_console()
    console.print(table)
    if labels.alignment:
        console.print()
        console.print(_alignment(labels.alignment))


def _alignment(summary: "AlignmentSummary") -> Table:
    table = new_table("votes against the released preferences")
    table.add_column("", justify="right")
    table.add_row(
        "series whose votes were matched to their photos",
        f"{summary.aligned:,} of {summary.series:,} ({summary.share:.1%})" if summary.series else "no series",
    )
    for name, agreement in (
        ("same winner, votes joined by raw ids (50 % is chance)", summary.raw),
        ("same winner, votes matched", summary.matched),
        ("same winner, votes matched, where |p − ½| > 0.2", summary.matched_clear),
    ):
        share = f"{agreement.share:.1%} of {agreement.pairs:,} pairs" if agreement.pairs else "no pairs"
        table.add_row(name, share)
    return table
