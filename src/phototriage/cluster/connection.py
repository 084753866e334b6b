"""A Ray cluster: how it is reached, and what is said where it fails."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phototriage.cluster.source import reason_of, without_credentials
from phototriage.errors import FeatureError, PhototriageError
from phototriage.extras import extra
from phototriage.photos import captured_stderr

__all__ = ["check_address", "cluster", "set_environment", "translated"]

_SECONDS_TO_CONNECT = 30
_TOKEN = Path("~/.ray/auth_token")
"""Where Ray keeps what its clusters ask for."""


@contextmanager
def cluster(address: str | None, cores: int | None = None) -> Iterator[None]:
    """Connects to a cluster, or starts one on this machine, with so many cores, and ends it afterwards.

    Raises FeatureError where there is none.
    """
    with extra("ray"):
        import ray
        from ray.exceptions import RayError

    started = not ray.is_initialized()
    if started:
        check_address(address)
        failed = None
        with captured_stderr() as said:  # what its core prints is for its makers
            try:
                ray.init(
                    address=address or "local",
                    num_cpus=None if address else cores,
                    include_dashboard=False if address is None else None,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
            except (RayError, ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
                failed = error
        if failed is not None:
            raise _no_cluster(address, failed, said.text) from failed
    try:
        yield
    finally:
        if started:
            ray.shutdown()


def set_environment(address: str | None) -> None:
    """Sets what Ray reads from the environment when it starts, where the person set nothing."""
    # It reports its use to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What its core prints while it recovers is for its makers.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # As `ray start` does: whoever has started Ray once has a token, and a cluster started then asks for it.
    places = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
    if address and (any(map(os.environ.get, places)) or _TOKEN.expanduser().exists()):
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def _no_cluster(address: str | None, error: Exception, said: str) -> FeatureError:
    shown = without_credentials(str(address or "local"))
    if "InvalidAuthToken" in said or "uthentication" in str(error):
        return FeatureError(
            f"the Ray cluster at {shown} asks for its token: copy {_TOKEN} from its head node "
            "to the same place on this machine"
        )
    return FeatureError(f"no Ray cluster can be used at {shown}: {reason_of(error)}")


def check_address(address: str | None) -> None:
    """Raises FeatureError if nobody answers at HOST:PORT; Ray itself would try for minutes."""
    host, _, port = (address or "").rpartition("://")[2].rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError, ValueError) as error:  # ValueError: a name that cannot be one
        reason = getattr(error, "strerror", None) or error
        raise FeatureError(
            f"no Ray cluster answers at {without_credentials(str(address))}: {reason}; "
            "`ray status` on its head node says whether it runs"
        ) from error


@contextmanager
def translated() -> Iterator[None]:
    """Raises what a worker raised on purpose, in place of Ray's account of it."""
    with extra("ray"):
        from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        cause: BaseException = error
        while below := getattr(cause, "cause", None) or cause.__cause__:
            cause = below
            if isinstance(cause, PhototriageError):
                raise cause from error
        lines = without_credentials(str(cause)).strip().splitlines() or [""]
        raise FeatureError(f"the cluster gave up: {type(cause).__name__}: {lines[0]}") from error
