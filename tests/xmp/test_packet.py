import codecs
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phototriage.errors import OutputError
from phototriage.xmp.packet import Packet

Meaning = Callable[[bytes], dict[str, object]]
WrittenBy = Callable[[str], bytes]

PROGRAMS = ("lightroom_classic", "darktable", "digikam", "capture_one", "hand_written")
URI = {
    "xmp:Rating": "{http://ns.adobe.com/xap/1.0/}Rating",
    "xmp:Label": "{http://ns.adobe.com/xap/1.0/}Label",
    "xmpDM:pick": "{http://ns.adobe.com/xmp/1.0/DynamicMedia/}pick",
    "digiKam:PickLabel": "{http://www.digikam.org/ns/1.0/}PickLabel",
}
MARKS = {"xmp:Rating": "5", "xmp:Label": "Green", "xmpDM:pick": "1", "digiKam:PickLabel": "3"}


def rdf(inner: str) -> bytes:
    return (
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:xmp='http://ns.adobe.com/xap/1.0/'>"
        f"{inner}</rdf:RDF></x:xmpmeta>"
    ).encode()


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_but_the_marks_changes(program: str, written_by: WrittenBy, meaning: Meaning) -> None:
    before = written_by(program)
    packet = Packet(before)
    for name, value in MARKS.items():
        packet.set(name, value)
        assert packet.get(name) == value
    after = packet.to_bytes()
    assert meaning(after) == meaning(before) | {URI[name]: value for name, value in MARKS.items()}


@pytest.mark.parametrize("program", PROGRAMS)
def test_marks_taken_away_leave_what_was_there(program: str, written_by: WrittenBy, meaning: Meaning) -> None:
    before = written_by(program)
    packet = Packet(before)
    was = {name: packet.get(name) for name in MARKS}
    for name, value in MARKS.items():
        packet.set(name, value)
    for name, value in was.items():
        packet.set(name, value)
    left = meaning(packet.to_bytes())
    left.setdefault(URI["xmp:Label"], "")
    expected = meaning(before)
    expected.setdefault(URI["xmp:Label"], "")
    assert left == expected


@pytest.mark.parametrize("program", PROGRAMS)
def test_comments_packet_wrappers_and_declarations_stay(program: str, written_by: WrittenBy) -> None:
    around = re.compile(rb"<\?.*?\?>|<!--.*?-->", re.DOTALL)
    before = written_by(program)
    packet = Packet(before)
    packet.set("xmp:Rating", "5")
    assert around.findall(packet.to_bytes()) == around.findall(before)


def test_a_new_packet_is_valid_xmp(meaning: Meaning) -> None:
    packet = Packet()
    packet.set("xmp:Rating", "4")
    assert meaning(packet.to_bytes()) == {
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about": "",
        URI["xmp:Rating"]: "4",
    }
    # Programs that look for the text find it.
    assert b'xmp:Rating="4"' in packet.to_bytes()


def test_a_property_is_known_by_its_namespace(written_by: WrittenBy) -> None:
    packet = Packet(written_by("hand_written"))
    packet.set("xmp:Rating", "5")
    assert b"<xap:Rating>5</xap:Rating>" in packet.to_bytes()


def test_an_added_description_has_the_subject_of_the_others(written_by: WrittenBy) -> None:
    packet = Packet(written_by("hand_written"))
    packet.set("xmpDM:pick", "1")
    subjects = set(re.findall(rb'rdf:about="(.*?)"', packet.to_bytes()))
    assert subjects == {b"uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b"}


def test_a_property_written_twice_is_written_once(meaning: Meaning) -> None:
    packet = Packet(
        rdf(
            "<rdf:Description rdf:about='' xmp:Rating='2'/>"
            "<rdf:Description rdf:about=''><xmp:Rating>3</xmp:Rating>"
            "<xmp:Label>Red</xmp:Label></rdf:Description>"
        )
    )
    assert packet.get("xmp:Rating") == "2"
    packet.set("xmp:Rating", "4")
    assert packet.to_bytes().count(b"Rating") == 1
    assert packet.get("xmp:Rating") == "4"
    assert packet.get("xmp:Label") == "Red"
    packet.set("xmp:Rating", "")
    assert b"Rating" not in packet.to_bytes()


def test_a_packet_without_descriptions_gets_one() -> None:
    packet = Packet(rdf(""))
    packet.set("xmp:Rating", "1")
    assert Packet(packet.to_bytes()).get("xmp:Rating") == "1"


def test_a_default_namespace_lends_no_attribute_its_name() -> None:
    packet = Packet(
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description xmlns='http://ns.adobe.com/xap/1.0/' rdf:about=''>"
        b"<Label>Red</Label></rdf:Description>"
        b"</rdf:RDF>"
    )
    packet.set("xmp:Rating", "1")
    assert b'xmp:Rating="1"' in packet.to_bytes()
    assert packet.get("xmp:Label") == "Red"


def test_a_list_reads_as_its_items(written_by: WrittenBy) -> None:
    assert Packet(written_by("darktable")).get("darktable:colorlabels") == "2 4"


def test_a_value_with_more_to_it_is_not_written_over() -> None:
    data = rdf(
        "<rdf:Description rdf:about=''><xmp:Label rdf:parseType='Resource'><rdf:value>Red</rdf:value>"
        "<xmp:Nickname>x</xmp:Nickname></xmp:Label></rdf:Description>"
    )
    with pytest.raises(OutputError, match="its xmp:Label is no plain value"):
        Packet(data).set("xmp:Label", "Green")


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
    ],
)
def test_the_encoding_stays(encoding: str, mark: bytes, written_by: WrittenBy, meaning: Meaning) -> None:
    text = written_by("lightroom_classic").decode()
    packet = Packet(mark + text.encode(encoding))
    packet.set("xmp:Rating", "5")
    after = packet.to_bytes()
    assert after.startswith(mark)
    decoded = after.removeprefix(mark).decode(encoding)
    assert meaning(decoded.encode()) == meaning(text.encode()) | {URI["xmp:Rating"]: "5"}


def test_a_declared_encoding_stays() -> None:
    declaration = "<?xml version='1.0' encoding='ISO-8859-1'?>"
    body = rdf("<rdf:Description rdf:about='' xmp:Label='café &#8364;'/>").decode()
    packet = Packet((declaration + body).encode("latin-1"))
    packet.set("xmp:Rating", "2")
    after = packet.to_bytes()
    assert after.startswith(declaration.encode())
    assert "café &#8364;".encode("latin-1") in after
    assert Packet(after).get("xmp:Label") == "café €"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "broken XMP"),
        (b"not XML", "broken XMP"),
        (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF", "broken XMP"),
        (b"<html><body/></html>", "it describes nothing"),
        (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", "it describes nothing"),
        (b"\xff\xfe" + "<a/>".encode("utf-16-be"), "broken XMP"),
        (b"<?xml version='1.0' encoding='no-such'?><a/>", "broken XMP"),
        (b"\0" * 100, "broken XMP"),
    ],
)
def test_what_is_no_xmp_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(OutputError, match=reason) as raised:
        Packet(data)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("before", "after", "encoding"),
    [
        (b"", bytes(7), "utf-8"),
        (b"\n ", b" \r\n" * 9, "utf-8"),
        (bytes(2), b"\0\n\0", "utf-8"),
        (b"", bytes(6), "utf-16-le"),
        (b"", b"\0 \0\0", "utf-16-be"),
    ],
)
def test_nuls_and_blanks_around_a_packet_stay(before: bytes, after: bytes, encoding: str) -> None:
    packet = Packet(before + rdf("<rdf:Description rdf:about=''/>").decode().encode(encoding) + after)
    packet.set("xmp:Rating", "5")
    written = packet.to_bytes()
    assert (written.startswith(before), written.endswith(after)) == (True, True)
    assert packet.fault == Packet(written).fault == ""
    assert Packet(written).get("xmp:Rating") == "5"


def test_icloudpds_root_is_read_and_written() -> None:
    data = rdf("<rdf:Description rdf:about='' xmp:Rating='2'/>").replace(b"x:xmpmeta", b"x:xml_doc")
    packet = Packet(data)
    assert (packet.get("xmp:Rating"), packet.fault) == ("2", "")
    packet.set("xmp:Rating", "5")
    assert packet.to_bytes() == data.replace(b"'2'", b'"5"').replace(b"'", b'"') + b"\n"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (rdf("<rdf:Description rdf:about='' xmp:Rating='2' a:b=''/>"), "Namespace prefix a for b"),
        (rdf("<rdf:Description rdf:about='\xff' xmp:Rating='2'/>").decode().encode("latin-1"), "not utf-8"),
        (rdf("<rdf:Description rdf:about='' xmp:Rating='2'/>")[:-5], "broken XMP"),
        (b"junk" + rdf("<rdf:Description rdf:about='' xmp:Rating='2'/>"), "Start tag expected"),
        (b"<svg>" + rdf("<rdf:Description rdf:about='' xmp:Rating='2'/>") + b"</svg>", "no XMP packet"),
    ],
)
def test_a_broken_packet_is_read_and_says_why_it_must_not_be_written(data: bytes, fault: str) -> None:
    packet = Packet(data)
    assert packet.get("xmp:Rating") == "2"
    assert packet.fault.startswith("broken XMP (")
    assert fault in packet.fault
    assert "\n" not in packet.fault


def test_entities_are_neither_expanded_nor_fetched() -> None:
    laughs = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    for doctype in (
        f"<!DOCTYPE x [<!ENTITY l0 'lol'>{laughs}]>",
        "<!DOCTYPE x [<!ENTITY l9 SYSTEM 'file:///etc/passwd'>]>",
    ):
        data = doctype.encode() + rdf(
            "<rdf:Description rdf:about=''><xmp:Label>&l9;</xmp:Label></rdf:Description>"
        )
        with pytest.raises(OutputError, match="broken XMP"):
            Packet(data)


def test_a_large_packet_keeps_all_of_it(meaning: Meaning) -> None:
    keywords = "".join(f"<rdf:li>keyword {n}</rdf:li>" for n in range(20_000))
    data = rdf(
        f"<rdf:Description rdf:about=''><xmp:Thumbnails>{'A' * 5_000_000}</xmp:Thumbnails>"
        f"<xmp:Identifier><rdf:Bag>{keywords}</rdf:Bag></xmp:Identifier></rdf:Description>"
    )
    packet = Packet(data)
    packet.set("xmp:Rating", "5")
    assert meaning(packet.to_bytes()) == meaning(data) | {URI["xmp:Rating"]: "5"}


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1),
    st.booleans(),
)
def test_any_text_comes_back(value: str, spread: bool) -> None:
    packet = (
        Packet(rdf("<rdf:Description rdf:about=''><xmp:Label>x</xmp:Label></rdf:Description>"))
        if spread
        else Packet()
    )
    packet.set("xmp:Label", value)
    assert Packet(packet.to_bytes()).get("xmp:Label").split() == value.split()
