"""Measures a folder in a thread while the page shows the progress."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from phototriage.errors import PhototriageError
from phototriage.features import OnProgress
from phototriage.web.errors import RequestError
from phototriage.web.session import ReviewSession

__all__ = ["Measuring", "Progress"]


@dataclass(frozen=True)
class Progress:
    """How far measuring is. error: why it failed, in one line."""

    stage: Literal["measuring", "ready", "failed"] = "measuring"
    done: int = 0
    total: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""


class _Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Leaves the measuring of a folder that nobody waits for any more."""


class Measuring:
    """A session that is being made ready.

    Args:
        open_session: measures the folder; is given what to call with the progress and with notes.
    """

    def __init__(self, open_session: Callable[[OnProgress, Callable[[str], None]], ReviewSession]) -> None:
        self.progress = Progress()
        self.failure: PhototriageError | None = None
        self._open_session = open_session
        self._session: ReviewSession | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._measure, daemon=True)

    def start(self, on_failure: Callable[[], None] = lambda: None) -> None:
        """Begins to measure. `on_failure` is called in another thread if that fails."""
        self._on_failure = on_failure
        self._thread.start()

    def stop(self) -> None:
        """Gives up; what was measured is kept."""
        self._stopped = True
        self._thread.join(timeout=5)

    def wait(self, seconds: float | None = None) -> None:
        """Returns when the session is ready or measuring has failed, at the latest after some seconds."""
        self._thread.join(seconds)

    @property
    def session(self) -> ReviewSession:
        """The session. Raises RequestError as long as there is none."""
        if self._session is None:
            if self.progress.error:
                raise RequestError(409, self.progress.error)
            raise RequestError(409, "the photos are still being measured", "measuring")
        return self._session

    def _measure(self) -> None:
        try:
            self._session = self._open_session(self._on_progress, self._on_note)
            self.progress = replace(self.progress, stage="ready")
        except PhototriageError as error:
            self._fail(error)
        except _Stopped:
            pass
        except Exception as error:
            self._fail(PhototriageError(f"a fault of phototriage ended the measuring ({error!r})"))
            raise

    def _fail(self, error: PhototriageError) -> None:
        self.failure = error
        self.progress = replace(self.progress, stage="failed", error=str(error))
        self._on_failure()

    def _on_progress(self, done: int, total: int) -> None:
        if self._stopped:
            raise _Stopped
        self.progress = replace(self.progress, done=done, total=total)

    def _on_note(self, note: str) -> None:
        self.progress = replace(self.progress, notes=(*self.progress.notes, note))
