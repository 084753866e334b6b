"""An XMP packet: reads and sets plain properties, and leaves everything else unchanged.

The packet is edited as an XML tree (lxml). Libraries that convert XMP to their own model and write it anew
(exiv2, and the XMP toolkit in it) change the digits of GPS positions, turn the subject of a packet into a
property, and drop comments and the encoding.
"""

import codecs
import re

from lxml import etree

from phototriage.errors import OutputError

__all__ = ["Packet"]

_NAMESPACES = {
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "acdsee": "http://ns.acdsee.com/iptc/1.0/",
    "darktable": "http://darktable.sf.net/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "photomechanic": "http://ns.camerabits.com/photomechanic/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
}
_RDF = f"{{{_NAMESPACES['rdf']}}}"
_META = "{adobe:ns:meta/}"
_UNDECLARED = {**_NAMESPACES, "x": "adobe:ns:meta/", "xap": _NAMESPACES["xmp"]}
"""The meaning of prefixes that a broken packet uses without declaring them."""

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


# Those that XML 1.0 allows.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>\s*")
_DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_PADDING = " \t\r\n\0"


class Packet:
    """The XMP of one sidecar or photo (ISO 16684-1).

    Property names use the usual prefix of their namespace, as in `xmp:Rating`, even if the file uses another
    prefix. NULs and blanks around the packet are kept. A broken packet is read as far as that is possible;
    `fault` says what is wrong with it and why it must not be written; it is empty otherwise. Raises
    OutputError if `data` is not XMP.
    """

    def __init__(self, data: bytes = _NEW) -> None:
        self.fault = ""
        text = self._decoded(data)
        before = len(text) - len(text.lstrip(_PADDING))
        after = len(text.rstrip(_PADDING))
        self._head, body, self._tail = text[:before], text[before:after], text[after:]
        declaration = _DECLARATION.match(body)
        self._declaration = declaration[0] if declaration else ""
        root = self._parsed(body.removeprefix(self._declaration))
        self._tree = root.getroottree()
        if self._tree.docinfo.doctype:
            raise OutputError("broken XMP (a document type has no place in it)")
        graph = next(root.iter(f"{_RDF}RDF"), None)
        if graph is None:
            raise OutputError(self.fault or "broken XMP (it describes nothing)")
        if root is not graph and not str(root.tag).startswith(_META):
            self._is_broken("it is no XMP packet")
        self._graph = graph

    def _decoded(self, data: bytes) -> str:
        declared = _DECLARED_ENCODING.match(data)
        self._mark, self._encoding = next(
            ((mark, name) for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)),
            (b"", declared[1].decode() if declared else "utf-8"),
        )
        if data.startswith((b"<\0", b"\0<")):
            self._encoding = "utf-16-le" if data.startswith(b"<") else "utf-16-be"
        data = data.removeprefix(self._mark)
        try:
            return data.decode(self._encoding)
        except LookupError as error:
            raise OutputError(f"broken XMP ({error})") from error
        except UnicodeDecodeError as error:
            self._is_broken(f"bytes that are not {self._encoding}: {error.reason}")
            return data.decode(self._encoding, "replace")

    def _parsed(self, text: str) -> etree._Element:
        try:
            return etree.fromstring(text.encode("utf-8"), _parser())
        except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
            self._is_broken(error.msg if isinstance(error, etree.XMLSyntaxError) else error.reason)
        # What another program put in front of or behind the packet is left out.
        text = text[max(text.find("<"), 0) : text.rfind(">") + 1]
        text = _FORBIDDEN.sub("\ufffd", text)
        if start := re.search(r"<[^\W\d][^\s/>]*", text):
            inside = text[start.end() : text.find(">", start.end())]
            missing = {prefix: uri for prefix, uri in _UNDECLARED.items() if f"xmlns:{prefix}=" not in inside}
            declarations = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in missing.items())
            text = text[: start.end()] + declarations + text[start.end() :]
        try:
            root = etree.fromstring(text.encode("utf-8"), _parser(recover=True))
        except etree.XMLSyntaxError:
            root = None
        if root is None:
            raise OutputError(self.fault)
        return root

    def _is_broken(self, reason: str) -> None:
        self.fault = self.fault or f"broken XMP ({' '.join(reason.split())})"

    def get(self, name: str) -> str:
        """The value of a property, with list items joined; empty if the property does not exist."""
        for description in self._descriptions():
            for tag in _tags(name):
                if (value := description.get(tag)) is not None:
                    return str(value).strip()
                if (element := description.find(tag)) is not None:
                    return " ".join("".join(element.itertext()).split())
        return ""

    def set(self, name: str, value: str) -> None:
        """Sets a property in place, or adds it; an empty value removes it.

        Raises OutputError if the property exists as more than plain text.
        """
        missing = bool(value)
        for description in self._descriptions():
            for tag in _tags(name):
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
            self._description_that_knows(name).set(_tags(name)[0], value)

    def to_bytes(self) -> bytes:
        """The packet as a file, in its original encoding."""
        root = self._tree.getroot()
        before = reversed(list(root.itersiblings(preceding=True)))
        nodes = [
            etree.tostring(node, encoding="unicode", with_tail=False)
            for node in (*before, root, *root.itersiblings())
        ]
        text = self._head + self._declaration + "\n".join(nodes) + (self._tail or "\n")
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


def _tags(name: str) -> tuple[str, str]:
    """The qualified name; Windows and others write some namespaces without the last slash, or with one."""
    prefix, _, local = name.partition(":")
    uri = _NAMESPACES[prefix]
    return f"{{{uri}}}{local}", f"{{{uri.rstrip('/')}}}{local}"


def _parser(*, recover: bool = False) -> etree.XMLParser:
    # Without huge_tree, libxml2 rejects input that would grow without bounds.
    return etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=False, recover=recover)
