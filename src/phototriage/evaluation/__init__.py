"""Judging scorers against human preferences."""

from phototriage.evaluation.baselines import FIXED_MIX, baselines, ranker_scorer
from phototriage.evaluation.evaluate import Evaluation, evaluate_ranker
from phototriage.evaluation.judging import METRICS, Estimate, Judgement, Scorer, Verdict, judge

__all__ = [
    "FIXED_MIX",
    "METRICS",
    "Estimate",
    "Evaluation",
    "Judgement",
    "Scorer",
    "Verdict",
    "baselines",
    "evaluate_ranker",
    "judge",
    "ranker_scorer",
]
