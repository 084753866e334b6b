"""A small folder under review, and a client that was let in."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient

from phototriage.choices import ChoiceStore
from phototriage.rank import Ranking
from phototriage.web.guard import Guard, Keys
from phototriage.web.measuring import Measuring
from phototriage.web.picture_store import Kind
from phototriage.web.renditions import Renditions
from phototriage.web.routes import review_app
from phototriage.web.session import ReviewSession
from phototriage.web.teaching import Teaching

ORIGIN = "http://127.0.0.1:8000"


@dataclass
class Page:
    """What a page in the browser can do."""

    client: TestClient
    prefix: str

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Asks for a path below the prefix."""
        return self.client.get(f"/{self.prefix}/{path}", headers=headers)

    def post(self, path: str, **body: Any) -> httpx2.Response:
        """Sends JSON to a path below `api/`."""
        return self.client.post(f"/{self.prefix}/api/{path}", json=body, headers={"Origin": ORIGIN})

    def session(self) -> dict[str, Any]:
        """The whole folder."""
        return dict(self.get("api/session").json())

    def change(self, path: str, **body: Any) -> dict[str, Any]:
        """Decides something, and gives what changed since the start."""
        answer = self.post(path, **{"since": 0, **body})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


class NoRenditions(Renditions):
    """Starts no processes, which would take seconds."""

    def prepare(self, wanted: Iterable[tuple[Kind, str, Path, str]]) -> None:
        """Prepares nothing."""


def review(
    ranking: Ranking,
    folder: Path,
    renditions: Renditions | None = None,
    teaching: Teaching | None = None,
    *,
    raises: bool = True,
) -> Page:
    """Opens the page of a ranked folder; `folder` is for the store and the cache.

    raises: whether an error that nobody expects fails the test.
    """
    store = ChoiceStore(folder / "choices")
    measuring = Measuring(lambda on_progress, on_note: ReviewSession(ranking, store, ranker="default 1"))
    measuring.start()
    measuring.wait()
    renditions = renditions or NoRenditions(folder / "cache")
    keys = Keys()
    client = TestClient(
        Guard(review_app(measuring, renditions, teaching), keys, "127.0.0.1"),
        base_url=ORIGIN,
        raise_server_exceptions=raises,
    )
    entered = client.post(f"/{keys.prefix}/enter", data={"token": keys.new_token()})
    assert entered.status_code == 200
    return Page(client, keys.prefix)
