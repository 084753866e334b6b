"""Trains a ranker: `python train_multifeature_ranker.py` is `phototriage train`, with the same options."""

import sys

from phototriage.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
