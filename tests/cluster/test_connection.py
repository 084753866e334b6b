"""How a cluster is reached."""

import os
import socket
from pathlib import Path

import pytest

from phototriage.cluster.connection import _no_cluster, check_address, set_environment
from phototriage.errors import FeatureError


def test_an_address_that_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check_address(f"127.0.0.1:{port}")
    check_address("auto")
    for address in (
        *(f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}", "127.0.0.1:99999"),
        *("a..b:6379", "x" * 70 + ":6379"),
    ):
        with pytest.raises(FeatureError, match=f"no Ray cluster answers at {address}: "):
            check_address(address)


@pytest.mark.parametrize(
    ("address", "has_token", "mode"),
    [("head:6379", True, "token"), ("head:6379", False, None), (None, True, None)],
)
def test_a_token_is_used_where_there_is_one(
    address: str | None, has_token: bool, mode: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {"HOME": str(tmp_path)})
    if has_token:
        (tmp_path / ".ray").mkdir()
        (tmp_path / ".ray" / "auth_token").write_text("hidden")
    set_environment(address)
    assert os.environ.get("RAY_AUTH_MODE") == mode
    os.environ["RAY_AUTH_MODE"] = "disabled"
    set_environment(address)
    assert os.environ["RAY_AUTH_MODE"] == "disabled"


def test_what_is_said_of_a_cluster_that_cannot_be_used() -> None:
    refused = _no_cluster("head:6379", ConnectionError("no"), "RPC error: InvalidAuthToken: hidden")
    assert str(refused).startswith("the Ray cluster at head:6379 asks for its token: copy ~/.ray/auth_token ")
    silent = _no_cluster("head:6379", TimeoutError(), "")
    assert str(silent) == "no Ray cluster can be used at head:6379: TimeoutError"
    other = _no_cluster("ray://me:hidden@head:1", ValueError("it is old\nline 2"), "")
    assert str(other) == "no Ray cluster can be used at ray://…@head:1: it is old"
