"""Serves the review of one folder to one browser until it is stopped."""

import asyncio
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from phototriage.errors import OptionError
from phototriage.extras import extra
from phototriage.web.addresses import is_loopback, reachable_hosts
from phototriage.web.guard import Guard, Keys
from phototriage.web.handover import entrance
from phototriage.web.measuring import Measuring
from phototriage.web.renditions import Renditions
from phototriage.web.routes import review_app
from phototriage.web.teaching import Teaching

with extra("review"):
    import uvicorn

__all__ = ["Address", "serve"]

_SECONDS_TO_FINISH = 2
_SECONDS_TO_FAIL = 0.2
"""For what is wrong at first sight, as a ranker that does not exist: no browser is opened then."""
_SECONDS_TO_SAY_WHY = 3.0
"""For the page to ask once more and to show why measuring failed."""


@dataclass(frozen=True)
class Address:
    """Where to serve. host: the address to listen on. port: 0 for any that is free. browser: whether to open
    the browser."""

    host: str = "127.0.0.1"
    port: int = 0
    browser: bool = True


def serve(
    measuring: Measuring,
    cache_dir: Path,
    address: Address,
    say: Callable[[str], None],
    teaching: Teaching | None = None,
) -> None:
    """Serves the page until Ctrl-C.

    Args:
        measuring: what is reviewed; it is started and stopped here.
        cache_dir: where rendered pictures are kept.
        address: where to serve.
        say: called with lines for the person, the address first.
        teaching: what asks on the page, if anything does.

    Raises OptionError if the address cannot be listened on.
    """
    keys = Keys()
    with ExitStack() as stack:
        listening = stack.enter_context(_listening(address))
        renditions = Renditions(cache_dir)
        stack.callback(renditions.close)
        port = listening.getsockname()[1]
        here, *elsewhere = [f"http://{host}:{port}/{keys.prefix}/" for host in reachable_hosts(address.host)]
        app = Guard(review_app(measuring, renditions, teaching), keys, address.host)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
        server = _Server(config, renditions)
        end = threading.Timer(_SECONDS_TO_SAY_WHY, setattr, (server, "should_exit", True))
        end.daemon = True
        measuring.start(on_failure=end.start)
        stack.callback(measuring.stop)
        measuring.wait(_SECONDS_TO_FAIL)
        if measuring.failure is not None:
            return
        if address.browser:
            page = stack.enter_context(entrance(here, keys.new_token()))
            say(here)
            if not webbrowser.open(page.as_uri()):
                say(f"no browser opened; open {here}enter?token={keys.new_token()} yourself")
        else:
            say(f"{here}enter?token={keys.new_token()}")
        if not is_loopback(address.host):
            for place in elsewhere or [here]:
                say(f"on another device, once: {place}enter?token={keys.new_token()}")
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends pictures that are being rendered before it waits for the requests that wait for them."""

    def __init__(self, config: uvicorn.Config, renditions: Renditions) -> None:
        super().__init__(config)
        self._renditions = renditions

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what is under way, within seconds."""
        await asyncio.to_thread(self._renditions.close)
        await super().shutdown(sockets)


def _listening(address: Address) -> socket.socket:
    try:
        family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address.host, address.port))
            listening.listen(64)  # from now on, what a browser asks waits until the server runs
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        raise OptionError(
            f"{address.host}, port {address.port}, cannot be listened on: {error.strerror or error}", "host"
        ) from error
    return listening
