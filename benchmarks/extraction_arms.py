"""The ways from photos to clip + resnet + iqa that `extraction.py` compares.

Apart from it: every decoding process imports the script that started it, and the command's is light.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image, ImageOps

from phototriage.features import ExtractorOptions, MultiFeatureExtractor, extract, measure_iqa
from phototriage.features.cache.exported import find_exported
from phototriage.features.decoding_pool import DecodingPool
from phototriage.features.extractors.network import NetworkExtractor
from phototriage.features.extractors.spec import view_of
from phototriage.features.runtime.device import usable_cores
from phototriage.features.runtime.torch_runtime import FromPixels, start_torch
from phototriage.photos import decode

__all__ = ["Arms"]

_BATCH = 16


class Arms:
    """Each does with all photos what `extraction.py` says of it, with networks that are loaded before.

    others: whether those of `bare`, `plain` and `batched` are, too.
    """

    def __init__(
        self,
        photos: Mapping[str, Path],
        options: ExtractorOptions,
        cache: Path,
        pool: DecodingPool,
        others: bool,
    ) -> None:
        self._photos, self._pool = photos, pool
        self._extractors = MultiFeatureExtractor(("clip", "resnet", "iqa"), options, cache).extractors
        self._networks = [each for each in self._extractors if isinstance(each, NetworkExtractor)]
        pixels = [decode(path.read_bytes(), 800).pixels for path in photos.values()]
        self._prepared = [[each.prepare(photo) for photo in pixels] for each in self._networks]
        for each, arrays in zip(self._networks, self._prepared, strict=True):
            each(arrays[:_BATCH])
        self.prepared()
        self._eager = [
            start_torch(FromPixels(each.build(), each.mean, each.std).eval(), "cpu")
            for each in self._networks
            if others
        ]
        self._sessions = [
            onnxruntime.InferenceSession(find_exported(cache, each.block), providers=["CPUExecutionProvider"])
            for each in self._networks
            if others
        ]

    def ours(self) -> None:
        with tempfile.TemporaryDirectory() as empty:
            extract(self._photos, self._extractors, Path(empty))

    def network(self) -> None:
        for each, arrays in zip(self._networks, self._prepared, strict=True):
            each(arrays)

    def prepared(self) -> None:
        self._prepare(self._pool, self._photos)

    def start(self) -> None:
        with DecodingPool(None) as pool:
            self._prepare(pool, dict(list(self._photos.items())[: usable_cores()]))

    def _prepare(self, pool: DecodingPool, photos: Mapping[str, Path]) -> None:
        steps, views = zip(*((each.prepare, view_of(each)) for each in self._extractors), strict=True)
        for _ in pool.run(photos, steps, [frozenset()] * len(steps), views=views):
            pass

    def bare(self) -> None:
        for session, arrays in zip(self._sessions, self._prepared, strict=True):
            name = session.get_inputs()[0].name
            for start in range(0, len(arrays), _BATCH):
                session.run(None, {name: np.stack(arrays[start : start + _BATCH])})

    def plain(self) -> None:
        self._opened_three_times(1)

    def batched(self) -> None:
        self._opened_three_times(_BATCH)

    def _opened_three_times(self, batch: int) -> None:
        paths = list(self._photos.values())
        for start in range(0, len(paths), batch):
            some = paths[start : start + batch]
            for each, infer in zip(self._networks, self._eager, strict=True):
                infer(np.stack([each.prepare(_whole_decode(path)) for path in some]))
            for path in some:
                measure_iqa(_whole_decode(path))


def _whole_decode(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
