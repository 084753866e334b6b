"""Text that is safe to print on a terminal."""

__all__ = ["printable"]


def printable(text: str) -> str:
    """The text with every unprintable character (control, direction, surrogate) replaced by its escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
