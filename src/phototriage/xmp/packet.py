"""An XMP packet: reads and sets plain properties, and leaves everything else unchanged.

The packet is edited as an XML tree (lxml). Libraries that convert XMP to their own model and write it anew
(exiv2, and the XMP toolkit in it) change the digits of GPS positions, turn the subject of a packet into a
property, and drop comments and the encoding.
"""

import codecs

from lxml import etree

from phototriage.errors import OutputError

__all__ = ["Packet"]

_NAMESPACES = {
    "darktable": "http://darktable.sf.net/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
}
_RDF = f"{{{_NAMESPACES['rdf']}}}"
_META = "{adobe:ns:meta/}"

_NEW = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="phototriage">
 <rdf:RDF xmlns:rdf="{_NAMESPACES["rdf"]}">
  <rdf:Description rdf:about=""
    xmlns:xmp="{_NAMESPACES["xmp"]}"
    xmlns:xmpDM="{_NAMESPACES["xmpDM"]}"
    xmlns:digiKam="{_NAMESPACES["digiKam"]}"/>
 </rdf:RDF>
</x:xmpmeta>
""".encode()

# Longer marks first, because the mark of UTF-32 begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Packet:
    """The XMP of one sidecar (ISO 16684-1).

    Property names use the usual prefix of their namespace, as in `xmp:Rating`, even if the file uses another
    prefix. Raises OutputError if `data` is not XMP.
    """

    def __init__(self, data: bytes = _NEW) -> None:
        # Without huge_tree, libxml2 rejects input that would grow without bounds.
        parser = etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=False)
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            raise OutputError(f"broken XMP ({error.msg})") from error
        self._tree = root.getroottree()
        if self._tree.docinfo.doctype:
            raise OutputError("broken XMP (a document type has no place in it)")
        self._mark, self._encoding = next(
            ((mark, name) for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)),
            (b"", self._tree.docinfo.encoding or "utf-8"),
        )
        try:
            text = data.removeprefix(self._mark).decode(self._encoding)
        except (LookupError, UnicodeDecodeError) as error:
            raise OutputError(f"broken XMP ({error})") from error
        self._declaration = text[: text.index("?>") + 2] + "\n" if text.startswith("<?xml ") else ""
        graph = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
        if graph is None or root.tag not in (f"{_RDF}RDF", f"{_META}xmpmeta", f"{_META}xapmeta"):
            raise OutputError("broken XMP (it describes nothing)")
        self._graph = graph

    def get(self, name: str) -> str:
        """The value of a property, with list items joined; empty if the property does not exist."""
        tag = _tag(name)
        for description in self._descriptions():
            if (value := description.get(tag)) is not None:
                return str(value)
            if (element := description.find(tag)) is not None:
                return " ".join("".join(element.itertext()).split())
        return ""

    def set(self, name: str, value: str) -> None:
        """Sets a property in place, or adds it; an empty value removes it.

        Raises OutputError if the property exists as more than plain text.
        """
        tag = _tag(name)
        missing = bool(value)
        for description in self._descriptions():
            if tag in description.attrib:
                if missing:
                    description.set(tag, value)
                else:
                    del description.attrib[tag]
                missing = False
            for element in description.findall(tag):
                if len(element) or element.attrib:
                    raise OutputError(f"its {name} is no plain value")
                if missing:
                    element.text = value
                else:
                    description.remove(element)
                missing = False
        if missing:
            self._description_that_knows(name).set(tag, value)

    def to_bytes(self) -> bytes:
        """The packet as a file, in its original encoding."""
        root = self._tree.getroot()
        before = reversed(list(root.itersiblings(preceding=True)))
        nodes = [
            etree.tostring(node, encoding="unicode", with_tail=False)
            for node in (*before, root, *root.itersiblings())
        ]
        text = self._declaration + "\n".join([*nodes, ""])
        return self._mark + text.encode(self._encoding, "xmlcharrefreplace")

    def _descriptions(self) -> list[etree._Element]:
        return list(self._graph.findall(f"{_RDF}Description"))

    def _description_that_knows(self, name: str) -> etree._Element:
        """A description that has a prefix for the property's namespace, because an attribute needs one."""
        prefix = name.partition(":")[0]
        there = self._descriptions()
        for description in there:
            if any(known and uri == _NAMESPACES[prefix] for known, uri in description.nsmap.items()):
                return description
        # All descriptions of a packet have the same subject, written with or without a prefix.
        about = {
            key: value for key, value in (there[0].attrib if there else {}).items() if key.endswith("about")
        }
        added = etree.SubElement(
            self._graph,
            f"{_RDF}Description",
            about or {f"{_RDF}about": ""},
            nsmap={prefix: _NAMESPACES[prefix]},
        )
        added.tail = "\n"
        return added


def _tag(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"
