"""The JSON of a request, checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phototriage.errors import OutputError
from phototriage.outputs.sidecars import SidecarOptions
from phototriage.web.errors import RequestError
from phototriage.web.session import PhotoMark

__all__ = ["Body", "whole"]


@dataclass(frozen=True)
class Body:
    """The values of a JSON object by their names; what is asked for in vain is a RequestError."""

    values: Mapping[str, Any]

    @classmethod
    def of(cls, data: bytes) -> "Body":
        """Raises RequestError if this is not the JSON of an object."""
        try:
            values = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise RequestError(400, "the request is no JSON") from error
        if not isinstance(values, dict):
            raise RequestError(400, "the request is no JSON object")
        return cls(values)

    @property
    def since(self) -> int:
        """The revision that the page knows."""
        return whole(self.values.get("since", 0))

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be written; only a plain no means no."""
        return self.values.get("dry_run") is not False

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise RequestError(400, f"{name} is missing")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts, each once; empty if it is missing."""
        values = self.values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise RequestError(400, f"{name} is a list of ids")
        return list(dict.fromkeys(values))

    @property
    def marks(self) -> list[PhotoMark]:
        """What is said of photos with one key."""
        marks = self.values.get("marks")
        if not isinstance(marks, list) or not marks:
            raise RequestError(400, "marks is a list of at least one mark")
        made = []
        for mark in marks:
            if not isinstance(mark, dict) or not {*mark} <= {"photo", "flag", "stars", "label"}:
                raise RequestError(400, "a mark has a photo, and a flag, stars or a label")
            said = (mark.get(name) for name in ("flag", "stars", "label"))
            made.append(PhotoMark(Body(mark).text("photo"), *said))
        return made

    @property
    def sidecar_options(self) -> SidecarOptions:
        """What sidecars are to hold."""
        schemes = self.values.get("schemes", ["stars"])
        if not isinstance(schemes, list):
            raise RequestError(400, "schemes is a list")
        try:
            return SidecarOptions(
                tuple(schemes),
                self.values.get("names", "adobe"),
                mark_rejects=self.values.get("mark_rejects") is True,
                overwrite_ratings=self.values.get("overwrite_ratings") is True,
            )
        except (OutputError, TypeError) as error:
            raise RequestError(400, str(error)) from error


def whole(value: object) -> int:
    """The number of a revision. Raises RequestError for anything else."""
    try:
        return int(str(value))
    except ValueError as error:
        raise RequestError(400, "a revision is a whole number") from error
