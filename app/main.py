"""The console as one process: its rooms put together, its page served, and a safe way to end.

Ending is the delicate part. With one page open, uvicorn does not reach a lifespan's end while the stream
lives, and a container is killed ten seconds after SIGTERM. So what keeps a fault from staying armed begins
in the signal handler: one signal to each run, faults disarmed, streams ended, and only then does the server
go down. A second Ctrl-C skips the wait for rollbacks, never the disarm.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType

import uvicorn

from app import crash
from app.access import Access
from app.engine import Engine, assemble, refuse_unknown_dialects, refuse_unusable_channels
from app.errors import SettingsError
from app.folder import only_console
from app.runs.children import Children
from app.sandbox.control import Control
from app.settings import SET_PUBLIC_URL, Settings
from app.web import create_app

LOGGER = logging.getLogger(__name__)
STREAMS_END_WITHIN = 3  # seconds that uvicorn waits for open requests


def serve(
    settings: Settings, *, children: Children, sandbox: Control | None = None, opened: Callable[[str], None]
) -> None:
    """Run the console until it is told to end.

    `opened` is called with the console's address, and how to sign in for the first time, once it answers.
    SettingsError where it can not start: a port in use, or another console in the same folder.
    """
    crash.refuse_outside_tests()
    refuse_unknown_dialects(settings)
    refuse_unusable_channels(settings)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_console(settings, told=address(settings)), listening(settings) as sockets:
        engine = assemble(settings, children=children, sandbox=sandbox)
        server = Server(engine, opened=lambda: opened(_told(settings, engine)))
        with server.signals():
            engine.start()
            try:
                server.run(sockets=[sockets])
            finally:
                engine.stop()


class Server(uvicorn.Server):
    """uvicorn that makes faults safe before it lets go of its connections."""

    def __init__(self, engine: Engine, *, opened: Callable[[], None]) -> None:
        app = create_app(engine.console)
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=STREAMS_END_WITHIN,
            )
        )
        self._engine = engine
        self._opened = opened
        self._hurry = threading.Event()
        self._ending: threading.Thread | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._opened()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Hold the handlers for the whole life of the console, not only while uvicorn serves."""
        before = {name: signal.signal(name, self.handle_exit) for name in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            if self._ending:
                self._ending.join()
            for name, handler in before.items():
                signal.signal(name, handler)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own would put the default handlers back, and raise the signal again, before we are done.
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del sig, frame
        if self._ending is not None:
            self._hurry.set()
            return
        self._ending = threading.Thread(target=self._end, name="ending")
        self._ending.start()

    def _end(self) -> None:
        try:
            self._engine.make_safe(hurry=self._hurry)
            self._tell_what_is_armed()  # while the database is still open
        finally:
            self._engine.console.live.close()
            self.should_exit = True

    def _tell_what_is_armed(self) -> None:
        if armed := self._engine.still_armed():
            words = "; ".join(armed)
            LOGGER.critical("STILL ARMED: %s. The next start keeps trying; or disarm by hand.", words)


def _told(settings: Settings, engine: Engine) -> str:
    access = engine.console.access
    links = f"{settings.links} {SET_PUBLIC_URL}" if settings.links_lead_nowhere else ""
    lines = [address(settings), links, invitation(settings, access) if access else ""]
    return "\n".join(filter(None, lines))


def address(settings: Settings) -> str:
    """Where this machine finds it."""
    host = "127.0.0.1" if settings.listens_everywhere else settings.host
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}"


def invitation(settings: Settings, access: Access) -> str:
    """How to come in for the first time, where a login is required and no admin can yet; else empty."""
    secret = access.setup_link() if settings.login else None
    if secret is None:
        return ""
    host = next(iter(settings.allowed_hosts), "127.0.0.1" if settings.listens_everywhere else settings.host)
    return (
        "No admin can sign in yet. Open this once, within an hour, to be the first:\n"
        f"  {address(replace(settings, host=host))}/login?code={secret}"
    )


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named asyncio turns off Nagle's algorithm, which holds each answer back for 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Port {settings.port} on {settings.host} is in use ({error.strerror}). "
                f"Choose another one, for example --port {settings.port + 1}."
            ) from error
        listener.listen(2048)
        yield listener
