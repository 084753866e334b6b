from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.web.reviewing import ORIGIN

from phototriage.web.guard import COOKIE, Guard, Keys, allowed_host


def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"let in to {request.url.path}")


APP = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"])])


@pytest.fixture
def keys() -> Keys:
    return Keys("prefix", "the-cookie", {"the-token"})


@pytest.fixture
def client(keys: Keys) -> TestClient:
    return TestClient(Guard(APP, keys, "127.0.0.1"), base_url=ORIGIN)


def let_in(client: TestClient) -> TestClient:
    assert client.post("/prefix/enter", data={"token": "the-token"}).status_code == 200
    return client


def test_the_token_lets_one_browser_in_once(client: TestClient, keys: Keys) -> None:
    entered = client.post("/prefix/enter", data={"token": "the-token"})
    assert entered.headers["set-cookie"] == (f"{COOKIE}=the-cookie; HttpOnly; Path=/prefix/; SameSite=strict")
    assert 'content="0; url=./"' in entered.text
    assert client.get("/prefix/api/session").text == "let in to /api/session"
    assert client.get("/prefix/").text == "let in to /"
    again = TestClient(Guard(APP, keys, "127.0.0.1"), base_url=ORIGIN)
    refused = again.post("/prefix/enter", data={"token": "the-token"})
    assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
    assert "used before" in refused.json()["error"]


def test_the_token_may_come_in_the_address_that_is_printed(client: TestClient) -> None:
    assert client.get("/prefix/enter?token=the-token").status_code == 200
    assert client.get("/prefix/enter?token=the-token").status_code == 403


@pytest.mark.parametrize("fields", [{}, {"token": ""}, {"token": "the-tokem"}, {"token": "é"}])
def test_a_wrong_token_is_refused_and_does_not_use_up_the_right_one(
    client: TestClient, fields: Mapping[str, str]
) -> None:
    assert client.post("/prefix/enter", data=fields).status_code == 403
    let_in(client)


def test_a_page_elsewhere_cannot_enter_for_somebody(client: TestClient) -> None:
    """It does not know the token, whatever else it sends."""
    headers = {"Origin": "http://evil.example", "Cookie": f"{COOKIE}=the-cookie"}
    assert client.post("/prefix/enter", data={"token": "guess"}, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/prefix", "/prefiy/api", "/api/session", "//prefix/"])
def test_without_the_prefix_there_is_nothing(client: TestClient, path: str) -> None:
    let_in(client)
    assert client.get(path, headers={"Cookie": f"{COOKIE}=the-cookie"}).status_code == 403


@pytest.mark.parametrize("cookie", [None, "", f"{COOKIE}=the-cooki", f"{COOKIE}=", "o=the-cookie", "é=ü;;="])
def test_without_the_cookie_there_is_nothing(client: TestClient, cookie: str | None) -> None:
    headers = {} if cookie is None else {"Cookie": cookie.encode()}
    for path in ("/prefix/", "/prefix/api/session", "/prefix/photos/x/full", "/prefix/nothing"):
        refused = client.get(path, headers=headers)  # type: ignore[arg-type]
        assert refused.status_code == 403
        assert "let in" not in refused.text


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil:80", "10.0.0.1"],
)
def test_a_name_that_was_made_to_lead_here_is_refused(client: TestClient, host: str) -> None:
    """DNS rebinding: the request comes to this machine, but the browser thinks it is evil.example."""
    let_in(client)
    sent = {"Host": host, "Origin": f"http://{host}", "Cookie": f"{COOKIE}=the-cookie"}
    assert client.get("/prefix/api/session", headers=sent).status_code == 403
    assert client.post("/prefix/enter", data={"token": "x"}, headers=sent).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9000"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_requests_from_other_sites_are_refused(client: TestClient, headers: Mapping[str, str]) -> None:
    """Even with the cookie, as a browser would send it that does not know SameSite."""
    let_in(client)
    assert client.get("/prefix/api/session", headers=headers).status_code == 403
    posted = {"Origin": ORIGIN, **headers}
    assert client.post("/prefix/api/undo", json={}, headers=posted).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": ORIGIN, "Content-Type": "text/plain"}, 400),
        ({"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}, 400),
        ({"Origin": ORIGIN, "Content-Type": "application/json", "Content-Length": "2000000"}, 400),
        ({"Origin": ORIGIN, "Content-Type": "application/json; charset=utf-8"}, 200),
    ],
    ids=str,
)
def test_what_a_form_elsewhere_could_send_is_refused(
    client: TestClient, headers: Mapping[str, str], status: int
) -> None:
    let_in(client)
    assert client.post("/prefix/api/undo", content=b"{}", headers=headers).status_code == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_get_and_post_are_answered(client: TestClient, method: str) -> None:
    let_in(client)
    refused = client.request(method, "/prefix/api/undo", headers={"Origin": ORIGIN})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


def test_every_answer_confines_the_page(client: TestClient) -> None:
    for answered in (client.get("/"), let_in(client).get("/prefix/"), client.get("/prefix/enter?token=x")):
        assert answered.headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert answered.headers["x-frame-options"] == "DENY"
        assert answered.headers["referrer-policy"] == "no-referrer"
        assert answered.headers["cross-origin-resource-policy"] == "same-origin"
        assert answered.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("host", "bound_to", "allowed"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("127.0.0.1:9999", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("localhost:8000", "127.0.0.1", True),
        ("LocalHost:8000", "127.0.0.1", True),
        ("[::1]:8000", "::1", True),
        ("192.168.1.5:8000", "192.168.1.5", True),
        ("192.168.1.6:8000", "192.168.1.5", False),
        ("192.168.1.5:8000", "0.0.0.0", True),
        ("[fe80::1]:8000", "::", True),
        ("studio.lan:8000", "studio.lan", True),
        ("studio.lan:8000", "0.0.0.0", False),
        ("192.168.1.5:8000", "127.0.0.1", False),
        ("evil.example", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        (":8000", "127.0.0.1", False),
    ],
)
def test_hosts(host: str, bound_to: str, allowed: bool) -> None:
    assert allowed_host(host, bound_to) is allowed


def test_secrets_are_long_and_new_for_every_server() -> None:
    secrets = [secret for keys in (Keys(), Keys()) for secret in (keys.prefix, keys.cookie, keys.new_token())]
    assert len(set(secrets)) == 6
    assert min(map(len, secrets)) >= 22


def test_each_token_lets_one_browser_in() -> None:
    keys = Keys()
    one, other = keys.new_token(), keys.new_token()
    assert [keys.redeem(token) for token in (one, one, other, other)] == [True, False, True, False]
