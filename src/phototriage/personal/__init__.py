"""A ranker that becomes a person's own: what decisions teach it, and whether it may speak."""

from phototriage.personal.correction import Correction, corrected, learn_correction
from phototriage.personal.gate import Gate, gate_series, judge
from phototriage.personal.learned import (
    Learned,
    default_personal_dir,
    forget,
    is_switched_off,
    keep_learned,
    load_learned,
    ranker_file,
)
from phototriage.personal.learning import Lesson, learn
from phototriage.personal.pairs import Pairs

__all__ = [
    "Correction",
    "Gate",
    "Learned",
    "Lesson",
    "Pairs",
    "corrected",
    "default_personal_dir",
    "forget",
    "gate_series",
    "is_switched_off",
    "judge",
    "keep_learned",
    "learn",
    "learn_correction",
    "load_learned",
    "ranker_file",
]
