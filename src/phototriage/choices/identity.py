"""What tells one photo from another, wherever it lies and whatever was written into its file since."""

import posixpath
from collections import Counter
from dataclasses import dataclass

from phototriage.photos import Capture
from phototriage.photos.plain_name import plain_name

__all__ = ["PhotoIdentity", "unique_keys"]


@dataclass(frozen=True)
class PhotoIdentity:
    """A photo, as far as its file says which one it is.

    content_hash, size: of the file; the size in bytes. name: of the file, without folder and suffix, in lower
    case. captured_at: on the camera's clock, ISO 8601; None where the file does not say. camera: make, model
    and serial number.
    """

    content_hash: str
    size: int
    name: str
    captured_at: str | None
    camera: str

    @classmethod
    def of(cls, photo: str, content_hash: str, size: int, capture: Capture) -> "PhotoIdentity":
        """photo: its path, with `/`."""
        stem = posixpath.splitext(posixpath.basename(photo))[0]
        camera = " ".join(part for part in (capture.make, capture.model, capture.serial) if part)
        captured_at = capture.time.local.isoformat() if capture.time else None
        return cls(content_hash, size, plain_name(stem), captured_at, camera)

    @property
    def key(self) -> tuple[str, str, str] | None:
        """What stays the same when a program writes into the file; None where that is too little."""
        return (self.name, self.captured_at, self.camera) if self.captured_at else None


def unique_keys(photos: list[PhotoIdentity]) -> list[tuple[str, str, str] | None]:
    """The key of each photo; None where another photo has the same one with other contents."""
    contents = Counter(key for key, _ in {(photo.key, photo.content_hash) for photo in photos})
    return [photo.key if contents[photo.key] == 1 else None for photo in photos]
