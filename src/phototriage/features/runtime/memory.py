"""Tells that the memory does not suffice, in whatever words a library says it."""

from collections.abc import Iterator
from contextlib import contextmanager

from phototriage.errors import FeatureError

__all__ = ["OUT_OF_MEMORY", "memory_needed", "out_of_memory"]

OUT_OF_MEMORY = (
    "not enough memory",
    "out of memory",
    "can't allocate memory",
    "failed to allocate",
    "bad_alloc",
)
"""What torch and onnxruntime say, in lower case."""


def out_of_memory(error: Exception) -> bool:
    """Whether that is what an error says."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in OUT_OF_MEMORY)


@contextmanager
def memory_needed(problem: str) -> Iterator[None]:
    """Raises FeatureError, which says `problem`, where the memory does not suffice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if out_of_memory(error):
            raise FeatureError(problem) from error
        raise
