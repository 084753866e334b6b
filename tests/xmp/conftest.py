"""Sidecars as programs write them, and what XMP means however it is written down."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def written_by() -> Callable[[str], bytes]:
    """A sidecar as a program writes it: lightroom_classic, darktable, digikam, capture_one, hand_written."""
    return lambda program: (Path(__file__).parent / "written_by" / f"{program}.xmp").read_bytes()


@pytest.fixture(scope="session")
def meaning() -> Callable[[bytes], dict[str, object]]:
    """The subject and properties of a packet, equal for every way to write the same RDF down.

    Reads with another parser than the code does. An element is its text, its list, its fields or its link;
    with a language, the pair of both.
    """

    def of(data: bytes) -> dict[str, object]:
        root = ET.fromstring(data)
        graph = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
        assert graph is not None
        found: dict[str, object] = {}
        for description in graph:
            for name, value in _fields(description):
                assert found.get(name, value) == value, f"{name} twice"
                found[name] = value
        return found

    return of


def _fields(element: ET.Element) -> list[tuple[str, object]]:
    attributes: list[tuple[str, object]] = [
        (name, value) for name, value in element.attrib.items() if name not in (f"{_RDF}parseType", _LANG)
    ]
    names = [name for name, _ in attributes] + [child.tag for child in element]
    assert len(names) == len(set(names)), "a property twice in one description"
    return attributes + [(child.tag, _value(child)) for child in element]


def _value(element: ET.Element) -> object:
    value: object
    children = list(element)
    if len(children) == 1 and children[0].tag in (f"{_RDF}Bag", f"{_RDF}Seq", f"{_RDF}Alt"):
        items = [_value(item) for item in children[0]]
        value = (children[0].tag, sorted(items, key=repr) if children[0].tag == f"{_RDF}Bag" else items)
    elif len(children) == 1 and children[0].tag == f"{_RDF}Description":
        value = dict(_fields(children[0]))
    elif children or set(element.attrib) - {_LANG}:
        value = dict(_fields(element))
    else:
        value = element.text or ""
    return (element.get(_LANG), value) if _LANG in element.attrib else value
