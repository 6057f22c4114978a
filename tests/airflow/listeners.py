"""Who listens to Airflow: a mail server that keeps what it is given, and what counts its metrics."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from types import TracebackType
from typing import Any, ClassVar, Self


class _Mail(socketserver.StreamRequestHandler):
    """SMTP, as far as sending needs it."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.heard.append(b"".join(lines).decode(errors="replace"))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


class _Packet(socketserver.BaseRequestHandler):
    """A packet of StatsD's."""

    def handle(self) -> None:
        self.server.heard.extend(self.request[0].decode().split("\n"))  # type: ignore[attr-defined]


class _Listener:
    """A server of this process, on a free port, in threads of its own."""

    kind: ClassVar[Any]
    handler: ClassVar[type[socketserver.BaseRequestHandler]]

    def __init__(self) -> None:
        self._server = self.kind(("127.0.0.1", 0), self.handler)
        self.heard: list[str] = []
        self._server.heard = self.heard
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class MailBox(_Listener):
    """Takes mails."""

    kind, handler = socketserver.ThreadingTCPServer, _Mail

    def connection(self) -> str:
        """The connection that Airflow's mails go through."""
        extra = {"from_email": "storekeeper@example.com", "disable_ssl": True, "disable_tls": True}
        return json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": extra})

    def subjects(self) -> list[str]:
        """The mails' subjects."""
        return [found[1].strip() for mail in self.heard if (found := re.search(r"^Subject: (.*)$", mail, re.MULTILINE))]


class Figures(_Listener):
    """Hears what Airflow sends to StatsD."""

    kind, handler = socketserver.ThreadingUDPServer, _Packet

    def sum(self, name: str) -> int:
        """What was counted under a name."""
        return sum(int(value) for value in self._said(name, "c"))

    def last(self, name: str) -> float | None:
        """What a gauge said last."""
        said = self._said(name, "g")
        return float(said[-1]) if said else None

    def _said(self, name: str, kind: str) -> list[str]:
        pattern = re.compile(rf"{re.escape(name)}:([\d.]+)\|{kind}")
        return [found[1] for line in self.heard if (found := pattern.fullmatch(line))]
