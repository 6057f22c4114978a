"""Something happens at a statement or at a request that a test names: the worker dies, or somebody else does something.

Both are hooked where they leave the product, in SQLAlchemy and in requests: how the product is cut inside does not
matter.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from sqlalchemy import event

from tests.databases import Database

Side = Literal["before", "after"]
Act = Callable[[requests.PreparedRequest], requests.Response | None]

_LABEL = re.compile(r"/\* ([a-z_/]+) \*/")


@contextmanager
def at_statement(
    database: Database,
    name: str,
    act: Callable[[MutableMapping[str, Any]], None],
    *,
    side: Side = "before",
    nth: int | None = None,
) -> Iterator[None]:
    """Act at each statement of a file of SQL for the length of a block.

    :param name: the file's, as each statement bears it: ``runs/advance``.
    :param act: is given the statement's values, which it may change before it is sent.
    :param nth: only at the so-many-th of them.
    """
    acting = _Acting(nth)

    def hook(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        label = _LABEL.match(statement)
        if label and label[1] == name:
            with acting.due() as due:
                if due:
                    act(values)

    engine = database.warehouse().engine
    event.listen(engine, f"{side}_cursor_execute", hook)
    try:
        yield
    finally:
        event.remove(engine, f"{side}_cursor_execute", hook)


@contextmanager
def at_request(
    act: Act,
    *,
    method: str = ".*",
    path: str = ".*",
    side: Side = "before",
    nth: int | None = None,
) -> Iterator[None]:
    """Act at each request to the store for the length of a block.

    :param act: is given the request, whose body it may change before it is sent. Where it answers something, the
        product gets that answer: in place of the request before it, in place of the store's own after it.
    :param method: a regular expression for the whole of it.
    :param path: the same of the path below the store.
    :param nth: only at the so-many-th of them.
    """
    acting, send = _Acting(nth), HTTPAdapter.send

    def hook(adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        below = re.fullmatch(r"/stores/[^/]+(/v[23]/.*)", urlsplit(request.url or "").path)
        if not below or not re.fullmatch(path, below[1]) or not re.fullmatch(method, request.method or ""):
            return send(adapter, request, *args, **options)
        with acting.due() as due:
            if not due:
                return send(adapter, request, *args, **options)
            response = send(adapter, request, *args, **options) if side == "after" else None
            instead = act(request)
            if instead is not None:  # a refusal counts as false
                return instead
            return send(adapter, request, *args, **options) if response is None else response

    HTTPAdapter.send = hook  # type: ignore[method-assign]
    try:
        yield
    finally:
        HTTPAdapter.send = send  # type: ignore[method-assign]


def dies(*_: Any) -> None:
    """The worker's process is killed here."""
    raise KeyboardInterrupt


def body_of(request: requests.PreparedRequest) -> Any:
    """What it carries; None: nothing."""
    return json.loads(request.body) if request.body else None


def change_body(request: requests.PreparedRequest, body: Any) -> None:
    """Let it carry something else."""
    request.prepare_body(json.dumps(body).encode(), None)


def answer(request: requests.PreparedRequest, status: int, body: Any = None) -> requests.Response:
    """A store's answer to a request that the store never sees."""
    raw = urllib3.HTTPResponse(
        body=io.BytesIO(json.dumps(body if body is not None else {"status": status, "title": "no"}).encode()),
        status=status,
        headers={"Content-Type": "application/json"},
        preload_content=False,
    )
    return HTTPAdapter().build_response(request, raw)


class _Acting:
    """Counts what a test has named; what it does there itself does not count.

    :param nth: which one is due; None: all.
    """

    def __init__(self, nth: int | None) -> None:
        self._nth = nth
        self._seen = 0
        self._lock = threading.Lock()
        self._inside = threading.local()

    @contextmanager
    def due(self) -> Iterator[bool]:
        """Whether to act now."""
        if getattr(self._inside, "now", False):
            yield False
            return
        with self._lock:
            self._seen += 1
            due = self._nth is None or self._seen == self._nth
        self._inside.now = True
        try:
            yield due
        finally:
            self._inside.now = False
