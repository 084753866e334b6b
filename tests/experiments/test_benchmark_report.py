import json
from collections.abc import Callable
from dataclasses import replace

from phototriage.evaluation import Scorer, evaluate_scorers
from phototriage.experiments.benchmark import Benchmark
from phototriage.experiments.benchmark_report import benchmark_json, benchmark_markdown
from phototriage.experiments.trained_baselines import Recipe
from phototriage.features import Features
from phototriage.labels import Comparisons, Labels
from phototriage.labels.alignment import Agreement, AlignmentSummary
from phototriage.outputs.provenance import Provenance
from phototriage.ranker import MultiFeatureConfig

NOTHING_MATCHED = AlignmentSummary(
    2, 0, 0, 0, {2: (2, 0)}, 0, Agreement(2, 0.5), Agreement(0, float("nan")), Agreement(0, float("nan"))
)


def _benchmark(comparisons: Comparisons, features: Features) -> Benchmark:
    scores = dict(zip(features.photos, features.matrix[:, 0].tolist(), strict=True))
    entry = Recipe("full: block", features, MultiFeatureConfig())
    return Benchmark(
        labels=Labels(comparisons, "release", (), (), NOTHING_MATCHED, frozenset(), None, ()),
        entries=[entry],
        runs={},
        unmeasured={"z|\x1b[31m.jpg": "cannot be read"},
        official=None,
        folds=evaluate_scorers(
            comparisons, [Scorer(entry.name, scores, calibrated=True)], reference=entry.name
        ),
        fold_count=4,
        provenance=Provenance(
            "2026-01-02T03:04:05+00:00", "phototriage benchmark X", "a machine", {"phototriage": "9"}
        ),
    )


def test_what_is_not_there_is_left_out_and_text_stays_in_its_cell(
    make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    comparisons = make_comparisons(("1", "a", "b", 0.9), ("2", "c", "d", 0.6))
    features = make_features({"a": [2.0], "b": [1.0], "c": [0.0], "d": [1.0]})
    benchmark = _benchmark(comparisons, features)
    page = benchmark_markdown(benchmark)
    assert "## Official validation" not in page
    assert "In-sample" not in page
    assert "\x1b" not in page
    assert "3 of 4 labeled photos have features. The first of the others is z|" in page
    assert (
        "| full: block | 4 folds over all series: 2 pairs of 2 series | this run | 50.0 (0.0–100.0) |" in page
    )
    assert "| block | block/1 | 1 |" in page
    assert "| same winner, votes matched | 0 pairs | – |" in page
    assert "- machine: a machine\n- versions: phototriage 9\n" in page
    found = json.loads(benchmark_json(benchmark))
    assert found["labels"]["alignment"]["matched"] == {"pairs": 0, "share": None}
    assert (found["official"], found["in_sample"]) == (None, None)
    assert found["folds"]["scorers"]["full: block"]["accuracy"]["value"] == 0.5
    assert found["entries"]["full: block"]["run"] is None
    assert found["unmeasured"] == benchmark.unmeasured


def test_labels_without_votes_have_no_table_of_matching(
    make_comparisons: Callable[..., Comparisons], make_features: Callable[..., Features]
) -> None:
    comparisons = make_comparisons(("1", "a", "b", 0.9))
    benchmark = _benchmark(comparisons, make_features({"a": [2.0], "b": [1.0]}))
    assert "votes joined by raw ids" in benchmark_markdown(benchmark)
    without = replace(benchmark, labels=replace(benchmark.labels, alignment=None))
    assert "votes joined by raw ids" not in benchmark_markdown(without)
