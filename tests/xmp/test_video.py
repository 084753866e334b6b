import pytest

from phototriage.xmp.packet import Packet
from phototriage.xmp.video import video_of


@pytest.mark.parametrize(
    ("said", "video"),
    [
        ("", ""),
        ('photoshop:SidecarForExtension="CR3"', ""),
        ('photoshop:SidecarForExtension=".MOV"', "MOV"),
        ('dc:format="image/x-canon-cr3"', ""),
        ('dc:format="video/quicktime"', "video"),
    ],
)
def test_whose_sidecar_it_says_it_is(said: str, video: str) -> None:
    spaces = (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    )
    data = Packet().to_bytes().replace(b"rdf:about", f"{spaces} {said} rdf:about".encode())
    assert video_of(Packet(data)) == video
