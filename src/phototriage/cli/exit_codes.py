"""What the commands end with."""

__all__ = ["ERROR", "INTERRUPTED", "SOME_FAILED", "USAGE"]

ERROR, USAGE, SOME_FAILED, INTERRUPTED = 1, 2, 3, 130
