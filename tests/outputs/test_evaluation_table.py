import pytest

from phototriage.evaluation import Estimate, EvaluationReport, ScorerReport
from phototriage.outputs import lead_sentence


def with_lead(value: float, low: float, high: float) -> EvaluationReport:
    other = ScorerReport("other", {}, {"accuracy": Estimate(value, low, high), "accuracy_clear": None})
    return EvaluationReport((other, ScorerReport("mine", {})), 10, 5, 3, 2, 0, reference="mine")


@pytest.mark.parametrize(
    ("lead", "says"),
    [
        ((0.021, 0.006, 0.035), "mine is better than other by 2.1 points, 0.6 to 3.5"),
        ((-0.021, -0.035, -0.006), "mine is worse than other by 2.1 points, 0.6 to 3.5"),
        ((0.01, -0.006, 0.026), "no clear difference between mine and other, +1.0 (-0.6…+2.6) points"),
        ((0, 0, 0), "no clear difference between mine and other, +0.0 (+0.0…+0.0) points"),
    ],
)
def test_a_difference_in_words(lead: tuple[float, float, float], says: str) -> None:
    assert lead_sentence(with_lead(*lead), "other") == f"accuracy: {says}"


def test_what_has_no_figure_cannot_be_compared() -> None:
    says = lead_sentence(with_lead(0, 0, 0), "other", "accuracy_clear")
    assert says == "p ≥ 0.7: mine and other cannot be compared"
