"""The store's HTTP API: how a call is made. What a call means is decided in ``operations/``.

One client holds one session with connection reuse and one pacer, shared by all threads. Every failure leaves as one of
the four error types of ``outcomes``; none of them, and no log line, carries a token, a query's values or a body.
"""

from __future__ import annotations

import logging
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import msgspec
import requests
import urllib3.exceptions

from storekeeper.bigcommerce.address import check_store_hash
from storekeeper.bigcommerce.last_look import LookingAdapter, TooLate, checked
from storekeeper.bigcommerce.pacing import Pacer
from storekeeper.outcomes import AccessLost, NotNow, Refused, StoreError, Unknown

log = logging.getLogger(__name__)

MOST_RENEWALS = 2
"""So often one call may go on with another token."""

MOST_OF_AN_ANSWER = 256 * 1024 * 1024
"""More bytes, unpacked, are no answer of a store: a page of 250 products with all 600 variants each stays below."""

TOKEN = "X-Auth-Token"  # noqa: S105 - the header's name

Query = Mapping[str, str | int]
T = TypeVar("T")

Check = Callable[[], float]
"""Makes sure that a write is still ours to send; the moment before it asked, in monotonic seconds.

It raises where the write is not ours any more.
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client waits. Seconds throughout.

    :param connect: for the connection to stand.
    :param read: between two pieces of an answer.
    :param total: for one whole answer.
    :param attempts: how often one call is tried in all, where trying again is allowed.
    :param backoff: the first wait after a failure; doubled each time, with jitter, up to ``backoff_most``.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 90.0
    attempts: int = 5
    backoff: float = 0.5
    backoff_most: float = 15.0
    throttled_most: float = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole, successful answer of the store: status 2xx, body read to its end (empty for 204).

    :param sent_at: when the request was sent, in this process's monotonic seconds: what the answer shows is no older.
    :param wrote: it answers a write, which has taken effect whatever the answer looks like.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_at: float
    wrote: bool = False

    def decode(self, kind: type[T]) -> T:
        """The body as ``kind``.

        :raises NotNow: the body is JSON of another shape than the store's specification says.
        :raises Unknown: so is that of a write: what it did is to be looked up.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            said = f"the store's answer has another shape than expected: {error}"
            raise (Unknown if self.wrote else NotNow)(said) from None


class StoreClient:
    """One store's API.

    :param base_url: from :func:`storekeeper.bigcommerce.address.api_base`.
    :param store_hash: the store's hash.
    :param access_token: sent as ``X-Auth-Token``; never shown.
    :param patience: timeouts and repeats.
    :param renew: tells the token as it is by now: asked when the store refuses the one that we have.
    """

    def __init__(
        self,
        base_url: str,
        store_hash: str,
        access_token: str,
        *,
        patience: Patience | None = None,
        renew: Callable[[], str] | None = None,
    ) -> None:
        self.store_hash = check_store_hash(store_hash)
        self._renew = renew
        self._renewing = threading.Lock()
        _check_token(access_token)
        self.patience = patience or Patience()
        self.pacer = Pacer()
        self.throttled = 0
        self._root = f"{base_url}/stores/{self.store_hash}"
        self._sent = 0
        self._sent_lock = threading.Lock()
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc credentials that nobody configured here
        self._session.headers.update({TOKEN: access_token, "Accept": "application/json", "User-Agent": "storekeeper"})
        adapter = LookingAdapter(pool_maxsize=16, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    @property
    def requests_sent(self) -> int:
        """HTTP requests sent so far by all threads, repeats included."""
        return self._sent

    def get(self, path: str, query: Query | None = None) -> Answer:
        """Read; repeated after anything that may pass, since reading has no effect.

        :param path: below the store's root, such as ``/v3/catalog/products``.
        :raises Refused: the store will never answer this.
        :raises NotNow: it did not answer within the attempts allowed.
        :raises AccessLost: token, scope or store hash.
        """
        return self._call("GET", path, query, None)

    def write(self, method: str, path: str, body: object, query: Query | None = None, *, check: Check) -> Answer:
        """Change something; repeated only when the store certainly did nothing (429, no connection).

        :param body: sent as JSON; None for no body.
        :param check: asked just before each sending, once the pace allows it; see :mod:`.last_look`.
        :raises Unknown: the call may have taken effect: look it up before another.
        """
        content = None if body is None else msgspec.json.encode(body)
        return self._call(method, path, query, content, check=check)

    def _call(
        self, method: str, path: str, query: Query | None, body: bytes | None, *, check: Check | None = None
    ) -> Answer:
        failures = throttles = renewals = 0
        waited_throttled = 0.0
        while True:
            try:
                return self._once(method, path, query, body, check)
            except _Throttled as throttled:
                throttles += 1
                wait = throttled.wait if throttled.wait is not None else self._backoff(throttles + 1)
                waited_throttled += wait
                if waited_throttled > self.patience.throttled_most:
                    raise NotNow(f"{throttled}; still so after {waited_throttled:.0f} s") from None
                log.info("the store asks for patience (429): waiting %.1f s", wait)
                self.pacer.hold(wait)
            except _Unauthorized as refused:
                renewals += 1
                if renewals > MOST_RENEWALS or not self._has_new_token(refused.token):
                    raise AccessLost(str(refused)) from None
                log.info("the connection has another access token by now: going on with that")
            except NotNow as error:
                failures += 1
                if failures >= self.patience.attempts:
                    raise NotNow(f"{error} (tried {failures} times)") from None
                self._wait_before_repeat(error, failures)
            except Unknown as error:
                if check is not None:
                    raise  # a write
                failures += 1
                if failures >= self.patience.attempts:
                    raise NotNow(f"{error} (tried {failures} times)") from None
                self._wait_before_repeat(error, failures)

    def _has_new_token(self, refused: str) -> bool:
        """Whether there is another token than the one that was refused; from now on it is ours."""
        with self._renewing:
            if self._session.headers[TOKEN] != refused:
                return True  # another thread has asked
            try:
                token = self._renew().strip() if self._renew else refused
                if not token or token == refused:
                    return False
                _check_token(token)
            except Exception as error:  # whatever keeps connections: the store has certainly done nothing
                raise AccessLost(f"the access token was refused, and no other is to be had: {error}") from None
            self._session.headers[TOKEN] = token
            return True

    def _wait_before_repeat(self, error: StoreError, failures: int) -> None:
        wait = self._backoff(failures)
        log.warning("%s; trying again in %.1f s", error, wait)
        time.sleep(wait)

    def _backoff(self, failures: int) -> float:
        most = min(self.patience.backoff * 2.0 ** (failures - 1), self.patience.backoff_most)
        return most * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret

    def _once(self, method: str, path: str, query: Query | None, body: bytes | None, check: Check | None) -> Answer:
        called = f"{method} {_template(path)}"
        request = requests.Request(
            method,
            self._root + path,
            params={key: str(value) for key, value in (query or {}).items()},
            data=body,
            headers={"Content-Type": "application/json"} if body is not None else {},
        )
        prepared = self._session.prepare_request(request)
        slot = self.pacer.acquire()
        headers: Mapping[str, str] | None = None
        started = time.monotonic()
        try:
            moment = check() if check is not None else None
            with self._sent_lock:
                self._sent += 1
            try:
                with checked(moment):
                    response = self._session.send(
                        prepared,
                        timeout=(self.patience.connect, self.patience.read),
                        allow_redirects=False,  # the token would go along to another host
                        stream=True,
                    )
            except TooLate:
                raise NotNow(f"{called}: not sent, for this worker stood still just before") from None
            except requests.exceptions.RequestException as error:
                raise self._unanswered(called, error) from None
            except ValueError:
                # requests works out a redirect's target even where it does not follow it
                raise Refused(f"{called}: the store's API must not redirect; it was not followed") from None
            with response:
                headers = response.headers
                content = self._read(response, called, started)
        finally:
            self.pacer.release(slot, headers)
        if response.status_code == 401:
            raise _Unauthorized(self._refusal(called, response, content), prepared.headers[TOKEN])
        body = self._judged(called, response, content, wrote=check is not None)
        return Answer(response.status_code, response.headers, body, started, wrote=check is not None)

    def _read(self, response: requests.Response, called: str, started: float) -> bytes:
        """The whole body, within the total time and size: requests itself bounds only the wait for each piece."""
        pieces = []
        size = 0
        try:
            while piece := response.raw.read1(1 << 20, decode_content=True):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_OF_AN_ANSWER:
                    raise Unknown(f"{called}: the answer is larger than {MOST_OF_AN_ANSWER:,} bytes")
                if time.monotonic() - started > self.patience.total:
                    raise Unknown(f"{called}: the answer took longer than {self.patience.total:.0f} s")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unknown(f"{called}: the answer broke off ({type(error).__name__})") from None
        return b"".join(pieces)

    def _unanswered(self, called: str, error: requests.exceptions.RequestException) -> StoreError:
        where = f"{called} at {self._root.split('/stores/')[0]}"
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", cause)
        if isinstance(reason, urllib3.exceptions.NameResolutionError):
            return NotNow(f"{where}: the host's name cannot be resolved (DNS)")
        if isinstance(reason, urllib3.exceptions.SSLError) and _is_unverified(reason):
            return NotNow(f"{where}: no safe connection (TLS): the certificate could not be verified")
        if isinstance(reason, urllib3.exceptions.NewConnectionError) or isinstance(
            error, requests.exceptions.ConnectTimeout
        ):
            return NotNow(f"{where}: no connection (is the store's API up and reachable?)")
        if isinstance(error, requests.exceptions.Timeout):
            return Unknown(f"{where}: no answer within {self.patience.read:.0f} s")
        return Unknown(f"{where}: the connection broke before the answer ({type(error).__name__})")

    def _where(self, called: str, response: requests.Response) -> str:
        request_id = response.headers.get("X-Request-ID")
        said = f"{called}, store {self.store_hash!r}, status {response.status_code}"
        return said + (f", request {request_id}" if request_id else "")

    def _refusal(self, called: str, response: requests.Response, content: bytes) -> str:
        title, _ = _explanation(content)
        where = self._where(called, response) + (f": {title[:200]}" if title else "")
        return f"{where}: the access token is wrong or was revoked; put a valid one into the connection"

    def _judged(self, called: str, response: requests.Response, content: bytes, *, wrote: bool) -> bytes:
        """The body of a whole, well-formed success; every other answer leaves as the error that decides."""
        status = response.status_code
        where = self._where(called, response)
        if 200 <= status < 300:
            if status == 204:
                return content
            if "json" not in response.headers.get("Content-Type", ""):
                raise Unknown(f"{where}: the answer is not JSON (a maintenance page?)")
            try:
                return _well_formed(content)
            except RecursionError:
                raise Unknown(f"{where}: the answer is JSON nested deeper than any record of a store") from None
            except msgspec.DecodeError:
                raise Unknown(f"{where}: the answer is broken JSON") from None
        title, fields = _explanation(content)
        detail = f"{where}: {title[:200]}" if title else where
        if status == 429:
            self.throttled += 1
            raise _Throttled(detail, _reset_seconds(response.headers))
        if 300 <= status < 400:
            raise Refused(f"{where}: the store's API must not redirect; it was not followed", status=status)
        if status == 403:
            raise AccessLost(
                f"{detail}: the access token lacks {_scope(called)}; grant it to the API account, then run it again"
            )
        if status >= 500:
            raise Unknown(detail)
        if status in (408, 425):
            raise (Unknown if wrote else NotNow)(detail)  # whoever gave up waiting, the store may have done it
        reasons = "; ".join(f"{field}: {why}" for field, why in list(fields.items())[:10])
        raise Refused(f"{detail} {reasons}".rstrip(), status=status, fields=fields, said=f"{title} {reasons}".rstrip())


def _check_token(token: str) -> None:
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        # requests would refuse it too, in a message that holds the token
        raise ValueError("the access token must be printable characters without blanks or line breaks")


def _is_unverified(reason: urllib3.exceptions.SSLError) -> bool:
    """Whether TLS ended at the certificate, before any request went out; later it may break after one did."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in reason.args)


# Escapes are taken one after the other, so that no backslash of an escaped backslash begins one.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def _well_formed(content: bytes) -> bytes:
    """The body, if it is JSON.

    An escape that stands for half a character (a lone surrogate) becomes the half's own three bytes: those are no UTF-8
    either, but they spoil the one record that holds them, and not the whole answer.

    :raises msgspec.DecodeError: it is not JSON.
    """
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except msgspec.DecodeError:
        content = _ESCAPE.sub(_half_as_bytes, content)
        msgspec.json.decode(content, type=msgspec.Raw)
    return content


def _half_as_bytes(escape: re.Match[bytes]) -> bytes:
    half = escape[1]
    return chr(int(half[1:], 16)).encode(errors="surrogatepass") if half else escape[0]


class _Unauthorized(Exception):
    """401: nothing was done; ``token`` is the one that was refused."""

    def __init__(self, message: str, token: str) -> None:
        super().__init__(message)
        self.token = token


class _Throttled(Exception):
    """429: nothing was done; ``wait`` is the store's own word on when to come back, None where it gave none."""

    def __init__(self, message: str, wait: float | None) -> None:
        super().__init__(message)
        self.wait = wait


class _Explanation(msgspec.Struct):
    title: str = ""
    errors: dict[str, object] | Sequence[object] | None = None


class _BatchExplanation(_Explanation):
    batch_errors: list[_Explanation] = []


class _V2Explanation(msgspec.Struct):
    message: str = ""


MOST_OF_A_TITLE = 200_000
"""Of a refused batch the title may name each of two thousand items."""


def _explanation(content: bytes) -> tuple[str, dict[str, str]]:
    """Title and reasons by field from an error's body, V3's or V2's; the rest of it is not kept."""
    try:
        found = msgspec.json.decode(content, type=_BatchExplanation | list[_V2Explanation])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", {}
    if isinstance(found, list):
        return " ".join(one.message for one in found)[:MOST_OF_A_TITLE], {}
    fields: dict[str, object] = {}
    for one in (found, *found.batch_errors):
        if isinstance(one.errors, dict):
            fields |= one.errors
    title = found.title or "; ".join(dict.fromkeys(one.title for one in found.batch_errors))
    return title[:MOST_OF_A_TITLE], {str(key)[:100]: str(value)[:200] for key, value in fields.items()}


_SCOPES = {
    "/v3/catalog": "Products (store_v2_products)",
    "/v3/inventory/locations": "Store Locations or Store Inventory (store_locations_read_only, store_inventory)",
    "/v3/inventory": "Store Inventory (store_inventory)",
    "/v2/orders": "Orders (store_v2_orders)",
    "/v3/orders": "Orders (store_v2_orders)",
    "/v2/store": "Information (store_v2_information_read_only)",
    "/v2/time": "Information (store_v2_information_read_only)",
}


def _scope(called: str) -> str:
    """The scope that a refused call needs, as BigCommerce's page of API accounts names it."""
    method, path = called.split(" ", 1)
    name = next((name for prefix, name in _SCOPES.items() if path.startswith(prefix)), "a scope for this")
    return f"the scope {name}" + ("" if method == "GET" else ", modify")


def _reset_seconds(headers: Mapping[str, str]) -> float | None:
    try:
        return max(int(headers["X-Rate-Limit-Time-Reset-Ms"]), 0) / 1000 + random.uniform(0.02, 0.25)  # noqa: S311 - jitter
    except (KeyError, ValueError):
        return None


def _template(path: str) -> str:
    """The route without its ids, for logs and messages."""
    return re.sub(r"/\d+(?=/|$)", "/{id}", path)
