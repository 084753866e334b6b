"""Whether a shared folder is safe for `features extract --shard`: does each unit of work go to one process?

python benchmarks/claims.py FOLDER [FOLDER ...] [--processes 4] [--units 200]

The folders are one folder of the network drive, through mounts of their own or one. Processes take units by
the leases of `--shard`, all in the same order, so that they want the same unit at the same time. To try
several machines, start the command on all of them within a few seconds; only the last one to end sees what
all took.
Ends with 1 where a unit was taken by nobody or twice.
"""

import argparse
import sys
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from uuid import uuid4

from phototriage.cluster.leases import Leases, record

_JOB = "phototriage-claims"
_SECONDS_OF_SILENCE = 90.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--units", type=int, default=200)
    options = parser.parse_args()
    if any(any((folder / _JOB).glob("*.claims")) for folder in options.folders):
        sys.exit(f"{options.folders[0] / _JOB} is of an earlier try: remove it first, on one machine")
    units = [f"{number:04}" for number in range(options.units)]
    began = time.monotonic()
    context = get_context("spawn")
    together = context.Barrier(options.processes)
    processes = [
        context.Process(target=claim, args=(options.folders[number % len(options.folders)], units, together))
        for number in range(options.processes)
    ]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
    took = time.monotonic() - began
    claims = [path.read_text().split() for path in (options.folders[0] / _JOB).glob("*.claims")]
    times = Counter(unit for some in claims for unit in some)
    nobody, often = [each for each in units if not times[each]], [each for each in units if times[each] > 1]
    failed = any(each.exitcode for each in processes)
    print(f"{len(units)} units, by processes: {' '.join(str(len(some)) for some in claims)}; {took:.1f} s")
    print(f"taken by nobody: {len(nobody)}; more than once: {len(often)}; ended with an error: {failed}")
    print(f"remove {options.folders[0] / _JOB} before you try again")
    sys.exit(bool(nobody or often or failed))


def claim(folder: Path, units: list[str], together: Barrier) -> None:
    together.wait()
    job = folder / _JOB
    leases = Leases(job, _SECONDS_OF_SILENCE)
    mine: list[str] = []
    while True:
        done, taken = leases.look()
        left = [unit for unit in units if unit not in done]
        if not left:
            break
        for unit in left:
            with leases.lease(unit, taken.get(unit, 0)) as is_mine:
                if is_mine:
                    mine.append(unit)
                    record(job, unit).touch()
                    break
    (job / f"{uuid4().hex}.claims").write_text(" ".join(mine))


if __name__ == "__main__":
    main()
