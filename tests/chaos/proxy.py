"""A proxy in front of Postgres that counts what a client sends, and strikes at one of it.

It reads the frontend/backend protocol 3.0 (https://www.postgresql.org/docs/current/protocol-message-formats.html) just
so far that it knows where a statement begins and where its answer ends.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

import psutil

Side = Literal["before", "after"]
Action = Literal["kill", "cut", "disk_full", "restart", "stall"]

NO_ENCRYPTION = {80877103, 80877104}  # requests for TLS and GSSAPI, sent before the startup message
PASSED_ON = b"pXFH"  # passwords, goodbyes and flushes are no statements
COLLECTED = b"PBDEC"  # parts of an extended query, sent on with the Sync that ends it
DISK_FULL = (
    b"do $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$"
)
_NAME = re.compile(rb"/\* ([a-z_/]+) \*/")


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that the client sent: a query, the first data of a COPY, or a COPY's end.

    :param label: the SQL file's name where the text bears one, else the text's beginning.
    """

    label: str
    kind: Literal["query", "copy data", "copy end"]


@dataclass(slots=True)
class Strike:
    """What happens at one statement.

    :param at: which one, counted from 1 over all connections.
    :param side: before it reaches the server, or after its effect and before the client hears of it.
    :param begun: set when it begins to happen; a restart takes a moment.
    :param struck: set when it has happened.
    :param resumed: a stalled client's statement goes on when this is set.
    """

    at: int
    side: Side
    action: Action
    begun: threading.Event = field(default_factory=threading.Event)
    struck: threading.Event = field(default_factory=threading.Event)
    resumed: threading.Event = field(default_factory=threading.Event)
    stalled: int = 0


class PostgresProxy:
    """Listens on a loopback port and passes everything on to a server, until it strikes.

    :param server_port: asked at each connection, since a restart may move the server.
    :param restart_server: what the action ``restart`` calls.
    """

    def __init__(self, server_port: Callable[[], int], restart_server: Callable[[], None]) -> None:
        self._server_port = server_port
        self._restart_server = restart_server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._strike: Strike | None = None
        self.statements: list[Statement] = []
        self.port = 0

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self.port = self._wait(self._listen())

    def stop(self) -> None:
        """Stop listening; connections that stand are dropped."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def arm(self, strike: Strike | None) -> None:
        """Count from zero, and strike at one statement or at none."""
        self.statements = []
        self._strike = strike

    def _wait(self, doing: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(10)

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self._server_port())
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, reader, writer, *upstream)
        await connection.run()

    def note(self, statement: Statement) -> Strike | None:
        """Count a statement; the strike where it is the one meant."""
        self.statements.append(statement)
        strike = self._strike
        return strike if strike is not None and strike.at == len(self.statements) else None

    async def strike(self, strike: Strike, client_port: int) -> None:
        """Do what is to be done to the client or the server."""
        strike.begun.set()
        if strike.action == "kill":
            os.kill(process_of(client_port, self.port), signal.SIGKILL)
        elif strike.action == "stall":
            strike.stalled = process_of(client_port, self.port)
            os.kill(strike.stalled, signal.SIGSTOP)
        elif strike.action == "restart":
            await asyncio.get_running_loop().run_in_executor(None, self._restart, strike)
        strike.struck.set()
        if strike.action == "stall":
            await asyncio.get_running_loop().run_in_executor(None, strike.resumed.wait, 60)

    def _restart(self, strike: Strike) -> None:
        self._restart_server()
        strike.struck.set()  # the connection that asked for it is gone by now, and its task with it


def process_of(port: int, to: int) -> int:
    """The process that has a connection from this local port to that one: a port alone may serve several at once."""
    for connection in psutil.net_connections("tcp4"):
        ends = connection.laddr and connection.raddr and (connection.laddr.port, connection.raddr.port)
        if ends == (port, to) and connection.pid:
            return int(connection.pid)
    raise ProcessLookupError(f"nobody has a connection from port {port} to {to}")


class _Connection:
    """One client's connection and the one to the server that stands behind it."""

    def __init__(
        self,
        proxy: PostgresProxy,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._client, self._to_client = client, to_client
        self._server, self._to_server = server, to_server
        self._port = int(to_client.get_extra_info("peername")[1])
        self._texts: dict[bytes, bytes] = {}  # prepared statements by name
        self._collected = b""
        self._collected_text = b""
        self._copying = False
        self._renamed = False
        self._awaited: Strike | None = None

    async def run(self) -> None:
        """Pass on until either side goes away."""
        pumps = [asyncio.ensure_future(self._from_client()), asyncio.ensure_future(self._from_server())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._abort()

    def _abort(self) -> None:
        self._to_client.transport.abort()
        self._to_server.transport.abort()

    async def _from_client(self) -> None:
        await self._startup()
        while True:
            head = await self._client.readexactly(5)
            body = await self._client.readexactly(struct.unpack("!I", head[1:])[0] - 4)
            await self._message(head[:1], head + body, body)

    async def _startup(self) -> None:
        while True:
            size = await self._client.readexactly(4)
            body = await self._client.readexactly(struct.unpack("!I", size)[0] - 4)
            if struct.unpack("!I", body[:4])[0] not in NO_ENCRYPTION:
                self._to_server.write(size + body)
                return
            self._to_client.write(b"N")

    async def _message(self, kind: bytes, message: bytes, body: bytes) -> None:
        if kind in COLLECTED:
            self._collected += message
            if kind == b"P":
                name, text = body.split(b"\0", 2)[:2]
                self._texts[name] = self._collected_text = text
            elif kind == b"B":
                self._collected_text = self._texts.get(body.split(b"\0", 2)[1], b"")
        elif kind == b"S" and self._collected:
            await self._statement(self._collected + message, self._collected_text, "query")
            self._collected = self._collected_text = b""
        elif kind == b"Q":
            await self._statement(message, body.rstrip(b"\0"), "query")
        elif kind == b"d" and not self._copying:
            self._copying = True
            await self._statement(message, b"", "copy data")
        elif kind == b"c":
            self._copying = False
            await self._statement(message, b"", "copy end")
        else:
            self._copying = self._copying and kind != b"f"
            self._to_server.write(message)
        await self._to_server.drain()

    async def _statement(self, message: bytes, text: bytes, kind: Literal["query", "copy data", "copy end"]) -> None:
        named = _NAME.search(text)
        label = (named[1] if named else text[:60]).decode(errors="replace") or kind
        strike = self._proxy.note(Statement(label, kind))
        if strike is None:
            self._to_server.write(message)
        elif strike.action == "disk_full":
            strike.begun.set()
            strike.struck.set()
            self._disk_full(in_copy=kind != "query")
        elif strike.side == "before":
            await self._strike(strike)
            self._to_server.write(message)
        else:
            self._to_server.write(message)
            await self._to_server.drain()
            if kind == "copy data":  # nobody answers it
                await self._strike(strike)
            else:
                self._awaited = strike

    def _disk_full(self, *, in_copy: bool) -> None:
        """Let the server fail in its own way, so that its transaction ends as by a real error."""
        if in_copy:
            self._copying, self._renamed = False, True
            reason = b"No space left on device\0"
            self._to_server.write(b"f" + struct.pack("!I", len(reason) + 4) + reason)
        else:
            query = DISK_FULL + b"\0"
            self._to_server.write(b"Q" + struct.pack("!I", len(query) + 4) + query)

    async def _from_server(self) -> None:
        """Messages one by one, since the one that ends a statement's answer may have to wait."""
        while True:
            head = await self._server.readexactly(5)
            body = await self._server.readexactly(struct.unpack("!I", head[1:])[0] - 4)
            if self._renamed and head[:1] == b"E":  # a COPY can only be failed by its client, under another code
                self._renamed = False
                body = b"SERROR\0VERROR\0C53100\0MCOPY: No space left on device\0\0"
                head = b"E" + struct.pack("!I", len(body) + 4)
            if self._awaited is not None and head[:1] in b"ZG":  # ready for the next query, or for a COPY's data
                strike, self._awaited = self._awaited, None
                await self._strike(strike)
            self._to_client.write(head + body)
            await self._to_client.drain()

    async def _strike(self, strike: Strike) -> None:
        await self._proxy.strike(strike, self._port)
        if strike.action != "stall":
            self._abort()
            raise ConnectionAbortedError
