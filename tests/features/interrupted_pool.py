"""Interrupts pools of decoding processes at random moments; run as a program of its own."""

import multiprocessing
import random
import signal
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np

from phototriage.features import decoding_pool
from phototriage.features.decoding_pool import DecodingPool, Prepared


def mean(pixels: np.ndarray) -> np.ndarray:
    return pixels.mean(axis=(0, 1))


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main(photo: Path, rounds: int) -> int:
    """How many of the rounds were interrupted at work and ended."""
    # Forked workers start in no time; here no thread of torch's stands in the way.
    patch.object(decoding_pool, "get_context", lambda method: multiprocessing.get_context("fork")).start()
    signal.signal(signal.SIGALRM, interrupt)
    chance = random.Random(0)
    ended = 0
    for _ in range(rounds):
        with DecodingPool(workers=2) as pool:
            results = pool.run({str(number): photo for number in range(100_000)}, [mean], [frozenset()])
            assert isinstance(next(results), Prepared)
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.001, 0.03))
                for _ in results:
                    pass
            except KeyboardInterrupt:
                ended += 1
    return ended


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2])))
