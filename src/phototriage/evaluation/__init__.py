"""Judging scorers against human preferences."""

from phototriage.evaluation.baselines import FIXED_MIX, baselines, ranker_scorer
from phototriage.evaluation.ceiling import Ceiling
from phototriage.evaluation.evaluate import Evaluation, evaluate_ranker, never_seen
from phototriage.evaluation.kinds import CLEAR, threshold_name
from phototriage.evaluation.mistakes import Mistake, worst_mistakes
from phototriage.evaluation.report import Judgement, Part, ReliabilityBin, Scorer, Verdict, judge
from phototriage.evaluation.resampling import Estimate

__all__ = [
    "CLEAR",
    "FIXED_MIX",
    "Ceiling",
    "Estimate",
    "Evaluation",
    "Judgement",
    "Mistake",
    "Part",
    "ReliabilityBin",
    "Scorer",
    "Verdict",
    "baselines",
    "evaluate_ranker",
    "judge",
    "never_seen",
    "ranker_scorer",
    "threshold_name",
    "worst_mistakes",
]
