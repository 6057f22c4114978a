"""An answer that is made to cost memory is given up, over real HTTP; what it answered decides what that means."""

from __future__ import annotations

import contextlib
import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from storekeeper.bigcommerce import client
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.outcomes import NotNow, Unknown

MEGABYTE = 1024 * 1024
BODIES = {
    "small": b'{"data": "' + b"x" * MEGABYTE + b'"}',
    "large": b'{"data": "' + b"x" * (3 * MEGABYTE) + b'"}',
    "bomb": b'{"data": "' + b"x" * (64 * MEGABYTE) + b'"}',
}


class Bloated(BaseHTTPRequestHandler):
    """Answers with the body that the path's last part names."""

    def do_GET(self) -> None:
        kind = self.path.rpartition("/")[2]
        body = gzip.compress(BODIES[kind]) if kind == "bomb" else BODIES[kind]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if kind == "bomb":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client hangs up
            self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreClient]:
    monkeypatch.setattr(client, "MOST_OF_AN_ANSWER", 2 * MEGABYTE)
    with ThreadingHTTPServer(("127.0.0.1", 0), Bloated) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        patience = Patience(attempts=2, backoff=0.001, backoff_most=0.002)
        with StoreClient(f"http://127.0.0.1:{server.server_port}", "abc123", "t", patience=patience) as opened:
            yield opened
        server.shutdown()


@pytest.mark.parametrize("kind", ["large", "bomb"])
def test_an_answer_that_is_too_large_is_given_up(store: StoreClient, kind: str) -> None:
    assert len(store.get("/v3/small").body) > MEGABYTE
    with pytest.raises(NotNow, match=rf"GET /v3/{kind}: the answer is larger than 2,097,152 bytes"):
        store.get(f"/v3/{kind}")
    assert store.requests_sent == 3


@pytest.mark.parametrize("kind", ["large", "bomb"])
def test_a_write_whose_answer_is_too_large_is_unknown_and_not_repeated(store: StoreClient, kind: str) -> None:
    with pytest.raises(Unknown, match="the answer is larger than"):
        store.write("POST", f"/v3/{kind}", {}, check=time.monotonic)
    assert store.requests_sent == 1
