"""Text that cannot play tricks on a terminal."""

__all__ = ["printable"]


def printable(text: str) -> str:
    """The text with every character that does not show (control, direction, no text at all) as its escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
