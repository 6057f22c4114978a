"""The store fetches images by itself: from public addresses only, and with no secret in them."""

from __future__ import annotations

import pytest

from storekeeper.transforms.publish_listings import image_fault


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/a.png",
        "http://example.com:8080/a.png?b=c",
        "https://example.com./a.png",
        "https://8.8.8.8/a.png",
        "https://[2606:4700:4700::1111]/a.png",
        "https://example.com/" + "a" * 235,
    ],
)
def test_a_public_address_is_handed_on(address: str) -> None:
    assert image_fault(address) is None


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://example.com/" + "a" * 236, "has 256 characters; 255 may be"),
        ("https://example.com/a b.png", "holds blanks, backslashes or control characters"),
        ("https://example.com/a\x07.png", "holds blanks, backslashes or control characters"),
        ("https://example.com\\@localhost/a.png", "holds blanks, backslashes or control characters"),
        ("https://example.com:99999/a.png", "cannot be read"),
        ("https://[::1/a.png", "cannot be read"),
        ("ftp://example.com/a.png", "does not begin with http:// or https://"),
        ("//example.com/a.png", "does not begin with http:// or https://"),
        ("https://user@example.com/a.png", "carries a user name or a password"),
        ("https://:password@example.com/a.png", "carries a user name or a password"),
        ("https://@example.com/a.png", "carries a user name or a password"),
        ("https:///a.png", "names no host"),
    ],
)
def test_another_address_is_not(address: str, fault: str) -> None:
    assert image_fault(address) == fault


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "127.0.0.1."),
        *("[::1]", "[fe80::1]", "[fe80::1%25eth0]", "[fd00::1]", "[::ffff:10.0.0.1]"),
        *("[2002:a00:1::]", "[2001:0:a00:1::]", "[64:ff9b::a00:1]", "[64:ff9b:1::a00:1]", "[64:ff9b::808:808]"),
        *("2130706433", "0x7f000001", "0x7f.1", "127.1", "10.0.0.010", "a.0x1"),
        *("localhost", "intranet", "db.local", "db.internal", "db.lan", "db.home", "db.corp", "db.intranet"),
        *("a.localhost", "1.0.0.127.in-addr.arpa", "LOCALHOST", "db.LOCAL."),
    ],
)
def test_what_is_inside_a_network_is_not_public(host: str) -> None:
    assert image_fault(f"https://{host}/a.png") == "is not public"
