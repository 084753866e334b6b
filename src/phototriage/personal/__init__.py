"""A ranker that becomes a person's own: what decisions teach it, and whether it may speak."""

from phototriage.personal.asking import Questions, questions
from phototriage.personal.correction import Correction, Learner, corrected, learn_correction
from phototriage.personal.drift import evidence
from phototriage.personal.gate import Gate, gate_series, judge
from phototriage.personal.pairs import Pairs
from phototriage.personal.words import learned_words

__all__ = [
    "Correction",
    "Gate",
    "Learner",
    "Pairs",
    "Questions",
    "corrected",
    "evidence",
    "gate_series",
    "judge",
    "learn_correction",
    "learned_words",
    "questions",
]
