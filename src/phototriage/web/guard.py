"""Who may talk to the server: the browser that was handed the token, on the page that came from here."""

import ipaddress
import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from urllib.parse import parse_qs

from phototriage.extras import extra

with extra("review"):
    from starlette.datastructures import Headers, MutableHeaders
    from starlette.requests import cookie_parser
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["COOKIE", "Guard", "Keys", "allowed_host"]

COOKIE = "phototriage"
_MAX_BODY = 1 << 20

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass
class Keys:
    """The secrets of one server, new at every start.

    prefix: the random first part of every path. cookie: what a browser shows once it was let in. tokens: each
    lets one browser in, once.
    """

    prefix: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    tokens: set[str] = field(default_factory=set)

    def new_token(self) -> str:
        """A token for one more browser."""
        token = secrets.token_urlsafe(32)
        self.tokens.add(token)
        return token

    def redeem(self, token: str) -> bool:
        """Whether this is a token; it counts only once."""
        known = [each for each in self.tokens if compare_digest(token.encode(), each.encode())]
        self.tokens.difference_update(known)
        return bool(known)


def allowed_host(host: str, bound_to: str) -> bool:
    """Whether a browser may call this server so in `Host`.

    Any other name was made to lead here by somebody's name server (DNS rebinding). Ports do not matter: a
    tunnel has its own.

    Args:
        host: the header, as in `127.0.0.1:8000`.
        bound_to: the address or name that the server listens on.
    """
    name = host.rsplit(":", 1)[0] if host.rsplit("]", 1)[-1].count(":") == 1 else host
    name = name.removeprefix("[").removesuffix("]").lower()
    if name == bound_to.lower() or name in ("127.0.0.1", "::1", "localhost"):
        return True
    try:
        ipaddress.ip_address(name)
        return ipaddress.ip_address(bound_to).is_unspecified
    except ValueError:
        return False


class Guard:
    """Answers only the browser that redeemed the token, and adds the headers that confine the page.

    `/PREFIX/enter` takes the token, as a form field of a POST or in the query of a GET, and gives the cookie.
    Everything else below the prefix needs the cookie. Nothing tells a stranger whether a path exists.
    """

    def __init__(self, app: ASGIApp, keys: Keys, bound_to: str) -> None:
        self._app = app
        self._keys = keys
        self._bound_to = bound_to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def confined(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None and scope["path"] == f"/{self._keys.prefix}/enter":
            refusal = await self._entered(scope, receive)
        if refusal is not None:
            await refusal(scope, receive, confined)
            return
        below = dict(scope, path=scope["path"].removeprefix(f"/{self._keys.prefix}"), raw_path=b"")
        await self._app(below, receive, confined)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not allowed_host(host, self._bound_to):
            return _refused(403, "this server is not called that")
        if not scope["path"].startswith(f"/{self._keys.prefix}/"):
            return _refused(403, "open the address that phototriage printed")
        if scope["path"] == f"/{self._keys.prefix}/enter":
            return None if scope["method"] in ("GET", "POST") else _refused(403, "a token is needed")
        if not self._has_cookie(headers):
            return _refused(403, "open the address that phototriage printed")
        # A page from elsewhere may send requests here, with the cookie where SameSite is not heeded.
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return _refused(403, "this request comes from another site")
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return _refused(403, "this request comes from another site")
        if scope["method"] == "POST":
            if origin is None:
                return _refused(403, "this request does not say where it comes from")
            if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                return _refused(400, "send JSON")
            if not headers.get("content-length", "").isdecimal():
                return _refused(400, "say how long the request is")
            if int(headers["content-length"]) > _MAX_BODY:
                return _refused(400, "the request is too long")
        elif scope["method"] not in ("GET", "HEAD"):
            return _refused(403, "only GET and POST are answered")
        return None

    def _has_cookie(self, headers: Headers) -> bool:
        # Other programs on this machine set cookies too, and not all of them keep to the rules.
        sent = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        return compare_digest(sent.encode(), self._keys.cookie.encode())

    async def _entered(self, scope: Scope, receive: Receive) -> Response:
        fields = scope["query_string"]
        if scope["method"] == "POST":
            fields, more = b"", True
            while more and len(fields) < _MAX_BODY:
                message = await receive()
                fields += message.get("body", b"")
                more = message.get("more_body", False)
        if not self._keys.redeem(parse_qs(fields.decode("ascii", "replace")).get("token", [""])[0]):
            return _refused(403, "the token is wrong or was used before: start phototriage review again")
        # No redirect: after a request from elsewhere, browsers would follow it without the strict cookie.
        entered = HTMLResponse(
            '<!doctype html><link rel="icon" href="icon.svg"><meta http-equiv="refresh" content="0; url=./">'
        )
        path = f"/{self._keys.prefix}/"
        entered.set_cookie(COOKIE, self._keys.cookie, path=path, httponly=True, samesite="strict")
        return entered


def _refused(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status)
