"""`python -m phototriage`."""

import sys

from phototriage.cli import main

if __name__ == "__main__":
    sys.exit(main())
