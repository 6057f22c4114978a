"""The ban that conftest.py puts on this folder."""

from __future__ import annotations

import socket

import pytest
import requests
from pytest_socket import SocketBlockedError


def test_no_socket_can_be_opened_here() -> None:
    with pytest.raises(SocketBlockedError):
        socket.socket()


def test_not_even_loopback_is_reached_over_http() -> None:
    with pytest.raises(SocketBlockedError):
        requests.get("http://127.0.0.1:9/", timeout=1)
