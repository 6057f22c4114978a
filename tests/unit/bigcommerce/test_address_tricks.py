"""Base URLs made to be read one way and used another."""

from __future__ import annotations

import pytest

from storekeeper.bigcommerce.address import api_base


@pytest.mark.parametrize(
    "host",
    [
        "http://127.0.0.1\\@evil.example",
        "http://evil.example\\@127.0.0.1",
        "http:\\\\evil.example",
        "//evil.example",
        "https:///evil.example",
        "http://[::ffff:169.254.169.254]",
        "http://[fe80::1]",
        "http://017700000001",
        "http://１27.0.0.1",
        "http://127。0.0.1",
        "ｈttps://api.bigcommerce.com",
        "https://api.bigcommerce.com%2eevil.example",
        "http://[::1",
    ],
)
def test_a_trick_is_refused_and_what_was_wrong_is_said(host: str) -> None:
    with pytest.raises(ValueError, match=r"API base URL|plain http"):
        api_base(host)


@pytest.mark.parametrize(
    "host",
    [
        "https://user:hunter2@127.0.0.1",
        "https://user:hunter2@api.bigcommerce.com:x",
        "https://user:hunter2＠api.bigcommerce.com",
        "https://user:hunter2@api.bigcommerce.com℀",
        "https://user:hunter2@[::1",
    ],
)
def test_credentials_are_refused_and_never_repeated(host: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        api_base(host)
    assert "hunter2" not in str(caught.value)
