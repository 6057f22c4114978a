"""Where the token may go, and where never."""

from __future__ import annotations

import pytest

from storekeeper.bigcommerce.address import LOGIN, OFFICIAL, api_base, check_store_hash, login_base
from storekeeper.bigcommerce.oauth import App
from storekeeper.outcomes import SettingsError

HOSTILE = [
    "http://api.bigcommerce.com",
    "https://api.bigcommerce.com.evil.example",
    "https://evil.example/api.bigcommerce.com",
    "https://evil.example",
    "evil.example",
    "https://api.bigcommerce.com@evil.example",
    "https://user:secret@api.bigcommerce.com",
    "https://api.bigcommerce.com:8443",
    "https://api.bigcommerce.com/stores/other",
    "https://api.bigcommerce.com?x=1",
    "https://api.bigcommerce.com#x",
    "https://xapi.bigcommerce.com",
    "https://login.bigcommerce.com",
    "https://bigcommerce.com",
    "https://api.bigcommerce.com.",
    "https://api。bigcommerce。com",
    "https://api.bigcommerce.cοm",
    "http://169.254.169.254",
    "https://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]",
    "http://0x7f.1",
    "http://2130706433",
    "http://127.1",
    "http://0.0.0.0",
    "http://[::]",
    "http://[::ffff:10.0.0.1]",
    "http://10.0.0.5",
    "http://192.168.1.1:8080",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1:99999",
    "http://127.0.0.1/../../x",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70",
    "javascript://127.0.0.1",
]


@pytest.mark.parametrize("host", HOSTILE)
def test_a_hostile_address_is_refused_without_repeating_its_credentials(host: str) -> None:
    with pytest.raises(ValueError, match=r"API base URL|plain http") as caught:
        api_base(host)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "port", "base"),
    [
        ("", None, OFFICIAL),
        (None, None, OFFICIAL),
        ("https://api.bigcommerce.com", None, OFFICIAL),
        ("https://api.bigcommerce.com/", None, OFFICIAL),
        ("api.bigcommerce.com", 443, OFFICIAL),
        ("http://127.0.0.1:5000", None, "http://127.0.0.1:5000"),
        ("http://127.0.0.1", 5000, "http://127.0.0.1:5000"),
        ("127.0.0.1", 5000, "http://127.0.0.1:5000"),
        ("http://localhost:5000", 0, "http://localhost:5000"),
        ("http://[::1]:5000", None, "http://[::1]:5000"),
    ],
)
def test_the_store_s_own_address_and_loopback_are_accepted(host: str | None, port: int | None, base: str) -> None:
    assert api_base(host, port) == base


@pytest.mark.parametrize("store_hash", ["", "ABC", "a/b", "..", "a.b", "a b", "a\n", "a%2f", "ä", "a" * 65])
def test_a_store_hash_cannot_change_the_path(store_hash: str) -> None:
    with pytest.raises(ValueError, match="lower-case letters and digits"):
        check_store_hash(store_hash)


def test_a_store_hash_is_letters_and_digits() -> None:
    assert check_store_hash("abc123") == "abc123"


@pytest.mark.parametrize("host", [*(host for host in HOSTILE if host != LOGIN), OFFICIAL])
def test_people_are_sent_to_no_other_login_page(host: str) -> None:
    with pytest.raises(ValueError, match=r"login base URL|plain http"):
        login_base(host)
    with pytest.raises(SettingsError, match="the app's address"):
        App("id", "secret", "https://airflow.example.com/storekeeper/auth", host)
