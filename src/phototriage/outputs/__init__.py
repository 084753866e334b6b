"""Results for people and programs."""

from phototriage.outputs.evaluation_report import evaluation_json, evaluation_markdown
from phototriage.outputs.evaluation_table import cautions, extent, lead_sentence
from phototriage.outputs.ranking import ranking_csv
from phototriage.outputs.terminal import print_evaluation, print_kinds, print_labels, print_ranking
from phototriage.outputs.text_file import STDOUT, check_destinations, write_text

__all__ = [
    "STDOUT",
    "cautions",
    "check_destinations",
    "evaluation_json",
    "evaluation_markdown",
    "extent",
    "lead_sentence",
    "print_evaluation",
    "print_kinds",
    "print_labels",
    "print_ranking",
    "ranking_csv",
    "write_text",
]
