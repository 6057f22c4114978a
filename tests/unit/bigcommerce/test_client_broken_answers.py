"""Answers that break off, trickle, lead astray or cannot be read: each leaves as an error that decides."""

from __future__ import annotations

import gzip
import io
import logging
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
import urllib3

from storekeeper.bigcommerce.client import Answer, Patience, StoreClient
from storekeeper.outcomes import NotNow, Refused, StoreError, Unknown

PRODUCTS = "https://api.bigcommerce.com/stores/abc123/v3/catalog/products"
BODY = "canary-body"
QUICK = Patience(attempts=3, backoff=0.001, backoff_most=0.002, throttled_most=5)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def client(**patience: Any) -> StoreClient:
    chosen = Patience(**patience) if patience else QUICK
    return StoreClient("https://api.bigcommerce.com", "abc123", "t", patience=chosen)


@pytest.fixture
def store() -> Iterator[StoreClient]:
    with client() as opened:
        yield opened


def read(store: StoreClient) -> Answer:
    return store.get("/v3/catalog/products", {"limit": 1})


def write(store: StoreClient) -> Answer:
    return store.write("POST", "/v3/catalog/products", {"name": BODY}, check=time.monotonic)


def _no_more(reason: Exception) -> urllib3.exceptions.MaxRetryError:
    return urllib3.exceptions.MaxRetryError(None, "/", reason)  # type: ignore[arg-type]


def _tls(reason: ssl.SSLError) -> requests.exceptions.SSLError:
    return requests.exceptions.SSLError(_no_more(urllib3.exceptions.SSLError(reason)))


def test_a_certificate_that_cannot_be_verified_is_not_now(web: responses.RequestsMock, store: StoreClient) -> None:
    web.post(PRODUCTS, body=_tls(ssl.SSLCertVerificationError(1, "certificate verify failed")))
    with pytest.raises(NotNow, match="certificate"):
        write(store)


def test_tls_that_breaks_after_a_write_was_sent_leaves_its_fate_unknown(
    web: responses.RequestsMock, store: StoreClient
) -> None:
    web.post(PRODUCTS, body=_tls(ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] bad record mac")))
    with pytest.raises(StoreError) as caught:
        write(store)
    assert len(web.calls) == 1
    assert isinstance(caught.value, Unknown)


def test_a_write_that_found_no_host_is_sent_again(web: responses.RequestsMock, store: StoreClient) -> None:
    lost = urllib3.exceptions.NameResolutionError("api.bigcommerce.com", None, OSError("unknown"))  # type: ignore[arg-type]
    web.post(PRODUCTS, body=requests.exceptions.ConnectionError(_no_more(lost)))
    web.post(PRODUCTS, json={"data": {}})
    assert write(store).status == 200
    assert store.requests_sent == 2


class Pieces(io.RawIOBase):
    """A body that comes piece by piece, each after a pause, or breaks off."""

    def __init__(self, *pieces: bytes | Exception, pause: float = 0) -> None:
        self._pieces = list(pieces)
        self._pause = pause

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        time.sleep(self._pause)
        piece = self._pieces.pop(0) if self._pieces else b""
        if isinstance(piece, Exception):
            raise piece
        buffer[: len(piece)] = piece
        return len(piece)


def _body(*pieces: bytes | Exception, pause: float = 0) -> dict[str, Any]:
    return {
        "body": io.BufferedReader(Pieces(*pieces, pause=pause), buffer_size=8),
        "content_type": "application/json",
        "auto_calculate_content_length": False,
    }


def test_a_body_that_comes_in_pieces_is_put_together(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(PRODUCTS, **_body(b'{"da', b'ta": ', b"[]}"))
    assert read(store).body == b'{"data": []}'


def test_a_compressed_body_is_unpacked(web: responses.RequestsMock, store: StoreClient) -> None:
    packed = gzip.compress(b'{"data": []}')
    web.get(PRODUCTS, body=packed, headers={"Content-Encoding": "gzip"}, content_type="application/json")
    assert read(store).body == b'{"data": []}'


def test_a_write_whose_answer_breaks_off_is_unknown(web: responses.RequestsMock, store: StoreClient) -> None:
    web.post(PRODUCTS, **_body(b'{"da', ConnectionResetError(104, "reset")))
    with pytest.raises(Unknown, match="broke off"):
        write(store)
    assert len(web.calls) == 1


def test_a_body_shorter_than_announced_is_not_an_answer(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(PRODUCTS, body=b"{}", headers={"Content-Length": "500"}, content_type="application/json")
    with pytest.raises(NotNow, match="broke off"):
        read(store)


def test_a_body_that_is_not_compressed_as_it_says_is_not_an_answer(
    web: responses.RequestsMock, store: StoreClient
) -> None:
    web.get(PRODUCTS, body=b"{}", headers={"Content-Encoding": "gzip"}, content_type="application/json")
    with pytest.raises(NotNow, match="broke off"):
        read(store)


def test_a_body_that_is_not_utf_8_is_not_now(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(PRODUCTS, body=b'{"data": "\xff"}', content_type="application/json")
    with pytest.raises(NotNow):
        read(store).decode(dict)


def test_an_answer_that_trickles_for_too_long_is_given_up(web: responses.RequestsMock) -> None:
    web.post(PRODUCTS, **_body(*([b" "] * 40), pause=0.02))
    with client(total=0.1) as store, pytest.raises(Unknown, match="took longer"):
        write(store)


@pytest.mark.parametrize("call", [read, write])
@pytest.mark.parametrize("location", ["https://[evil", "http://\xff", "", "//", "https://a:99999999/"])
def test_a_redirect_to_nowhere_is_refused_like_any_other(
    web: responses.RequestsMock, store: StoreClient, call: Any, location: str
) -> None:
    for method in (responses.GET, responses.POST):
        web.add(method, PRODUCTS, status=302, headers={"Location": location})
    with pytest.raises(Refused, match="must not redirect"):
        call(store)
    assert len(web.calls) == 1


@pytest.mark.parametrize("status", [200, 422, 500])
def test_json_nested_beyond_reason_leaves_as_an_error_that_decides(
    web: responses.RequestsMock, store: StoreClient, status: int
) -> None:
    nested = b'{"title": "x", "data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    web.get(PRODUCTS, status=status, body=nested, content_type="application/json")
    with pytest.raises(StoreError):
        read(store).decode(dict)


def test_an_answer_of_another_shape_is_not_now(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(PRODUCTS, json={"data": {"sku": BODY}})
    with pytest.raises(NotNow, match="another shape") as caught:
        read(store).decode(list)
    assert BODY not in str(caught.value)


def test_a_429_uses_up_no_attempt_of_a_later_failure(web: responses.RequestsMock) -> None:
    for _ in range(3):
        web.get(PRODUCTS, status=429, headers={"X-Rate-Limit-Time-Reset-Ms": "1"})
    web.get(PRODUCTS, status=500)
    web.get(PRODUCTS, json={"data": []})
    with client(attempts=2, backoff=0.001, backoff_most=0.002) as store:
        assert read(store).status == 200
        assert store.requests_sent == 5


def test_a_429_is_waited_for_as_long_as_the_store_says(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(PRODUCTS, status=429, headers={"X-Rate-Limit-Time-Reset-Ms": "150"})
    web.get(PRODUCTS, json={"data": []})
    began = time.monotonic()
    assert read(store).status == 200
    assert time.monotonic() - began >= 0.15


@pytest.mark.parametrize("status", [401, 403, 404, 422, 302])
def test_the_request_id_stands_in_the_message(web: responses.RequestsMock, store: StoreClient, status: int) -> None:
    web.post(PRODUCTS, status=status, headers={"X-Request-ID": "req-77", "Location": "/"}, json={})
    with pytest.raises(StoreError, match=rf"POST /v3/catalog/products, .*status {status}, request req-77"):
        write(store)


def test_the_request_id_of_a_passing_failure_stands_in_message_and_log(
    web: responses.RequestsMock, store: StoreClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="storekeeper")
    web.get(PRODUCTS, status=503, headers={"X-Request-ID": "req-78"}, json={})
    with pytest.raises(NotNow, match="request req-78"):
        read(store)
    assert [record for record in caplog.records if "request req-78" in record.getMessage()]
