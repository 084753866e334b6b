"""A benchmark on PhotoTriage as one page, and as JSON for programs."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phototriage.evaluation import EvaluationReport
from phototriage.experiments.published import PUBLISHED
from phototriage.labels import Labels
from phototriage.outputs.evaluation_report import evaluation_json, evaluation_markdown, markdown_table
from phototriage.outputs.evaluation_table import percent
from phototriage.outputs.provenance import Provenance
from phototriage.outputs.text_file import write_text
from phototriage.plain_values import plain_values
from phototriage.printable import printable

if TYPE_CHECKING:
    from phototriage.experiments.benchmark import Benchmark, Official

__all__ = ["benchmark_json", "benchmark_markdown", "write_benchmark"]


def write_benchmark(benchmark: "Benchmark", folder: str | Path) -> None:
    """Writes report.md and report.json. Raises OutputError."""
    write_text(benchmark_markdown(benchmark), Path(folder) / "report.md")
    write_text(benchmark_json(benchmark), Path(folder) / "report.json")


def benchmark_json(benchmark: "Benchmark") -> str:
    """One document with everything on the page, every setting, and every photo left out."""
    labels, official = benchmark.labels, benchmark.official
    document: dict[str, Any] = {
        "made": asdict(benchmark.provenance),
        "labels": {
            "steps": [asdict(step) for step in labels.steps],
            "alignment": asdict(labels.alignment) if labels.alignment else None,
            "notes": list(labels.notes),
        },
        "unmeasured": dict(benchmark.unmeasured),
        "entries": {
            entry.name: {
                "blocks": [plain_values(block) for block in entry.features.blocks],
                "config": plain_values(entry.config),
                "run": benchmark.runs.get(entry.name),
            }
            for entry in benchmark.entries
        },
        "official": None,
        "in_sample": None,
        "natural": None,
        "natural_in_sample": None,
        "folds": None,
        "published": [asdict(figure) for figure in PUBLISHED],
    }
    if official:
        document["official"] = _plain(official.unseen, seen_series=official.seen_series)
        document["in_sample"] = _plain(official.in_sample)
    if natural := benchmark.natural:
        document["natural"] = _plain(natural.unseen, seen_series=natural.seen_series)
        document["natural_in_sample"] = _plain(natural.in_sample)
    if benchmark.folds:
        document["folds"] = _plain(benchmark.folds, folds=benchmark.fold_count)
    # A share of no pairs is NaN, which JSON does not allow.
    sound = json.loads(json.dumps(document), parse_constant=lambda constant: None)
    return json.dumps(sound, indent=2, ensure_ascii=False) + "\n"


def benchmark_markdown(benchmark: "Benchmark") -> str:
    """The page: published figures, labels, features, training, evaluations, in-sample, provenance."""
    origin, folds = benchmark.provenance, benchmark.folds
    published = {
        "Official validation": benchmark.official,
        "Test of FGAesthetics' Natural": benchmark.natural,
    }
    on_published = {title: evaluated for title, evaluated in published.items() if evaluated}
    parts = ["# PhotoTriage benchmark", f"phototriage {origin.versions['phototriage']}, {origin.date}."]
    parts += ["## Beside published figures", _READING, _beside_published(benchmark)]
    parts += ["## Labels", *_labels(benchmark.labels)]
    parts += ["## Features", *_features(benchmark)]
    parts += ["## What was trained", *_trained(benchmark)]
    for title, evaluated in on_published.items():
        parts.append(_deeper(evaluation_markdown(evaluated.unseen, title, _cautions(evaluated))))
    if folds:
        title = f"{benchmark.fold_count} folds over all series"
        notes = ["every series is scored by rankers trained only on the other folds"]
        parts.append(_deeper(evaluation_markdown(folds, title, notes)))
    if on_published:
        parts.append("## In-sample, for contrast")
        parts += [part for evaluated in on_published.values() for part in _in_sample(evaluated)]
    parts += ["## How it was made", _origin(origin)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


_READING = """\
Pairs in the order that people prefer, in percent, with 95 % intervals over series. Pairs with p = ½ are left
out; equal scores count half. p ≥ 0.7: pairs with max(p, 1 − p) ≥ 0.7 of the released preference p. Figures on
different pairs are only roughly comparable."""

_HEADERS = ("scorer", "evaluated on", "source", "all pairs %", "p ≥ 0.7 %")


def _beside_published(benchmark: "Benchmark") -> str:
    official, natural, folds = benchmark.official, benchmark.natural, benchmark.folds
    evaluated = []
    if official:
        where = f"official validation: {_extent(official.unseen)}; trained on the official training series"
        evaluated.append((official.unseen, where))
    if natural:
        where = f"test of FGAesthetics' Natural: {_extent(natural.unseen)}; trained on its training series"
        evaluated.append((natural.unseen, where))
    if folds:
        evaluated.append((folds, f"{benchmark.fold_count} folds over all series: {_extent(folds)}"))
    rows = [
        [entry.name, where, "this run", percent(figures["accuracy"]), percent(figures["accuracy_clear"])]
        for report, where in evaluated
        for entry in benchmark.entries
        for figures in [report.scorer(entry.name).figures]
    ]
    rows += [
        [
            each.scorer,
            each.judged_on,
            each.source,
            _number(each.all_pairs),
            f"≈ {each.clear:.0f}" if each.about else _number(each.clear),
        ]
        for each in PUBLISHED
    ]
    return markdown_table(_HEADERS, rows, texts=3)


def _labels(labels: Labels) -> list[str]:
    rows = [
        [step.name, *(_count(each) for each in (step.rows, step.pairs, step.series, step.photos))]
        for step in labels.steps
    ]
    parts = [
        "The label of a pair is its released p. What each step of reading kept:",
        markdown_table(["step", "rows", "pairs", "series", "photos"], rows),
    ]
    if alignment := labels.alignment:
        matched = ["series whose votes were matched to their photos", f"{alignment.series:,} series"]
        agreements = {
            "same winner, votes joined by raw ids (50 % is chance)": alignment.raw,
            "same winner, votes matched": alignment.matched,
            "same winner, votes matched, where |p − ½| > 0.2": alignment.matched_clear,
        }
        rows = [
            [*matched, _share(alignment.share)],
            *([name, f"{each.pairs:,} pairs", _share(each.share)] for name, each in agreements.items()),
        ]
        parts += [
            "The ids in the votes are permuted relative to the photos. The pairlists corrected them:",
            markdown_table(["votes against the released preferences", "of", "share"], rows),
        ]
    return parts + (["\n".join(f"- {printable(note)}" for note in labels.notes)] if labels.notes else [])


def _features(benchmark: "Benchmark") -> list[str]:
    blocks = dict.fromkeys(block for entry in benchmark.entries for block in entry.features.blocks)
    photos, lost = benchmark.labels.comparisons.photos, benchmark.unmeasured
    text = f"{len(photos) - len(lost):,} of {len(photos):,} labeled photos have features."
    if lost:
        first, reason = next(iter(lost.items()))
        text += f" The first of the others is {printable(first)}{f': {printable(reason)}' if reason else ''}."
    rows = [[block.name, block.fingerprint, f"{block.dim:,}"] for block in blocks]
    return [text, markdown_table(["block", "fingerprint", "numbers"], rows, texts=2)]


def _trained(benchmark: "Benchmark") -> list[str]:
    rows = []
    for entry in benchmark.entries:
        config = entry.config
        network = " → ".join(map(str, (entry.features.matrix.shape[1], *config.mlp_hidden_dims, 1)))
        rows.append(
            [
                entry.name,
                network,
                f"{config.input_normalization}, {config.loss}, {config.labels} labels",
                f"agreement ≥ {config.min_agreement:g}, ≥ {config.min_reviewers} reviewers",
                str(config.seed),
                benchmark.runs.get(entry.name, "–"),
            ]
        )
    headers = [
        "preset: features",
        "network",
        "input, loss, labels",
        "training pairs",
        "seed",
        "run folder",
    ]
    text = (
        "Only training pairs are filtered, by their matched votes, or by p if the votes are unknown. A tenth "
        "of the training series serves for early stopping and for the temperature. Every setting is in the "
        "config.yaml of the run folder, and in report.json."
    )
    return [text, markdown_table(headers, rows, texts=len(headers))]


def _cautions(official: "Official") -> list[str]:
    return [
        f"{official.seen_series} test series are left out, because their photos are also in training series"
        if official.seen_series
        else "no photo of these series was used in training"
    ]


def _in_sample(official: "Official") -> list[str]:
    rows = [
        [each.name, percent(each.figures["accuracy"]), percent(each.figures["accuracy_clear"])]
        for each in official.in_sample.scorers
    ]
    return [
        f"The same rankers on {_extent(official.in_sample)} that were used for training and early stopping. "
        "These figures show how well the rankers remember, not how good they are. No other figure of this "
        "run is in-sample. The settings of a preset may have been chosen by trials on such series, which "
        "makes its figures slightly optimistic.",
        markdown_table(["scorer", "all pairs %", "p ≥ 0.7 %"], rows),
    ]


def _origin(provenance: Provenance) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in provenance.versions.items())
    return "\n".join(
        [
            f"- command: `{printable(provenance.command)}`",
            f"- date: {provenance.date}",
            f"- machine: {printable(provenance.machine)}",
            f"- versions: {versions}",
        ]
    )


def _plain(report: EvaluationReport, **about: Any) -> dict[str, Any]:
    return dict(json.loads(evaluation_json(report, **about)))


def _extent(report: EvaluationReport) -> str:
    return f"{report.pairs:,} pairs of {report.series:,} series"


def _share(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.1%}"


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _number(figure: float | None) -> str:
    return "–" if figure is None else str(figure)


def _deeper(page: str) -> str:
    """A page with its headings one level down."""
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in page.splitlines())
