"""Sends an answer, whole or as a fault would have it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from sandbox.connection import Receive, Scope, Send, drop, transport_of
from sandbox.exchange import STATUS_PAGE, Answer
from sandbox.faults import Rule

MAINTENANCE_PAGE = b"""<!DOCTYPE html>
<html><head><title>Down for maintenance</title></head>
<body><h1>We'll be right back</h1><p>The service is temporarily unavailable.</p></body></html>
"""
DRIPS = 20
BODILESS = (204, 304)


def faulty_answer(rule: Rule) -> Answer:
    """The answer a rule gives in place of the store's own."""
    match rule.kind:
        case "html":
            return Answer(rule.status or 503, MAINTENANCE_PAGE, dict(rule.headers), "text/html; charset=utf-8")
        case "redirect":
            return Answer(rule.status or 302, b"", {"Location": rule.location} | rule.headers, "text/html")
        case "garbage":
            return Answer(rule.status or 200, b'{"data":[{"id":12,"name":"Caf\xc3', dict(rule.headers))
    status = rule.status or 500
    if status in BODILESS:
        return Answer(status, b"", dict(rule.headers))
    if isinstance(rule.body, str):
        return Answer(status, rule.body.encode(), dict(rule.headers))
    body = rule.body if rule.body is not None else {"status": status, "title": "Fault", "type": STATUS_PAGE}
    return Answer(status, msgspec.json.encode(body), dict(rule.headers))


def replaced(answer: Answer, replacements: Mapping[str, str]) -> Answer:
    """The answer with other bytes, given in hexadecimal digits, for some texts of its body."""
    body = answer.body
    for text, digits in replacements.items():
        body = body.replace(text.encode(), bytes.fromhex(digits))
    return replace(answer, body=body)


def _headers(answer: Answer, headers: Mapping[str, str], length: int | None) -> list[tuple[bytes, bytes]]:
    lines = {"Content-Type": answer.content_type, **headers, **answer.headers}
    if length is not None and answer.status not in BODILESS:
        lines["Content-Length"] = str(length)
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines.items()]


def _start(answer: Answer, headers: Mapping[str, str], length: int | None) -> dict[str, object]:
    return {"type": "http.response.start", "status": answer.status, "headers": _headers(answer, headers, length)}


async def deliver(send: Send, answer: Answer, headers: Mapping[str, str]) -> None:
    """Send the answer."""
    await send(_start(answer, headers, len(answer.body)))
    await send({"type": "http.response.body", "body": answer.body})


async def deliver_cut(
    scope: Scope, receive: Receive, send: Send, answer: Answer, headers: Mapping[str, str], *, chunked: bool
) -> None:
    """Send half of the body, then cut the connection."""
    await send(_start(answer, headers, None if chunked else len(answer.body)))
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
    await drop(scope, receive, flush=True)


async def deliver_miscounted(
    scope: Scope, receive: Receive, answer: Answer, headers: Mapping[str, str], rule: Rule
) -> None:
    """Send the whole body under a wrong length, and cut the connection some time later.

    The server would not let that pass, so it goes to the connection directly.
    """
    head = [b"HTTP/1.1 %d Fault" % answer.status]
    head += [name + b": " + value for name, value in _headers(answer, headers, len(answer.body) + rule.off_by)]
    transport_of(scope).write(b"\r\n".join([*head, b"", answer.body]))
    await asyncio.sleep(rule.seconds)
    await drop(scope, receive, flush=True)


async def deliver_dripping(send: Send, answer: Answer, headers: Mapping[str, str], seconds: float) -> None:
    """Send the body in small pieces over some time."""
    await send(_start(answer, headers, len(answer.body)))
    size = max(1, -(-len(answer.body) // DRIPS))
    for start in range(0, len(answer.body), size):
        await asyncio.sleep(seconds / DRIPS)
        await send({"type": "http.response.body", "body": answer.body[start : start + size], "more_body": True})
    await send({"type": "http.response.body", "body": b""})
