import pytest

from phototriage.printable import is_unicode, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 漢字.jpg", "plain ü 漢字.jpg"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        (b"\xe9.jpg".decode("utf-8", "surrogateescape"), r"\udce9.jpg"),
    ],
)
def test_what_does_not_show_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_names_of_files_need_not_be_unicode() -> None:
    assert is_unicode("Å 😀.jpg")
    assert not is_unicode(b"bad\xff.jpg".decode("utf-8", "surrogateescape"))
