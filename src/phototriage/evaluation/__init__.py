"""Evaluates scorers against human preferences."""

from phototriage.evaluation.baselines import FIXED_MIX, baselines, ranker_scorer
from phototriage.evaluation.ceiling import Ceiling
from phototriage.evaluation.evaluate import evaluate_scorers
from phototriage.evaluation.held_out import Evaluation, evaluate_ranker, never_seen
from phototriage.evaluation.kinds import CLEAR, threshold_name
from phototriage.evaluation.mistakes import Mistake, worst_mistakes
from phototriage.evaluation.report import EvaluationReport, KindAccuracy, ReliabilityBin, ScorerReport
from phototriage.evaluation.resampling import Estimate
from phototriage.evaluation.scorer import Scorer

__all__ = [
    "CLEAR",
    "FIXED_MIX",
    "Ceiling",
    "Estimate",
    "Evaluation",
    "EvaluationReport",
    "KindAccuracy",
    "Mistake",
    "ReliabilityBin",
    "Scorer",
    "ScorerReport",
    "baselines",
    "evaluate_ranker",
    "evaluate_scorers",
    "never_seen",
    "ranker_scorer",
    "threshold_name",
    "worst_mistakes",
]
