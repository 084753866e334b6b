"""What the page asks the server for: paths and JSON. The page's author works from this text.

All paths are below the random prefix under which the page itself is served, so the page uses relative URLs
(`api/session`, `photos/ID/large`). Every request carries the cookie by itself. Every POST has a JSON body and
needs the header `Content-Type: application/json`. A refusal or an error is JSON `{"error": "one line"}` with
a status of 400 (the request makes no sense), 403, 404 (no such id), 409 (not measured yet; nothing to undo),
500 (the store or a file cannot be written).

Pages
    GET .               page/index.html; GET NAME gives page/NAME (`app.js`, `style.css`), no others.

Measuring
    GET api/progress    {"stage": "measuring" | "ready" | "failed", "done": 120, "total": 900,
                        "notes": ["…"], "error": ""}. Ask every half second while it measures.

The folder
    GET api/session     {"folder": "2026-06", "ranker": {"name": "default", "version": "0.1.0"},
                        "series": [SERIES…], "left_out": [{"photo": "x.jpg", "reason": "…"}],
                        "state": STATE}. The series are in the order of the folder; sort them by
                        `confidence` or `captured_at` as the person chooses.
    SERIES              {"id": "…", "name": "IMG_1", "kind": "series" | "single" | "exposure bracket" |
                        "focus stack" | "panorama", "certainty": "sure" | "close" | "kept",
                        "confidence": 0.71 (P(best) of the first photo; 1 for what is kept),
                        "captured_at": "2026-06-01T09:30:00" | null, "by_hand": false,
                        "photos": [photo ids, best first], "suggested": [photo ids that Enter picks],
                        "faults": ["blurred", "too dark", "too bright"] (of singles only)}
    GET api/series/ID   SERIES and in place of its photo ids "photos": [PHOTO…]; what the large view
                        shows beside the photo
    PHOTO               {"id", "name": "IMG_1.jpg", "files": [{"name": "IMG_1.jpg", "bytes": 5120},…],
                        "width", "height" (px as stored, before the EXIF rotation; null if unknown),
                        "verdict": "pick" | "close" | "rest" | "kept", "alternative": false, "rank": 1,
                        "probability_best": 0.71, "score": 0.52,
                        "reasons": [{"phrase": "but noisier", "words": "noisier", "speaks": 1 | 0 | -1,
                        "feature", "value", "other", "log_odds"}…], "faults": […] as above,
                        "exif": {"time": "2026-06-01T09:30:00" | null, "shutter": "1/250 s",
                        "aperture": "f/2.8", "iso": "ISO 400", "focal_length": "50 mm",
                        "lens": "…", "camera": "…"}} (empty text where the file does not say)

Pictures (GET; JPEG or WebP, upright, sRGB; ETag; may be cached as long as the session lasts)
    photos/ID/thumbnail long side 320 px
    photos/ID/large     long side 2,048 px; those of the series that follow the one last asked for by
                        `api/series/ID` are rendered ahead, in the order of the folder or of
                        `?next=ID&next=ID` in that request; `?ahead=no` leaves them as they are
    photos/ID/full      1:1, of every format; of RAW its largest embedded preview
    A photo that cannot be rendered answers 404 with the reason. The page draws the histogram from `large`.

State and decisions
    STATE               {"revision": 12, "decisions": {photo id: DECISION}, "series": {series id:
                        "decided" | "none" | "tied"} (all others are open), "counts": COUNTS,
                        "undo": "pick IMG_1.jpg" | null, "redo": … | null}
    DECISION            {"flag": "" | "pick" | "reject", "stars": 0…5, "label": "" | "red" | "yellow" |
                        "green" | "blue", "none_of_these": false, "tied": false}
    COUNTS              {"photos", "series" (to choose from), "open", "decided", "picked", "rejected",
                        "rejected_bytes", "not_picked", "not_picked_bytes" (photos of decided series
                        beside the picks, rejected ones included), "singles", "blind"}
    CHANGE              {"revision", "decisions": {photo id: DECISION | null (nothing any more)…},
                        "series": {series id: "decided" | "none" | "tied" | "open"…}, "counts",
                        "undo", "redo", "regrouped": [SERIES…] | null (the whole new list, if series
                        were merged or split; old series ids may be gone)}: all that changed since the
                        revision `since` that the request gave, in other windows too

    GET  api/changes?since=12 CHANGE; for other windows' decisions, when the window gets the focus
    Every POST body has "since" and answers CHANGE:
    POST api/mark       {"since", "series": id, "shown": [photo ids seen beside it], "marks":
                        [{"photo": id, "flag"?, "stars"?, "label"?}…]}; one key press is one request
    POST api/accept     {"since", "series": id, "shown"}: Enter; picks what is suggested
    POST api/none       {"since", "series": id, "shown"}: none of these
    POST api/tie        {"since", "series": id, "photos": [two ids or more]}: can't tell
    POST api/merge      {"since", "series": [two ids or more]}
    POST api/split      {"since", "series": id, "photos": [ids that become a series of their own]}
    POST api/undo, api/redo {"since"}; through the whole history of this folder's photos

Blind comparison
    POST api/blind/draw {"series"?: id} → {"pair": id, "series": id, "left": photo id, "right": photo
                        id} or {"pair": null} if no pair is left; sides by lot
    POST api/blind      {"since", "pair": id, "better": "left" | "right" | "tie"} → CHANGE

Export
    POST api/export     {"what": "sidecars" | "copies" | "links", "dry_run": true,
                        "schemes": ["stars", "pick", "labels"], "names": "adobe" | "darktable",
                        "mark_rejects": false, "overwrite_ratings": false} → {"written": 3,
                        "changes": [{"file": "IMG_1.xmp", "action": "create", "marks": "xmp:Rating 5",
                        "reason": ""}…], "failures": [{"file", "reason"}…], "into": "phototriage-picks"}
                        (copies and links go there, below the folder). Only series about which the person
                        decided are exported. Without "dry_run": false nothing is written
    POST api/export/undo {"dry_run": true} → the same form; takes back the last sidecars
    GET  api/export/ranking.csv, api/export/ranking.json, api/export/comparisons.csv: downloads
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.resources import files
from typing import Any, get_args

from phototriage.choices import Side
from phototriage.errors import LabelError, OutputError, PhotoError, PhototriageError
from phototriage.extras import extra
from phototriage.outputs.picks import How
from phototriage.outputs.sidecars import SidecarOptions
from phototriage.web.blind import BlindPairs
from phototriage.web.errors import RequestError
from phototriage.web.export import Document, document_text, export_picks, export_sidecars, undo_export
from phototriage.web.measuring import Measuring
from phototriage.web.renditions import MEDIA_TYPES, Kind, Renditions
from phototriage.web.session import PhotoMark, ReviewSession
from phototriage.web.views import change_view, session_view, shown_series_view

with extra("review"):
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

__all__ = ["review_app"]


class _Json(JSONResponse):
    """In ASCII, since names of files need not be Unicode."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


_PAGE_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_SHARED_WITH_REPORT = ("style.css", "panes.js")
_SERIES_AHEAD = 3
_PICKS: Mapping[str, How] = {"copies": "copy", "links": "hardlink"}

Body = Mapping[str, Any]
"""The JSON of a request."""


def review_app(measuring: Measuring, renditions: Renditions) -> Starlette:
    """The server behind the page, without its guard."""
    api = _Api(measuring, renditions)
    posts: dict[str, Callable[[ReviewSession, Body], None]] = {
        "mark": _mark,
        "accept": lambda session, body: session.accept(_text(body, "series"), _texts(body, "shown")),
        "none": lambda session, body: session.none_of_these(_text(body, "series"), _texts(body, "shown")),
        "tie": lambda session, body: session.tie(_text(body, "series"), _texts(body, "photos")),
        "merge": lambda session, body: session.merge(_texts(body, "series")),
        "split": lambda session, body: session.split(_text(body, "series"), _texts(body, "photos")),
        "undo": lambda session, body: session.journal.undo(),
        "redo": lambda session, body: session.journal.redo(),
        "blind": api.answer_blind,
    }
    return Starlette(
        routes=[
            Route("/api/progress", api.progress),
            Route("/api/session", api.session),
            Route("/api/series/{series}", api.series),
            Route("/api/changes", api.changes),
            Route("/api/blind/draw", api.draw_blind, methods=["POST"]),
            Route("/api/export", api.export, methods=["POST"]),
            Route("/api/export/undo", api.undo_export, methods=["POST"]),
            Route("/api/export/{name}", api.download),
            *(Route(f"/api/{name}", api.change(act), methods=["POST"]) for name, act in posts.items()),
            Route("/photos/{photo}/{kind}", api.picture),
            Route("/{name}", _page),
            Route("/", _page),
        ],
        exception_handlers={
            RequestError: _refusal,
            LabelError: _refusal,
            PhotoError: _refusal,
            PhototriageError: _refusal,
            404: lambda _request, _error: _Json({"error": "there is no such thing here"}, 404),
            405: lambda _request, _error: _Json({"error": "not in that way"}, 405),
        },
    )


class _Api:
    """The answers; Starlette calls them in threads, and a session lets in one at a time."""

    def __init__(self, measuring: Measuring, renditions: Renditions) -> None:
        self._measuring = measuring
        self._renditions = renditions
        self._blind = BlindPairs()

    def progress(self, _: Request) -> Response:
        return _Json(asdict(self._measuring.progress))

    def session(self, _: Request) -> Response:
        session = self._measuring.session
        with session.turn():
            view = session_view(session)
        return _Json(view)

    def series(self, request: Request) -> Response:
        session = self._measuring.session
        with session.turn():
            shown = session.shown(request.path_params["series"])
            view = shown_series_view(session, shown)
            if request.query_params.get("ahead") == "no":
                return _Json(view)
            following = request.query_params.getlist("next") or _following(session, shown.id)
            ahead = [shown.id, *(each for each in following if each in session.series)][: 1 + _SERIES_AHEAD]
            photos = [photo for each in ahead for photo in session.series[each].photos]
            files = [(photo, session.path(photo), session.content_hash(photo)) for photo in photos]
        self._renditions.prepare("large", files)
        self._renditions.prepare("full", files[:1])
        return _Json(view)

    def changes(self, request: Request) -> Response:
        session = self._measuring.session
        with session.turn():
            view = change_view(session, _whole(request.query_params.get("since", "0")))
        return _Json(view)

    def change(self, act: Callable[[ReviewSession, Body], None]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            body = await _body(request)

            def work() -> dict[str, Any]:
                session = self._measuring.session
                since = _whole(body.get("since", 0))
                with session.turn():
                    act(session, body)
                with session.turn():
                    return change_view(session, since)

            return _Json(await run_in_threadpool(work))

        return answer

    async def draw_blind(self, request: Request) -> Response:
        body = await _body(request)

        def work() -> dict[str, str | None]:
            session = self._measuring.session
            with session.turn():
                series = session.shown(_text(body, "series")) if body.get("series") else None
                return self._blind.draw(session, series)

        return _Json(await run_in_threadpool(work))

    def answer_blind(self, session: ReviewSession, body: Body) -> None:
        better: Side | None = body.get("better")
        if better is None or better not in get_args(Side):
            raise RequestError(400, "better is left, right or tie")
        self._blind.answer(session, _text(body, "pair"), better)

    async def export(self, request: Request) -> Response:
        body = await _body(request)
        what, dry_run = _text(body, "what"), body.get("dry_run") is not False

        def work() -> dict[str, Any]:
            session = self._measuring.session
            with session.turn():
                if what in _PICKS:
                    return export_picks(session, _PICKS[what], dry_run=dry_run)
                if what != "sidecars":
                    raise RequestError(400, f"what is sidecars, {' or '.join(_PICKS)}")
                return export_sidecars(session, _sidecar_options(body), dry_run=dry_run)

        return _Json(await run_in_threadpool(work))

    async def undo_export(self, request: Request) -> Response:
        body = await _body(request)

        def work() -> dict[str, Any]:
            session = self._measuring.session
            with session.turn():
                return undo_export(session, dry_run=body.get("dry_run") is not False)

        return _Json(await run_in_threadpool(work))

    def download(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in get_args(Document):
            raise RequestError(404, f"there are {', '.join(get_args(Document))}")
        session = self._measuring.session
        with session.turn():
            text = document_text(session, name)
        kind = "application/json" if name.endswith(".json") else "text/csv; charset=utf-8"
        return Response(
            text.encode("utf-8", "surrogateescape"),
            headers={"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'},
        )

    def picture(self, request: Request) -> Response:
        session = self._measuring.session
        photo, kind = request.path_params["photo"], request.path_params["kind"]
        if kind not in get_args(Kind):
            raise RequestError(404, "pictures are thumbnail, large and full")
        content_hash, path = session.content_hash(photo), session.path(photo)
        headers = {"ETag": f'"{content_hash}-{kind}"', "Cache-Control": "private, max-age=86400"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        picture = self._renditions.get(kind, photo, path, content_hash)
        return Response(picture, media_type=MEDIA_TYPES[kind], headers=headers)


def _page(request: Request) -> Response:
    """A file of the page, by its plain name."""
    name = request.path_params.get("name", "index.html")
    report = files("phototriage.outputs.report")
    there = {each.name: each for each in (files("phototriage.web") / "page").iterdir() if each.is_file()}
    there |= {each: report / each for each in _SHARED_WITH_REPORT}
    suffix = f".{name.rpartition('.')[2]}"
    if name not in there or suffix not in _PAGE_TYPES:
        raise RequestError(404, "there is no such thing here")
    return Response(there[name].read_bytes(), headers={"Content-Type": _PAGE_TYPES[suffix]})


def _refusal(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RequestError) else 500
    if isinstance(error, LabelError):
        status = 400
    if isinstance(error, PhotoError):
        status = 404
    return _Json({"error": str(error)}, status)


def _following(session: ReviewSession, series: str) -> list[str]:
    order = list(session.series)
    place = order.index(series)
    return order[place + 1 : place + 1 + _SERIES_AHEAD]


def _mark(session: ReviewSession, body: Body) -> None:
    marks = body.get("marks")
    if not isinstance(marks, list) or not marks:
        raise RequestError(400, "marks is a list of at least one mark")
    made = []
    for mark in marks:
        if not isinstance(mark, dict) or not {*mark} <= {"photo", "flag", "stars", "label"}:
            raise RequestError(400, "a mark has a photo, and a flag, stars or a label")
        made.append(PhotoMark(_text(mark, "photo"), mark.get("flag"), mark.get("stars"), mark.get("label")))
    session.mark(_text(body, "series"), _texts(body, "shown"), made)


def _sidecar_options(body: Body) -> SidecarOptions:
    schemes = body.get("schemes", ["stars"])
    if not isinstance(schemes, list):
        raise RequestError(400, "schemes is a list")
    try:
        return SidecarOptions(
            tuple(schemes),
            body.get("names", "adobe"),
            mark_rejects=body.get("mark_rejects") is True,
            overwrite_ratings=body.get("overwrite_ratings") is True,
        )
    except (OutputError, TypeError) as error:
        raise RequestError(400, str(error)) from error


async def _body(request: Request) -> Body:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "the request is no JSON") from error
    if not isinstance(body, dict):
        raise RequestError(400, "the request is no JSON object")
    return body


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise RequestError(400, f"{name} is missing")
    return value


def _texts(body: Body, name: str) -> list[str]:
    values = body.get(name, [])
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise RequestError(400, f"{name} is a list of ids")
    return list(dict.fromkeys(values))


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise RequestError(400, "a revision is a whole number") from error
