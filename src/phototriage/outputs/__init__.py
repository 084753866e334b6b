"""Results for people and programs."""

from phototriage.outputs.judgement import judgement_json
from phototriage.outputs.ranking import ranking_csv, ranking_json
from phototriage.outputs.terminal import print_judgement, print_labels, print_ranking
from phototriage.outputs.text_file import STDOUT, write_text

__all__ = [
    "STDOUT",
    "judgement_json",
    "print_judgement",
    "print_labels",
    "print_ranking",
    "ranking_csv",
    "ranking_json",
    "write_text",
]
