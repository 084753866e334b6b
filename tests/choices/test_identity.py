from datetime import datetime
from typing import Literal
from unicodedata import normalize

from phototriage.choices import PhotoIdentity
from phototriage.choices.identity import unique_keys
from phototriage.photos import Capture, CaptureTime

FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
TIME = CaptureTime(datetime(2026, 6, 1, 9, 0, 0, 250_000), None)


def test_a_photo_says_what_it_is() -> None:
    capture = Capture(TIME, "Canon", "EOS R5", None)
    photo = PhotoIdentity.of("day 1/IMG_1.CR3", "a", 5, capture)
    assert photo == PhotoIdentity("a", 5, "img_1", "2026-06-01T09:00:00.250000", "Canon EOS R5")
    assert photo.key == ("img_1", "2026-06-01T09:00:00.250000", "Canon EOS R5")
    assert PhotoIdentity.of("x.jpg", "a", 5, Capture()).key is None


def test_copies_of_one_photo_share_their_key_and_other_photos_lose_it() -> None:
    one = PhotoIdentity.of("a/x.jpg", "1", 5, Capture(TIME))
    copy = PhotoIdentity.of("b/x.jpg", "1", 5, Capture(TIME))
    other = PhotoIdentity.of("c/x.jpg", "2", 5, Capture(TIME))
    assert unique_keys([one, copy]) == [one.key, one.key]
    assert unique_keys([one, copy, other]) == [None] * 3


def test_a_name_is_the_same_in_every_normal_form() -> None:
    forms = {PhotoIdentity.of(normalize(form, "a/Café.JPG"), "1", 5, Capture(TIME)).key for form in FORMS}
    assert forms == {("café", "2026-06-01T09:00:00.250000", "")}
