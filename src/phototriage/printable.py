"""Text that is safe to print on a terminal, and to write into a document."""

__all__ = ["is_unicode", "printable"]


def printable(text: str) -> str:
    """The text with every unprintable character (control, direction, surrogate) replaced by its escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def is_unicode(text: str) -> bool:
    """Whether all of it is characters: names of files need not be."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
