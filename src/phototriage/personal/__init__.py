"""A ranker that becomes a person's own: what decisions teach it, and whether it may speak."""

from phototriage.personal.correction import Correction, corrected, learn_correction
from phototriage.personal.gate import Gate, gate_series, judge
from phototriage.personal.pairs import Pairs

__all__ = ["Correction", "Gate", "Pairs", "corrected", "gate_series", "judge", "learn_correction"]
