"""The search for what must show nowhere can find it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.canaries import left_behind


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep/er/attempt=1.log", "a token: sandbox-token."),
        ("server.log.1", "to shopper-17@example.com"),
        ("airflow.db", "Doe Shopper-3"),
        ("dump.rdb", "canary-t0ken-7f3a"),
        ("appendonly.aof", base64.b64encode(b'{"token": "canary-t0ken-7f3a", "and": "more"}').decode()),
        ("dump.log", "\\\\x" + b"a pickle with sandbox-token in it".hex()),
    ],
)
def test_a_token_or_a_shopper_is_found_where_tests_leave_things(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"before {text} after")
    files, (found,) = left_behind(tmp_path)
    assert files == 1
    assert found.startswith(f"{name}: ")
    file.write_text("sandbox-token-no-orders, a shopper, a canary")
    assert left_behind(tmp_path) == (1, [])
