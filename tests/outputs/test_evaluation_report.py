import json

from phototriage.evaluation import (
    Ceiling,
    Estimate,
    EvaluationReport,
    KindAccuracy,
    Mistake,
    ReliabilityBin,
    ScorerReport,
)
from phototriage.outputs import evaluation_json, evaluation_markdown
from phototriage.outputs.evaluation_report import markdown_table

HALF = Estimate(0.5, 0.4, 0.6)


def test_a_table_is_proof_against_what_names_hold() -> None:
    assert markdown_table(["name", "n"], [["a|b\n", "1"]]) == "| name | n |\n| --- | --: |\n| a\\|b\\n | 1 |"


def test_a_report_holds_the_table_the_differences_the_kinds_and_the_mistakes() -> None:
    lead = Estimate(0.021, 0.006, 0.035)
    scorers = (
        ScorerReport(
            "coin",
            {"accuracy": HALF},
            {"accuracy": lead, "accuracy_clear": None},
            by_reason=(KindAccuracy("field of view", 3, lead), KindAccuracy("other", 0, None)),
        ),
        ScorerReport(
            "mine",
            {"accuracy": Estimate(0.521, 0.5, 0.54)},
            {},
            (KindAccuracy("2", 3, HALF), KindAccuracy("3", 0, None)),
            (KindAccuracy("0.5–0.6", 3, HALF),),
            (ReliabilityBin(3, 0.61, HALF),),
            (KindAccuracy("field of view", 3, HALF), KindAccuracy("other", 0, None)),
        ),
    )
    ceiling = Ceiling({"accuracy": HALF}, {"accuracy": HALF}, 1.3, 10, 5.8)
    report = EvaluationReport(scorers, 1234, 5, 3, 2, 7, 0.42, "mine", ceiling)
    mistakes = [Mistake("s", "a.jpg", "b.jpg", 0.9, -1.0, 2.0, 0.05)]
    lines = evaluation_markdown(report, "Evaluation: mine", ["a note"], mistakes).splitlines()
    assert lines[0] == "# Evaluation: mine"
    assert lines[2].startswith("1,234 pairs of 3 series, 5 of them with p ≥ 0.7; 2 complete series, of which")
    for line in (
        "- a note",
        "- accuracy: mine is better than coin by 2.1 points, 0.6 to 3.5",
        "- p ≥ 0.7: mine and coin cannot be compared",
        "| 2 | 50.0 (40.0–60.0) | 3 |",
        "| 0.5–0.6 | 50.0 (40.0–60.0) | 3 |",
        "| 61.0 | 50.0 (40.0–60.0) | 3 |",
        "| accuracy % | field of view |",
        "| pairs | 3 |",
        "| coin | 2.1 (0.6–3.5) |",
        "| mine | 50.0 (40.0–60.0) |",
        "| s | a.jpg: -1.000 | b.jpg: 2.000 | 90% | 5% |",
    ):
        assert line in lines
    assert not any(line.startswith("| 3 |") for line in lines)
    tables = [line.count("|") for line in lines if line.startswith("| ")]
    assert tables[:6] == [tables[0]] * 6


def test_the_json_has_figures_leads_and_mistakes_by_scorer() -> None:
    other = ScorerReport("other", {}, {"accuracy": Estimate(0.1, 0, 0.2), "accuracy_clear": None})
    report = EvaluationReport((other, ScorerReport("mine", {})), 10, 5, 3, 2, 0, reference="mine")
    mistake = Mistake("s", "a.jpg", "b.jpg", 0.9, -1.0, 2.0, None)
    document = json.loads(evaluation_json(report, [mistake], judged="x", notes=["one"]))
    assert document["scorers"] == {"other": {}, "mine": {}}
    assert document["lead"]["other"]["accuracy"] == {"value": 0.1, "low": 0, "high": 0.2}
    assert list(document["lead"]) == ["other"]
    assert document["worst_mistakes"][0]["preferred"] == "a.jpg"
    assert (document["judged"], document["notes"], document["ceiling"]) == ("x", ["one"], None)


def test_the_json_keeps_its_names_of_the_ceiling() -> None:
    ceiling = Ceiling({"accuracy": HALF}, {"accuracy": None}, 1.3, 10, 5.8)
    report = EvaluationReport((ScorerReport("x", {}),), 10, 5, 3, 2, 0, ceiling=ceiling)
    found = json.loads(evaluation_json(report))["ceiling"]
    assert list(found) == ["knower", "human", "concentration", "pairs", "votes"]
    assert (found["knower"]["accuracy"]["value"], found["human"]["accuracy"]) == (0.5, None)
