"""The option that names blocks; it is the same on every action."""

from typing import Annotated

import tyro

__all__ = ["Blocks"]

Blocks = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]")]
