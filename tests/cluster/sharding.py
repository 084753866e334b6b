"""A machine of a sharded run, in a process of its own.

python sharding.py FOLDER CACHE_DIR I/N SECONDS DIES_AT

SECONDS are slept at every report of progress. At DIES_AT photos, the process kills itself.
"""

import os
import signal
import sys
import time

from phototriage.cluster.shards import ShardOptions, extract_shard


def main() -> None:
    folder, cache_dir, shard, seconds, dies_at = sys.argv[1:]
    number, shards = map(int, shard.split("/"))

    def on_progress(done: int, total: int) -> None:
        time.sleep(float(seconds))
        if done >= int(dies_at):
            os.kill(os.getpid(), signal.SIGKILL)

    options = ShardOptions(
        number, shards, features=("iqa", "look"), cache_dir=cache_dir, workers=1, lease_seconds=0.5
    )
    found = extract_shard(folder, options, on_progress=on_progress)
    print(found.photos, found.read, *(each.photo for each in found.failures))


if __name__ == "__main__":
    main()
