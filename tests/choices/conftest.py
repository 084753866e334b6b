from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from phototriage.choices import ChoiceStore, PhotoIdentity


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChoiceStore]:
    """An empty store."""
    with ChoiceStore(tmp_path / "choices") as opened:
        yield opened


@pytest.fixture
def photo() -> Callable[..., PhotoIdentity]:
    """A photo of a burst, by its number."""

    def make(number: int, **changes: object) -> PhotoIdentity:
        values: dict[str, object] = {
            "content_hash": f"{number:032x}",
            "size": 1000 + number,
            "name": f"img_{number}",
            "captured_at": f"2026-06-01T09:00:{number:02d}",
            "camera": "Canon EOS R5 1234",
        }
        return PhotoIdentity(**{**values, **changes})  # type: ignore[arg-type]

    return make
