"""Run the workbench until it is stopped."""

from __future__ import annotations

import os
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import uvicorn

from kinesics.errors import KinesicsError
from kinesics.files import alone_in
from kinesics.web.app import create_app
from kinesics.web.context import Workbench
from kinesics.web.database import open_database
from kinesics.web.project import Project
from kinesics.web.security import Gate

_GRACE = 2  # seconds that open connections have at the end


def serve(folder: Path, host: str, ports: int | tuple[int, ...], password: str, say: Callable[[str], None]) -> None:
    """Serve a folder, and open the page in a browser.

    Parameters
    ----------
    folder : of recordings.
    host : to listen on.
    ports : the one to listen on, or several of which the first that is free is taken, 0 for any.
    password : that the page asks for; "" for a token in the address.
    say : prints a line.

    Raises
    ------
    KinesicsError
        where the folder cannot be written, is served already, or no port can be had.
    """
    project = Project(folder.resolve())
    if not os.access(project.folder, os.W_OK):
        raise KinesicsError(f"{folder}: expected a folder that can be written to, found one that cannot; see to it")
    listening = _listen(host, (ports,) if isinstance(ports, int) else ports)
    with _alone(folder, project):
        port = listening.getsockname()[1]
        gate = Gate(port, password)
        app = create_app(Workbench(project, open_database(project.folder), gate))
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
        address = f"http://{name}:{port}/" + ("" if password else f"?token={gate.token}")

        def tell() -> None:
            say(f"The workbench is at {address}")
            if password:
                say("The connection is not encrypted: use it in a network that you trust, or through a tunnel.")
            say("End it with Ctrl-C; nothing that you have done is lost.")
            webbrowser.open(address)

        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_GRACE, server_header=False)
        with suppress(KeyboardInterrupt):  # which is how it is meant to end, and comes again after the end
            _Server(config, tell, app.state.stopping.set).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says when it answers, and tells open streams of events that the end has come."""

    def __init__(self, config: uvicorn.Config, begun: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun, self._ending = begun, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._begun()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)


def _listen(host: str, ports: tuple[int, ...]) -> socket.socket:
    found: OSError | None = None
    for port in ports:
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            found = error
            listening.close()
        else:
            return listening
    raise KinesicsError(
        f"{host}:{ports[0]}: expected to listen there, found that it cannot be ({found}); choose another with --port"
    )


@contextmanager
def _alone(folder: Path, project: Project) -> Iterator[None]:
    """Keep a second server out of the folder."""
    with ExitStack() as stack:
        try:
            stack.enter_context(alone_in(project.folder))
        except KinesicsError as error:
            raise KinesicsError(
                f"{folder}: expected a folder that nobody serves, found one that is served already; use that page"
            ) from error
        yield
