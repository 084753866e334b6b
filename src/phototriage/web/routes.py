"""What the page asks the server for: paths and JSON. The page's author works from this text.

All paths are below the random prefix under which the page itself is served, so the page uses relative URLs
(`api/session`, `photos/ID/large`). Every request carries the cookie by itself. Every POST has a JSON body and
needs the header `Content-Type: application/json`. A refusal or an error is JSON `{"error": "one line"}`, with
a "code" beside it where a person can run into it (`texts.js` has its words), and a status of 400 (the request
makes no sense), 403, 404 (no such id), 409 (not measured yet; nothing to undo), 500 (the store or a file
cannot be written, or an error that nobody expected).

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
                        "photos": [photo ids, best first], "suggested": [photo ids that Enter picks: the
                        best that are not rejected; none if all are],
                        "faults": ["blurred", "too dark", "too bright"] (of singles only)}
    GET api/series/ID   SERIES and in place of its photo ids "photos": [PHOTO…]; what the large view
                        shows beside the photo
    PHOTO               {"id", "name": "IMG_1.jpg", "files": [{"name": "IMG_1.jpg", "bytes": 5120},…],
                        "width", "height" (px as stored, before the EXIF rotation; null if unknown),
                        "verdict": "pick" | "close" | "rest" | "kept", "alternative": false, "rank": 1,
                        "probability_best": 0.71, "score": 0.52,
                        "reasons": [{"phrase": "but noisier", "words": "noisier", "speaks": 1 | 0 | -1,
                        "feature", "value", "other", "log_odds"}…], "faults": […] as above,
                        "faces": [{"person": 1 (the same in every photo of the series), "main": true,
                        "eyes": "open" | "closed" | "unclear", "softer": false (than the same person's
                        sharpest), "x", "y" (between the eyes), "height" (shares of the upright photo)}…]
                        | null (not searched for faces),
                        "exif": {"time": "2026-06-01T09:30:00" | null, "shutter": "1/250 s",
                        "aperture": "f/2.8", "iso": "ISO 400", "focal_length": "50 mm",
                        "lens": "…", "camera": "…"}} (empty text where the file does not say)

Pictures (GET; JPEG or WebP, upright, sRGB; ETag; may be cached as long as the session lasts)
    photos/ID/thumbnail long side 320 px
    photos/ID/preview   long side 750 px, there long before the large view
    photos/ID/large     long side 2,048 px; those of the series that follow the one last asked for by
                        `api/series/ID` are rendered ahead, in the order of the folder or of
                        `?next=ID&next=ID` in that request; `?ahead=no` leaves them as they are
    photos/ID/full      1:1, of every format; of RAW its largest embedded preview
    photos/ID/faces     the "faces" of PHOTO in that order, squares one below the other, their eyes level
                        and at the same place; 404 where there are none
    A photo that cannot be rendered answers 404 with the reason. The page draws the histogram from `preview`.

State and decisions
    STATE               {"revision": 12, "decisions": {photo id: DECISION}, "series": {series id:
                        "decided" | "none" | "tied"} (all others are open, among them what
                        was tied before a merge), "counts": COUNTS,
                        "undo": EVENT | null, "redo": EVENT | null}
    EVENT               {"kind": "mark" | "none" | "tie" | "blind" | "merge" | "split", "photos":
                        ["IMG_1.jpg"…], and of a mark "flag", "stars" or "label" as in DECISION}
    DECISION            {"flag": "" | "pick" | "reject", "stars": 0…5, "label": "" | "red" | "yellow" |
                        "green" | "blue", "none_of_these": false, "tied": false}
    COUNTS              {"photos", "series" (to choose from), "open", "decided", "picked", "rejected",
                        "rejected_bytes", "not_picked", "not_picked_bytes" (photos of decided series
                        beside the picks, rejected ones included), "singles", "blind"}; "picked" and
                        "not_picked" as they would be exported, by stars too
    CHANGE              {"revision", "decisions": {photo id: DECISION | null (nothing any more)…},
                        "series": {series id: "decided" | "none" | "tied" | "open"…},
                        "suggested": {series id: as in SERIES…}, "counts", "undo", "redo", "regrouped":
                        [SERIES…] | null (the whole new list, if series were merged or split; old series
                        ids may be gone)}: all that changed since the revision `since` that the request
                        gave, in other windows too

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
                        "reason": ""}…], "failures": [{"file", "reason"}…], "into": "phototriage-picks",
                        "gone": ["IMG_2.jpg"…] (moved or deleted since they were measured, so left out)}
                        (copies and links go there, below the folder). Only series about which the person
                        decided are exported. Without "dry_run": false nothing is written
    POST api/export/undo {"dry_run": true} → the same form; takes back the last sidecars
    GET  api/export/ranking.csv, api/export/ranking.json, api/export/comparisons.csv: downloads
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, get_args

from phototriage.choices import Side
from phototriage.errors import LabelError, PhotoError, PhototriageError
from phototriage.extras import extra
from phototriage.outputs.picks import How
from phototriage.printable import printable
from phototriage.web.ahead import pictures_ahead
from phototriage.web.blind import BlindPairs
from phototriage.web.body import Body, whole
from phototriage.web.errors import RequestError
from phototriage.web.export import Document, document_text, export_picks, export_sidecars, undo_export
from phototriage.web.faces import faces_picture
from phototriage.web.measuring import Measuring
from phototriage.web.page_files import page_file
from phototriage.web.picture_store import Kind
from phototriage.web.renditions import MEDIA_TYPES, Renditions
from phototriage.web.session import ReviewSession
from phototriage.web.teaching import Teaching, teaching_requests
from phototriage.web.views import change_view, session_view, shown_series_view

with extra("review"):
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

__all__ = ["review_app"]

_SERIES_AHEAD = 3
_PICKS: Mapping[str, How] = {"copies": "copy", "links": "hardlink"}

Act = Callable[[ReviewSession, Body], None]
"""Makes a decision as a request says."""

_DECISIONS: Mapping[str, Act] = {
    "mark": lambda session, body: session.mark(body.text("series"), body.texts("shown"), body.marks),
    "accept": lambda session, body: session.accept(body.text("series"), body.texts("shown")),
    "none": lambda session, body: session.none_of_these(body.text("series"), body.texts("shown")),
    "tie": lambda session, body: session.tie(body.text("series"), body.texts("photos")),
    "merge": lambda session, body: session.merge(body.texts("series")),
    "split": lambda session, body: session.split(body.text("series"), body.texts("photos")),
    "undo": lambda session, body: session.journal.undo(),
    "redo": lambda session, body: session.journal.redo(),
}


class _Json(JSONResponse):
    """In ASCII, since names of files need not be Unicode."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def review_app(measuring: Measuring, renditions: Renditions, teaching: Teaching | None = None) -> Starlette:
    """The server behind the page, without its guard; `teaching`: what asks, where it does."""
    api = _Api(measuring, renditions)
    decisions = {**_DECISIONS, "blind": api.answer_blind}
    if teaching:
        decisions["teach/answer"] = teaching.answer
    return Starlette(
        routes=[
            Route("/api/progress", api.progress),
            Route("/api/session", api.session),
            Route("/api/series/{series}", api.series),
            Route("/api/changes", api.changes),
            Route("/api/blind/draw", api.posted(api.draw_blind), methods=["POST"]),
            *(
                Route(f"/api/{name}", api.posted(answer), methods=["POST"])
                for name, answer in teaching_requests(teaching, renditions).items()
            ),
            Route("/api/export", api.posted(api.export), methods=["POST"]),
            Route("/api/export/undo", api.posted(api.undo_export), methods=["POST"]),
            Route("/api/export/{name}", api.download),
            *(
                Route(f"/api/{name}", api.posted(api.decision(act)), methods=["POST"])
                for name, act in decisions.items()
            ),
            Route("/photos/{photo}/faces", api.faces),
            Route("/photos/{photo}/{kind}", api.picture),
            Route("/{name}", _page),
            Route("/", _page),
        ],
        exception_handlers={
            RequestError: _refusal,
            LabelError: _refusal,
            PhotoError: _refusal,
            PhototriageError: _refusal,
            Exception: _failure,
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
            wanted = [
                (kind, photo, session.path(photo), session.content_hash(photo))
                for kind, photo in pictures_ahead([session.series[each].photos for each in ahead])
            ]
        self._renditions.prepare(wanted)
        return _Json(view)

    def changes(self, request: Request) -> Response:
        session = self._measuring.session
        with session.turn():
            view = change_view(session, whole(request.query_params.get("since", "0")))
        return _Json(view)

    def posted(self, work: Callable[[ReviewSession, Body], Any]) -> Callable[[Request], Any]:
        """Answers a request that has a body, in a thread."""

        async def answer(request: Request) -> Response:
            body = Body.of(await request.body())
            return _Json(await run_in_threadpool(lambda: work(self._measuring.session, body)))

        return answer

    @staticmethod
    def decision(act: Act) -> Callable[[ReviewSession, Body], dict[str, Any]]:
        def work(session: ReviewSession, body: Body) -> dict[str, Any]:
            since = body.since
            with session.turn():
                act(session, body)
            with session.turn():
                return change_view(session, since)

        return work

    def draw_blind(self, session: ReviewSession, body: Body) -> dict[str, str | None]:
        with session.turn():
            return self._blind.draw(
                session, session.shown(body.text("series")) if body.values.get("series") else None
            )

    def answer_blind(self, session: ReviewSession, body: Body) -> None:
        better: Side | None = body.values.get("better")
        if better is None or better not in get_args(Side):
            raise RequestError(400, "better is left, right or tie")
        self._blind.answer(session, body.text("pair"), better)

    @staticmethod
    def export(session: ReviewSession, body: Body) -> dict[str, Any]:
        what = body.text("what")
        with session.turn():
            if what in _PICKS:
                return export_picks(session, _PICKS[what], dry_run=body.dry_run)
            if what != "sidecars":
                raise RequestError(400, f"what is sidecars, {' or '.join(_PICKS)}")
            return export_sidecars(session, body.sidecar_options, dry_run=body.dry_run)

    @staticmethod
    def undo_export(session: ReviewSession, body: Body) -> dict[str, Any]:
        with session.turn():
            return undo_export(session, dry_run=body.dry_run)

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

    def faces(self, request: Request) -> Response:
        picture = faces_picture(self._measuring.session, self._renditions, request.path_params["photo"])
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    def picture(self, request: Request) -> Response:
        session = self._measuring.session
        photo, kind = request.path_params["photo"], request.path_params["kind"]
        if kind not in get_args(Kind):
            raise RequestError(404, "pictures are thumbnail, large and full")
        content_hash, path = session.content_hash(photo), session.path(photo)
        headers = {"ETag": f'"{content_hash}-{kind}"', "Cache-Control": "private, max-age=86400"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        try:
            picture = self._renditions.get(kind, photo, path, content_hash)
        except PhotoError:
            if session.ranking.root.is_dir():
                raise
            raise RequestError(404, "the folder of the photos is not there", "folder_gone") from None
        return Response(picture, media_type=MEDIA_TYPES[kind], headers=headers)


def _page(request: Request) -> Response:
    content, kind = page_file(request.path_params.get("name", "index.html"))
    return Response(content, headers={"Content-Type": kind})


def _refusal(_: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RequestError) else 500
    if isinstance(error, LabelError):
        status = 400
    if isinstance(error, PhotoError):
        status = 404
    code = {"code": error.code} if isinstance(error, RequestError) and error.code else {}
    return _Json({"error": str(error), **code}, status)


def _failure(_: Request, error: Exception) -> Response:
    """Starlette raises the error again after this answer, and so the server logs it."""
    what = printable(f"{type(error).__name__}: {error}")
    return _Json({"error": f"this failed unexpectedly ({what}); the terminal says more"}, 500)


def _following(session: ReviewSession, series: str) -> list[str]:
    order = list(session.series)
    place = order.index(series)
    return order[place + 1 : place + 1 + _SERIES_AHEAD]
