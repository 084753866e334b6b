"""The networks of the `faces` block: their files, and how they start."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phototriage.features.extractors.faces.yunet import Heads
from phototriage.features.options import ExtractorOptions
from phototriage.features.runtime.litert_runtime import start_litert
from phototriage.features.runtime.model_file import ModelFile, PublishedFile

__all__ = ["LANDMARKER", "YUNET", "FaceModels", "Networks", "face_models", "start_networks"]

YUNET = PublishedFile(
    "https://github.com/opencv/opencv_zoo/raw/47534e27c9851bb1128ccc0102f1145e27f23f98/models/"
    "face_detection_yunet/face_detection_yunet_2026may.onnx",
    "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0",
    229_738,
)
"""OpenCV Zoo's detector, MIT."""

LANDMARKER = PublishedFile(
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
    "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    3_758_596,
)
"""MediaPipe's face landmarker, Apache-2.0: a ZIP archive, of which the mesh and the blendshapes are used."""

_MESH, _BLENDSHAPES = "face_landmarks_detector.tflite", "face_blendshapes.tflite"


@dataclass(frozen=True)
class Networks:
    """What is run on a photo and on its faces.

    detect: float32 BGR (1, 3, h, w) of 0 to 255 → heads of YuNet.
    mesh: float32 RGB (1, 256, 256, 3) in [0, 1] → x, y, z of 478 points in its pixels, (1434,), and the logit
    that there is a face. blendshapes: x, y of 146 points in pixels, float32 (1, 146, 2) → (52,) in [0, 1].
    """

    detect: Callable[[NDArray[np.float32]], Heads]
    mesh: Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], float]]
    blendshapes: Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class FaceModels:
    """Both files, as `Weights`."""

    detector: ModelFile
    landmarker: ModelFile

    @property
    def files(self) -> tuple[ModelFile, ModelFile]:
        """The detector's and the landmarker's."""
        return self.detector, self.landmarker

    @property
    def remedy(self) -> str:
        """How to get both files."""
        return "phototriage rank FOLDER --faces on downloads two networks once (4 MB)"

    def local(self) -> Path:
        """The detector's folder, looked for without a network. Raises FeatureError as `ModelFile` does."""
        detector, _ = (file.local() for file in self.files)
        return detector.parent

    def fetched(self) -> None:
        """Downloads what is not here. Raises FeatureError as `ModelFile` does."""
        for file in self.files:
            file.fetched()


def face_models(options: ExtractorOptions, cache_dir: Path) -> FaceModels:
    """Where the networks come from."""
    detector, landmarker = (ModelFile(file, options.weights_dir, cache_dir) for file in (YUNET, LANDMARKER))
    return FaceModels(detector, landmarker)


@cache
def start_networks(models: FaceModels) -> Networks:
    """The networks, once per process, each on one thread.

    Raises FeatureError where a file cannot be used, MissingExtraError without ai-edge-litert.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(models.detector.read(), settings, providers=providers)
    names = [output.name for output in session.get_outputs()]
    (given,) = session.get_inputs()
    with zipfile.ZipFile(io.BytesIO(models.landmarker.read())) as archive:
        mesh, blendshapes = (start_litert(archive.read(name), name) for name in (_MESH, _BLENDSHAPES))

    def detect(photo: NDArray[np.float32]) -> Heads:
        heads = session.run(None, {given.name: photo})
        return {name: head[0] for name, head in zip(names, heads, strict=True)}

    def points(crop: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
        found, logit, *_ = mesh(crop)
        return found.ravel(), logit.item()

    def shapes(chosen: NDArray[np.float32]) -> NDArray[np.float32]:
        return blendshapes(chosen)[0].ravel()

    return Networks(detect, points, shapes)
