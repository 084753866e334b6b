"""Sidecars of videos that have the name of a photo."""

from phototriage.photos import PHOTO_SUFFIXES
from phototriage.xmp.packet import Packet

__all__ = ["video_of"]


def video_of(packet: Packet) -> str:
    """The kind of the video that a sidecar says it belongs to; empty for the sidecar of a photo."""
    suffix = packet.get("photoshop:SidecarForExtension").lstrip(".")
    if suffix and f".{suffix.lower()}" not in PHOTO_SUFFIXES:
        return suffix
    return "video" if packet.get("dc:format").lower().startswith("video/") else ""
