"""What faces say about the order within a series: who is who, who blinks, and who is in focus."""

from phototriage.series.faces.eyes import Eyes
from phototriage.series.faces.people import FACE_NUMBERS, People, SeenFace, people_of
from phototriage.series.faces.score import face_log_odds
from phototriage.series.faces.swaps import Swap, swaps

__all__ = ["FACE_NUMBERS", "Eyes", "People", "SeenFace", "Swap", "face_log_odds", "people_of", "swaps"]
