import pytest

from phototriage.doctor.formats import format_findings
from phototriage.errors import PhotoError


def test_every_format_is_tried() -> None:
    found = {each.name: each for each in format_findings()}
    assert list(found) == ["JPEG", "PNG", "TIFF", "WebP", "AVIF", "HEIC", "RAW"]
    assert {each.state for each in found.values()} == {"ok"}
    assert [each.name for each in found.values() if each.essential] == ["JPEG"]


def test_a_format_that_does_not_decode_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(data: bytes, max_side: int | None) -> None:
        raise PhotoError("no decoder")

    monkeypatch.setattr("phototriage.photos.decode", decode)
    found = {each.name: each for each in format_findings()}
    assert (found["AVIF"].state, found["AVIF"].value) == ("broken", "no decoder")
    assert found["RAW"].hint == "pip install --force-reinstall rawpy"
    assert found["HEIC"].state == "ok"


def test_wrong_colours_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phototriage.doctor.formats._COLOUR", (250, 0, 0))
    raw = list(format_findings())[-1]
    assert raw.state == "broken"
    assert raw.value.startswith("a picture of the colour (250, 0, 0) came out as (1")


def test_without_a_decoder_heic_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pi_heif.libheif_info", lambda: {"decoders": {}})
    heic = next(each for each in format_findings() if each.name == "HEIC")
    assert (heic.state, heic.value) == ("broken", "libheif has no decoder for it")
