"""Published figures on PhotoTriage, each with its pairs and its source."""

from dataclasses import dataclass

__all__ = ["PUBLISHED", "PublishedFigure"]


@dataclass(frozen=True)
class PublishedFigure:
    """Pairs in the order that people prefer, in percent; None if not published.

    all_pairs: of all pairs. clear: of pairs on which at least 70 % of people agree. about: whether `clear` is
    approximate. judged_on: the evaluated pairs, and the training data.
    """

    scorer: str
    all_pairs: float | None
    clear: float | None
    judged_on: str
    source: str
    about: bool = False


_RELEASED_P = "the pairs of both pairlists"
_SCORED = "about 4,000 pairs of released training series"
_NOTHING_LEARNED = f"{_SCORED}; nothing learned"
_OWN = "measured on the released photos by the formulas of `iqa`"
_CHANG = "Chang, Yu, Wang, Ashley, Finkelstein: Automatic Triage for a Photo Series, ACM TOG 35(4), 2016"

_NATURAL = (
    "test of FGAesthetics' Natural, which in the paper also counts video frames; the treatment of ties and "
    "of close pairs is not stated"
)
_READY_MADE = f"{_NATURAL}; not trained on it"
_FINE_TUNED = f"{_NATURAL}; trained on its training series"
_YANG = (
    "Yang et al.: Fine-grained Image Aesthetic Assessment: Learning Discriminative Scores from Relative "
    "Ranks, CVPR 2026, pair-level accuracy"
)

PUBLISHED = (
    PublishedFigure("coin", 50.0, 50.0, "any pairs", "by definition"),
    PublishedFigure("contrast", 49.4, 48.7, _NOTHING_LEARNED, _OWN),
    PublishedFigure("exposure", 56.0, 59.7, _NOTHING_LEARNED, _OWN),
    PublishedFigure("colorfulness", 56.5, 59.9, _NOTHING_LEARNED, _OWN),
    PublishedFigure("sharpness", 56.7, 60.3, _NOTHING_LEARNED, _OWN),
    PublishedFigure("fixed mix .4/.3/.2/.1", 59.2, 62.0, _NOTHING_LEARNED, _OWN, about=True),
    PublishedFigure("four IQA differences, logistic", 59.4, 64.4, f"{_SCORED}; learned", _OWN),
    PublishedFigure(
        "VGG-16 siamese, end to end",
        None,
        73.0,
        "the paper's own split; pairs that at least 70 % of reviewers agree on",
        _CHANG,
    ),
    PublishedFigure(
        "SPSNet",
        None,
        75.36,
        "split and filter not stated; put under p ≥ 0.7 without proof",
        "Modeling Multiple Aesthetic Views for Series Photo Selection, IEEE Transactions on Multimedia, 2023",
    ),
    PublishedFigure("NIMA", 58.9, None, _READY_MADE, _YANG),
    PublishedFigure("MUSIQ", 60.7, None, _READY_MADE, _YANG),
    PublishedFigure("MUSIQ, fine-tuned", 65.4, None, _FINE_TUNED, _YANG),
    PublishedFigure("Charm", 67.2, None, _READY_MADE, _YANG),
    PublishedFigure("Q-Align", 71.1, None, _READY_MADE, _YANG),
    PublishedFigure("Charm, fine-tuned", 72.3, None, _FINE_TUNED, _YANG),
    PublishedFigure("FGAesQ", 77.9, None, _FINE_TUNED, _YANG),
    PublishedFigure(
        "one more person against the majority",
        70.0,
        77.0,
        _RELEASED_P,
        "from the votes and the released p",
        True,
    ),
    PublishedFigure(
        "the most that noise in the labels allows",
        86.0,
        95.0,
        _RELEASED_P,
        "from the votes and the released p",
        True,
    ),
)
"""Sorted from chance to the ceiling, those on PhotoTriage's own split before those on FGAesthetics'.

Equal scores count half.
"""
