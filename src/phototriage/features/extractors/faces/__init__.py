"""The `faces` block: where faces are, whether their eyes are open, whether they are in focus."""

from phototriage.features.extractors.faces.extractor import SPEC
from phototriage.features.extractors.faces.face import Face, face_count, faces_of

__all__ = ["SPEC", "Face", "face_count", "faces_of"]
