"""The HTTP protocol that lets the store cut a connection in the middle of an answer."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

import psutil
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TRANSPORT = "sandbox.transport"


class CuttableProtocol(HttpToolsProtocol):
    """Puts the connection's transport into each request's scope; uvicorn gives no handle on it."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: cast("dict[object, object]", self.transport)}


def transport_of(scope: Scope) -> asyncio.Transport:
    """The connection of a request."""
    return cast("asyncio.Transport", scope["extensions"][TRANSPORT])


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    pieces = [body]
    while message.get("more_body"):
        message = await receive()
        pieces.append(message.get("body", b""))
    return b"".join(pieces)


def kill_client(scope: Scope) -> None:
    """End the process at the other end of a local connection with SIGKILL."""
    transport = transport_of(scope)
    ends = (transport.get_extra_info("peername")[1], transport.get_extra_info("sockname")[1])
    for connection in psutil.net_connections("tcp4"):
        there = connection.laddr and connection.raddr and (connection.laddr.port, connection.raddr.port)
        if there == ends and connection.pid:  # a port alone may serve several connections at once
            os.kill(connection.pid, signal.SIGKILL)


async def drop(scope: Scope, receive: Receive, *, flush: bool = False) -> None:
    """Cut the connection.

    :param flush: let what was already sent go out first.
    """
    transport = transport_of(scope)
    if flush:
        transport.close()
    else:
        transport.abort()
    # Until the server has seen the connection go, it would take our silence for an error of the application.
    while (await receive())["type"] != "http.disconnect":
        pass
