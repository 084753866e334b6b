"""A running `phototriage review`, and a shoot to review."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SERIES, TAKES = 30, 3


def write_shoot(folder: Path) -> None:
    """A folder for each series: one sharp take and softer ones; every second one is of portraits."""
    for number in range(SERIES):
        place = folder / f"{number:02d}"
        place.mkdir(parents=True)
        rng = np.random.default_rng(number)
        scene = cv2.resize(
            rng.integers(0, 256, (40, 60, 3), np.uint8), (720, 480), interpolation=cv2.INTER_CUBIC
        )
        for take in range(TAKES):
            soft = cv2.GaussianBlur(scene, (0, 0), 0.5 + 2 * take) if take else scene
            _save(place / f"IMG_{take}.jpg", np.asarray(soft, np.uint8), portrait=number % 2 == 1)


def _save(path: Path, pixels: NDArray[np.uint8], *, portrait: bool) -> None:
    """A portrait lies on its side in its file, which says so."""
    exif = Image.Exif()
    if portrait:
        exif[0x0112] = 6
    Image.fromarray(pixels).save(path, quality=95, exif=exif)


class Review:
    """The server of one folder, started as a person starts it."""

    def __init__(self, folder: Path, scratch: Path, *options: str) -> None:
        self._command = [
            *(sys.executable, "-m", "phototriage", "review", str(folder), "--no_browser", "--by_folder"),
            *("--cache_dir", str(scratch / "cache"), "--choices_dir", str(scratch / "choices")),
            *options,
        ]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        with self._process.stdout as printed:
            line = printed.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"no address in {line!r}"
        self.address = found[0]

    def kill(self) -> None:
        """Nothing is said goodbye to."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=20)

    @property
    def ended(self) -> bool:
        """Whether the server is gone."""
        return self._process.poll() is not None
