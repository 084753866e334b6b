"""What the page asks the server for: paths and JSON. The page's author works from this text.

All paths are below the random prefix under which the page itself is served, so the page uses relative URLs
(`api/session`, `photos/ID/large`). Every request carries the cookie by itself. Every POST has a JSON body and
needs the header `Content-Type: application/json`. A refusal or an error is JSON `{"error": "one line"}` with a
status of 400 (the request makes no sense), 403, 404 (no such id), 409 (not measured yet; or nothing to undo).

Pages
    GET .                       page/index.html; GET NAME gives page/NAME (`app.js`, `style.css`), no others.

Measuring
    GET api/progress            {"stage": "measuring" | "ready" | "failed", "done": 120, "total": 900,
                                "notes": ["…"], "error": ""}. Ask every half second while it measures.

The folder
    GET api/session             {"folder": "2026-06", "ranker": {"name": "default", "version": "0.1.0"},
                                "series": [SERIES…], "left_out": [{"photo": "x.jpg", "reason": "…"}],
                                "state": STATE}. The series are in the order of the folder; sort them by
                                `confidence` or `captured_at` as the person chooses.
    SERIES                      {"id": "…", "name": "IMG_1", "kind": "series" | "single" | "exposure bracket" |
                                "focus stack" | "panorama", "certainty": "sure" | "close" | "kept",
                                "confidence": 0.71 (P(best) of the first photo; 1 for what is kept),
                                "captured_at": "2026-06-01T09:30:00" | null, "by_hand": false,
                                "photos": [photo ids, best first], "suggested": [photo ids that Enter picks],
                                "faults": ["blurred", "too dark", "too bright"] (of singles only)}
    GET api/series/ID           SERIES and in place of its photo ids "photos": [PHOTO…]; what the large view
                                shows beside the photo
    PHOTO                       {"id", "name": "IMG_1.jpg", "files": [{"name": "IMG_1.jpg", "bytes": 5120},…],
                                "width", "height" (px, upright; null where not known), "verdict": "pick" |
                                "close" | "rest" | "kept", "alternative": false, "rank": 1,
                                "probability_best": 0.71, "score": 0.52,
                                "reasons": [{"phrase": "but noisier", "words": "noisier", "speaks": 1 | 0 | -1,
                                "feature", "value", "other", "log_odds"}…], "faults": […] as above,
                                "exif": {"time": "2026-06-01T09:30:00" | null, "shutter": "1/250 s",
                                "aperture": "f/2.8", "iso": "ISO 400", "focal_length": "50 mm",
                                "lens": "…", "camera": "…"}} (empty text where the file does not say)

Pictures (GET; JPEG or WebP, upright, sRGB; ETag; may be cached as long as the session lasts)
    photos/ID/thumbnail         long side 320 px
    photos/ID/large             long side 2,048 px; those of the series that follow the one last asked for by
                                `api/series/ID` are rendered ahead, in the order of the folder or of
                                `?next=ID&next=ID` in that request
    photos/ID/full              1:1, of every format; of RAW its largest embedded preview
    A photo that cannot be rendered answers 404 with the reason. The page draws the histogram from `large`.

State and decisions
    STATE                       {"revision": 12, "decisions": {photo id: DECISION}, "series": {series id:
                                "decided" | "none" | "tied"} (all others are open), "counts": COUNTS,
                                "undo": "pick IMG_1.jpg" | null, "redo": … | null}
    DECISION                    {"flag": "" | "pick" | "reject", "stars": 0…5, "label": "" | "red" | "yellow" |
                                "green" | "blue", "none_of_these": false, "tied": false}
    COUNTS                      {"photos", "series" (to choose from), "open", "decided", "picked", "rejected",
                                "rejected_bytes", "not_picked", "not_picked_bytes" (photos of decided series
                                beside the picks, rejected ones included), "singles", "blind"}
    CHANGE                      {"revision", "decisions": {photo id: DECISION | null (nothing any more)…},
                                "series": {series id: "decided" | "none" | "tied" | "open"…}, "counts",
                                "undo", "redo", "regrouped": [SERIES…] | null (the whole new list, if series
                                were merged or split; old series ids may be gone)}: all that changed since the
                                revision `since` that the request gave, in other windows too

    GET  api/changes?since=12   CHANGE; for other windows' decisions, when the window gets the focus
    Every POST body has "since" and answers CHANGE:
    POST api/mark               {"since", "series": id, "shown": [photo ids seen beside it], "marks":
                                [{"photo": id, "flag"?, "stars"?, "label"?}…]}; one key press is one request
    POST api/accept             {"since", "series": id, "shown"}: Enter; picks what is suggested
    POST api/none               {"since", "series": id, "shown"}: none of these
    POST api/tie                {"since", "series": id, "photos": [two ids or more]}: can't tell
    POST api/merge              {"since", "series": [two ids or more]}
    POST api/split              {"since", "series": id, "photos": [ids that become a series of their own]}
    POST api/undo, api/redo     {"since"}; through the whole history of this folder's photos

Blind comparison
    POST api/blind/draw         {"series"?: id} → {"pair": id, "series": id, "left": photo id, "right": photo
                                id} or {"pair": null} if no pair is left; sides by lot
    POST api/blind              {"since", "pair": id, "better": "left" | "right" | "tie"} → CHANGE

Export
    POST api/export             {"what": "sidecars" | "copies" | "links", "dry_run": true,
                                "schemes": ["stars", "pick", "labels"], "names": "adobe" | "darktable",
                                "mark_rejects": false, "overwrite_ratings": false} → {"written": 3,
                                "changes": [{"file": "IMG_1.xmp", "action": "create", "marks": "xmp:Rating 5",
                                "reason": ""}…], "failures": [{"file", "reason"}…], "into": "phototriage-picks"}
                                (copies and links go there, below the folder)
    POST api/export/undo        {"dry_run": true} → the same form; takes back the last sidecars
    GET  api/export/ranking.csv, api/export/ranking.json, api/export/comparisons.csv: downloads
"""
