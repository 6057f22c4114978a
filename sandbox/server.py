"""Runs the store as a process: listens, says where, and stops cleanly."""

from __future__ import annotations

import logging
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from sandbox.application import Application
from sandbox.connection import CuttableProtocol
from sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen and whom to tell.

    :param port: 0 for a free one.
    :param port_file: gets the port's number once the store is listening.
    :param state_file: gets the state when the store stops.
    :param quiet: without the line that says where the store is.
    """

    host: str = "127.0.0.1"
    port: int = 0
    port_file: Path | None = None
    state_file: Path | None = None
    quiet: bool = False


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, store: Store, listening: Listening) -> None:
        super().__init__(config)
        self._store = store
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        if not self._listening.quiet:
            print(f"sandbox store ready at http://{self._listening.host}:{port}/stores/{self._store.hash}", flush=True)
        if self._listening.port_file is not None:
            partial = self._listening.port_file.with_name(self._listening.port_file.name + ".partial")
            partial.write_text(str(port))
            partial.replace(self._listening.port_file)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self._listening.state_file is not None:
            self._store.save(self._listening.state_file)


def run(store: Store, listening: Listening, openapi: Path | None = None) -> None:
    """Serve the store until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING)
    application = Application(store, listening.state_file, openapi)
    config = uvicorn.Config(
        application,
        host=listening.host,
        port=listening.port,
        http=CuttableProtocol,
        loop="uvloop",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        backlog=1024,
    )
    # The server raises its stop signal once more when it is done, which would end us with the signal's status.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: None)
    _Server(config, store, listening).run()
